"""Ablations: their names, and layers whose pretrained weights fine-tuning does not change."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from encoders import ARCHITECTURES, LAYERS, make_encoder
from test_encoder_families import CONFIG, CONLLU
from test_encoders import changed_parameters
from xltransfer.encoders.ablations import KINDS, in_order, parse, published_columns
from xltransfer.encoders.transformer import layer_stack, load_encoder
from xltransfer.runtime.errors import InputError
from xltransfer.stages.finetune import finetune
from xltransfer.training.model import load_model

NAMES = ["none", "random-init-1-2", "freeze-1-4", "random-init-11-12", "random-init-all"]
FROZEN = range(2, 4)
"""Layers that the tests freeze, 1-based."""


def test_every_name_is_known_in_one_place() -> None:
    assert [parse(name).name for name in NAMES] == NAMES
    assert in_order(reversed(NAMES)) == NAMES
    assert published_columns(NAMES) == {"random-init-1-2": "1-2", "random-init-11-12": "11-12"}
    freeze = parse("freeze-1-4")
    assert (freeze.kind, freeze.first, freeze.last) == ("freeze", 1, 4)
    assert freeze.description == "layers 1-4 frozen"
    assert parse("random-init-3-3").description == "layers 3-3 re-initialised"


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("layers", ["", "-1", "-0-1", "-01-2", "-2-1", "-1-2-3", "-1-2 ", "-١-٢"])
def test_names_that_are_no_ablation_are_refused(kind: str, layers: str) -> None:
    with pytest.raises(InputError, match=f"'{kind}{layers}' is no ablation"):
        parse(f"{kind}{layers}")


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_fine_tuning_leaves_frozen_layers_as_they_were(architecture: str, tmp_path: Path) -> None:
    """Bit for bit; all other layers, and what they rest on, are fine-tuned."""
    encoder, corpus = make_encoder(tmp_path / "encoder", architecture), tmp_path / "train.conllu"
    corpus.write_text(CONLLU)
    model, name = tmp_path / "model", f"freeze-{FROZEN[0]}-{FROZEN[-1]}"
    finetune([encoder], corpus, corpus, CONFIG, [name], [7], [model], tmp_path / "c", 60, 1)
    pretrained, tuned = load_encoder(encoder), load_model(model)[0].encoder
    for number, (before, after) in enumerate(
        zip(layer_stack(pretrained), layer_stack(tuned), strict=True), start=1
    ):
        changed = changed_parameters(before.state_dict(), after.state_dict())
        assert bool(changed) == (number not in FROZEN), number
    words = (m.get_input_embeddings().weight for m in (pretrained, tuned))
    assert not torch.equal(*words)


def test_freezing_more_layers_than_there_are_is_refused(tmp_path: Path) -> None:
    encoder, corpus = make_encoder(tmp_path / "encoder"), tmp_path / "train.conllu"
    corpus.write_text(CONLLU)
    with pytest.raises(InputError, match=f"the encoder has {LAYERS} layers, not {LAYERS + 1}"):
        finetune(
            [encoder], corpus, corpus, CONFIG, [f"freeze-1-{LAYERS + 1}"], [7],
            [tmp_path / "model"], tmp_path / "c", 60, 1,
        )  # fmt: skip
    assert not (tmp_path / "model").exists()
