"""The training loop for all objectives."""

from __future__ import annotations

import logging
import math
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import torch

from ..runtime import interruption
from ..runtime.errors import DivergedError
from ..runtime.progress import TrainingProgress
from .checkpoint import Checkpoint
from .embeddings import RowGradients
from .hyperparameters import passes_per_epoch
from .objectives.objective import Objective
from .optimiser import clip, clipped_together, optimiser_of
from .saver import Saver

log = logging.getLogger(__name__)

LOSSES_AT_ONCE = 16
"""Number of losses read from the device at once, to avoid a synchronisation at every step."""


@dataclass
class Report:
    """The report of a training.

    Attributes:
        history: rows per epoch: ``epoch``, ``loss`` and the held-out scores.
        best_epoch: epoch of the final weights of the model.
        steps: number of optimiser steps.
        seconds: duration, including killed processes up to their last checkpoints.
        together: names of the trainings that took steps together with this one, and its own;
            empty if it was trained alone.
    """

    history: list[dict[str, float]]
    best_epoch: int
    steps: int
    seconds: float
    together: list[str] = field(default_factory=list)

    @property
    def best(self) -> dict[str, float]:
        """The row of the best epoch."""
        return self.history[self.best_epoch - 1]


def learning_rate_share(step: int, steps: int, warmup_share: float) -> float:
    """Linear warm-up from 0 to 1 over a share of all steps, then linear decay to 0.

    Args:
        step: 0-based step.
        steps: number of steps of the whole training.
        warmup_share: share of the warm-up steps.
    """
    warmup = warmup_share * steps
    if step < warmup:
        return (step + 1) / (warmup + 1)
    return (steps - step) / (steps - warmup)


def train(
    objective: Objective,
    settings: Mapping[str, Any],
    checkpoint: Checkpoint,
    device: torch.device,
    checkpoint_seconds: float,
    name: str,
) -> Report:
    """Train a model; afterwards it has the weights of the best epoch.

    Arguments and errors are those of ``Training``.
    """
    training = Training(objective, settings, checkpoint, device, checkpoint_seconds, name)
    with interruption.postponed():
        while not training.finished:
            training.advance()
    return training.report()


