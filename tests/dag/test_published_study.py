"""The published study once it is finished: a language more trains nothing."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
import yaml
from conftest import copy_workflow
from planning import AGGREGATES, counts, planned, snakemake
from test_reruns import files

STUDY = ("--configfile", "study.yaml")
MODELS = 2 * 3 * 7 * 5


def write_study(folder: Path, *more_targets: str) -> None:
    """The published study, with more targets."""
    text = (folder / "resources" / "studies" / "mbert.yaml").read_text(encoding="utf-8")
    config = yaml.safe_load(text)
    for section in (config["parsing"], config["pos"]):
        section["targets"] += more_targets
    config["parallel"]["treebanks"] += more_targets
    (folder / "study.yaml").write_text(yaml.safe_dump(config), encoding="utf-8")


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Empty files in all places, which Snakemake is told to take for the results."""
    folder = copy_workflow(tmp_path_factory.mktemp("published") / "study")
    write_study(folder)
    for outputs in planned(folder, *STUDY).values():
        for output in outputs:
            for name in filter(None, output.split(", ")):
                path = folder / name
                path.parent.mkdir(parents=True, exist_ok=True)
                path.touch()
    done = snakemake(folder, "--touch", "--forceall", "--quiet", "all", *STUDY)
    assert done.returncode == 0, done.stderr
    assert len(list(folder.glob("results/mbert/models/**/model.safetensors"))) == MODELS
    return folder


def test_nothing_is_left_to_do(finished: Path) -> None:
    assert planned(finished, *STUDY) == {}


def test_a_language_more_trains_nothing(finished: Path, tmp_path: Path) -> None:
    folder = tmp_path / "study"
    shutil.copytree(finished, folder)
    write_study(folder, "th_pud")
    jobs = planned(folder, *STUDY)
    parts = 2 * 3
    assert counts(jobs) == {
        "fetch_corpus": 1,
        "check_treebank": 1,
        "predict": parts,
        # All sources of a task share one.
        "score": 2,
        "pieces": 1,
        "represent": parts + 1,
        "similarity": 1,
        "typology": 1,
        **dict.fromkeys(AGGREGATES, 1),
    }
    assert len(files(jobs, "predict")) == MODELS
    for rule in ("fetch_corpus", "predict", "score", "pieces", "represent", "similarity"):
        assert all("th_pud" in path for path in files(jobs, rule)), rule
