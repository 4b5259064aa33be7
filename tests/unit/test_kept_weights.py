"""What is kept on disk: weights in half precision, and what a missing one is answered with."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from conftest import EMBEDDED_ENCODER
from safetensors.torch import load_file
from test_tagging import POS
from xltransfer.encoders.transformer import load_encoder
from xltransfer.encoders.weights import own_weights
from xltransfer.runtime.errors import InputError
from xltransfer.tasks.registry import make_task
from xltransfer.training.model import WordModel, load_model, save_model, untrained_head

TASK = make_task(POS)
LABELS = ["NOUN", "VERB"]


@pytest.fixture(scope="module")
def model() -> WordModel:
    torch.manual_seed(0)
    encoder = load_encoder(EMBEDDED_ENCODER)
    # 1 + 2^-9 lies between two numbers of bfloat16 and is one of float16.
    with torch.no_grad():
        next(encoder.parameters())[0, 0] = 1 + 2**-9
    return WordModel(encoder, untrained_head(TASK, encoder.config.hidden_size, LABELS))


@pytest.mark.parametrize(("precision", "first"), [("bfloat16", 1.0), ("float16", 1 + 2**-9)])
def test_half_precision_is_half_the_size_and_opens_as_float32(
    precision: str, first: float, model: WordModel, tmp_path: Path
) -> None:
    for name in ("float32", precision):
        save_model(tmp_path / name, model, EMBEDDED_ENCODER, TASK, LABELS, name)
    sizes = []
    for name in ("float32", precision):
        tensors = load_file(tmp_path / name / "model.safetensors").values()
        sizes.append(sum(tensor.numel() * tensor.element_size() for tensor in tensors))
    assert sizes[0] == 2 * sizes[1]
    opened = load_model(tmp_path / precision)[0]
    assert next(opened.encoder.parameters())[0, 0].item() == first
    for name, value in own_weights(model).items():
        found = own_weights(opened)[name]
        assert found.dtype == torch.float32, name
        assert torch.equal(found, value.to(getattr(torch, precision)).float()), name


def test_weights_beyond_half_precision_are_refused(tmp_path: Path) -> None:
    encoder = load_encoder(EMBEDDED_ENCODER)
    model = WordModel(encoder, untrained_head(TASK, encoder.config.hidden_size, LABELS))
    with torch.no_grad():
        next(encoder.parameters())[0, 0] = 1e5
    with pytest.raises(InputError, match=r"too large for float16; choose bfloat16"):
        save_model(tmp_path, model, EMBEDDED_ENCODER, TASK, LABELS, "float16")
    assert not (tmp_path / "model.safetensors").exists()
    save_model(tmp_path, model, EMBEDDED_ENCODER, TASK, LABELS, "bfloat16")


def test_dropped_weights_say_how_to_come_back(model: WordModel, tmp_path: Path) -> None:
    save_model(tmp_path, model, EMBEDDED_ENCODER, TASK, LABELS)
    (tmp_path / "model.safetensors").unlink()
    (tmp_path / "needed_by").mkdir()
    for opened in (load_model, load_encoder):
        with pytest.raises(InputError, match=r"were dropped to save space; remove .*needed_by"):
            opened(tmp_path)
