"""Adapters: their places, their formulas, and that untrained ones change nothing."""

from __future__ import annotations

import copy
from pathlib import Path

import pytest
import torch
from encoders import ARCHITECTURES, LAYERS, make_encoder
from families import FOCUS, make_family
from torch.nn import functional
from transformers import AlbertConfig, AlbertModel, DebertaV2Config, DebertaV2ForMaskedLM
from xltransfer.encoders.adapter_places import find_places
from xltransfer.encoders.adapters import (
    Adapters,
    AdapterSettings,
    Coupling,
    Level,
    add_level,
    invert_before_output,
    stack_of,
    train_top_level,
)
from xltransfer.encoders.kinds import ADAPTED
from xltransfer.encoders.states import piece_states
from xltransfer.encoders.transformer import load_encoder
from xltransfer.encoders.weights import count_parameters
from xltransfer.runtime.errors import InputError
from xltransfer.study.adapter_settings import adapter_parameters

ROWS = torch.tensor([[2, 5, 9, 7, 11, 3], [2, 8, 6, 3, 0, 0]])
MASK = (ROWS != 0).long()
REFUSED = ("albert", "flaubert", "squeezebert", "xlm")
"""Layers that share weights, or that are not called as modules."""


def randomise(module: torch.nn.Module, deviation: float = 0.3) -> None:
    """As training might leave it: nothing is 0."""
    with torch.no_grad():
        for parameter in module.parameters():
            parameter.normal_(std=deviation)


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_an_untrained_adapter_changes_no_state(architecture: str, tmp_path: Path) -> None:
    encoder = load_encoder(make_encoder(tmp_path, architecture)).eval()
    before = piece_states(encoder, ROWS, MASK, every_layer=True)
    add_level(encoder, AdapterSettings(5, invertible=True))
    add_level(encoder, AdapterSettings(3, activation="gelu"))
    after = piece_states(encoder, ROWS, MASK, every_layer=True)
    assert max((a - b).abs().max().item() for a, b in zip(after, before, strict=True)) <= 1e-6
    randomise(stack_of(encoder))
    assert (piece_states(encoder, ROWS, MASK) - before[-1]).abs().max() > 0.1


@pytest.mark.parametrize("name", [*FOCUS, *REFUSED])
def test_adapters_have_a_place_in_families_of_encoders(name: str, tmp_path: Path) -> None:
    """Or are refused in one line; an untrained one changes nothing, a trained one something."""
    encoder = load_encoder(make_family(tmp_path, name)).eval()
    ids = torch.arange(8).repeat(2, 1) + 3
    mask = torch.ones_like(ids)
    before = piece_states(encoder, ids, mask)
    try:
        add_level(encoder, AdapterSettings(3, invertible=True))
    except InputError as error:
        assert "\n" not in str(error)
        assert name in REFUSED
        return
    assert (piece_states(encoder, ids, mask) - before).abs().max() <= 1e-6
    randomise(stack_of(encoder))
    assert (piece_states(encoder, ids, mask) - before).abs().max() > 1e-3


@pytest.mark.parametrize("name", FOCUS)
def test_the_states_of_the_embeddings_have_the_invertible_adapter(
    name: str, tmp_path: Path
) -> None:
    """In every family: in some, transformers returns what they were before hooks."""
    encoder = load_encoder(make_family(tmp_path, name)).eval()
    ids = torch.arange(8).repeat(2, 1) + 3
    mask = torch.ones_like(ids)
    before = piece_states(encoder, ids, mask, every_layer=True)
    if name in REFUSED:
        return
    level = add_level(encoder, AdapterSettings(3, invertible=True))
    randomise(stack_of(encoder))
    with torch.no_grad():
        after = ADAPTED.layer_states(encoder, ids, mask)
        assert torch.allclose(after[0], level.embedded(before[0]), atol=1e-6)
        assert (after[0] - before[0]).abs().max() > 0.05
        assert len(after) == len(before)
        if name != "canine":
            assert torch.equal(after[-1], piece_states(encoder, ids, mask))


def adapter_of(adapters: Adapters, layer: int, states: torch.Tensor) -> torch.Tensor:
    """up(ReLU(down(states))), written out."""
    found = adapters.bottlenecks[str(layer)]
    inner = functional.linear(states, found.down.weight, found.down.bias).clamp(min=0)
    return functional.linear(inner, found.up.weight, found.up.bias)


