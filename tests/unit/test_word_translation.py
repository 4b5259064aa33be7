"""Word translation: coverage and ranks by hand, sentence retrieval, intervals and the tables."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from xltransfer.analyses.statistics.bootstrap import bootstrap_interval
from xltransfer.analyses.word_translation import (
    clouds,
    covered_words,
    principal_plane,
    sentence_accuracy,
    translation_ranks,
)
from xltransfer.embeddings.map_files import MapReport, save_map
from xltransfer.embeddings.word_vectors import WordVectors, save_word_vectors
from xltransfer.runtime.errors import InputError
from xltransfer.stages.draw import draw_figure
from xltransfer.stages.translate_words import translate_words
from xltransfer.stages.word_translation_tables import word_translation_tables

SOURCE = WordVectors(["dog", "cat", "sea"], np.float32([[1, 0, 0], [0, 1, 0], [0, 0, 1]]))
TARGET = WordVectors(
    ["chien", "chat", "mer", "clebs"],
    np.float32([[1, 0, 0], [0.8, 0.6, 0], [0, 0.1, 0.995], [0.6, 0.8, 0]]),
)
PAIRS = [
    ("dog", "clebs"),
    ("dog", "chien"),
    ("dog", "toutou"),
    ("cat", "chat"),
    ("sea", "océan"),
    ("house", "chat"),
]


def test_coverage_by_hand() -> None:
    """house has no vector, nor has océan; dog keeps two of three translations."""
    test = covered_words(PAIRS, SOURCE, TARGET)
    assert (test.source_words, test.pairs, test.covered_pairs) == (4, 6, 3)
    assert test.words == ["dog", "cat"] and test.translations == [[3, 0], [1]]


def test_ranks_by_hand() -> None:
    """dog: chien is first; cat: clebs (0.8) comes before chat (0.6)."""
    test = covered_words(PAIRS, SOURCE, TARGET)
    ranks = translation_ranks(test, SOURCE, TARGET, np.eye(3), neighbours=1)
    assert ranks["nearest-neighbour"] == [1, 2]
    # r_S: chien 1, chat 0.8, mer 0.995, clebs 0.8; of cat: 1.6 - 0.8 against 1.2 - 0.8.
    assert ranks["csls"] == [1, 2]


def test_a_right_word_behind_ten_others_has_no_rank() -> None:
    words = [f"t{place}" for place in range(12)]
    angles = np.linspace(0, 1, 12)
    target = WordVectors(words, np.stack([np.cos(angles), np.sin(angles)], 1).astype(np.float32))
    source = WordVectors(["s"], np.float32([[1, 0]]))
    for place, rank in ((0, 1), (9, 10), (10, 0)):
        test = covered_words([("s", words[place])], source, target)
        found = translation_ranks(test, source, target, np.eye(2), 10)
        assert found["nearest-neighbour"] == [rank]


def test_sentences_are_means_of_known_words() -> None:
    one = [["Dog", "unknown"], ["cat", "cat", "dog"], ["nothing"], ["sea"]]
    other = [["chien"], ["chat", "clebs"], ["chien"], ["mer", "?"]]
    found = sentence_accuracy(one, other, (SOURCE, TARGET), np.eye(3), 1)
    assert found == {"sentences": 3, "nearest-neighbour": 100.0, "csls": 100.0}
    swapped = [other[1], other[0], other[2], other[3]]
    found = sentence_accuracy(one, swapped, (SOURCE, TARGET), np.eye(3), 1)
    assert found["nearest-neighbour"] == pytest.approx(100 / 3)
    nothing = sentence_accuracy([["x"]], [["y"]], (SOURCE, TARGET), np.eye(3), 1)
    assert nothing["sentences"] == 0 and np.isnan(nothing["csls"])


def test_a_plane_keeps_distances_of_plane_points() -> None:
    draws = np.random.default_rng(1)
    flat = draws.standard_normal((20, 2))
    turned = flat @ np.linalg.qr(draws.standard_normal((5, 5)))[0][:2]
    plane = principal_plane(turned)
    centred = flat - flat.mean(axis=0)
    np.testing.assert_allclose(plane @ plane.T, centred @ centred.T, atol=1e-9)
    np.testing.assert_allclose(principal_plane(turned + 3), plane, atol=1e-9)


def test_clouds_of_one_space_lie_on_each_other() -> None:
    pairs = [(word, word) for word in SOURCE.words]
    rotation = np.roll(np.eye(3), 1, axis=0)
    target = WordVectors(SOURCE.words, (SOURCE.vectors @ rotation).astype(np.float32))
    points = pd.DataFrame(clouds(covered_words(pairs, SOURCE, target), SOURCE, target, rotation))
    after = points[points["state"] == "after"].pivot(index="pair", columns="side", values="x")
    np.testing.assert_allclose(after["source"], after["target"], atol=1e-6)
    before = points[points["state"] == "before"].pivot(index="pair", columns="side", values="x")
    assert np.abs(before["source"] - before["target"]).max() > 0.5


def test_the_bootstrap_has_the_width_of_a_binomial() -> None:
    draws = np.random.default_rng(2)
    values = (draws.random((400, 2)) < [0.5, 0.9]).astype(float)
    low, high = bootstrap_interval(values)
    means = values.mean(axis=0)
    expected = 1.96 * np.sqrt(means * (1 - means) / 400)
    np.testing.assert_allclose(high - low, 2 * expected, rtol=0.1)
    assert (low < means).all() and (means < high).all()
    np.testing.assert_array_equal(bootstrap_interval(values)[0], low)
    assert np.isnan(bootstrap_interval(values[:0])[0]).all()


TREEBANK = """# sent_id = {name}
1\t{word}\t_\tNOUN\t_\t_\t0\troot\t_\t_

