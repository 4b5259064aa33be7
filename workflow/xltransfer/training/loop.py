"""The training loop for all objectives."""

from __future__ import annotations

import logging
import math
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch

from ..runtime import interruption
from ..runtime.errors import DivergedError
from ..runtime.progress import TrainingProgress
from .checkpoint import Checkpoint
from .embeddings import RowGradients
from .flat import flatten
from .hyperparameters import passes_per_epoch
from .objectives.objective import Objective

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
    """

    history: list[dict[str, float]]
    best_epoch: int
    steps: int
    seconds: float

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

    Raises:
        DivergedError: the loss or the model's states are not finite; names the step.
        Interrupted: a signal was received; a checkpoint was saved after the current step.
    """
    model = objective.model.to(device)
    optimiser = _optimiser(objective, settings)
    clipped = _clipped_together(optimiser)
    peaks = [group["lr"] for group in optimiser.param_groups]
    position = checkpoint.restore(model, optimiser)
    if position is None:
        position = {"step": 0, "best_epoch": 0, "history": [], "losses": [], "finished": False}
    else:
        log.info("%s: resumes at step %d", name, position["step"])
    saver = Saver(checkpoint, objective.model, optimiser, position, checkpoint_seconds, name)
    passes = passes_per_epoch(settings, len(objective.batches(0)))
    per_epoch = len(objective.batches(0)) * passes
    steps = per_epoch * settings["epochs"]
    precision = Precision(settings["precision"], device)
    parts = settings.get("accumulation", 1)
    rows = RowGradients(model)
    progress = TrainingProgress(name, steps, position["step"])
    pending: list[torch.Tensor] = []
    with interruption.postponed():
        while not position["finished"]:
            epoch, first = _next_batch(position, per_epoch)
            model.train()
            for batch in _batches(objective, epoch, passes)[first:]:
                share = learning_rate_share(position["step"], steps, settings["warmup_share"])
                for group, peak in zip(optimiser.param_groups, peaks, strict=True):
                    group["lr"] = peak * share
                loss = _backward(objective, batch, parts, device, precision, rows)
                for weights in clipped:
                    torch.nn.utils.clip_grad_norm_(weights, settings["gradient_clip"])
                optimiser.step()
                optimiser.zero_grad(set_to_none=False)
                position["step"] += 1
                pending.append(loss)
                due = saver.due()
                if due or len(pending) == LOSSES_AT_ONCE:
                    _read_losses(pending, position, name)
                progress.step(position["losses"])
                if due and position["step"] % per_epoch:
                    saver.save()
            _read_losses(pending, position, name)
            _end_epoch(objective, settings, saver, device, epoch + 1)
            progress.epoch(position["history"][-1])
    progress.close()
    checkpoint.restore_best(model, position["best_epoch"])
    interruption.check(f"{name}: its training is finished and saved")
    return Report(
        position["history"],
        position["best_epoch"],
        position["step"],
        saver.spent(),
    )


def _backward(
    objective: Objective,
    batch: Any,
    parts: int,
    device: torch.device,
    precision: Precision,
    rows: RowGradients,
) -> torch.Tensor:
    """Add the gradients of the loss of a batch, which is computed in parts; returns the loss.

    The memory of a step is that of its largest part. The sum of the parts, weighted by their shares
    of the batch, is the loss of the whole batch up to rounding. Dropout draws other units.
    """
    losses = []
    for part, share in [(batch, 1.0)] if parts == 1 else objective.parts(batch, parts):
        with precision, rows:
            loss = objective.loss(part, device)
            loss = loss if share == 1.0 else share * loss
        loss.backward()
        losses.append(loss.detach())
    return losses[0] if len(losses) == 1 else torch.stack(losses).sum()


def _batches(objective: Objective, epoch: int, passes: int) -> Sequence[Any]:
    """The batches of an epoch with one or several passes over the training data."""
    if passes == 1:
        return objective.batches(epoch)
    first = epoch * passes
    return [batch for number in range(first, first + passes) for batch in objective.batches(number)]


def _optimiser(objective: Objective, settings: Mapping[str, Any]) -> torch.optim.Optimizer:
    """AdamW on one buffer per group of parameters."""
    groups = [
        {**group, "params": [flatten(group["params"])]} for group in objective.parameter_groups()
    ]
    return torch.optim.AdamW(
        groups,
        betas=(0.9, settings["adam_beta2"]),
        weight_decay=settings["weight_decay"],
        fused=True,
    )


