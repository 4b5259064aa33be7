"""Question answering from the world to the table of scores and sizes: a real, small run."""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd
import pytest
import yaml
from conftest import copy_workflow
from running import snakemake
from transformers import AutoModelForQuestionAnswering
from xltransfer.corpora.questions import read_squad

TRAINING = {
    "epochs": 1, "batch_pieces": 600, "training_sentences": 60, "accumulation": 2,
    "checkpointing": True,
}  # fmt: skip
PART = {
    "pathvars": {"results": "results"},
    "tasks": ["questions"],
    "ablations": ["none", "random-init-1-2"],
    "scaling": True,
    "seeds": [1],
    "job_size": {"finetune": {"seeds": 1}, "predict": {"seeds": 1, "ablations": 2}},
    "questions": {"targets": ["qaa_embedded", "qba_embedded"], "training": TRAINING},
}


def with_a_second_encoder(folder: Path) -> dict:
    """Two encoders of different sizes: the committed one, and its two lowest layers."""
    import torch
    from safetensors.torch import load_file, save_file

    original, small = folder / "resources" / "models" / "embedded", folder / "small"
    small.mkdir()
    config = json.loads((original / "config.json").read_text())
    (small / "config.json").write_text(json.dumps({**config, "num_hidden_layers": 2}))
    weights = load_file(original / "model.safetensors")
    kept = {
        name: value.to(torch.float32)
        for name, value in weights.items()
        if ".layer." not in name or name.split(".layer.")[1].split(".")[0] in "01"
    }
    save_file(kept, small / "model.safetensors", {"format": "pt"})
    for name in ("tokenizer.json", "tokenizer_config.json"):
        (small / name).write_bytes((original / name).read_bytes())
    given = {"name": "embedded", "path": "resources/models/embedded", "layers": 12}
    return {"encoders": [given, {"name": "small", "path": "small", "layers": 2}]}


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = copy_workflow(tmp_path_factory.mktemp("questions") / "study")
    part = {**PART, **with_a_second_encoder(folder)}
    (folder / "part.yaml").write_text(yaml.safe_dump(part))
    files = "--configfile", "resources/studies/embedded-questions.yaml", "part.yaml"
    targets = [f"results/tables/{name}.csv" for name in ("randominit", "zeroshot", "scaling")]
    done = snakemake(folder, *targets, *files)
    assert done.returncode == 0, done.stderr[-3000:]
    again = snakemake(folder, "--dry-run", *targets, *files)
    assert "Nothing to be done" in again.stdout + again.stderr
    return folder / "results"


def test_predictions_are_official_answers_and_models_open(results: Path) -> None:
    gold = read_squad(results / "questions" / "qba_embedded" / "test.json")
    model = Path("small", "questions", "qaa_embedded", "none", "seed-1")
    answers = json.loads(
        (results / "predictions" / model / "qba_embedded-test.json").read_text(encoding="utf-8")
    )
    assert list(answers) == sorted(one.identifier for one in gold)
    assert all(answers[one.identifier] in one.passage for one in gold)
    opened = AutoModelForQuestionAnswering.from_pretrained(results / "models" / model)
    assert opened.qa_outputs.weight.shape == (2, 64)


def test_tables_have_every_cell(results: Path) -> None:
    zeroshot = pd.read_csv(results / "tables" / "zeroshot.csv")
    assert zeroshot[["encoder", "task", "metric"]].to_numpy().tolist() == [
        ["embedded", "questions", "F1"],
        ["small", "questions", "F1"],
    ]
    assert zeroshot[["qaa", "qba"]].gt(0).all().all()
    changes = pd.read_csv(results / "tables" / "randominit_by_target.csv")
    assert set(changes["metric"]) == {"F1", "exact_match"}
    assert changes.loc[changes["ablation"] == "random-init-1-2", "delta"].notna().all()
    scaling = pd.read_csv(results / "tables" / "scaling.csv", keep_default_na=False)
    ours = scaling[scaling["reference"] == ""]
    assert ours["encoder"].tolist() == ["small", "embedded"] * 2
    assert ours["layers"].tolist() == [2, 12] * 2
    scores = zeroshot.set_index("encoder")
    assert ours["score"].astype(float).tolist() == pytest.approx(
        [scores.loc[name, target] for target in ("qaa", "qba") for name in ("small", "embedded")]
    )
