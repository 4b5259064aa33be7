"""Question answering from the world to the table of scores and sizes: a real, small run."""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd
import pytest
import yaml
from conftest import copy_workflow
from running import snakemake
from safetensors.torch import load_file, save_file
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


def cut_encoders(folder: Path) -> dict:
    """Two encoders of different sizes: the lowest layers of the committed one."""
    original = folder / "resources" / "models" / "embedded"
    config = json.loads((original / "config.json").read_text())
    weights = load_file(original / "model.safetensors")
    items = []
    for name, layers in (("larger", 4), ("smaller", 2)):
        cut = folder / name
        cut.mkdir()
        (cut / "config.json").write_text(json.dumps({**config, "num_hidden_layers": layers}))
        above = tuple(f".layer.{number}." for number in range(layers, 12))
        kept = {
            key: value.float() for key, value in weights.items() if not any(n in key for n in above)
        }
        save_file(kept, cut / "model.safetensors", {"format": "pt"})
        for file in ("tokenizer.json", "tokenizer_config.json"):
            (cut / file).write_bytes((original / file).read_bytes())
        items.append({"name": name, "path": name, "layers": layers})
    return {"encoders": items}


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = copy_workflow(tmp_path_factory.mktemp("questions") / "study")
    part = {**PART, **cut_encoders(folder)}
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
    model = Path("smaller", "questions", "qaa_embedded", "none", "seed-1")
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
        ["larger", "questions", "F1"],
        ["smaller", "questions", "F1"],
    ]
    assert zeroshot[["qaa", "qba"]].gt(0).all().all()
    changes = pd.read_csv(results / "tables" / "randominit_by_target.csv")
    assert set(changes["metric"]) == {"F1", "exact_match"}
    assert changes.loc[changes["ablation"] == "random-init-1-2", "delta"].notna().all()
    scaling = pd.read_csv(results / "tables" / "scaling.csv", keep_default_na=False)
    ours = scaling[scaling["reference"] == ""]
    assert ours["encoder"].tolist() == ["smaller", "larger"] * 2
    assert ours["layers"].tolist() == [2, 4] * 2
    scores = zeroshot.set_index("encoder")
    assert ours["score"].astype(float).tolist() == pytest.approx(
        [scores.loc[name, target] for target in ("qaa", "qba") for name in ("smaller", "larger")]
    )
