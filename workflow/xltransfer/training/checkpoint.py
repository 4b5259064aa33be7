"""Checkpoints that a killed training resumes from, to the same bits.

One safetensors file holds everything the rest of a training depends on: weights, optimiser
moments, random state and the position. It is replaced in one step, so a kill leaves the old or the
new one. It also names what it belongs to, and is not used for anything else.
"""

from __future__ import annotations

import json
import logging
import shutil
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import load_file, save_file
from torch import nn

from ..files import replacing

log = logging.getLogger(__name__)


def own_weights(model: nn.Module) -> dict[str, torch.Tensor]:
    """The weights of a model by name, each once: of tied weights only the first name counts."""
    names = {name for name, _ in (*model.named_parameters(), *model.named_buffers())}
    return {name: value for name, value in model.state_dict().items() if name in names}


class Checkpoint:
    """The checkpoint of one training.

    Args:
        directory: where it lies; it is removed by ``discard``.
        identity: digest of everything that decides the training; a checkpoint of another identity
            is ignored.
    """

    def __init__(self, directory: Path | str, identity: str) -> None:
        self.directory = Path(directory)
        self.identity = identity

    def save(
        self,
        model: nn.Module,
        optimiser: torch.optim.Optimizer,
        position: dict[str, Any],
    ) -> None:
        """Write the present state.

        Args:
            model: its parameters and buffers are saved.
            optimiser: its moments are saved.
            position: JSON content: step, history, best epoch, …
        """
        tensors = {f"model/{name}": value for name, value in own_weights(model).items()}
        for index, state in optimiser.state_dict()["state"].items():
            for name, value in state.items():
                tensors[f"optimiser/{index}/{name}"] = torch.as_tensor(value)
        tensors["random/cpu"] = torch.get_rng_state()
        if torch.cuda.is_available():
            tensors["random/cuda"] = torch.cuda.get_rng_state()
        self._write("state", tensors, position)

    def save_best(self, model: nn.Module, position: dict[str, Any]) -> None:
        """Keep the weights of the best epoch so far."""
        self._write("best", own_weights(model), position)

    def _write(self, name: str, tensors: dict[str, torch.Tensor], position: dict) -> None:
        tensors = {key: value.detach().cpu().contiguous() for key, value in tensors.items()}
        metadata = {"identity": self.identity, "position": json.dumps(position)}
        with replacing(self.directory / f"{name}.safetensors") as temporary:
            save_file(tensors, temporary, metadata)

    def restore(self, model: nn.Module, optimiser: torch.optim.Optimizer) -> dict[str, Any] | None:
        """Put model, optimiser and random state back; the position, or ``None`` to start afresh."""
        position = self._position("state")
        if position is None or (position["best_epoch"] and self._position("best") is None):
            return None
        tensors = load_file(self.directory / "state.safetensors")
        weights = {k.removeprefix("model/"): v for k, v in tensors.items() if k[:6] == "model/"}
        model.load_state_dict(weights, strict=False)
        state: dict[int, dict[str, torch.Tensor]] = {}
        for key, value in tensors.items():
            if key.startswith("optimiser/"):
                _, index, name = key.split("/")
                state.setdefault(int(index), {})[name] = value
        groups = optimiser.state_dict()["param_groups"]
        optimiser.load_state_dict({"state": state, "param_groups": groups})
        torch.set_rng_state(tensors["random/cpu"])
        if "random/cuda" in tensors and torch.cuda.is_available():
            torch.cuda.set_rng_state(tensors["random/cuda"])
        return position

    def restore_best(self, model: nn.Module) -> None:
        """Put the weights of the best epoch into the model."""
        model.load_state_dict(load_file(self.directory / "best.safetensors"), strict=False)

    def _position(self, name: str) -> dict[str, Any] | None:
        path = self.directory / f"{name}.safetensors"
        if not path.exists():
            return None
        try:
            with safe_open(path, framework="pt") as file:
                metadata = file.metadata() or {}
        except SafetensorError as error:
            log.warning("%s is damaged (%s); training starts afresh", path, error)
            return None
        if metadata.get("identity") != self.identity:
            log.warning("%s belongs to another training; training starts afresh", path)
            return None
        return json.loads(metadata["position"])

    def discard(self) -> None:
        """Remove the checkpoint."""
        shutil.rmtree(self.directory, ignore_errors=True)
