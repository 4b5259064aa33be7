"""Cleaning parallel text: the stage, its counts, the division, and what pairs must lack."""

from __future__ import annotations

import json
import random
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from conftest import ROOT
from running import stage
from xltransfer.corpora.catalogue import Catalogue
from xltransfer.corpora.cleaning.settings import PairSettings
from xltransfer.corpora.embedded_world.languages import read_language
from xltransfer.corpora.embedded_world.writers import World, write_parallel_text, write_text
from xltransfer.runtime.errors import InputError
from xltransfer.stages.clean_parallel_text import clean_parallel_text

SETTINGS = {
    "minimum_characters": 2,
    "maximum_characters": 60,
    "held_out_share": 0.0,
    "test_share": 0.0,
    "maximum_pairs": None,
    "keep_evaluation_sentences": False,
}
COLUMNS = ["identifier", "first", "second"]


def config(parts: list[str], columns: list[str], **settings: Any) -> dict[str, Any]:
    layout = {"name": "tsv", "first": ["fr"], "second": ["wo"], "columns": columns, "header": False}
    return {
        "first": "fr",
        "second": "wo",
        "layout": layout,
        "parts": parts,
        "checksums": ["unchecked"] * len(parts),
        **SETTINGS,
        **settings,
    }


Pairs = list[tuple[str, str, str]]


def clean(
    folder: Path,
    parts: dict[str, Pairs],
    evaluation: tuple[list[Path], list[Path]] = ((), ()),
    columns: list[str] = COLUMNS,
    **settings: Any,
) -> tuple[Pairs, Pairs, Pairs, dict[str, Any]]:
    """Training, held-out and test pairs of the pairs of each part, and the report."""
    folder.mkdir(parents=True, exist_ok=True)
    files = []
    for part, pairs in parts.items():
        files.append(folder / f"source-{part}.tsv")
        rows = ["\t".join(pair[-len(columns) :]) + "\n" for pair in pairs]
        files[-1].write_text("".join(rows), encoding="utf-8")
    outputs = [folder / f"{name}.tsv" for name in ("training", "held_out", "test")]
    report = folder / "report.json"
    clean_parallel_text(
        files, config(list(parts), columns, **settings), *outputs, report, *evaluation
    )
    assert {path.name for path in folder.iterdir()} == {
        *(path.name for path in (*files, *outputs, report)),
        *(f"{path.stem}.provenance.json" for path in (*outputs, report)),
    }
    found = []
    for path in outputs:
        content = path.read_bytes()
        assert b"\r" not in content and not content.startswith(b"\xef\xbb\xbf")
        found.append([tuple(line.split("\t")) for line in content.decode().split("\n")[:-1]])
    return *found, json.loads(report.read_text(encoding="utf-8"))


def numbered(count: int, start: int = 0) -> Pairs:
    return [(f"verse-{n}", f"phrase {n}", f"baat {n}") for n in range(start, start + count)]


def test_by_hand(tmp_path: Path) -> None:
    pairs = [
        ("a", "Dakar  &amp;\u00a0Ndar", "Cafe\u0301\u200b la"),  # markup, blanks, composed
        ("b", "Dakar & Ndar", "Café la"),  # the same as the first by then
        ("c", " ", "benn"),  # an empty text
        ("d", "un", "\u200b"),  # empty without the invisible character
        ("e", "x", "benn"),  # too short
        ("f", "deux", "x" * 61),  # too long
        ("g", "Dakar & Ndar", "another translation"),
        ("h", "<b>trois</b>", "ñett"),
    ]
    training, held_out, test, report = clean(tmp_path, {"train": pairs})
    assert training == [
        ("a", "Dakar & Ndar", "Café la"),
        ("g", "Dakar & Ndar", "another translation"),
        ("h", "trois", "ñett"),
    ]
    assert held_out == test == []
    assert report["read"]["pairs"] == 8 and report["languages"] == ["fr", "wo"]
    steps = {step["step"]: step for step in report["steps"]}
    assert steps["unicode_nfc"]["pairs_changed"] == 1
    assert steps["markup"]["pairs_changed"] == 2
    assert steps["markup"]["characters_removed"] == len("amp;<b></b>")
    assert steps["whitespace"]["why"] == {"empty text": 2}
    assert steps["length"]["why"] == {"too short": 1, "too long": 1}
    assert steps["duplicates"]["why"] == {"same as an earlier pair": 1}
    assert report["training"] == {
        "pairs": 3,
        "characters": {"fr": 12 + 12 + 5, "wo": 7 + 19 + 4},
        "words": {"fr": 3 + 3 + 1, "wo": 2 + 2 + 1},
    }


