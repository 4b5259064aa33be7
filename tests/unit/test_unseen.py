"""Unseen languages: splits by hash, comparisons of arms, verdicts."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest
import yaml
from conftest import ROOT
from xltransfer.catalogue import Catalogue
from xltransfer.check_language import describe
from xltransfer.data.conllu import Sentence, read_conllu, write_conllu
from xltransfer.errors import InputError
from xltransfer.split import divide, part_of, split
from xltransfer.tables.unseen import Comparisons, arms_table, verdicts
from xltransfer.tables.unseen_figures import transliteration_figure, unseen_figure

ARMS = ["mbert", "mbert-adapted", "monolingual", "bilstm"]
SHARES = {"seed": 1, "dev_share": 0.2, "test_share": 0.3}


def config(**changes: object) -> dict:
    varieties = [
        {
            "code": "ug",
            "name": "Uyghur",
            "script": "Arab",
            "original": "",
            "corpora": {"parsing": "ug_udt"},
        },
        {
            "code": "ug_latn",
            "name": "Uyghur in Latin",
            "script": "Latn",
            "original": "ug",
            "corpora": {"parsing": "ug_latn_udt"},
        },
    ]
    base = {
        "varieties": varieties,
        "arms": ARMS,
        "metrics": {"parsing": "LAS"},
        "seeds": [1, 2],
    }
    return {**base, **changes}


def scores(values: dict[str, dict[str, list[int]]], sentences: int = 50) -> pd.DataFrame:
    """Rows in which each seed has so many of 10 words right in every sentence."""
    rows = []
    for corpus, arms in values.items():
        for arm, right in arms.items():
            for seed, number in enumerate(right, start=1):
                rows.append(
                    {
                        "encoder": arm,
                        "task": "parsing",
                        "source_corpus": corpus,
                        "seed": seed,
                        "metric": "LAS",
                        "value": 10.0 * number,
                        "sentences": sentences,
                        "numerators": [number] * sentences,
                        "denominators": [10] * sentences,
                    }
                )
    return pd.DataFrame(rows)


def tables(values: dict[str, dict[str, list[int]]]) -> tuple[pd.DataFrame, pd.DataFrame]:
    comparisons = Comparisons(scores(values), config())
    return arms_table(comparisons, config()), verdicts(comparisons, config())


def test_differences_and_verdicts_by_hand() -> None:
    table, verdict = tables(
        {
            "ug_udt": dict(zip(ARMS, ([2, 4], [5, 5], [1, 1], [6, 6]), strict=True)),
            "ug_latn_udt": dict(zip(ARMS, ([5, 5], [7, 9], [1, 1], [6, 6]), strict=True)),
        }
    )
    row = table.set_index(["variety", "arm"])
    assert row.loc[("ug", "mbert"), "score"] == 30
    assert row.loc[("ug", "mbert"), "score_sd"] == pytest.approx(200**0.5)
    assert row.loc[("ug", "mbert"), "less_baseline"] == -30
    assert pd.isna(row.loc[("ug", "bilstm"), "less_baseline"])
    assert pd.isna(row.loc[("ug", "mbert"), "less_original"])
    assert row.loc[("ug_latn", "mbert-adapted"), "less_original"] == 30
    # 20 and 40: a standard error of 10, and one degree of freedom.
    half = pytest.approx(12.706 * 10, rel=0.02)
    assert 30 - row.loc[("ug_latn", "mbert-adapted"), "less_original_low"] == half
    assert row.loc[("ug_latn", "mbert-adapted"), "less_original_high"] - 30 == half
    verdict = verdict.set_index("variety")
    assert verdict.loc["ug", ["verdict", "certain"]].tolist() == ["hard", "no"]
    assert verdict.loc["ug_latn", ["verdict", "certain"]].tolist() == ["intermediate", "no"]
    assert verdict.loc["ug_latn", "adapted_less_encoder"] == 30


@pytest.mark.parametrize(
    ("encoder", "adapted", "expected"),
    [
        ([6, 6], [5, 5], ("easy", "no")),
        ([7, 7], [5, 5], ("easy", "yes")),
        ([5, 7], [9, 9], ("easy", "no")),
        ([5, 5], [6, 6], ("intermediate", "no")),
        ([5, 5], [7, 7], ("intermediate", "yes")),
        ([5, 5], [5, 5], ("hard", "yes")),
        ([4, 7], [5, 5], ("hard", "no")),
    ],
)
def test_verdicts(encoder: list[int], adapted: list[int], expected: tuple[str, str]) -> None:
    """The baseline has 6 of 10; at equality the encoder counts as good enough, uncertainly."""
    arms = dict(zip(ARMS, (encoder, adapted, [1, 1], [6, 6]), strict=True))
    _, verdict = tables({"ug_udt": arms, "ug_latn_udt": arms})
    assert tuple(verdict.loc[0, ["verdict", "certain"]]) == expected


def test_description_of_a_language() -> None:
    lines = list(describe(Catalogue(ROOT / "resources", "2.18"), "myv"))
    assert lines[0] == "myv: Erzya, myv, Cyrl, Uralic, Mordvin"
    assert any("myv_jr" in line and "no dev: needs `split: hashed`" in line for line in lines)
    assert any("written as myv_latn by erzya-iso9" in line for line in lines)
    item = yaml.safe_load(lines[-1])[0]
    assert item["treebanks"] == "myv_jr" and item["entities"] is None
    assert item["transliterated"] == ["myv_latn"]
    assert item["text"] in Catalogue(ROOT / "resources", "2.18").raw_corpora
    with pytest.raises(InputError, match=r"languages\.tsv: no row 'zz'; add it there"):
        list(describe(Catalogue(ROOT / "resources", "2.18"), "zz"))


def test_figures_show_every_variety() -> None:
    arms = dict(zip(ARMS, ([6, 7], [5, 5], [1, 1], [6, 6]), strict=True))
    table, verdict = tables({"ug_udt": arms, "ug_latn_udt": arms})
    figure = unseen_figure(table, verdict, "study")
    labels = [label.get_text() for label in figure.axes[0].get_xticklabels()]
    assert labels == ["ug\neasy", "ug_latn\neasy"]
    figure = transliteration_figure(table, "study")
    assert [label.get_text() for label in figure.axes[0].get_xticklabels()] == ["ug_latn"]


def treebank(path: Path, words: list[str]) -> Path:
    rows = [["1", word, "_", "X", "_", "_", "0", "root", "_", "_"] for word in words]
    write_conllu(path, [Sentence([], [row], [row]) for row in rows])
    return path


def test_split_keeps_every_sentence_once(tmp_path: Path) -> None:
    words = [f"word{number}" for number in range(400)]
    parts = [tmp_path / f"{name}.conllu" for name in ("train", "dev", "test")]
    given = [
        treebank(tmp_path / "a.conllu", words[:300]),
        treebank(tmp_path / "b.conllu", [*words[300:], words[0]]),
    ]
    split(given, SHARES, parts)
    found = [[s.forms[0] for s in read_conllu(path)] for path in parts]
    assert sorted(w for part in found for w in part) == sorted([*words, words[0]])
    assert not set(found[0]) & set(found[2]) and not set(found[0]) & set(found[1])
    assert [len(part) / 401 for part in found] == pytest.approx([0.5, 0.2, 0.3], abs=0.06)


def test_split_does_not_depend_on_other_sentences() -> None:
    assert part_of(["a", "b"], SHARES) == part_of(["a", "b"], SHARES)
    other = {**SHARES, "seed": 2}
    moved = [part_of([str(n)], SHARES) != part_of([str(n)], other) for n in range(99)]
    assert 30 < sum(moved) < 80


def test_a_part_without_sentences_is_refused(tmp_path: Path) -> None:
    path = treebank(tmp_path / "a.conllu", ["one"])
    parts = [tmp_path / f"{name}.conllu" for name in ("train", "dev", "test")]
    with pytest.raises(InputError, match=r"a\.conllu: no sentence of 1 falls into the"):
        split([path], SHARES, parts)
    assert not any(part.exists() for part in parts)


def divided(folder: Path, words: list[str], folds: int, seed: int = 1) -> list[list[list[str]]]:
    """The words of train, dev and test of each fold."""
    folder.mkdir(exist_ok=True)
    outputs = [
        folder / f"{fold}-{part}.conllu"
        for fold in range(folds)
        for part in ("train", "dev", "test")
    ]
    given = treebank(folder / "all.conllu", words)
    divide([given], {"folds": folds, "seed": seed}, outputs)
    found = [[s.forms[0] for s in read_conllu(path)] for path in outputs]
    return [found[first : first + 3] for first in range(0, len(found), 3)]


def test_every_sentence_is_tested_in_one_fold(tmp_path: Path) -> None:
    words = [f"word{number}" for number in range(99)]
    doubled = [*words, "word7"]
    folds = divided(tmp_path, doubled, 8)
    assert sorted(word for _, _, test in folds for word in test) == sorted(doubled)
    for number, (train, dev, test) in enumerate(folds):
        assert sorted(train + dev + test) == sorted(doubled)
        # No sentence is on two sides, not even one that occurs twice.
        assert not set(train) & set(test) and not set(dev) & set(test) and not set(train) & set(dev)
        assert dev == folds[(number + 1) % 8][2]
        assert len(set(test)) in (12, 13)
    assert divided(tmp_path / "again", doubled, 8) == folds
    assert divided(tmp_path / "other", doubled, 8, seed=2) != folds


def test_too_few_sentences_for_the_folds_are_refused(tmp_path: Path) -> None:
    with pytest.raises(
        InputError, match=r"all\.conllu: 2 distinct sentences cannot be divided into 3"
    ):
        divided(tmp_path, ["a", "b", "a"], 3)
