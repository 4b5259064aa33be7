"""Encoders trained on parallel sentences, with language embeddings, through a whole study."""

from __future__ import annotations

import copy
import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
import yaml
from conftest import ROOT, copy_workflow
from running import snakemake
from safetensors.numpy import load_file
from safetensors.torch import load_file as load_tensors
from safetensors.torch import save_file
from xltransfer.stages.predict import predict
from xltransfer.stages.represent import represent
from xltransfer.training.model import load_model

STUDY = yaml.safe_load((ROOT / "resources/studies/embedded-translation.yaml").read_text("utf-8"))
PAIR = "qaa_qba_embedded"
SHORT = {"epochs": 1, "epoch_batches": 30}


def shortened() -> dict:
    """Two updates of a few batches, and a few sentences to learn tags from."""
    study = copy.deepcopy(STUDY)
    for encoder in study["encoders"][1:3]:
        by = encoder["by"]
        encoder["by"] = {**by, "seeds": [1, 2], "training": {**by["training"], **SHORT}}
    joined = study["encoders"][2]["by"]
    joined |= {"language_embeddings": True, "raw_text": ["qaa_embedded", "qba_embedded"]}
    study["encoders"] = study["encoders"][:3]
    study["translation_lm"] |= {
        "encoders": [encoder["name"] for encoder in study["encoders"]],
        "parallel_text": [PAIR],
    }
    study["transfer_encoders"] = ["embedded-translation"]
    study["seeds"] = [1, 2]
    study["parallel_cleaning"]["maximum_pairs"] = 400
    study["pos"]["training"] |= {"epochs": 1, "training_sentences": 60}
    study["pathvars"] = {"results": "results"}
    return {**study, "cleaning": {**CLEANING, "maximum_lines": 200}, "pos": study["pos"]}


CLEANING = yaml.safe_load((ROOT / "config.yaml").read_text("utf-8"))["cleaning"]


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = copy_workflow(tmp_path_factory.mktemp("aligned") / "study")
    (folder / "study.yaml").write_text(yaml.safe_dump(shortened()))
    done = snakemake(folder, "transfer", "--configfile", "study.yaml")
    assert done.returncode == 0, done.stderr[-3000:]
    again = snakemake(folder, "--dry-run", "transfer", "--configfile", "study.yaml")
    assert "Nothing to be done" in again.stdout + again.stderr
    return folder / "results"


def test_tables_have_every_encoder_and_context(results: Path) -> None:
    table = pd.read_csv(results / "tables" / "translation_lm.csv")
    assert len(table) == 3 * 2 * 3
    assert set(table["seeds"][table["encoder"] != "embedded"]) == {2}
    assert table["accuracy"].between(1, 99).all()
    retrieval = pd.read_csv(results / "tables" / "parallel_retrieval.csv")
    assert len(retrieval) == 3 * 2 * 13
    for figure in ("translation_lm.pdf", "retrieval.pdf"):
        assert (results / "figures" / figure).stat().st_size > 1000


def test_reports_name_all_texts(results: Path) -> None:
    folder = results / "encoders" / "embedded-translation" / "several-texts" / "seed-2"
    report = json.loads((folder / "pretraining.json").read_text())
    assert len(report["corpora"]) == 2 and set(report["parallel"]) == {"training.tsv"}
    assert report["config"]["languages"] == {"lines": ["qaa", "qba"], "pairs": [["qaa", "qba"]]}
    config = json.loads((folder / "config.json").read_text())
    assert config["language_embeddings"] == ["qaa", "qba"]


def test_models_start_from_the_encoders_in_rotation(results: Path) -> None:
    started = []
    for seed in (1, 2):
        models = results / "models" / "embedded-translation" / "pos" / "qaa_embedded" / "none"
        report = json.loads((models / f"seed-{seed}" / "training.json").read_text())
        started.append(report["inputs"]["encoder"]["model.safetensors"])
        folder = results / "encoders" / "embedded-translation" / "several-texts" / f"seed-{seed}"
        made = json.loads((folder / "pretraining.json").read_text())
        assert started[-1] == made["weights"]
    assert started[0] != started[1]


def test_predictions_use_the_language_of_their_corpus(results: Path, tmp_path: Path) -> None:
    """With another vector for the target's language, its predictions change and no others."""
    model = results / "models/embedded-translation/pos/qaa_embedded/none/seed-1"
    weights = load_tensors(model / "model.safetensors")
    name = next(name for name in weights if "language_embeddings" in name)
    changed = tmp_path / "changed"
    changed.mkdir()
    for path in model.iterdir():
        (changed / path.name).write_bytes(path.read_bytes())
    weights[name][1] += torch.randn(weights[name][1].shape) * 3
    save_file(weights, changed / "model.safetensors", {"format": "pt"})
    assert load_model(changed)[0].encoder.language_embeddings.languages == ("qaa", "qba")
    outcomes = {}
    for code in ("qaa", "qba"):
        corpus = results / "treebanks" / f"{code}_embedded" / "test.conllu"
        made = results / "predictions/embedded-translation/pos/qaa_embedded/none/seed-1"
        known = (made / f"{code}_embedded-test.conllu").read_text()
        for record in changed.glob("*provenance*"):
            record.unlink()
        output = tmp_path / f"{code}.conllu"
        (changed / "training.json").unlink(missing_ok=True)
        predict([changed], corpus, [output], 1, code)
        outcomes[code] = output.read_text() == known
    assert outcomes == {"qaa": True, "qba": False}


def test_representations_use_the_language_of_their_treebank(results: Path, tmp_path: Path) -> None:
    """Without a language, they have the mean of all vectors."""
    encoder = results / "encoders" / "embedded-translation" / "several-texts" / "seed-1"
    treebank = results / "treebanks" / "qba_embedded" / "test.conllu"
    known = (
        results / "representations/embedded-translation/pretrained/qba_embedded-test.safetensors"
    )
    found = {}
    for language in ("qba", ""):
        output = tmp_path / f"{language or 'none'}.safetensors"
        represent(treebank, [output], [encoder], language=language)
        found[language] = load_file(output)["vectors"]
    assert np.array_equal(found["qba"], load_file(known)["vectors"])
    vectors = load_tensors(encoder / "model.safetensors")["bert.language_embeddings.weight"]
    assert not torch.allclose(vectors[0], vectors[1])
    assert not np.allclose(found["qba"][0], found[""][0])
