"""Unseen languages: splits by hash, comparisons of arms, verdicts."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

import pandas as pd
import pytest
import yaml
from conftest import ROOT
from xltransfer.analyses.unseen.arms_and_verdicts import Comparisons, arms_table, verdicts
from xltransfer.analyses.unseen.unseen_figures import transliteration_figure, unseen_figure
from xltransfer.corpora.catalogue import Catalogue
from xltransfer.corpora.conllu import Sentence, read_conllu, write_conllu
from xltransfer.runtime.errors import InputError
from xltransfer.stages.split import part_of, split
from xltransfer.study.check_language import describe

ARMS = ["mbert", "mbert-adapted", "monolingual", "zero-shot-from-en", "bilstm"]
TRAINED = [arm for arm in ARMS if not arm.startswith("zero-shot")]
SHARES = {"seed": 1, "dev_share": 0.2, "test_share": 0.3}
ORIGINAL = ("ug_udt",)
LATIN = ("ug_latn_udt",)


def config(**changes: object) -> dict:
    common = {"splits": {"parsing": "released"}}
    varieties = [
        {
            "code": "ug",
            "name": "Uyghur",
            "script": "Arab",
            "original": "",
            "corpora": {"parsing": list(ORIGINAL)},
            **common,
        },
        {
            "code": "ug_latn",
            "name": "Uyghur in Latin",
            "script": "Latn",
            "original": "ug",
            "corpora": {"parsing": list(LATIN)},
            **common,
        },
    ]
    base = {
        "varieties": varieties,
        "arms": {"parsing": ARMS},
        "trained": TRAINED,
        "folders": {"parsing": "treebanks"},
        "metrics": {"parsing": "LAS"},
        "seeds": [1, 2],
        "search": {"seed": 1, "learning_rates": [1e-3, 1e-4], "epochs": [15, 60]},
        "matching_lines": "dropped",
        "drawn": {"parsing": False},
        "with_other_text": [],
        "verdict": {"encoder": "mbert", "adapted": "mbert-adapted", "baseline": "bilstm"},
        "pretraining_seeds": {"mbert": [], "mbert-adapted": [1], "monolingual": [1], "bilstm": []},
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


def trainings(corpora: Iterable[str], rates: Sequence[float] = (1e-3, 1e-3)) -> pd.DataFrame:
    """A row per trained model: seed 1 with the first learning rate, seed 2 with the other."""
    return pd.DataFrame(
        {
            "encoder": arm,
            "task": "parsing",
            "source_corpus": corpus,
            "steps": 100 + number,
            "training_sentences": 20,
            "learning_rate": rate,
            "epochs": 15,
        }
        for corpus in corpora
        for arm in TRAINED
        for number, rate in enumerate(rates)
    )


IN_TEXT = {"treebanks/ug_udt": 7, "treebanks/ug_latn_udt": 2}


def tables(
    values: dict[str, dict[str, list[int]]], **changes: object
) -> tuple[pd.DataFrame, pd.DataFrame]:
    settings = config(**changes)
    comparisons = Comparisons(scores(values), settings)
    arms = arms_table(comparisons, settings, trainings(values), IN_TEXT)
    return arms, verdicts(comparisons, settings)


def test_differences_and_verdicts_by_hand() -> None:
    table, verdict = tables(
        {
            "ug_udt": dict(zip(ARMS, ([2, 4], [5, 5], [1, 1], [3, 3], [6, 6]), strict=True)),
            "ug_latn_udt": dict(zip(ARMS, ([5, 5], [7, 9], [1, 1], [3, 3], [6, 6]), strict=True)),
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
    arms = dict(zip(ARMS, (encoder, adapted, [1, 1], [9, 9], [6, 6]), strict=True))
    _, verdict = tables({"ug_udt": arms, "ug_latn_udt": arms})
    assert tuple(verdict.loc[0, ["verdict", "certain"]]) == expected


def test_equal_means_are_equal_in_spite_of_rounding_errors() -> None:
    """3, 4 and 5 of 7 are as good as 4, 4 and 4, although their percentages are rounded."""
    arms = dict(zip(ARMS, ([3, 4, 5], [3, 4, 5], [1, 1, 1], [6, 6, 6], [4, 4, 4]), strict=True))
    found = scores({"ug_udt": arms, "ug_latn_udt": arms})
    found["denominators"] = [[7] * 50] * len(found)
    settings = config(seeds=[1, 2, 3])
    verdict = verdicts(Comparisons(found, settings), settings)
    assert verdict["encoder_less_baseline"].abs().max() < 1e-9
    assert verdict["verdict"].tolist() == ["easy", "easy"]


SAME = dict(zip(ARMS, ([5, 5], [7, 9], [1, 1], [3, 3], [6, 6]), strict=True))


def test_the_table_says_how_models_were_trained_and_tested() -> None:
    table, _ = tables({"ug_udt": SAME, "ug_latn_udt": SAME})
    rows = table.set_index(["variety", "arm"])
    trained, zero_shot = rows.loc[("ug", "bilstm")], rows.loc[("ug", "zero-shot-from-en")]
    assert (trained["steps"], trained["training_sentences"]) == ("100", "20")
    assert (trained["learning_rate"], trained["epochs"]) == ("0.001", "15")
    assert trained["grid"] == "learning rates 0.0001 0.001; epochs 15 60"
    assert (trained["split"], trained["test_sentences"]) == ("released", 50)
    assert not zero_shot[["steps", "training_sentences", "learning_rate", "epochs", "grid"]].any()
    assert zero_shot["score"] == 30 and zero_shot["less_baseline"] == -30
    assert rows.loc[("ug", "mbert"), "test_sentences_in_text"] == 7
    # What was in the original text was dropped before it was transliterated.
    assert rows.loc[("ug_latn", "mbert"), "test_sentences_in_text"] == 7 + 2
    assert set(table["matching_lines"]) == {"dropped"}
    kept, _ = tables({"ug_udt": SAME, "ug_latn_udt": SAME}, matching_lines="kept")
    assert (
        kept.set_index(["variety", "arm"]).loc[("ug_latn", "mbert"), "test_sentences_in_text"] == 2
    )
    assert set(kept["matching_lines"]) == {"kept"}


def test_folds_are_pooled() -> None:
    """Scores are of all sentences together, not means of folds."""
    (variety, _) = config()["varieties"]
    folds = ["ug_udt_fold_1", "ug_udt_fold_2"]
    variety = {**variety, "corpora": {"parsing": folds}, "splits": {"parsing": "folds"}}
    settings = config(varieties=[variety])
    small = scores({folds[0]: SAME}, 10)
    large = scores({folds[1]: {arm: [n + 1 for n in some] for arm, some in SAME.items()}}, 30)
    comparisons = Comparisons(pd.concat([small, large]), settings)
    assert comparisons.score(("ug", "parsing", "mbert"))[0] == pytest.approx(
        (10 * 50 + 30 * 60) / 40
    )
    in_text = {f"treebanks/{fold}": 1 for fold in folds}
    chosen = pd.concat([trainings(folds[:1]), trainings(folds[1:], (1e-4, 1e-4))])
    row = arms_table(comparisons, settings, chosen, in_text).iloc[0]
    assert (row["split"], row["test_sentences"], row["test_sentences_in_text"]) == (
        "2 folds",
        40,
        2,
    )
    assert row["learning_rate"] == "0.0001 (2), 0.001 (2)"


def test_arms_with_other_test_sentences_are_refused() -> None:
    rows = scores({"ug_udt": SAME, "ug_latn_udt": SAME})
    cut = rows["encoder"] == "mbert"
    for column in ("numerators", "denominators"):
        rows.loc[cut, column] = rows.loc[cut, column].map(lambda counts: counts[:40])
    with pytest.raises(InputError, match="has 40 test sentences, ug, parsing, bilstm 50; score"):
        arms_table(Comparisons(rows, config()), config(), trainings(ORIGINAL), IN_TEXT)


def test_the_verdict_names_what_intervals_cover() -> None:
    values = {"ug_udt": SAME, "ug_latn_udt": SAME}
    _, verdict = tables(values)
    row = verdict.iloc[0]
    assert row["interval_covers"] == "test sentences, seeds of fine-tuning"
    assert row["interval_does_not_cover"] == (
        "draw of training sentences, seeds of pretraining, split of the corpus"
    )
    seeds = {"mbert": [], "mbert-adapted": [1, 2], "monolingual": [1, 2], "bilstm": []}
    _, verdict = tables(values, drawn={"parsing": True}, pretraining_seeds=seeds)
    assert verdict.iloc[0]["interval_does_not_cover"] == "split of the corpus"
    none: dict[str, list[int]] = {arm: [] for arm in seeds}
    _, verdict = tables(values, drawn={"parsing": True}, pretraining_seeds=none)
    assert "seeds of pretraining" in verdict.iloc[0]["interval_does_not_cover"]


def test_sentences_in_another_text_are_not_counted() -> None:
    """The reports are about the language's own text."""
    arms, _ = tables({"ug_udt": SAME, "ug_latn_udt": SAME}, with_other_text=["mbert-adapted"])
    counts = arms.set_index(["variety", "arm"])["test_sentences_in_text"]
    assert counts["ug", "mbert-adapted"] == "" and counts["ug", "mbert"] != ""


