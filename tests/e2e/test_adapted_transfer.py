"""An adapted encoder, and one adapted further, measured like any other encoder: real runs."""

from __future__ import annotations

import copy
import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml
from conftest import copy_workflow
from planning import encoders_with
from running import snakemake
from safetensors.numpy import load_file
from xltransfer.runtime.files import sha256_of_file

EMBEDDED, ADAPTED = encoders_with("embedded-adapted", by__training__epochs=1)[:2]


def adapted(name: str, base: str, text: str) -> dict:
    return {
        **copy.deepcopy(ADAPTED),
        "name": name,
        "from": base,
        "by": {**ADAPTED["by"], "text": text},
    }


TREEBANKS = ["qaa_embedded", "qab_embedded", "qca_embedded"]
STUDY = {
    "tasks": ["parsing"],
    "unseen": {"languages": []},
    "parallel": {"treebanks": TREEBANKS},
    "typology_features": [],
    "seeds": [1],
    "ablations": ["none", "random-init-1-2"],
    "encoders": [
        EMBEDDED,
        adapted("once", "embedded", "qab_embedded"),
        adapted("twice", "once", "qca_embedded"),
    ],
    "transfer_encoders": ["embedded", "twice"],
    "cleaning": {"maximum_lines": 300},
    "parsing": {
        "sources": ["qaa_embedded"],
        "targets": TREEBANKS,
        "training": {"epochs": 1, "training_sentences": 100},
    },
}


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = copy_workflow(tmp_path_factory.mktemp("recipes") / "study")
    (folder / "study.yaml").write_text(yaml.safe_dump(STUDY))
    done = snakemake(folder, "transfer", "--configfile", "study.yaml")
    assert done.returncode == 0, done.stderr[-3000:]
    again = snakemake(folder, "--dry-run", "transfer", "--configfile", "study.yaml")
    assert "Nothing to be done" in again.stdout + again.stderr
    return folder / "results"


def made(results: Path, name: str, text: str) -> Path:
    return results / "encoders" / name / text / "seed-1"


def test_each_encoder_starts_from_the_one_before(results: Path) -> None:
    """By the checksums in the reports of their trainings."""
    once, twice = made(results, "once", "qab_embedded"), made(results, "twice", "qca_embedded")
    original = results.parent / "resources" / "models" / "embedded"
    for encoder, base in ((once, original), (twice, once)):
        report = json.loads((encoder / "pretraining.json").read_text())
        weights = report["encoder"]["model.safetensors"]
        assert weights == sha256_of_file(base / "model.safetensors")
    assert not (results / "models" / "once").exists()


def test_layers_of_the_adapted_encoder_are_re_initialised(results: Path) -> None:
    """Models start from the adapted weights, but for the layers that are drawn again."""
    before = load_file(made(results, "twice", "qca_embedded") / "model.safetensors")
    name = next(n for n in before if n.endswith("word_embeddings.weight"))
    found = {
        encoder: load_file(
            results / "models" / encoder / "parsing" / "qaa_embedded" / "none" / "seed-1"
            / "model.safetensors"
        )
        for encoder in ("embedded", "twice")
    }  # fmt: skip
    distance = {
        encoder: float(
            np.abs(next(v for n, v in f.items() if n.endswith(name[-30:])) - before[name]).mean()
        )
        for encoder, f in found.items()
    }
    assert distance["twice"] < distance["embedded"] / 2


def test_tables_have_rows_of_both_encoders(results: Path) -> None:
    tables = results / "tables"
    changes = pd.read_csv(tables / "randominit_by_target.csv")
    assert set(changes["encoder"]) == {"embedded", "twice"}
    cka = pd.read_csv(tables / "cka.csv")
    assert set(cka["encoder"]) == {"embedded", "twice"} and cka["layer"].max() == 12
    pretrained = cka[cka["state"] == "pretrained"]
    values = pretrained.groupby("encoder")["cka"].mean()
    assert values["embedded"] != values["twice"]
    provenance = json.loads((tables / "randominit.provenance.json").read_text())
    assert "once" in json.dumps(provenance)