"""


def files_of_a_pair(folder: Path) -> list[Path]:
    """Vectors of both languages, two maps and a dictionary."""
    save_word_vectors(folder / "en.safetensors", SOURCE)
    save_word_vectors(folder / "fr.safetensors", TARGET)
    save_map(folder / "first.safetensors", np.eye(3), MapReport(25, 0.75))
    wrong = np.roll(np.eye(3), 1, axis=0)
    save_map(folder / "second.safetensors", wrong, MapReport(0, 0.25, 0.75, False))
    (folder / "test.tsv").write_text("".join(f"{a}\t{b}\n" for a, b in PAIRS))
    for name, words in (("en", ["dog", "sea"]), ("fr", ["chien", "mer"])):
        rows = [TREEBANK.format(name=n, word=word) for n, word in enumerate(words)]
        (folder / f"{name}.conllu").write_text("".join(rows))
    return [folder / "out" / f"{method}.json" for method in ("first", "second")]


COLUMNS = {"embeddings": "x", "source": "en", "target": "fr", "dictionary": "en_fr_x"}
CONFIG = {"columns": COLUMNS, "normalisation": [], "neighbours": 1}


def translate(folder: Path, outputs: list[Path]) -> None:
    translate_words(
        *(folder / "en.safetensors", folder / "fr.safetensors"),
        [folder / f"{path.stem}.safetensors" for path in outputs],
        folder / "test.tsv",
        CONFIG,
        outputs,
        [folder / "en.conllu", folder / "fr.conllu"],
    )


def test_tables_and_figures_of_translated_words(tmp_path: Path) -> None:
    outputs = files_of_a_pair(tmp_path)
    translate(tmp_path, outputs)
    config = {"study": "s", "seeds": [1], "config": {}}
    for folder in ("a", "b"):
        (tmp_path / folder).mkdir()
        word_translation_tables(config, tmp_path / folder, outputs)
    table = pd.read_csv(tmp_path / "a" / "word_translation.csv", keep_default_na=False)
    assert list(table["method"]) == ["first", "first", "second", "second"]
    first = table.iloc[0]
    assert first["retrieval"] == "nearest-neighbour"
    assert (first["p_at_1"], first["p_at_5"]) == (50.0, 100.0)
    assert (first["words"], first["coverage"]) == (2, 50.0)
    assert (first["pairs"], first["pair_coverage"]) == (3, 50.0)
    assert (first["seed_pairs"], first["criterion"], first["note"]) == (25, 0.75, "")
    assert (first["sentences"], first["sentence_accuracy"]) == (2, 100.0)
    assert first["p_at_1_low"] <= 50 <= first["p_at_1_high"]
    assert set(table["note"][2:]) == {"did not converge"}
    points = pd.read_csv(tmp_path / "a" / "word_clouds.csv")
    assert set(points["method"]) == {"first"} and len(points) == 2 * 2 * 2
    for name in ("word_translation.csv", "word_clouds.csv", "word_translation.md"):
        assert (tmp_path / "a" / name).read_bytes() == (tmp_path / "b" / name).read_bytes()
    for figure in ("word_translation", "word_clouds"):
        image = tmp_path / f"{figure}.pdf"
        draw_figure(figure, [tmp_path / "a" / f"{figure}.csv"], {"study": "s"}, [image])
        assert image.read_bytes().startswith(b"%PDF")


def test_equal_inputs_give_equal_bytes(tmp_path: Path) -> None:
    outputs = files_of_a_pair(tmp_path)
    translate(tmp_path, outputs)
    before = [path.read_bytes() for path in outputs]
    translate(tmp_path, outputs)
    assert [path.read_bytes() for path in outputs] == before
    content = json.loads(before[0])
    assert content["test"]["words"] == ["dog", "cat"] and content["map"]["seed_pairs"] == 25


def test_a_dictionary_of_other_words_is_refused(tmp_path: Path) -> None:
    outputs = files_of_a_pair(tmp_path)
    (tmp_path / "test.tsv").write_text("Hund\tcane\n")
    with pytest.raises(InputError, match=r"test\.tsv: no pair has vectors on both sides"):
        translate(tmp_path, outputs)
    files_of_a_pair(tmp_path)
    (tmp_path / "fr.conllu").write_text(TREEBANK.format(name="other", word="x"))
    with pytest.raises(InputError, match=r"fr\.conllu: no sentence has a sent_id of"):
        translate(tmp_path, outputs)