def _clipped_together(optimiser: torch.optim.Optimizer) -> list[list[torch.Tensor]]:
    """The weights whose gradients are clipped by their common norm."""
    common, apart = [], []
    for group in optimiser.param_groups:
        if group.get("clipped_apart"):
            apart.append(group["params"])
        else:
            common += group["params"]
    return [common, *apart]


def _next_batch(position: Mapping[str, Any], per_epoch: int) -> tuple[int, int]:
    """The epoch (0-based) and the batch to resume at; the evaluation follows the last batch."""
    epoch, first = divmod(position["step"], per_epoch)
    evaluated = not position["losses"]
    return (epoch, first) if first or evaluated else (epoch - 1, per_epoch)


class Saver:
    """Saves a training at intervals, and before it ends early.

    Args:
        checkpoint: checkpoint to write.
        model, optimiser, position: state to save.
        seconds: interval between checkpoints.
        name: name of the training, for messages.

    Attributes:
        evaluation_seconds: duration of the last evaluation, during which nothing can be saved.
    """

    def __init__(
        self,
        checkpoint: Checkpoint,
        model: torch.nn.Module,
        optimiser: torch.optim.Optimizer,
        position: dict[str, Any],
        seconds: float,
        name: str,
    ) -> None:
        self.checkpoint = checkpoint
        self.model = model
        self.optimiser = optimiser
        self.position = position
        self.seconds = seconds
        self.name = name
        self.evaluation_seconds = 0.0
        self.saved = time.monotonic()
        self.started = self.saved - position.get("seconds", 0.0)

    def due(self, ahead: float = 0.0) -> bool:
        """Whether to save now.

        Args:
            ahead: seconds until the next opportunity to save, if that is long.
        """
        return interruption.received() or time.monotonic() - self.saved + ahead > self.seconds

    def spent(self) -> float:
        """Seconds of this training, including those before the checkpoint it was resumed from."""
        return time.monotonic() - self.started

    def save(self) -> None:
        """Save.

        Raises:
            Interrupted: a signal has been received.
        """
        self.position["seconds"] = self.spent()
        self.checkpoint.save(self.model, self.optimiser, self.position)
        self.saved = time.monotonic()
        step = self.position["step"]
        interruption.check(f"{self.name}: saved at step {step}, where the same command goes on")


def _end_epoch(
    objective: Objective,
    settings: Mapping[str, Any],
    saver: Saver,
    device: torch.device,
    epoch: int,
) -> None:
    """Evaluate, save the weights if they are the best so far, and decide whether to continue."""
    position = saver.position
    losses = position["losses"]
    scores = _evaluate(objective, saver, device)
    selected_by = next(iter(scores))
    history = position["history"]
    history.append({"epoch": epoch, "loss": sum(losses) / len(losses), **scores})
    position["losses"] = []
    best = position["best_epoch"]
    if not best or scores[selected_by] > history[best - 1][selected_by]:
        position["best_epoch"] = epoch
        saver.checkpoint.save_best(objective.model, epoch)
    patience = settings["patience"]
    waited = epoch - position["best_epoch"]
    position["finished"] = epoch == settings["epochs"] or (
        patience is not None and waited >= patience
    )
    if position["finished"] or saver.due():
        saver.save()


def _evaluate(objective: Objective, saver: Saver, device: torch.device) -> dict[str, float]:
    """Scores of the epoch's weights; without side effects, so a signal may end it at once."""
    if saver.due(ahead=saver.evaluation_seconds):
        saver.save()
    started = time.monotonic()
    try:
        with interruption.not_postponed():
            scores = objective.evaluate(device)
    except DivergedError as error:
        step = saver.position["step"]
        raise DivergedError(f"{saver.name}: after step {step}: {error}") from None
    except interruption.Interrupted:
        saver.save()
        raise
    saver.evaluation_seconds = time.monotonic() - started
    return scores


def _read_losses(pending: list[torch.Tensor], position: dict[str, Any], name: str) -> None:
    """Add the pending losses to the position; raise an error if one is not finite."""
    if not pending:
        return
    values = torch.stack(pending).tolist()
    first = position["step"] - len(values) + 1
    pending.clear()
    for step, value in enumerate(values, start=first):
        if not math.isfinite(value):
            raise DivergedError(
                f"{name}: the loss is {value} at step {step}; lower the learning rate, "
                "or look for damaged data or weights"
            )
    position["losses"].extend(values)


class Precision:
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
        self._context = torch.autocast(
            device.type, dtype=torch.bfloat16, enabled=kind == "bfloat16"
        )

    def __enter__(self) -> None:
        self._context.__enter__()

    def __exit__(self, *error: object) -> None:
        self._context.__exit__(*error)
