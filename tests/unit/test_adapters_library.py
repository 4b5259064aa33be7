"""The same weights give the same states as in the library ``adapters``.

The library needs an older transformers and has an environment of its own, whose Python the variable
``XLTRANSFER_ADAPTERS_PYTHON`` names.
"""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest
import torch
from conftest import ROOT
from safetensors.torch import load_file, save_file
from test_masked_lm import make_masked_lm
from xltransfer.encoders.adapters import (
    AdapterSettings,
    add_level,
    invert_before_output,
    stack_of,
)
from xltransfer.encoders.masked_lm_head import load_with_head
from xltransfer.encoders.states import piece_states

PYTHON = "XLTRANSFER_ADAPTERS_PYTHON"
ROWS = torch.tensor([[2, 8, 9, 7, 11, 3], [2, 8, 6, 12, 3, 0]])
MASK = (ROWS != 0).long()
NAMES = {"down": "adapter_down.0", "up": "adapter_up"}


def under_the_names_of_the_library(stack: torch.nn.Module) -> dict[str, torch.Tensor]:
    """The weights of a language and a task adapter."""
    found = {}
    for level, name in zip(stack.levels, ("language", "task"), strict=True):
        for key, value in level.members[0].state_dict().items():
            part, first, *rest = key.split(".")
            if part == "invertible":
                place = f"bert.invertible_adapters.{name}.{'F' if first == 'first' else 'G'}"
                found[".".join([place, *rest])] = value
            else:
                layer = f"bert.encoder.layer.{int(first) - 1}.output.adapters.{name}"
                found[".".join([layer, NAMES[rest[0]], *rest[1:]])] = value
    return found


def test_states_and_logits_are_those_of_the_library(tmp_path: Path) -> None:
    if not os.environ.get(PYTHON):
        pytest.skip(f"no library adapters: set {PYTHON} to the Python of its environment")
    model, _ = load_with_head(make_masked_lm(tmp_path / "encoder", "bert"))
    add_level(model.base_model, AdapterSettings(4, invertible=True))
    add_level(model.base_model, AdapterSettings(2))
    invert_before_output(model.eval())
    stack = stack_of(model.base_model)
    torch.manual_seed(3)
    with torch.no_grad():
        for parameter in stack.parameters():
            parameter.normal_(std=0.3)
        states = piece_states(model.base_model, ROWS, MASK, every_layer=True)
        logits = model(input_ids=ROWS, attention_mask=MASK).logits
    given = {"rows": ROWS, "mask": MASK, **under_the_names_of_the_library(stack)}
    save_file({n: v.contiguous() for n, v in given.items()}, tmp_path / "given.safetensors")
    command = [os.environ[PYTHON], str(ROOT / "tests" / "adapters_library.py"), str(tmp_path)]
    environment = {k: v for k, v in os.environ.items() if k != "PYTHONPATH"}
    subprocess.run(command, check=True, env=environment)
    found = load_file(tmp_path / "found.safetensors")
    for number, state in enumerate(states[1:], start=1):
        difference = (found[f"layer-{number}"] - state)[MASK.bool()].abs().max().item()
        print(f"layer {number}: {difference:.1e}")
        assert difference <= 1e-5
    difference = (found["logits"] - logits)[MASK.bool()].abs().max().item()
    print(f"logits: {difference:.1e}")
    assert difference <= 1e-5
