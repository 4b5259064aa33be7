"""States of a BERT with the adapters of the library ``adapters``, run by the library's own Python.

Usage: python adapters_library.py FOLDER, which has ``encoder/`` (a masked language model),
``given.safetensors`` (rows, and the weights of the adapters under the library's names) and gets
``found.safetensors`` (the states of all layers, and logits).
"""

from __future__ import annotations

import sys
from pathlib import Path

import torch
from adapters import BertAdapterModel, SeqBnConfig, SeqBnInvConfig
from adapters.composition import Stack
from safetensors.torch import load_file, save_file


def main(folder: Path) -> None:
    """Load, compute, write."""
    given = load_file(folder / "given.safetensors")
    rows, mask = given.pop("rows"), given.pop("mask")
    # Of the heads for masked language modelling, only the library's own apply the inverse.
    model = BertAdapterModel.from_pretrained(folder / "encoder")
    assert model.active_head == "default", "the head of the checkpoint"
    # The library does not find the bias of the output layer.
    bias = load_file(folder / "encoder" / "model.safetensors")["cls.predictions.bias"]
    with torch.no_grad():
        list(model.heads["default"].children())[-1].bias.copy_(bias)
    units = model.config.hidden_size
    down = "bert.encoder.layer.0.output.adapters.{}.adapter_down.0.weight"
    language, task = (units // given[down.format(name)].shape[0] for name in ("language", "task"))
    model.add_adapter("language", config=SeqBnInvConfig(reduction_factor=language))
    model.add_adapter("task", config=SeqBnConfig(reduction_factor=task))
    model.set_active_adapters(Stack("language", "task"))
    expected = {name for name in model.state_dict() if "adapters." in name}
    assert expected == set(given), expected ^ set(given)
    model.load_state_dict(given, strict=False)
    model.eval()
    with torch.no_grad():
        found = model(input_ids=rows.long(), attention_mask=mask.long(), output_hidden_states=True)
    # The states before the first layer are those before the invertible adapter.
    states = {f"layer-{n}": s for n, s in enumerate(found.hidden_states[1:], start=1)}
    tensors = {**states, "logits": found.logits}
    tensors = {name: value.clone().contiguous() for name, value in tensors.items()}
    save_file(tensors, folder / "found.safetensors")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
