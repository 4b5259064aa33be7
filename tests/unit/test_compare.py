"""Published numbers beside ours."""

from __future__ import annotations

import copy
from pathlib import Path

import pandas as pd
import pytest
from conftest import ROOT
from xltransfer.compare import comparison, published_comparison
from xltransfer.errors import InputError

OURS = pd.DataFrame(
    [
        {"encoder": "mbert", "task": "parsing", "metric": "LAS", "source": "en", "target": target,
         "ablation": ablation, "mean": mean, "sd": 0.5, "delta": delta, "delta_sd": 0.1}
        for target, ablation, mean, delta in (
            ("en", "none", 89.0, float("nan")), ("X", "none", 54.0, float("nan")),
            ("X", "random-init-1-2", 40.0, -14.0), ("ja", "none", 10.0, float("nan")),
        )
    ]
)  # fmt: skip
TARGETS = [*("en", "fr", "de", "ru", "tr", "id", "ar", "pt", "es"),
           *("fi", "it", "sv", "cs", "pl", "hi", "zh", "ko", "ja")]  # fmt: skip
CONFIG = {
    "hubs": {"mbert": "google-bert/bert-base-multilingual-cased"},
    "tasks": {
        "parsing": {
            "sources": [{"language": "en", "corpus": "en_ewt"}],
            "targets": [{"language": code, "corpus": f"{code}_pud"} for code in TARGETS],
        }
    },
}
PUBLISHED = sorted((ROOT / "resources" / "published").glob("*.tsv"))


def test_cells_of_both_stand_side_by_side() -> None:
    numbers = pd.concat([pd.read_csv(path, sep="\t") for path in PUBLISHED])
    table = comparison(OURS, numbers, CONFIG).set_index(["target", "ablation"])
    assert len(table) == 3
    assert table.loc[("en", "none"), "published"] == 88.98
    assert table.loc[("en", "none"), "difference"] == pytest.approx(0.02)
    assert table.loc[("X", "random-init-1-2"), "published"] == -15.77
    assert table.loc[("X", "random-init-1-2"), "ours"] == -14.0
    assert table["reference"].str.contains("2021").all()


def change(config: dict, part: str, corpora: dict[str, str]) -> dict:
    changed = copy.deepcopy(config)
    changed["tasks"]["parsing"][part] = [
        {"language": code, "corpus": corpus} for code, corpus in corpora.items()
    ]
    return changed


@pytest.mark.parametrize(
    ("config", "left"),
    [
        ({**CONFIG, "hubs": {"mbert": "google-bert/bert-base-cased"}}, set()),
        ({**CONFIG, "hubs": {}}, set()),
        (change(CONFIG, "sources", {"en": "en_gum"}), set()),
        (change(CONFIG, "targets", {code: f"{code}_pud" for code in TARGETS[:-1]}), {"en"}),
        (change(CONFIG, "targets", {code: f"{code}_pud" for code in TARGETS} | {"en": "en_ewt"}),
         {"X"}),
    ],
    ids=["another encoder", "a local encoder", "another source", "other targets", "another test"],
)  # fmt: skip
def test_numbers_of_something_else_are_not_set_beside_ours(config: dict, left: set) -> None:
    numbers = pd.concat([pd.read_csv(path, sep="\t") for path in PUBLISHED])
    table = comparison(OURS, numbers, config)
    assert set(table["target"] if len(table) else []) == left


def test_published_matrices_are_whole() -> None:
    pires = pd.read_csv(ROOT / "resources" / "published" / "pires2019.tsv", sep="\t")
    for task, languages in (("ner", "de en es nl"), ("pos", "de en es it")):
        matrix = pires[pires["task"] == task].pivot(
            index="source", columns="target", values="value"
        )
        assert list(matrix.index) == list(matrix.columns) == languages.split()
        assert matrix.notna().all().all()
        # Every language is parsed best by models trained on itself.
        assert (matrix.idxmax(axis=1) == matrix.index).all()
    muller = pd.read_csv(ROOT / "resources" / "published" / "muller2021.tsv", sep="\t")
    assert (muller.groupby(["source", "target"]).size().isin([1, 7])).all()


def test_a_study_without_published_cells_says_so(tmp_path: Path) -> None:
    OURS.assign(source="qaa").to_csv(tmp_path / "ours.csv", index=False)
    with pytest.raises(InputError, match="no number is about"):
        published_comparison(tmp_path / "ours.csv", PUBLISHED, CONFIG, tmp_path / "out.csv")
    assert not (tmp_path / "out.csv").exists()
