"""Encoders of the lowest layers of another one: weights, states, recipes, and what is refused."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch
import yaml
from conftest import EMBEDDED_ENCODER, ROOT
from encoders import LAYERS, make_encoder
from safetensors.torch import load_file
from test_recipes import ADAPTED, MONOLINGUAL, PLAIN
from test_study import change
from torch import nn
from xltransfer.encoders.states import piece_states
from xltransfer.encoders.transformer import load_encoder
from xltransfer.records.record import record_path
from xltransfer.runtime.errors import InputError
from xltransfer.stages import keep_layers as stage
from xltransfer.stages.keep_layers import keep_layers, lower_config
from xltransfer.study import Study
from xltransfer.study.estimate import encoder_size


@pytest.mark.parametrize("layers", [1, 3, LAYERS])
@pytest.mark.parametrize("architecture", ["bert", "xlm-roberta", "distilbert"])
def test_states_are_those_of_the_lowest_layers(
    architecture: str, layers: int, tmp_path: Path
) -> None:
    """These architectures have no normalisation after their layers."""
    whole, cut = make_encoder(tmp_path / "whole", architecture), tmp_path / "cut"
    keep_layers(whole, layers, cut)
    ids = torch.arange(5, 11)[None]
    with torch.no_grad():
        old, new = (
            piece_states(load_encoder(path).eval(), ids, torch.ones_like(ids), every_layer=True)
            for path in (whole, cut)
        )
    assert len(new) == layers + 1
    for before, after in zip(old, new, strict=False):
        torch.testing.assert_close(after, before)
    assert (cut / "tokenizer.json").read_bytes() == (whole / "tokenizer.json").read_bytes()


def test_every_weight_is_one_of_the_whole_encoder(tmp_path: Path) -> None:
    keep_layers(EMBEDDED_ENCODER, 3, tmp_path / "cut")
    whole = {
        name.removeprefix("bert."): value.float()
        for name, value in load_file(EMBEDDED_ENCODER / "model.safetensors").items()
    }
    cut = load_file(tmp_path / "cut" / "model.safetensors")
    assert all(torch.equal(value, whole[name]) for name, value in cut.items())
    # A layer has 16 tensors; there is no head.
    assert sum(".layer." in name for name in cut) == 3 * 16
    assert not any(name.startswith("cls.") for name in cut)
    record = json.loads(record_path(tmp_path / "cut" / "model.safetensors").read_text())
    assert record["stage"] == "keep_layers"


def test_the_same_bytes_each_time(tmp_path: Path) -> None:
    for name in ("one", "two"):
        keep_layers(EMBEDDED_ENCODER, 2, tmp_path / name)
    for file in ("config.json", "model.safetensors", "tokenizer.json"):
        one, two = ((tmp_path / name / file).read_bytes() for name in ("one", "two"))
        assert one == two


def test_other_states_are_noticed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As if the states of an encoder depended on the layers that are removed."""

    def changed(network: nn.Module, removed: nn.ModuleList) -> dict[str, torch.Tensor]:
        return {name: value + 1 for name, value in lower_weights(network, removed).items()}

    lower_weights = stage._lower_weights
    monkeypatch.setattr(stage, "_lower_weights", changed)
    with pytest.raises(InputError, match="the layers cannot be kept alone"):
        keep_layers(make_encoder(tmp_path / "whole"), 2, tmp_path / "cut")
    assert not record_path(tmp_path / "cut" / "model.safetensors").exists()


def test_lists_of_layers_are_cut_with_them() -> None:
    content = {
        "num_hidden_layers": 4, "num_layers": 2, "layer_types": ["a", "b", "a", "c"],
        "attention_window": [1, 2], "languages": ["x", "y", "z", "w"],
    }  # fmt: skip
    assert lower_config(content, 4, 3) == {
        **content,
        "num_hidden_layers": 3,
        "layer_types": ["a", "b", "a"],
    }


@pytest.mark.parametrize("layers", [0, LAYERS + 1])
def test_other_numbers_of_layers_are_refused(layers: int, tmp_path: Path) -> None:
    whole = make_encoder(tmp_path / "whole")
    with pytest.raises(
        InputError, match=rf"config\.json: has {LAYERS} layers, of which {layers} c"
    ):
        keep_layers(whole, layers, tmp_path / "cut")
    assert not (tmp_path / "cut").exists()


def lowest(layers: object, base: str = "embedded", name: str = "lowest") -> dict:
    return {"name": name, "from": base, "by": {"objective": "keep-layers", "layers": layers}}


def study(*encoders: dict, **changes: object) -> Study:
    config = yaml.safe_load((ROOT / "config.yaml").read_text(encoding="utf-8"))
    given = {"transfer_encoders": [encoders[-1]["name"]], "unseen": {"languages": []}}
    change(encoders=[PLAIN, *encoders], **given, **{"ablations": ["none"], **changes})(config)
    return Study(config, ROOT)


def test_a_recipe_says_how_many_layers_there_are() -> None:
    one = study(lowest(6), lowest(4, "lowest", "fewer"))
    assert one.declared_encoders["lowest"].layers == 6
    assert one.encoders["fewer"].layers == 4
    assert one.made_encoders.cut() == ["lowest", "fewer"]
    whole, fewer = (encoder_size(one, name) for name in ("embedded", "fewer"))
    assert (whole.layers, fewer.layers) == (12, 4)
    assert fewer.body == whole.body / 3


def test_the_identity_follows_the_number_of_layers_and_the_base() -> None:
    found = {
        study(lowest(6)).identities.encoder("lowest"),
        study(lowest(5)).identities.encoder("lowest"),
        study(lowest(7, name="middle"), lowest(5, "middle")).identities.encoder("lowest"),
    }
    assert len(found) == 3
    assert study(lowest(6)).identities.encoder("lowest") in found


WRONG = {
    "too many": ([lowest(13)], "'lowest': 'embedded' has 12 layers, of which 13 cannot be kept"),
    "none": ([lowest(0)], r"encoders\.1\.by"),
    "of an architecture": (
        [{**MONOLINGUAL, "by": lowest(2)["by"]}],
        "'monolingual' has an architecture, which has no trained layers to keep; write `from`",
    ),
    "of many encoders": (
        [ADAPTED, lowest(2, "embedded-adapted")],
        "'lowest': 'embedded-adapted' is not one encoder, .*; keep the lowest layers of the enc",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", WRONG)
def test_wrong_recipes_are_refused(name: str) -> None:
    encoders, reason = WRONG[name]
    with pytest.raises(InputError, match=reason):
        study(*encoders)


def test_layers_that_the_encoder_lacks_cannot_be_ablated() -> None:
    with pytest.raises(InputError, match="layer"):
        study(lowest(6), ablations=["none", "random-init-7-8"])
    assert study(lowest(8), ablations=["none", "random-init-7-8"]).encoders["lowest"].layers == 8