def test_no_verdict_of_a_single_seed_is_certain() -> None:
    """Noise of seeds cannot be seen with one, so nothing is known of it."""
    arms = {arm: [9 if arm == "mbert" else 5] for arm in ARMS}
    for seeds, certain in (([1], "no"), ([1, 2], "yes")):
        values = {arm: some * len(seeds) for arm, some in arms.items()}
        _, verdict = tables({"ug_udt": values, "ug_latn_udt": values}, seeds=seeds)
        assert verdict.iloc[0][["verdict", "certain"]].tolist() == ["easy", certain]


def test_description_of_a_language() -> None:
    lines = list(describe(Catalogue(ROOT / "resources", "2.18"), "myv"))
    assert lines[0] == "myv: Erzya, myv, Cyrl, Uralic, Mordvin"
    assert any("myv_jr" in line and "no dev: needs `split: folds` or" in line for line in lines)
    assert any("written as myv_latn by erzya-iso9" in line for line in lines)
    item = yaml.safe_load(lines[-1])[0]
    assert item["treebanks"] == "myv_jr" and item["entities"] is None
    assert item["transliterated"] == ["myv_latn"]
    assert item["text"] in Catalogue(ROOT / "resources", "2.18").raw_corpora
    without = list(describe(Catalogue(ROOT / "resources", "2.18"), "ar"))
    assert without[-1].startswith("no item for `unseen.languages`, which needs raw text")
    with pytest.raises(InputError, match=r"languages\.tsv: no row 'zz'; add it there"):
        list(describe(Catalogue(ROOT / "resources", "2.18"), "zz"))


