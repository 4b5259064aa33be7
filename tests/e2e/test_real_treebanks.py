"""A small study on real treebanks with a real encoder, from the mirror to the table."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest
import yaml
from conftest import copy_workflow
from running import snakemake
from test_parsing import official
from xltransfer.corpora.conllu import read_conllu

STUDY = {
    # Two threads on a busy machine wait for each other.
    "training_threads": 1,
    "parallel": {"treebanks": ["fr_pud", "zh_pud"]},
    "ablations": ["none", "random-init-1-2"],
    "parsing": {
        "sources": ["fr_sequoia"],
        "ablated_sources": "all",
        "targets": ["fr_pud", "tr_pud", "zh_pud"],
        "training": {"epochs": 3, "training_sentences": 400},
    },
}
CONFIGS = ("--configfile", "resources/studies/ud-mirror.yaml", "study.yaml")


@pytest.fixture(scope="module")
def results(shared: Path, english_encoder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = copy_workflow(tmp_path_factory.mktemp("real"))
    (folder / "study.yaml").write_text(yaml.safe_dump(STUDY))
    where = {"XLTRANSFER_UD_MIRROR": str(shared / "ud"), "XLTRANSFER_ENCODER": str(english_encoder)}
    done = snakemake(folder, *CONFIGS, **where)
    assert done.returncode == 0, done.stderr[-3000:]
    again = snakemake(folder, "--dry-run", *CONFIGS, **where)
    assert "Nothing to be done" in again.stdout + again.stderr
    return folder / "results" / "ud-mirror"


def test_table_has_every_target(results: Path) -> None:
    table = pd.read_csv(results / "tables" / "randominit_by_target.csv")
    found = table[(table["metric"] == "LAS") & (table["ablation"] == "none")].set_index("target")
    assert set(found.index) == {"fr", "tr", "zh", "X"}
    # A few hundred sentences of French are enough to do better in French than elsewhere.
    assert found["mean"].idxmax() == "fr"
    assert found.loc["fr", "mean"] > 25


@pytest.mark.parametrize("target", ["fr", "tr", "zh"])
def test_scores_equal_the_official_evaluator(results: Path, target: str) -> None:
    gold = results / "treebanks" / f"{target}_pud" / "test.conllu"
    part = "local/parsing/fr_sequoia"
    predicted = results / "predictions" / part / "none" / "seed-1" / f"{target}_pud-test.conllu"
    rows = pd.read_parquet(results / "scores" / part / f"{target}_pud-test.parquet")
    rows = rows[rows["ablation"] == "none"].set_index("metric")
    assert rows["value"].to_dict() == pytest.approx(official(gold, predicted), abs=0.005)
    assert rows["words"].iloc[0] == sum(len(s.words) for s in read_conllu(gold))


def test_treebanks_are_the_mirror_s_bytes(results: Path, shared: Path) -> None:
    original = shared / "ud" / "UD_French-PUD" / "fr_pud-ud-test.conllu"
    assert (results / "treebanks" / "fr_pud" / "test.conllu").read_bytes() == original.read_bytes()
