"""What the workers that train share."""

from __future__ import annotations

import time
from typing import Any

import torch
from xltransfer.training.devices import prepare_device
from xltransfer.training.embeddings import RowGradients
from xltransfer.training.flat import flatten
from xltransfer.training.objectives.objective import Objective

from benchmarks.bound import measure_bound

NEVER = 1e9
"""Seconds between checkpoints."""


def wait_for(device: torch.device) -> None:
    """Wait until a GPU has done all that it was given."""
    if device.type == "cuda":
        torch.cuda.synchronize(device)


def peak_of(device: torch.device) -> int:
    """Most bytes that tensors of this process took on a GPU; 0 on a processor."""
    return torch.cuda.max_memory_allocated(device) if device.type == "cuda" else 0


class TimedSteps(Objective):
    """Mixed into an objective: knows how long its training steps took, evaluation left out."""

    seconds = 0.0
    _since: float | None = None

    def loss(self, batch: Any, device: torch.device) -> torch.Tensor:
        """As of the objective."""
        if self._since is None:
            self._since = time.perf_counter()
        return super().loss(batch, device)

    def evaluate(self, device: torch.device) -> dict[str, float]:
        """As of the objective."""
        if self._since is not None:
            self.seconds += time.perf_counter() - self._since
            self._since = None
        return super().evaluate(device)


def bound_of_steps(objective: Objective, arguments: dict[str, Any]) -> dict[str, Any]:
    """What bounds training steps.

    The parameters are in buffers and the optimiser is fused, as in the training loop.

    Args:
        objective: trained on its first batches.
        arguments: ``threads`` and ``batches``, how many to profile.
    """
    device = prepare_device(arguments["threads"])
    groups = objective.parameter_groups()
    flat = [{**group, "params": [flatten(group["params"])]} for group in groups]
    optimiser = torch.optim.AdamW(flat, fused=True)
    weights = [parameter for group in flat for parameter in group["params"]]
    rows = RowGradients(objective.model)
    objective.model.train()
    batches = objective.batches(0)[: arguments["batches"]]

    def steps() -> None:
        for batch in batches:
            with rows:
                loss = objective.loss(batch, device)
            loss.backward()
            torch.nn.utils.clip_grad_norm_(weights, 1.0)
            optimiser.step()
            optimiser.zero_grad(set_to_none=False)

    return {"work": 1, "facts": {"bound": str(measure_bound(steps))}}