def test_counts_add_up(tmp_path: Path) -> None:
    draws = random.Random(3)
    alphabet = "abé\u0301 \u200b&;<>b1\u00a0"
    pairs = [
        (str(n), *("".join(draws.choices(alphabet, k=draws.randint(0, 5))) for _ in range(2)))
        for n in range(400)
    ]
    pairs += [(f"again-{name}", *texts) for name, *texts in pairs[:20]]
    *outputs, report = clean(
        tmp_path, {"train": pairs}, held_out_share=0.2, test_share=0.2, maximum_pairs=90
    )
    steps = report["steps"]
    assert steps[0]["pairs_read"] == report["read"]["pairs"] == 420
    assert {step["step"] for step in steps if step["pairs_dropped"]} >= {
        "whitespace", "length", "duplicates", "limit", "held_out_texts",
    }  # fmt: skip
    for step in steps:
        assert step["pairs_kept"] == step["pairs_read"] - step["pairs_dropped"]
        assert sum(step["why"].values()) == step["pairs_dropped"]
    for before, after in pairwise(steps):
        assert before["pairs_kept"] == after["pairs_read"]
        assert before["characters_kept"] == after["characters_read"]
    written = [pair for output in outputs for pair in output]
    assert steps[-1]["pairs_kept"] == len(written)
    assert steps[-1]["characters_kept"] == sum(len(a) + len(b) for _, a, b in written)


def test_identifiers_decide_the_part(tmp_path: Path) -> None:
    shares = {"held_out_share": 0.2, "test_share": 0.1}
    pairs = numbered(2000)
    training, held_out, test, _ = clean(tmp_path / "a", {"train": pairs}, **shares)
    # 400 and 200 pairs, with standard deviations of 18 and 13.
    assert 330 < len(held_out) < 470 and 150 < len(test) < 250
    for part in (training, held_out, test):
        assert part == [pair for pair in pairs if pair in set(part)]
    assert sorted(training + held_out + test) == sorted(pairs)
    # The same sentences in another pair of languages, and in another order.
    other = [(name, f"word {name}", f"mot {name}") for name, *_ in reversed(pairs)]
    again = clean(tmp_path / "b", {"train": other}, **shares)
    for mine, theirs in zip((training, held_out, test), again, strict=False):
        assert {name for name, *_ in mine} == {name for name, *_ in theirs}
    # A share has no effect on the other part, and a smaller one takes some of the same pairs.
    smaller = clean(tmp_path / "c", {"train": pairs}, held_out_share=0.1, test_share=0.1)
    assert smaller[2] == test and set(smaller[1]) < set(held_out)


def test_line_numbers_are_identifiers_where_a_file_has_none(tmp_path: Path) -> None:
    pairs = [("", "un", "benn"), ("", "x", "y"), ("", "trois", "ñett")]
    parts = {"train": pairs, "dev": [("", "dix", "fukk")], "test": [("", "cent", "téeméer")]}
    training, held_out, test, _ = clean(tmp_path, parts, columns=["first", "second"])
    assert training == [("1", "un", "benn"), ("3", "trois", "ñett")]
    assert held_out == [("dev-1", "dix", "fukk")] and test == [("test-1", "cent", "téeméer")]


def test_published_parts_are_used_as_they_are(tmp_path: Path) -> None:
    parts = {"train": numbered(300), "test": numbered(40, start=1000)}
    training, held_out, test, _ = clean(tmp_path, parts, held_out_share=0.2, test_share=0.2)
    assert test == [(f"test-{name}", *texts) for name, *texts in parts["test"]]
    assert 30 < len(held_out) < 90 and sorted(training + held_out) == sorted(parts["train"])
    # A limit is for the training part.
    training, held_out, test, report = clean(tmp_path, parts, maximum_pairs=10)
    assert (training, held_out, len(test)) == (parts["train"][:10], [], 40)
    assert report["steps"][-2]["why"] == {"beyond maximum_pairs": 290}


