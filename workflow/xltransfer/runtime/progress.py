"""Progress of trainings: a bar on a terminal, lines in a log, and a line per minute on the terminal
behind a log.

Snakemake redirects the output of jobs to log files. A job of several minutes says once a minute on
the terminal of Snakemake how far it is.
"""

from __future__ import annotations

import logging
import time

from tqdm import tqdm

from .command import tell

log = logging.getLogger(__name__)

INTERVAL = 60.0
"""Seconds between lines."""
_RECENT = 100
"""Number of losses that the mean is over."""


class TrainingProgress:
    """Reports the steps and epochs of a training.

    Args:
        name: name of the training.
        steps: number of steps if it does not stop early.
        done: number of steps before it was resumed.
    """

    def __init__(self, name: str, steps: int, done: int) -> None:
        self.name = name
        self.steps = steps
        self.bar = tqdm(total=steps, initial=done, desc=name, unit="step", disable=None)
        self.done = done
        self.said = self.started = time.monotonic()
        self._first = done

    def step(self, losses: list[float]) -> None:
        """Report a step; ``losses`` are those of this epoch so far."""
        self.done += 1
        self.bar.update()
        if self.bar.disable and time.monotonic() - self.said > INTERVAL:
            self.said = time.monotonic()
            # If steps are slow, no loss of this epoch may have been read yet.
            recent = losses[-_RECENT:]
            loss = f", loss {sum(recent) / len(recent):.3f}" if recent else ""
            message = f"{self.name}: step {self.done} of {self.steps}{loss}"
            log.info("%s", message)
            tell(f"{message}, {self.time_left()}")

    def time_left(self) -> str:
        """The time that the remaining steps take at the present speed, in words."""
        seconds = time.monotonic() - self.started
        left = seconds / max(self.done - self._first, 1) * (self.steps - self.done)
        unit, size = ("hours", 3600) if left > 2 * 3600 else ("minutes", 60)
        return f"at most {left / size:.0f} {unit} left" if left > size else "a minute left"

    def epoch(self, row: dict[str, float]) -> None:
        """Report the scores at the end of an epoch."""
        self.said = time.monotonic()
        scores = ", ".join(f"{key} {value:.2f}" for key, value in row.items() if key != "epoch")
        message = f"{self.name}: epoch {row['epoch']}: {scores}"
        if self.bar.disable:
            log.info("%s", message)
        else:
            self.bar.write(message)

    def close(self) -> None:
        """Report the end of training."""
        self.bar.close()
