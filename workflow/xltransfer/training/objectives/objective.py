"""The interface of objectives for the training loop: a model, batches, a loss and scores."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Any

import torch
from torch import nn

from ...runtime.errors import InputError


class Objective(ABC):
    """An objective: fine-tuning on a task, also against a discriminator, or masked LM.

    Attributes:
        model: model with all trained parameters.
    """

    model: nn.Module

    @abstractmethod
    def parameter_groups(self) -> list[dict[str, Any]]:
        """Groups for the optimiser, each with its own peak ``lr``.

        Gradients are clipped together, except those of groups with ``clipped_apart: True``.
        """

    @abstractmethod
    def batches(self, epoch: int) -> Sequence[Any]:
        """The batches of an epoch, deterministic; their number is the same in every epoch."""

    @abstractmethod
    def loss(self, batch: Any, device: torch.device) -> torch.Tensor:
        """The loss of one batch, a scalar."""

    def parts(self, batch: Any, number: int) -> list[tuple[Any, float]]:
        """A batch in at most a number of parts, each with its share of the loss of the batch.

        Raises:
            InputError: this objective computes each batch as a whole.
        """
        raise InputError(
            "training.accumulation: this training computes each batch as a whole; remove the key"
        )

    @abstractmethod
    def evaluate(self, device: torch.device) -> dict[str, float]:
        """Scores on held-out data; the first one selects the best epoch; higher is better."""
