"""What the training loop trains: a model, its batches, its loss and its measure of success."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Any

import torch
from torch import nn


class Objective(ABC):
    """Fine-tuning on a task and masked language modelling are objectives.

    Attributes:
        model: all parameters that are trained.
    """

    model: nn.Module

    @abstractmethod
    def parameter_groups(self) -> list[dict[str, Any]]:
        """Groups for the optimiser, each with its own peak ``lr``."""

    @abstractmethod
    def batches(self, epoch: int) -> Sequence[Any]:
        """The batches of an epoch, the same ones whenever they are asked for; equally many in
        every epoch."""

    @abstractmethod
    def loss(self, batch: Any, device: torch.device) -> torch.Tensor:
        """The loss of one batch, a scalar."""

    @abstractmethod
    def evaluate(self, device: torch.device) -> dict[str, float]:
        """Scores on held-out data; the first one selects the best epoch, higher is better."""