def test_states_are_those_of_the_published_formula(tmp_path: Path) -> None:
    """BERT layer by layer: h = dense(x_ffn), out = A(LN(h + x)) + h, LN(out + x); stacked twice."""
    encoder = load_encoder(make_encoder(tmp_path)).eval()
    for settings in (AdapterSettings(4, invertible=True), AdapterSettings(3, leave_out=(2,))):
        add_level(encoder, settings)
    randomise(stack_of(encoder))
    language, task = (level.members[0] for level in stack_of(encoder).levels)
    with torch.no_grad():
        x1, x2 = encoder.embeddings(ROWS).chunk(2, dim=-1)
        u1 = x1 + language.invertible.first(x2)
        states = torch.cat([u1, x2 + language.invertible.second(u1)], dim=-1)
        mask = (1 - MASK[:, None, None, :].float()) * torch.finfo(torch.float32).min
        for number, layer in enumerate(encoder.encoder.layer, start=1):
            attended = layer.attention(states, attention_mask=mask)[0]
            h, norm = layer.output.dense(layer.intermediate(attended)), layer.output.LayerNorm
            for adapters in (language, task):
                if str(number) in adapters.bottlenecks:
                    z = functional.layer_norm(
                        h + attended, norm.normalized_shape, norm.weight, norm.bias, norm.eps
                    )
                    h = adapter_of(adapters, number, z) + h
            states = functional.layer_norm(
                h + attended, norm.normalized_shape, norm.weight, norm.bias, norm.eps
            )
        found = piece_states(encoder, ROWS, MASK)
    assert torch.allclose(found[0], states[0], atol=1e-5)
    assert torch.allclose(found[1, :4], states[1, :4], atol=1e-5)


def test_a_layer_that_ends_with_a_sum_gets_the_adapter_added(tmp_path: Path) -> None:
    """mT5 normalises before its sublayers: the output of a layer is s + A(s)."""
    encoder = load_encoder(make_encoder(tmp_path, "mt5")).eval()
    assert all(place.norm is None for place in find_places(encoder))
    only_last = tuple(range(1, LAYERS))
    before: dict[str, torch.Tensor] = {}
    last = encoder.encoder.block[-1]
    hook = last.register_forward_hook(lambda *given: before.update(states=given[2][0]))
    piece_states(encoder, ROWS, MASK)
    hook.remove()
    add_level(encoder, AdapterSettings(4, leave_out=only_last))
    randomise(stack_of(encoder))
    after: dict[str, torch.Tensor] = {}
    last.register_forward_hook(lambda *given: after.update(states=given[2][0]))
    piece_states(encoder, ROWS, MASK)
    adapters = stack_of(encoder).levels[0].members[0]
    expected = before["states"] + adapter_of(adapters, LAYERS, before["states"])
    assert torch.allclose(after["states"], expected, atol=1e-6)


def test_the_invertible_adapter_inverts() -> None:
    torch.manual_seed(1)
    coupling = Coupling(16, AdapterSettings(4, invertible=True, invertible_size=8))
    states = torch.randn(5, 7, 16)
    assert torch.equal(coupling(states), states)
    randomise(coupling)
    changed = coupling(states)
    assert (changed - states).abs().max() > 0.5
    assert (coupling.inverse(changed) - states).abs().max() <= 1e-5
    assert (coupling(coupling.inverse(states)) - states).abs().max() <= 1e-5


def test_a_mixture_is_the_weighted_average_of_its_members() -> None:
    torch.manual_seed(2)
    settings = AdapterSettings(3, invertible=True)
    level = Level([Adapters(8, 2, settings) for _ in range(3)])
    randomise(level)
    states = torch.randn(4, 8)
    outputs = [member.added(2, states) for member in level.members]
    assert torch.allclose(level.added(2, states), sum(outputs) / 3, atol=1e-6)
    level.logits = torch.zeros(3, 3)
    level.logits[2] = torch.tensor([0.2, 0.5, 0.3]).log()
    weighted = 0.2 * outputs[0] + 0.5 * outputs[1] + 0.3 * outputs[2]
    assert torch.allclose(level.added(2, states), weighted, atol=1e-6)
    couplings = sum(member.invertible(states) for member in level.members) / 3
    assert torch.allclose(level.embedded(states), couplings, atol=1e-6)
    alone = Level([level.members[1]])
    assert torch.equal(alone.added(2, states), outputs[1])


