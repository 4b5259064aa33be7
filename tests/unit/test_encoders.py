"""Opening encoders, and RANDOM-INIT for several architectures."""

from __future__ import annotations

import json
import random
from pathlib import Path

import pytest
import torch
from encoders import ARCHITECTURES, LAYERS, make_encoder
from xltransfer.encoders.ablate import ablate
from xltransfer.encoders.ablations import parse
from xltransfer.encoders.transformer import layer_stack, load_encoder, new_encoder
from xltransfer.encoders.vocabulary import train_wordpiece
from xltransfer.runtime.errors import InputError


def changed_parameters(before: dict, after: dict) -> set[str]:
    return {name for name, value in after.items() if not torch.equal(value, before[name])}


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_random_init_redraws_its_layers_and_nothing_else(architecture: str, tmp_path: Path) -> None:
    directory = make_encoder(tmp_path, architecture)
    pretrained = load_encoder(directory)
    before = {name: value.clone() for name, value in pretrained.state_dict().items()}
    stack = layer_stack(pretrained)
    assert len(stack) == LAYERS
    inside = {
        name
        for name, parameter in pretrained.named_parameters()
        if any(parameter is p for layer in (stack[1], stack[2]) for p in layer.parameters())
    }
    model = load_encoder(directory)
    ablate(model, "random-init-2-3", seed=7)
    assert changed_parameters(before, model.state_dict()) == inside
    again = load_encoder(directory)
    ablate(again, "random-init-2-3", seed=7)
    assert not changed_parameters(model.state_dict(), again.state_dict())
    other = load_encoder(directory)
    ablate(other, "random-init-2-3", seed=8)
    drawn = changed_parameters(model.state_dict(), other.state_dict())
    # LayerNorms and biases are set, not drawn; all matrices differ between seeds.
    matrices = {name for name in inside if before[name].dim() == 2 and "bias" not in name}
    assert drawn & matrices == matrices & drawn and drawn <= inside
    assert len(drawn) >= 6


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_never_pretrained_keeps_no_weight(architecture: str, tmp_path: Path) -> None:
    directory = make_encoder(tmp_path, architecture)
    model = load_encoder(directory)
    before = {name: value.clone() for name, value in model.named_parameters()}
    ablate(model, "random-init-all", seed=1)
    after = dict(model.named_parameters())
    assert changed_parameters(before, after) == set(after)


def test_none_changes_nothing(tmp_path: Path) -> None:
    directory = make_encoder(tmp_path)
    model = load_encoder(directory)
    ablate(model, "none", seed=1)
    assert not changed_parameters(load_encoder(directory).state_dict(), model.state_dict())


def test_draw_is_the_models_own_initialiser(tmp_path: Path) -> None:
    """BERT: normal weights with initializer_range, zero biases, LayerNorm 1 and 0."""
    directory = make_encoder(tmp_path)
    config = json.loads((directory / "config.json").read_text())
    config.update(hidden_size=128, intermediate_size=512)
    (tmp_path / "wide").mkdir()
    (tmp_path / "wide" / "config.json").write_text(json.dumps(config))
    from transformers import AutoConfig

    layer = layer_stack(new_encoder(AutoConfig.from_pretrained(tmp_path / "wide"), seed=3))[0]
    for name, parameter in layer.named_parameters():
        if "LayerNorm.weight" in name:
            assert torch.equal(parameter, torch.ones_like(parameter)), name
        elif name.endswith("bias"):
            assert not parameter.any(), name
        else:
            # A uniform draw of PyTorch's default would have a hard edge near 0.088 and std 0.05.
            assert parameter.std().item() == pytest.approx(0.02, rel=0.05), name
            assert parameter.abs().max() > 0.06, name


def test_drawing_leaves_the_global_random_state_alone(tmp_path: Path) -> None:
    model = load_encoder(make_encoder(tmp_path))
    torch.manual_seed(5)
    expected = torch.rand(3)
    torch.manual_seed(5)
    ablate(model, "random-init-1-2", seed=1)
    assert torch.equal(torch.rand(3), expected)


@pytest.mark.parametrize("name", ["random-init", "random-init-0-1", "random-init-2-1", "REF", ""])
def test_unknown_ablations_are_refused(name: str) -> None:
    with pytest.raises(InputError, match="is no ablation"):
        parse(name)


def test_layers_beyond_the_encoder_are_refused(tmp_path: Path) -> None:
    model = load_encoder(make_encoder(tmp_path))
    with pytest.raises(InputError, match="the encoder has 4 layers, not 5"):
        ablate(model, "random-init-4-5", seed=1)


def damage(directory: Path, what: str) -> None:
    weights = directory / "model.safetensors"
    if what == "no weights":
        weights.unlink()
    elif what == "pickle only":
        torch.save({}, directory / "pytorch_model.bin")
        weights.unlink()
    elif what == "truncated weights":
        weights.write_bytes(weights.read_bytes()[:-100])
    elif what == "page for weights":
        weights.write_text("<html>404</html>")
    elif what == "no config":
        (directory / "config.json").unlink()
    elif what == "broken config":
        (directory / "config.json").write_text("{")
    elif what == "unknown architecture":
        (directory / "config.json").write_text('{"model_type": "abacus"}')
    elif what == "other weights":
        from safetensors.torch import save_file

        save_file({"lstm.weight": torch.zeros(2, 2)}, weights, {"format": "pt"})
    elif what == "other sizes":
        config = json.loads((directory / "config.json").read_text())
        (directory / "config.json").write_text(json.dumps({**config, "hidden_size": 32}))


@pytest.mark.parametrize(
    ("what", "reason"),
    [
        ("no weights", "model.safetensors: no such file"),
        ("pickle only", "safetensors only"),
        ("truncated weights", "damaged"),
        ("page for weights", "damaged"),
        ("no config", "config.json: no such file"),
        ("broken config", "config.json"),
        ("unknown architecture", "abacus"),
        ("other weights", "weights of the encoder are missing"),
        ("other sizes", "not the weights of"),
    ],
)
def test_unusable_directories_are_refused_in_one_line(
    what: str, reason: str, tmp_path: Path
) -> None:
    directory = make_encoder(tmp_path)
    damage(directory, what)
    with pytest.raises(InputError) as caught:
        load_encoder(directory)
    assert reason in str(caught.value)
    assert str(directory) in str(caught.value)
    assert "\n" not in str(caught.value)


def test_vocabulary_is_the_same_every_time() -> None:
    """Many pairs of characters are equally frequent here; nothing but the text may decide."""
    draws = random.Random(1)
    words = ["".join(draws.choices("abcdefghijklmnopqrstuvwxyz", k=6)) for _ in range(400)]
    lines = [" ".join(words[start : start + 8]) for start in range(0, len(words), 8)]
    first, *others = (train_wordpiece(lines, 300) for _ in range(4))
    assert first.get_vocab_size() == 300
    assert first.token_to_id("[PAD]") == 0
    assert all(other.to_str() == first.to_str() for other in others)
    assert "[UNK]" not in first.encode(lines[0]).tokens
