"""When a training writes its checkpoints, and how long it has taken."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any

import torch

from ..runtime import interruption
from .checkpoint import Checkpoint


@dataclass(eq=False)
class Saver:
    """Saves a training at intervals, and before it ends early.

    Attributes:
        checkpoint: checkpoint to write.
        model, optimiser, position: state to save.
        seconds: interval between checkpoints.
        name: name of the training, for messages.
        evaluation_seconds: duration of the last evaluation, during which nothing can be saved.
        waited: seconds since the start that were spent on other trainings.
    """

    checkpoint: Checkpoint
    model: torch.nn.Module
    optimiser: torch.optim.Optimizer
    position: dict[str, Any]
    seconds: float
    name: str
    evaluation_seconds: float = 0.0

    def __post_init__(self) -> None:
        self.start()

    def start(self) -> None:
        """Count the time of the training, and that since its last checkpoint, from now on."""
        self.waited = 0.0
        self.saved = time.monotonic()
        self.started = self.saved - self.position.get("seconds", 0.0)

    def due(self, ahead: float = 0.0) -> bool:
        """Whether to save now.

        Args:
            ahead: seconds until the next opportunity to save, if that is long.
        """
        return interruption.received() or time.monotonic() - self.saved + ahead > self.seconds

    def spent(self) -> float:
        """Seconds of this training, including those before the checkpoint it was resumed from."""
        return time.monotonic() - self.started - self.waited

    def save(self) -> None:
        """Save.

        Raises:
            Interrupted: a signal has been received.
        """
        self.write()
        self.check()

    def write(self) -> None:
        """Write a checkpoint, whether or not a signal has been received."""
        self.position["seconds"] = self.spent()
        self.checkpoint.save(self.model, self.optimiser, self.position)
        self.saved = time.monotonic()

    def check(self) -> None:
        """End here if a signal has been received; the position has just been written.

        Raises:
            Interrupted: a signal has been received.
        """
        step = self.position["step"]
        interruption.check(f"{self.name}: saved at step {step}, where the same command goes on")
