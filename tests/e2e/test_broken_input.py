"""Broken input to whole commands: one line, the cause, an exit code, nothing half-written."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pytest
from conftest import ROOT
from encoders import make_encoder
from running import snakemake, stage
from test_conllu import BROKEN, GOOD
from test_encoders import damage

CONFIG = {
    "task": "parsing",
    "settings": {
        "kind": "parsing",
        "arc_units": 8,
        "relation_units": 4,
        "head_dropout": 0.0,
        "relation_subtypes": False,
        "training": {
            "epochs": 1,
            "patience": None,
            "batch_pieces": 100,
            "encoder_learning_rate": 1e-3,
            "head_learning_rate": 1e-3,
            "warmup_share": 0.1,
            "weight_decay": 0.0,
            "adam_beta2": 0.98,
            "gradient_clip": 1.0,
            "precision": "auto",
            "training_sentences": None,
        },
    },
}


def assert_refused(done, *reasons: str, output: Path) -> None:
    """One error line that names the reasons, exit code 2, and no output."""
    assert done.returncode == 2, done.stderr
    errors = [line for line in done.stderr.splitlines() if line.startswith("error: ")]
    assert len(errors) == 1, done.stderr
    for reason in reasons:
        assert reason in errors[0]
    assert "Traceback" not in done.stderr
    assert not output.exists() or not [p for p in output.rglob("*") if p.is_file()]


def sha256(data: bytes) -> str:
    return "sha256:" + hashlib.sha256(data).hexdigest()


@pytest.mark.parametrize("name", BROKEN)
def test_treebanks(name: str, tmp_path: Path) -> None:
    text, line, reason = BROKEN[name]
    data = text if isinstance(text, bytes) else text.encode()
    (tmp_path / "download.conllu").write_bytes(data)
    done = stage("check_treebank", "--download", tmp_path / "download.conllu", "--checksum",
                 sha256(data), "--output", tmp_path / "out" / "train.conllu")  # fmt: skip
    where = f"{tmp_path}/download.conllu:{line}: "
    assert_refused(done, where, reason, output=tmp_path / "out")


def test_entities(tmp_path: Path) -> None:
    """Which tags are broken is for the unit tests; here it is the command that counts."""
    (tmp_path / "train.txt").write_text("a O\nb I-PER\n", encoding="utf-8")
    config = {"layout": "columns", "scheme": "iob2", "broken_tags": "refuse", "encoding": "utf-8"}
    done = stage(
        "check_entities", "--download", tmp_path / "train.txt", "--checksum", "unchecked",
        "--config", json.dumps(config), "--output", tmp_path / "out" / "x.iob2",
    )  # fmt: skip
    assert_refused(done, "train.txt:2: 'I-PER' after O breaks", output=tmp_path / "out")


def test_licensed_files_that_are_absent(tmp_path: Path) -> None:
    file = {"path": "CoNLL-2003/eng.train", "url": "", "checksum": "unchecked"}
    done = stage("fetch_corpus", "--config", json.dumps(file), "--output",
                 tmp_path / "out" / "eng.train", "--largest", 1000)  # fmt: skip
    assert_refused(done, "licensed", "CoNLL-2003/eng.train", "mirrors", output=tmp_path / "out")


@pytest.mark.parametrize("damaged", ["truncated", "altered"])
def test_files_that_are_not_the_catalogued_ones(damaged: str, tmp_path: Path) -> None:
    good = GOOD.encode()
    bad = good[:-40] if damaged == "truncated" else good.replace(b"NOUN", b"VERB")
    (tmp_path / "download.conllu").write_bytes(bad)
    done = stage("check_treebank", "--download", tmp_path / "download.conllu", "--checksum",
                 sha256(good), "--output", tmp_path / "out" / "train.conllu")  # fmt: skip
    expected, found = sha256(good)[7:], sha256(bad)[7:]
    assert_refused(done, "download.conllu", expected, found, output=tmp_path / "out")


def test_fetching_what_is_nowhere(tmp_path: Path) -> None:
    file = {"path": "UD_X-Y/x.conllu", "url": "http://127.0.0.1:9/x", "checksum": sha256(b"")}
    done = stage("fetch_corpus", "--config", json.dumps(file), "--output",
                 tmp_path / "out" / "x.conllu", "--largest", 1000,
                 "--mirrors", tmp_path / "mirror")  # fmt: skip
    assert_refused(done, "found nowhere", "127.0.0.1:9", "mirror", output=tmp_path / "out")


@pytest.mark.parametrize(
    ("what", "reason"),
    [
        ("truncated weights", "model.safetensors: damaged"),
        ("other weights", "weights of the encoder are missing"),
        ("no config", "config.json: no such file"),
        ("no tokenizer", "tokenizer.json: no such file"),
        ("layers", "the encoder has 4 layers, not 5"),
        ("broken training part", "train.conllu:9: 9 columns"),
        ("diverges", "the model's states are not finite"),
    ],
)
def test_fine_tuning(what: str, reason: str, tmp_path: Path) -> None:
    encoder = make_encoder(tmp_path / "encoder")
    text = GOOD if what != "broken training part" else BROKEN["nine columns"][0]
    (tmp_path / "train.conllu").write_text(text, encoding="utf-8")
    (tmp_path / "dev.conllu").write_text(GOOD, encoding="utf-8")
    config = json.loads(json.dumps(CONFIG))
    if what == "no tokenizer":
        (encoder / "tokenizer.json").unlink()
    elif what == "diverges":
        config["settings"]["training"].update(encoder_learning_rate=1e30, epochs=50)
    else:
        damage(encoder, what)
    done = stage(
        "finetune", "--encoders", encoder, "--training", tmp_path / "train.conllu",
        "--development", tmp_path / "dev.conllu", "--config", json.dumps(config),
        "--ablation", "random-init-5-5" if what == "layers" else "none", "--seeds", 1,
        "--models", tmp_path / "out", "--checkpoints", tmp_path / "check",
    )  # fmt: skip
    assert_refused(done, reason, output=tmp_path / "out")


def test_prediction_with_half_a_model(tmp_path: Path) -> None:
    (tmp_path / "gold.conllu").write_text(GOOD, encoding="utf-8")
    (tmp_path / "model").mkdir()
    done = stage("predict", "--models", tmp_path / "model", "--corpus",
                 tmp_path / "gold.conllu", "--predictions", tmp_path / "out" / "p")  # fmt: skip
    assert_refused(done, "task.json: cannot be read", output=tmp_path / "out")


def test_scoring_predictions_of_another_file(tmp_path: Path) -> None:
    (tmp_path / "gold.conllu").write_text(GOOD, encoding="utf-8")
    predicted = tmp_path / "none" / "seed-1" / "p.conllu"
    predicted.parent.mkdir(parents=True)
    predicted.write_text(GOOD.replace("bois", "pré"), encoding="utf-8")
    scores = {"columns": {"task": "parsing"}, "models": [["none", 1]]}
    done = stage(
        "score", "--gold", tmp_path / "gold.conllu", "--predictions", predicted,
        "--config", json.dumps({"task": {"kind": "parsing"}, "files": [scores]}),
        "--outputs", tmp_path / "out" / "s.parquet",
    )  # fmt: skip
    assert_refused(done, "sentence 1 does not have the words", output=tmp_path / "out")


def test_configuration_of_a_whole_study(workspace: Path) -> None:
    text = (ROOT / "config.yaml").read_text(encoding="utf-8")
    wrong = text.replace("  sources: [qaa_embedded", "  sources: [qaa_embeded")
    (workspace / "config.yaml").write_text(wrong, encoding="utf-8")
    done = snakemake(workspace)
    assert done.returncode != 0
    assert "error: config: parsing.sources: no 'qaa_embeded'" in done.stderr
    assert "Traceback" not in done.stderr
    assert not (workspace / "results").exists()


def test_a_stage_that_fails_fails_the_run_and_leaves_nothing(workspace: Path) -> None:
    weights = workspace / "resources" / "models" / "embedded" / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:-1000])
    done = snakemake(workspace, "results/models/embedded/parsing/qaa_embedded/none/seed-11/"
                     "model.safetensors")  # fmt: skip
    assert done.returncode != 0
    reason = (
        "error: resources/models/embedded/model.safetensors: not the file that pretraining.json"
    )
    assert reason in done.stderr
    assert not list((workspace / "results" / "models").rglob("*.safetensors"))
