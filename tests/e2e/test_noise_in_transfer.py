"""Character noise in training lifts a close language that the encoder has not seen: a real run."""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd
import pytest
import yaml
from conftest import ROOT, copy_workflow
from running import snakemake

STUDY = ROOT / "resources" / "studies" / "embedded-noise.yaml"
TASKS = ["pos", "pos_noise_35"]
TARGETS = {"targets": ["qaa_embedded", "qax_embedded"]}
PART = {
    "pathvars": {"results": "results"},
    "tasks": TASKS,
    "seeds": [1],
    "job_size": {"finetune": {"seeds": 1}, "predict": {"seeds": 1}},
    **dict.fromkeys(TASKS, TARGETS),
}
"""One seed of two of the four kinds of training, on two of the ten languages."""


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = copy_workflow(tmp_path_factory.mktemp("noise") / "study")
    (folder / "part.yaml").write_text(yaml.safe_dump(PART))
    files = "--configfile", "resources/studies/embedded-noise.yaml", "part.yaml"
    done = snakemake(folder, *files)
    assert done.returncode == 0, done.stderr[-3000:]
    again = snakemake(folder, "--dry-run", *files)
    assert "Nothing to be done" in again.stdout + again.stderr
    return folder / "results"


def test_noise_helps_the_close_unseen_language(results: Path) -> None:
    """In the study, with three seeds, more: docs/noise.md."""
    table = pd.read_csv(results / "tables" / "zeroshot.csv")
    assert list(table["task"]) == TASKS
    plain, noisy = (table[table["task"] == task].iloc[0] for task in TASKS)
    assert noisy["qax"] > plain["qax"] + 5
    assert noisy["qaa"] > plain["qaa"] - 1


def test_the_report_of_the_training_and_the_sources_of_the_table(results: Path) -> None:
    model = results / "models" / "embedded" / "pos_noise_35" / "qaa_embedded" / "none" / "seed-1"
    noise = json.loads((model / "training.json").read_text())["noise"]
    assert noise["alphabet"].isalpha() and sorted(noise["operations"]) == [
        "delete",
        "insert",
        "replace",
    ]
    assert 0.25 < noise["changed_words"] / noise["words"] < 0.35
    assert noise["subwords"] > noise["subwords_without_noise"]
    record = json.loads((model / "training.provenance.json").read_text())
    assert any("raw_text/qax_embedded/training.txt" in path for path in record["inputs"])
    provenance = json.loads((results / "tables" / "zeroshot.provenance.json").read_text())
    assert "<results>/corpora/qax-embedded.txt" in provenance["sources"]