def test_copies_have_adapters_of_their_own(tmp_path: Path) -> None:
    """Every seed trains a copy of the encoder that was read once."""
    encoder = load_encoder(make_encoder(tmp_path)).eval()
    add_level(encoder, AdapterSettings(4, invertible=True))
    before, copied = piece_states(encoder, ROWS, MASK), copy.deepcopy(encoder)
    randomise(stack_of(copied))
    assert torch.equal(piece_states(encoder, ROWS, MASK), before)
    assert (piece_states(copied, ROWS, MASK) - before).abs().max() > 0.1


def test_parameters_are_counted_by_hand(tmp_path: Path) -> None:
    encoder = load_encoder(make_encoder(tmp_path))
    everything = count_parameters(encoder)["all"]
    add_level(encoder, AdapterSettings(3, leave_out=(4,), invertible=True, invertible_size=5))
    train_top_level(encoder)
    bottlenecks = 3 * ((16 * 3 + 3) + (3 * 16 + 16))
    invertible = 2 * ((8 * 5 + 5) + (5 * 8 + 8))
    found = {"all": everything + bottlenecks + invertible, "trained": bottlenecks + invertible}
    assert count_parameters(encoder) == found
    settings = {"size": 3, "leave_out": [4], "invertible": True, "invertible_size": 5}
    assert adapter_parameters(settings, 16, LAYERS) == found["trained"]


def test_what_does_not_fit_is_refused_in_one_line(tmp_path: Path) -> None:
    encoder = load_encoder(make_encoder(tmp_path / "bert"))
    with pytest.raises(InputError, match=r"^adapter: leave_out: the encoder has 4 layers, .*5"):
        add_level(encoder, AdapterSettings(3, leave_out=(5,)))
    with pytest.raises(InputError, match=r"at least one; correct \[1, 2, 3, 4\]$"):
        add_level(encoder, AdapterSettings(3, leave_out=(1, 2, 3, 4)))
    with pytest.raises(InputError, match=r"^adapter: the encoder has 7 units, .*: false`"):
        Coupling(7, AdapterSettings(3))
    sizes = {"hidden_size": 16, "num_hidden_layers": 2, "num_attention_heads": 2}
    new = DebertaV2Config(vocab_size=60, intermediate_size=32, legacy=False, **sizes)
    model = DebertaV2ForMaskedLM(new)
    add_level(model.base_model, AdapterSettings(3, invertible=True))
    with pytest.raises(InputError, match=r"deberta-v2 has no output layer of 60 .*: false`$"):
        invert_before_output(model)
    config = AlbertConfig(
        vocab_size=60, hidden_size=16, num_hidden_layers=3, num_attention_heads=2,
        intermediate_size=32, embedding_size=8, max_position_embeddings=32,
    )  # fmt: skip
    with pytest.raises(InputError, match=r"^the albert encoder has no stack of 3 layers"):
        add_level(AlbertModel(config), AdapterSettings(3))


@pytest.mark.parametrize(
    "content",
    [
        {},
        {"size": 0},
        {"size": True},
        {"size": 2.5},
        {"size": 4, "units": 3},
        {"size": 4, "activation": "none"},
        {"size": 4, "activation": ["relu"]},
        {"size": 4, "leave_out": [0]},
        {"size": 4, "leave_out": "12"},
        {"size": 4, "invertible": 1},
        {"size": 4, "invertible_size": -1},
    ],
)
def test_malformed_settings_are_refused(content: dict) -> None:
    with pytest.raises(InputError, match=r"^config.json: .*; correct them$"):
        AdapterSettings.of(content, "config.json")


def test_settings_survive_json() -> None:
    settings = AdapterSettings(4, "gelu", (1, 3), True, 7)
    assert AdapterSettings.of(settings.content(), "x") == settings
    assert AdapterSettings.of({"size": 8}, "x") == AdapterSettings(8)