class Training:
    """A training and its position, which moves by one step at a time.

    ``train`` advances one to its end. ``train_together`` computes the losses of several at once.

    Args:
        objective: model, batches, loss and evaluation.
        settings: ``epochs``, ``minimum_steps`` (0 if absent), ``warmup_share``, ``gradient_clip``,
            ``weight_decay``, ``adam_beta2``, ``patience`` (epochs without improvement before early
            stopping; ``None`` disables it), ``precision``, and optionally ``accumulation``, the
            number of parts in which each batch is computed to save memory.
        checkpoint: checkpoint to resume from if it exists; not discarded at the end.
        device: device of the training.
        checkpoint_seconds: interval between checkpoints.
        name: name of the training for progress lines.

    Attributes:
        objective, device, name: as given.
        optimiser: AdamW over one buffer per group of parameters.
        precision: context in which losses are computed.
        saver: writes checkpoints.
    """

    def __init__(
        self,
        objective: Objective,
        settings: Mapping[str, Any],
        checkpoint: Checkpoint,
        device: torch.device,
        checkpoint_seconds: float,
        name: str,
    ) -> None:
        self.objective, self.device, self.name = objective, device, name
        self._settings, self._checkpoint = settings, checkpoint
        model = objective.model.to(device)
        self.optimiser = optimiser_of(objective, settings)
        self._clipped = clipped_together(self.optimiser)
        self._peaks = [group["lr"] for group in self.optimiser.param_groups]
        position = checkpoint.restore(model, self.optimiser)
        if position is None:
            position = {"step": 0, "best_epoch": 0, "history": [], "losses": [], "finished": False}
        else:
            log.info("%s: resumes at step %d", name, position["step"])
        self._position = position
        self.saver = Saver(checkpoint, model, self.optimiser, position, checkpoint_seconds, name)
        batches = len(objective.batches(0))
        self._passes = passes_per_epoch(settings, batches)
        self._per_epoch = batches * self._passes
        self._steps = self._per_epoch * settings["epochs"]
        self.precision = Precision(settings["precision"], device)
        self._parts = settings.get("accumulation", 1)
        self._rows = RowGradients(model)
        self._progress = TrainingProgress(name, self._steps, position["step"])
        self._pending: list[torch.Tensor] = []
        self._epoch: tuple[int, Sequence[Any]] | None = None

    @property
    def step(self) -> int:
        """Number of optimiser steps so far."""
        return self._position["step"]

    @property
    def finished(self) -> bool:
        """Whether the last epoch has been evaluated, or the training has stopped early."""
        return self._position["finished"]

    def advance(self) -> None:
        """Take a step, or evaluate if all batches of an epoch have been read.

        Raises:
            DivergedError: the loss or the model's states are not finite; names the step.
            Interrupted: a signal was received; a checkpoint was saved after the current step.
        """
        batch = self.next_batch()
        if batch is None:
            self._end_epoch()
        elif self.update(self._backward(batch)):
            self.write()
            self.saver.check()

    def next_batch(self) -> Any | None:
        """The batch of the next step; ``None`` if an evaluation is next."""
        epoch, number = divmod(self.step, self._per_epoch)
        # The evaluation of an epoch, which follows its last batch, reads and removes its losses.
        if not number and (self._position["losses"] or self._pending):
            return None
        if self._epoch is None or self._epoch[0] != epoch:
            passes = range(epoch * self._passes, (epoch + 1) * self._passes)
            batches = [batch for number in passes for batch in self.objective.batches(number)]
            self._epoch = epoch, batches
            self.objective.model.train()
        return self._epoch[1][number]

    def update(self, loss: torch.Tensor) -> bool:
        """Take an optimiser step with the gradients of a loss; whether to write a checkpoint now.

        At the end of an epoch the answer is no, because the evaluation saves.

        Args:
            loss: the loss, a scalar without gradient.

        Raises:
            DivergedError: a loss is not finite; names the step.
        """
        position = self._position
        share = learning_rate_share(position["step"], self._steps, self._settings["warmup_share"])
        for group, peak in zip(self.optimiser.param_groups, self._peaks, strict=True):
            group["lr"] = peak * share
        for weights in self._clipped:
            clip(weights, self._settings["gradient_clip"])
        self.optimiser.step()
        self.optimiser.zero_grad(set_to_none=False)
        position["step"] += 1
        self._pending.append(loss)
        is_last = position["step"] % self._per_epoch == 0
        if is_last or len(self._pending) == LOSSES_AT_ONCE:
            self._read_losses()
        self._progress.step(position["losses"])
        return not is_last and self.saver.due()

    def taken_together(self, names: Iterable[str]) -> None:
        """Note the names of trainings, of which this is one, that take a step together."""
        self._position["together"] = sorted({*self._position.get("together", ()), *names})

    def write(self) -> None:
        """Write a checkpoint.

        Raises:
            DivergedError: a loss since the last checkpoint is not finite; names the step.
        """
        self._read_losses()
        self.saver.write()

    def report(self) -> Report:
        """End the training: the model gets the weights of the best epoch.

        Raises:
            InputError: the file with these weights has been damaged or removed.
            Interrupted: a signal was received.
        """
        position = self._position
        self._progress.close()
        self._checkpoint.restore_best(self.objective.model, position["best_epoch"])
        interruption.check(f"{self.name}: its training is finished and saved")
        return Report(
            position["history"],
            position["best_epoch"],
            position["step"],
            self.saver.spent(),
            position.get("together", []),
        )

    def _end_epoch(self) -> None:
        """Evaluate, save the weights if they are the best so far, and decide whether to go on."""
        position, epoch = self._position, self.step // self._per_epoch
        losses, history = position["losses"], position["history"]
        scores = self._evaluate()
        selected_by = next(iter(scores))
        history.append({"epoch": epoch, "loss": sum(losses) / len(losses), **scores})
        position["losses"] = []
        best = position["best_epoch"]
        if not best or scores[selected_by] > history[best - 1][selected_by]:
            position["best_epoch"] = epoch
            self._checkpoint.save_best(self.objective.model, epoch)
        patience = self._settings["patience"]
        waited = epoch - position["best_epoch"]
        position["finished"] = epoch == self._settings["epochs"] or (
            patience is not None and waited >= patience
        )
        if position["finished"] or self.saver.due():
            self.saver.save()
        self._progress.epoch(history[-1])

    def _evaluate(self) -> dict[str, float]:
        """Scores of the epoch's weights; without side effects, so a signal may end it at once."""
        saver = self.saver
        if saver.due(ahead=saver.evaluation_seconds):
            saver.save()
        started = time.monotonic()
        try:
            with interruption.not_postponed():
                scores = self.objective.evaluate(self.device)
        except DivergedError as error:
            raise DivergedError(f"{self.name}: after step {self.step}: {error}") from None
        except interruption.Interrupted:
            saver.save()
            raise
        saver.evaluation_seconds = time.monotonic() - started
        return scores

    def _read_losses(self) -> None:
        """Add the pending losses to the position; raise an error if one is not finite."""
        if not self._pending:
            return
        values = torch.stack(self._pending).tolist()
        self._pending.clear()
        for step, value in enumerate(values, start=self.step - len(values) + 1):
            if not math.isfinite(value):
                raise DivergedError(
                    f"{self.name}: the loss is {value} at step {step}; lower the learning rate, "
                    "or look for damaged data or weights"
                )
        self._position["losses"].extend(values)

    def _backward(self, batch: Any) -> torch.Tensor:
        """Add the gradients of the loss of a batch, computed in parts; returns the loss.

        The memory of a step is that of its largest part. The sum of the parts, weighted by their
        shares of the batch, is the loss of the whole batch up to rounding. Dropout draws other
        units.
        """
        losses, parts = [], [(batch, 1.0)]
        if self._parts != 1:
            parts = self.objective.parts(batch, self._parts)
        for part, share in parts:
            with self.precision, self._rows:
                loss = self.objective.loss(part, self.device)
                loss = loss if share == 1.0 else share * loss
            loss.backward()
            losses.append(loss.detach())
        return losses[0] if len(losses) == 1 else torch.stack(losses).sum()


class Precision(torch.autocast):
    """A context for mixed-precision matrix products (autocast) on devices that benefit from it.

    Args:
        kind: precision: ``auto`` uses bfloat16 on GPUs that support it and float32 elsewhere (small
            models are slower in bfloat16 on CPUs); ``float32`` and ``bfloat16`` force it.
        device: device of the computations.

    Attributes:
        kind: precision in use, ``float32`` or ``bfloat16``.
    """

    def __init__(self, kind: str, device: torch.device) -> None:
        if kind == "auto":
            capable = device.type == "cuda" and torch.cuda.is_bf16_supported()
            kind = "bfloat16" if capable else "float32"
        self.kind = kind
        super().__init__(device.type, dtype=torch.bfloat16, enabled=kind == "bfloat16")
