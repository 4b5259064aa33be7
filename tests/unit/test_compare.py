"""Published numbers beside ours."""

from __future__ import annotations

import copy
from pathlib import Path

import pandas as pd
import pytest
from conftest import ROOT
from xltransfer.runtime.errors import InputError
from xltransfer.stages.published_comparison import comparison, published_comparison, read_published

OURS = pd.DataFrame(
    [
        {"encoder": "mbert", "task": "parsing", "metric": "LAS", "source": "en", "target": target,
         "ablation": ablation, "mean": mean, "sd": 0.5, "delta": delta, "delta_sd": 0.1}
        for target, ablation, mean, delta in (
            ("en", "none", 89.0, float("nan")), ("fr", "none", 75.0, float("nan")),
            ("X", "none", 54.0, float("nan")),
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
    table = comparison(OURS, read_published(PUBLISHED), CONFIG).set_index(["target", "ablation"])
    assert len(table) == 4
    assert table.loc[("en", "none"), "published"] == 88.98
    assert table.loc[("en", "none"), "difference"] == pytest.approx(0.02)
    assert table.loc[("X", "random-init-1-2"), "published"] == -15.77
    assert table.loc[("X", "random-init-1-2"), "ours"] == -14.0
    assert table["reference"].str.contains("Muller").all()


def test_assumptions_and_other_readings_are_shown() -> None:
    """No copy of the table names the treebanks, and another slide has another score."""
    table = comparison(OURS, read_published(PUBLISHED), CONFIG).set_index(["target", "ablation"])
    assert set(table["assumed"]) == {"source_corpus target_corpora"}
    assert table.loc[("en", "none"), "variant"] == "another slide: 90.0"
    assert table.loc[("X", "random-init-1-2"), "variant"] == ""


def test_what_is_quoted_is_not_assumed() -> None:
    """The paper names the CoNLL corpora; of UD it names languages only."""
    assumed = read_published(PUBLISHED).set_index(["reference", "task"])["assumed"]
    of_pires = assumed[assumed.index.get_level_values("reference").str.startswith("Pires")]
    assert set(of_pires.xs("ner", level="task")) == {""}
    assert set(of_pires.xs("pos", level="task")) == {"source_corpus target_corpora"}
    of_muller = assumed.drop(of_pires.index)
    assert of_muller.str.contains("source_corpus target_corpora").all() and len(of_muller) > 40


@pytest.mark.parametrize(
    ("source", "target", "pair", "value", "variant"),
    [
        ("ar", "ar", "1-2", -0.78, "one copy: 0.78"),
        ("ar", "ar", "3-4", -2.14, "one copy: -2.1"),
        ("ru", "X", "7-8", -1.70, "some copies: 1.70"),
        ("ar", "X", "7-8", -1.68, "some copies: 1.68"),
    ],
)
def test_readings_that_differ_are_recorded(
    source: str, target: str, pair: str, value: float, variant: str
) -> None:
    numbers = read_published(PUBLISHED)
    cell = {"source": source, "target": target, "ablation": f"random-init-{pair}"}
    found = numbers[(numbers[list(cell)] == pd.Series(cell)).all(axis=1)]
    assert found["value"].tolist() == [value] and found["variant"].tolist() == [variant]


def correlations(targets: int = 17) -> pd.DataFrame:
    """The columns of ``correlation.csv`` that matter here."""
    return pd.DataFrame(
        [
            {"encoder": "mbert", "task": "parsing", "source": source, "state": state,
             "spearman": rho, "targets": targets, "headline": headline}
            for source, state, rho, headline in (
                ("en", "pretrained", 0.7, "no"), ("en", "pretrained", 0.71, "yes"),
                ("en", "fine-tuned", 0.8, "yes"), ("ru", "fine-tuned", 0.5, "yes"),
            )
        ]
    )  # fmt: skip


def test_the_headline_correlation_is_compared() -> None:
    """0.76 for parsing; the layer and the state are not published, so both states are shown."""
    numbers = read_published(PUBLISHED)
    table = comparison(OURS, numbers, CONFIG, correlations())
    assert set(table[table["statistic"] != "spearman"]["state"]) == {""}
    table = table[table["statistic"] == "spearman"].set_index("state")
    assert table["published"].to_dict() == {"pretrained": 0.76, "fine-tuned": 0.76}
    assert table["ours"].to_dict() == {"pretrained": 0.71, "fine-tuned": 0.8}
    assert table.loc["fine-tuned", "difference"] == pytest.approx(0.04)
    assert set(table["assumed"]) == {"source source_corpus target_corpora layer state"}
    values = numbers[numbers["statistic"] == "spearman"].set_index("task")["value"]
    assert values.to_dict() == {"parsing": 0.76, "pos": 0.74, "ner": 0.47}


@pytest.mark.parametrize(
    ("config", "found"),
    [
        (CONFIG, correlations(16)),
        (CONFIG, correlations().assign(spearman=float("nan"))),
        ({**CONFIG, "hubs": {"mbert": "google-bert/bert-base-cased"}}, correlations()),
        ({**CONFIG, "tasks": {}}, correlations()),
    ],
    ids=["other parallel treebanks", "nothing of ours", "another encoder", "another task"],
)
def test_correlations_of_something_else_are_not_compared(config: dict, found: pd.DataFrame) -> None:
    ours = OURS if config["tasks"] else OURS.assign(task="tagging")
    table = comparison(ours, read_published(PUBLISHED), config, found)
    assert table.empty or "spearman" not in set(table["statistic"])


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        ("\tdelta\t", "\tchange\t", r"x.tsv:2: statistic 'change' is none of score, delta, spear"),
        (
            "source_corpus target_corpora\tone",
            "corpora\tone",
            r"x.tsv:2: assumed 'corpora' is none",
        ),
        ("\tvariant\t", "\treadings\t", r"x.tsv:1: column 'variant' is missing"),
    ],
)
def test_tables_of_others_are_checked(old: str, new: str, reason: str, tmp_path: Path) -> None:
    lines = (ROOT / "resources" / "published" / "muller2021.tsv").read_text().splitlines()
    row = next(line for line in lines if "one copy" in line)
    (tmp_path / "x.tsv").write_text(f"{lines[0]}\n{row}\n".replace(old, new))
    with pytest.raises(InputError, match=reason):
        read_published([tmp_path / "x.tsv"])


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
        (change(CONFIG, "targets", {code: f"{code}_pud" for code in TARGETS[:-1]}),
         {"en", "fr"}),
        (change(CONFIG, "targets", {code: f"{code}_pud" for code in TARGETS} | {"en": "en_ewt"}),
         {"X", "fr"}),
    ],
    ids=["another encoder", "a local encoder", "another source", "other targets", "another test"],
)  # fmt: skip
def test_numbers_of_something_else_are_not_set_beside_ours(config: dict, left: set) -> None:
    table = comparison(OURS, read_published(PUBLISHED), config)
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
    changes = muller[muller["statistic"] != "spearman"]
    assert (changes.groupby(["source", "target"]).size().isin([1, 7])).all()


def test_a_study_without_published_cells_says_so(tmp_path: Path) -> None:
    OURS.assign(source="qaa").to_csv(tmp_path / "ours.csv", index=False)
    with pytest.raises(InputError, match="no number is about"):
        published_comparison(tmp_path / "ours.csv", PUBLISHED, CONFIG, tmp_path / "tables")
    assert not (tmp_path / "tables").exists()