def test_training_pairs_share_no_text_with_evaluated_ones(tmp_path: Path) -> None:
    parts = {
        "train": [
            ("a", "un deux", "benn ñaar"),  # in the test part
            ("b", "un deux", "other"),  # the first text is
            ("c", "autre", "fukk"),  # the second text is held out
            ("d", "fukk", "un deux"),  # texts of the other language do not count
            ("e", "quatre", "ñent"),
        ],
        "dev": [("a", "dix", "fukk")],
        "test": [("a", "un deux", "benn ñaar")],
    }
    training, held_out, test, report = clean(tmp_path, parts)
    assert [name for name, *_ in training] == ["d", "e"]
    assert (len(held_out), len(test)) == (1, 1)
    steps = {step["step"]: step["why"] for step in report["steps"]}
    assert steps["duplicates"] == {"same as an earlier pair": 1}
    assert steps["held_out_texts"] == {"a text is also in a held-out or test pair": 2}


LONG = "le gouvernement a annoncé un nouveau budget"


def treebank(folder: Path, language: str, *sentences: str) -> Path:
    path = folder / "treebanks" / f"{language}_x" / "test.conllu"
    path.parent.mkdir(parents=True)
    blocks = [
        "".join(
            f"{n}\t{word}\t_\tX\t_\t_\t{n - 1}\t{'dep' if n > 1 else 'root'}\t_\t_\n"
            for n, word in enumerate(sentence.split(), start=1)
        )
        for sentence in sentences
    ]
    path.write_text("".join(f"{block}\n" for block in blocks), encoding="utf-8")
    return path


@pytest.mark.parametrize("keep", [False, True])
def test_pairs_with_evaluation_sentences_are_dropped(keep: bool, tmp_path: Path) -> None:
    evaluation = (
        [treebank(tmp_path / "1", "fr", LONG, "oui")],
        [treebank(tmp_path / "2", "wo", "waaw", "benn ñaar ñett ñent juróom fukk")],
    )
    pairs = [
        ("a", "Le gouvernement a annoncé un nouveau budget !", "benn"),
        ("b", "oui", "ndax"),
        ("c", "peut-être", "Waaw."),
        ("d", "waaw", "oui"),  # of the other language
        ("e", "quatre", "dëgg, benn ñaar ñett ñent juróom fukk la"),
        ("f", "cinq", "juróom"),
    ]
    training, _, _, report = clean(
        tmp_path / "out", {"train": pairs}, evaluation, keep_evaluation_sentences=keep
    )
    kept = "abcdef" if keep else "df"
    assert [name for name, *_ in training] == list(kept)
    (step,) = (step for step in report["steps"] if step["step"] == "evaluation_sentences")
    equal = "equals a development or test sentence"
    contains = "contains a development or test sentence of at least 5 words"
    expected = {f"{equal} (fr)": 2, f"{equal} (wo)": 1, f"{contains} (wo)": 1}
    assert step["why"] == ({} if keep else expected)
    assert report["evaluation_sentences"] == {
        "fr": {"treebanks/fr_x/test": {"sentences": 2, "found": 2}},
        "wo": {"treebanks/wo_x/test": {"sentences": 2, "found": 2}},
    }


def test_same_bytes_however_pairs_are_batched(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pairs = numbered(90) + [(f"again {n}", *texts) for n, *texts in numbered(40)]
    shares = {"held_out_share": 0.2, "test_share": 0.2}
    clean(tmp_path / "a", {"train": pairs}, **shares)
    monkeypatch.setattr("xltransfer.corpora.cleaning.line_store.LINES_AT_ONCE", 7)
    clean(tmp_path / "b", {"train": pairs}, **shares)
    for name in ("training.tsv", "held_out.tsv", "test.tsv", "report.json"):
        assert (tmp_path / "a" / name).read_bytes() == (tmp_path / "b" / name).read_bytes()


def test_nothing_left_is_one_line_that_says_why(tmp_path: Path) -> None:
    with pytest.raises(InputError) as caught:
        clean(tmp_path, {"train": [("a", "x", "benn"), ("b", "un", "y")]})
    assert str(caught.value) == (
        f"{tmp_path}/source-train.tsv: no pair is left to train on; the step 'length' dropped 2 of "
        "2 pairs (too short); is it the right file, and are the shares of parallel_cleaning small "
        "enough?"
    )
    assert [path.name for path in tmp_path.iterdir()] == ["source-train.tsv"]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"held_out_share": 1}, "held_out_share is 1; it must be at least 0 and below 1"),
        ({"test_share": True}, "test_share is True"),
        ({"held_out_share": 0.5, "test_share": 0.5}, "held_out_share and test_share leave no pair"),
        ({"maximum_pairs": 0}, "maximum_pairs is 0; it must be null or a whole number from 1"),
        ({"minimum_characters": 61}, "minimum_characters is above maximum_characters"),
        ({"keep_evaluation_sentences": 1}, "keep_evaluation_sentences is 1"),
    ],
)
def test_bad_settings_are_one_line(change: dict, message: str) -> None:
    with pytest.raises(InputError) as caught:
        PairSettings.from_json({**SETTINGS, **change})
    assert str(caught.value).startswith(f"--config: {message}")
    assert "\n" not in str(caught.value)