def test_figures_show_every_variety() -> None:
    arms = dict(zip(ARMS, ([6, 7], [5, 5], [1, 1], [3, 3], [6, 6]), strict=True))
    table, verdict = tables({"ug_udt": arms, "ug_latn_udt": arms})
    figure = unseen_figure({"study": "study"}, table, verdict)
    labels = [label.get_text() for label in figure.axes[0].get_xticklabels()]
    assert labels == ["ug\neasy", "ug_latn\neasy"]
    figure = transliteration_figure({"study": "study"}, table)
    assert [label.get_text() for label in figure.axes[0].get_xticklabels()] == ["ug_latn"]


def test_figures_of_tasks_with_other_arms() -> None:
    arms = dict(zip(ARMS, ([6, 7], [5, 5], [1, 1], [3, 3], [6, 6]), strict=True))
    table, verdict = tables({"ug_udt": arms, "ug_latn_udt": arms})
    fewer = table[table["arm"] != "monolingual"].assign(task="ner")
    table = pd.concat([table, fewer], ignore_index=True)
    verdict = pd.concat([verdict, verdict.assign(task="ner")], ignore_index=True)
    figure = unseen_figure({"study": "study"}, table, verdict)
    drawn = [len(ax.containers) for ax in figure.axes[:2]]
    assert drawn == [len(ARMS), len(ARMS)]
    points = [sum(len(c[0].get_xdata()) for c in ax.containers) for ax in figure.axes[:2]]
    assert points == [2 * len(ARMS), 2 * len(ARMS) - 2]
    figure = transliteration_figure({"study": "study"}, table)
    points = [sum(len(c[0].get_xdata()) for c in ax.containers) for ax in figure.axes[:2]]
    assert points == [len(ARMS), len(ARMS) - 1]


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
    split("hashed", given, SHARES, parts)
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
        split("hashed", [path], SHARES, parts)
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
    split("folds", [given], {"folds": folds, "seed": seed}, outputs)
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
