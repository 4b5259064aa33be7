"""Checkpoints from which a killed training resumes with bit-identical results.

One safetensors file contains everything the rest of a training depends on: weights (not those that
are frozen), optimiser moments, random state and position. It is replaced atomically, so a kill
leaves the old or the new file. The weights of the best epoch are in a separate file, named by the
epoch, until a position with a better epoch is saved. Each file contains the identity of the
training and a checksum, and is ignored if either is wrong.
"""

from __future__ import annotations

import json
import logging
import shutil
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import nn

from ..encoders.weights import changing_weights
from ..runtime.errors import InputError
from ..runtime.files import canonical_json, replacing

log = logging.getLogger(__name__)


def random_states() -> dict[str, torch.Tensor]:
    """The state of the random numbers of the processor and, if there is one, of the GPU."""
    of_gpu = {"cuda": torch.cuda.get_rng_state()} if torch.cuda.is_available() else {}
    return {"cpu": torch.get_rng_state(), **of_gpu}


def restore_random(states: Mapping[str, torch.Tensor]) -> None:
    """Go on with the random numbers that follow these states."""
    torch.set_rng_state(states["cpu"])
    if "cuda" in states and torch.cuda.is_available():
        torch.cuda.set_rng_state(states["cuda"])


class Checkpoint:
    """The checkpoint of one training.

    Args:
        directory: folder of the checkpoint, removed by ``discard``.
        identity: digest of everything that decides the training; a checkpoint with another identity
            is ignored.
    """

    def __init__(self, directory: Path | str, identity: str) -> None:
        self.directory = Path(directory)
        self.identity = identity
        # Best epoch according to the position on disk; a resumed training needs its weights.
        self._needed = 0

    def save(
        self,
        model: nn.Module,
        optimiser: torch.optim.Optimizer,
        position: dict[str, Any],
    ) -> None:
        """Write the current state.

        Args:
            model: model with the parameters and buffers to save.
            optimiser: optimiser with the moments to save.
            position: JSON content: step, history, best epoch, …
        """
        tensors = {f"model/{name}": value for name, value in changing_weights(model).items()}
        for index, state in optimiser.state_dict()["state"].items():
            for name, value in state.items():
                tensors[f"optimiser/{index}/{name}"] = torch.as_tensor(value)
        tensors |= {f"random/{device}": state for device, state in random_states().items()}
        self._write("state", tensors, position)
        self._needed = position["best_epoch"]
        self._remove_best_but(self._needed)

    def save_best(self, model: nn.Module, epoch: int) -> None:
        """Save the weights of the best epoch so far."""
        self._write(_best(epoch), changing_weights(model), {"epoch": epoch})
        self._remove_best_but(epoch, self._needed)

    def _remove_best_but(self, *epochs: int) -> None:
        kept = {self._path(_best(epoch)) for epoch in epochs}
        for path in self.directory.glob("best-*.safetensors"):
            if path not in kept:
                path.unlink(missing_ok=True)

    def _write(self, name: str, tensors: dict[str, torch.Tensor], position: dict) -> None:
        tensors = {key: value.detach().cpu().contiguous() for key, value in tensors.items()}
        metadata = {"identity": self.identity, "position": json.dumps(position)}
        metadata["checksum"] = _checksum(tensors, metadata)
        # Skipping fsync is safe (reading verifies the checksum) and fast (schedulers kill soon).
        with replacing(self._path(name), durable=False) as temporary:
            save_file(tensors, temporary, metadata)

    def restore(self, model: nn.Module, optimiser: torch.optim.Optimizer) -> dict[str, Any] | None:
        """Restore model, optimiser and random state; returns the position, ``None`` without one."""
        # Temporary files of processes that were killed while saving.
        for path in self.directory.glob(".*.safetensors.*"):
            path.unlink(missing_ok=True)
        found = self._read("state")
        if found is None:
            return None
        tensors, position = found
        if position["best_epoch"]:
            # A power failure may destroy only one of the two files.
            path = self._path(_best(position["best_epoch"]))
            if not path.exists():
                log.warning("%s is missing; training starts afresh", path)
                return None
            if self._read(path.stem) is None:
                return None
        model.load_state_dict(_below("model/", tensors), strict=False)
        state: dict[int, dict[str, torch.Tensor]] = {}
        for key, value in _below("optimiser/", tensors).items():
            index, name = key.split("/")
            # A copy, since the file is memory-mapped and the optimiser updates in place.
            state.setdefault(int(index), {})[name] = value.clone()
        groups = optimiser.state_dict()["param_groups"]
        optimiser.load_state_dict({"state": state, "param_groups": groups})
        restore_random(_below("random/", tensors))
        self._needed = position["best_epoch"]
        return position

    def restore_best(self, model: nn.Module, epoch: int) -> None:
        """Load the weights of ``epoch``, the best epoch, into the model.

        Raises:
            InputError: the file has been damaged or removed.
        """
        found = self._read(_best(epoch))
        if found is None:
            raise InputError(
                f"{self._path(_best(epoch))}: damaged or removed during training; run the same "
                "command again"
            )
        model.load_state_dict(found[0], strict=False)

    def _path(self, name: str) -> Path:
        return self.directory / f"{name}.safetensors"

    def _read(self, name: str) -> tuple[dict[str, torch.Tensor], dict[str, Any]] | None:
        """Tensors and position; ``None`` if the file is missing, damaged or of another training."""
        path = self._path(name)
        if not path.exists():
            return None
        try:
            with safe_open(path, framework="pt") as file:
                metadata = dict(file.metadata() or {})
                tensors = {key: file.get_tensor(key) for key in file.keys()}  # noqa: SIM118
        except (SafetensorError, OSError) as error:
            reason = " ".join(str(error).split())
            log.warning("%s is damaged (%s); training starts afresh", path, reason)
            return None
        if metadata.pop("checksum", None) != _checksum(tensors, metadata):
            log.warning("%s is damaged (checksum); training starts afresh", path)
            return None
        if metadata["identity"] != self.identity:
            log.warning("%s belongs to another training; training starts afresh", path)
            return None
        return tensors, json.loads(metadata["position"])

    def discard(self) -> None:
        """Remove the checkpoint."""
        shutil.rmtree(self.directory, ignore_errors=True)


def _below(prefix: str, tensors: Mapping[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    """The tensors whose names have a prefix, by the rest of the name."""
    return {k.removeprefix(prefix): v for k, v in tensors.items() if k.startswith(prefix)}


def _best(epoch: int) -> str:
    return f"best-{epoch}"


def _checksum(tensors: Mapping[str, torch.Tensor], metadata: Mapping[str, str]) -> str:
    """CRC-32 of the content of a file: fast, and sufficient against accidental bit flips."""
    names = sorted(tensors)
    described = [[name, str(tensors[name].dtype), list(tensors[name].shape)] for name in names]
    value = zlib.crc32(canonical_json([dict(metadata), described]).encode())
    for name in names:
        value = zlib.crc32(tensors[name].reshape(-1).view(torch.uint8).numpy(), value)
    return f"{value:08x}"