def test_every_setting_is_required() -> None:
    for name in SETTINGS:
        with pytest.raises(InputError, match=f"key '{name}' is missing"):
            PairSettings.from_json({k: v for k, v in SETTINGS.items() if k != name})


def test_command_line(tmp_path: Path) -> None:
    """A file that is not the catalogued one, and a broken line."""
    source = tmp_path / "a.tsv"
    source.write_text("a\tun\tbenn\nb\tdeux\n", encoding="utf-8")
    outputs = [f"--{n}={tmp_path / n}" for n in ("training", "held-out", "test", "report")]

    def run(checksum: str) -> str:
        content = {**config(["train"], COLUMNS), "checksums": [checksum]}
        done = stage(
            "clean_parallel_text", "--files", source, "--config", json.dumps(content), *outputs
        )
        assert done.returncode == 2 and done.stderr.count("\n") == 1
        return done.stderr

    assert run("unchecked").startswith(f"error: {source}:2: 2 cells separated by tabs instead of 3")
    assert "not the catalogued file" in run(f"sha256:{64 * '0'}")
    assert [path.name for path in tmp_path.iterdir()] == ["a.tsv"]


# The embedded world.


def test_embedded_parallel_text(tmp_path: Path) -> None:
    """Both texts are those of the same sentences, and no other part has these sentences."""
    table = ROOT / "resources" / "embedded_world" / "languages.tsv"
    languages = Catalogue(ROOT / "resources", "2.18").languages
    worlds = [
        World(1, read_language(table, code, languages[code].family, languages[code].script))
        for code in ("qaa", "qda")
    ]
    numbers = range(7_000_000, 7_000_040)
    write_parallel_text(tmp_path / "pairs", *worlds, numbers)
    rows = [line.split("\t") for line in (tmp_path / "pairs").read_text("utf-8").splitlines()]
    assert [row[0] for row in rows] == [str(number) for number in numbers]
    for side, world in enumerate(worlds, start=1):
        write_text(tmp_path / "text", world, numbers)
        assert [row[side] for row in rows] == (tmp_path / "text").read_text("utf-8").splitlines()


def test_parts_of_the_embedded_world_are_disjoint() -> None:
    import yaml

    path = ROOT / "resources" / "embedded_world" / "world.yaml"
    parts = yaml.safe_load(path.read_text(encoding="utf-8"))["parts"]
    blocks = []
    for part in parts.values():
        # Other parts have a block for each of the codes qaa to qzz.
        number = part["sentences"] * (1 if part["parallel"] else 26 * 26)
        blocks.append((part["first"], part["first"] + number))
    blocks.sort()
    assert all(before[1] <= after[0] for before, after in pairwise(blocks)) and len(blocks) == 6


def test_real_news_keeps_its_published_parts(shared: Path, tmp_path: Path) -> None:
    folder = shared / "parallel" / "lafand" / "fr-wol"
    files = [folder / f"{part}.tsv" for part in ("train", "dev", "test")]
    content = config(["train", "dev", "test"], ["first", "second"], maximum_characters=1000)
    outputs = [tmp_path / name for name in ("training", "held_out", "test", "report.json")]
    clean_parallel_text(files, content, *outputs)
    report = json.loads(outputs[3].read_text())
    assert report["read"]["pairs"] == 3360 + 1506 + 1500
    assert report["held_out"]["pairs"] == 1506
    assert 1490 < report["test"]["pairs"] <= 1500 and 3300 < report["training"]["pairs"] < 3360
