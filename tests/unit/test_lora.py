"""LoRA: what is trained, what the merged model is, and what is refused."""

from __future__ import annotations

import copy
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import pytest
import torch
import yaml
from conftest import ROOT
from safetensors.torch import load_file
from test_adapted_encoders import LANGUAGE, MASK, ROWS, adapted, states_of, tuned
from test_masked_lm import make_masked_lm
from test_training import Killed, kill_at
from transformers import AutoConfig, AutoModel
from xltransfer.encoders.kinds import kind_of
from xltransfer.encoders.lora import add_lora, merge_lora
from xltransfer.encoders.states import piece_states
from xltransfer.encoders.transformer import load_encoder
from xltransfer.runtime.errors import InputError
from xltransfer.runtime.files import read_json
from xltransfer.study import Study
from xltransfer.training import finetuning_runs

SETTINGS = {"rank": 2, "alpha": 4}
CHANGED = ("query.weight", "value.weight")


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_masked_lm(tmp_path_factory.mktemp("base") / "encoder", "bert")


def test_in_a_process_that_has_imported_nothing_else(base: Path) -> None:
    """peft uses modules that are imported with transformers, but not by a stage."""
    code = f"""
from xltransfer.stages.finetune import finetune
from xltransfer.encoders.transformer import load_encoder
from xltransfer.encoders.lora import add_lora
network = load_encoder({str(base)!r})
add_lora(network, {SETTINGS})
assert any(value.requires_grad for value in network.parameters())
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_nothing_changes_before_training_and_merging_keeps_the_states(base: Path) -> None:
    network = load_encoder(base).eval()
    add_lora(network, SETTINGS)
    with torch.no_grad():
        assert torch.equal(piece_states(network, ROWS, MASK), states_of(base))
        torch.manual_seed(3)
        for name, value in network.named_parameters():
            assert value.requires_grad == ("lora_" in name)
            if "lora_B" in name:
                value.normal_()
        changed = piece_states(network, ROWS, MASK)
        merge_lora(network)
        merged = piece_states(network, ROWS, MASK)
    assert (changed - states_of(base)).abs().max() > 0.1
    assert torch.allclose(changed, merged, atol=1e-5)
    assert network.state_dict().keys() == load_encoder(base).state_dict().keys()


def test_a_trained_model_differs_by_matrices_of_low_rank(base: Path, tmp_path: Path) -> None:
    directory = tuned(tmp_path, base, "model", lora={**SETTINGS, "dropout": 0.1})
    before, after = (load_file(d / "model.safetensors") for d in (base, directory))
    names = [name for name in after if name.startswith("bert.")]
    assert set(names) == {name for name in before if name.startswith("bert.")}
    differing = [name for name in names if not torch.equal(before[name], after[name])]
    assert differing and all(name.endswith(CHANGED) for name in differing)
    assert len(differing) == sum(name.endswith(CHANGED) for name in names)
    for name in differing:
        difference = (after[name] - before[name]).double()
        assert torch.linalg.matrix_rank(difference, rtol=1e-4) == SETTINGS["rank"]
    report = read_json(directory / "training.json")
    heads = sum(value.numel() for name, value in after.items() if name.startswith("head."))
    of_lora = sum(SETTINGS["rank"] * sum(after[name].shape) for name in differing)
    assert report["parameters"] == {
        "all": heads + of_lora + sum(before[name].numel() for name in names),
        "trained": heads + of_lora,
    }
    assert report["versions"]["peft"] == version("peft")
    assert kind_of(directory) is kind_of(base)
    AutoModel.from_pretrained(directory)


def test_re_initialised_layers_change_by_low_rank_too(base: Path, tmp_path: Path) -> None:
    """They stay as they were drawn, but for that; a longer training starts from the same."""
    short, long = (
        load_file(
            tuned(tmp_path, base, f"{n}", "random-init-1-2", lora=SETTINGS, epochs=n)
            / "model.safetensors"
        )
        for n in (1, 2)
    )
    original = load_file(base / "model.safetensors")
    layer = "bert.encoder.layer.0."
    for name in (n for n in short if n.startswith(layer)):
        assert torch.equal(short[name], long[name]) != name.endswith(CHANGED)
    assert not torch.equal(
        short[f"{layer}intermediate.dense.weight"], original[f"{layer}intermediate.dense.weight"]
    )


def test_on_a_language_adapter_the_model_stores_everything(base: Path, tmp_path: Path) -> None:
    language = adapted(tmp_path, base, "language", **LANGUAGE)
    directory = tuned(tmp_path, language, "model", lora=SETTINGS)
    stored = load_file(directory / "model.safetensors")
    assert any(".stacked_adapters." in name for name in stored)
    assert any(name.endswith("query.weight") for name in stored)
    assert (states_of(directory) - states_of(language)).abs().max() > 1e-4


@pytest.mark.parametrize("step", [2, 4])
def test_training_resumes_with_the_same_weights(
    step: int, base: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = {"lora": {**SETTINGS, "dropout": 0.2}}
    expected = tuned(tmp_path, base, "whole", **settings)
    original = finetuning_runs.train

    def dies(objective, settings, checkpoint, device, seconds, name):
        kill_at(objective, step)
        return original(objective, settings, checkpoint, device, 0, name)

    monkeypatch.setattr(finetuning_runs, "train", dies)
    with pytest.raises(Killed):
        tuned(tmp_path, base, "killed", **settings)
    assert any((tmp_path / "c").iterdir())
    monkeypatch.setattr(finetuning_runs, "train", original)
    found = tuned(tmp_path, base, "killed", **settings)
    one, two = ((d / "model.safetensors").read_bytes() for d in (expected, found))
    assert one == two


def test_unusable_settings_are_one_line(base: Path, tmp_path: Path, monkeypatch) -> None:
    with pytest.raises(InputError, match="'freeze-1-2' has no effect"):
        tuned(tmp_path, base, "model", "freeze-1-2", lora=SETTINGS)
    for names in (["q_lin"], ["query", "q_lin"], ["query", "ery"]):
        with pytest.raises(InputError, match=rf"'{names[-1]}' is no linear layer of bert; name"):
            tuned(tmp_path, base, "model", lora={**SETTINGS, "modules": names})
    with pytest.raises(InputError, match=r"'word_embeddings' is no linear layer of bert"):
        tuned(tmp_path, base, "model", lora={**SETTINGS, "modules": ["query", "word_embeddings"]})
    sizes = {"dim": 16, "n_layers": 2, "n_heads": 2, "hidden_dim": 8, "vocab_size": 20}
    network = AutoModel.from_config(AutoConfig.for_model("distilbert", **sizes))
    with pytest.raises(InputError, match=r"distilbert .*name linear layers .* in `modules`"):
        add_lora(network, SETTINGS)
    add_lora(network, {**SETTINGS, "modules": ["q_lin"]})
    assert sum(value.requires_grad for value in network.parameters()) == 2 * 2
    monkeypatch.setitem(sys.modules, "peft", None)
    with pytest.raises(InputError, match="peft is not installed"):
        add_lora(network, SETTINGS)


@pytest.fixture
def config() -> dict:
    return yaml.safe_load((ROOT / "config.yaml").read_text(encoding="utf-8"))


def test_lora_decides_the_models_of_its_task_alone(config: dict) -> None:
    plain = Study(copy.deepcopy(config), ROOT)
    config["pos"]["training"]["lora"] = SETTINGS
    study = Study(config, ROOT)
    assert "adapters" in study.tables and "adapters" not in plain.tables
    for task in ("pos", "parsing", "ner"):
        models = [s.identities.model("embedded", task, "qaa_embedded") for s in (study, plain)]
        assert (models[0] == models[1]) == (task != "pos")


def test_a_study_that_cannot_use_it_is_refused(config: dict) -> None:
    training = config["pos"]["training"]
    training["lora"] = SETTINGS
    both = copy.deepcopy(config)
    both["pos"]["training"]["adapter"] = {"size": 4}
    with pytest.raises(InputError, match="has `adapter` and `lora`"):
        Study(both, ROOT)
    with pytest.raises(InputError, match="lora: all layers are frozen"):
        Study({**config, "ablations": ["none", "freeze-1-2"]}, ROOT)
    training["lora"] = {"rank": 0, "alpha": 4}
    with pytest.raises(InputError, match="rank"):
        Study(config, ROOT)
