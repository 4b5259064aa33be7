"""The trainings in a folder of results, with their learning curves."""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..records.record import TIMES, TRAINING
from ..records.verification import verified_checksums
from ..runtime.errors import InputError
from ..runtime.files import read_json, replacing

COLUMNS = ("encoder", "task", "source", "ablation", "seed", "epoch", "metric", "value")
_WIDTH, _HEIGHT = 120.0, 28.0


@dataclass(frozen=True)
class Training:
    """A fine-tuning.

    Attributes:
        encoder, task, source, ablation, seed: the model.
        history: rows per epoch: ``epoch``, ``loss`` and the scores of the development data.
        best_epoch: epoch whose weights were kept.
        steps: number of optimiser steps.
        seconds: wall time; ``None`` if it is not known.
    """

    encoder: str
    task: str
    source: str
    ablation: str
    seed: int
    history: list[dict[str, float]]
    best_epoch: int
    steps: int
    seconds: float | None

    @property
    def metric(self) -> str:
        """The score that selects the epoch; ``loss`` if there is none."""
        names = [name for name in self.history[0] if name not in ("epoch", "loss")]
        return "LAS" if "LAS" in names else next(iter(names), "loss")


def collect_trainings(results: Path) -> list[Training]:
    """The fine-tunings below a folder of results, in the order of their names.

    Raises:
        InputError: a report does not match its record, or lacks its history.
    """
    paths = sorted(results.glob(f"models/*/*/*/*/seed-*/{TRAINING}"))
    return [_training(path) for path in paths]


def _training(path: Path) -> Training:
    verified_checksums([path])
    content = read_json(path)
    encoder, task, source, ablation, seed = path.parts[-6:-1]
    times = path.with_name(TIMES)
    seconds = read_json(times).get("wall_seconds") if times.is_file() else None
    try:
        history = [dict(row) for row in content["history"]]
        facts = history, int(content["best_epoch"]), int(content["steps"])
    except (KeyError, TypeError, ValueError):
        raise InputError(f"{path}:1: not a report of a training; delete it and run again") from None
    if not history:
        raise InputError(f"{path}:1: a training without epochs; delete it and run again")
    number = int(seed.removeprefix("seed-"))
    return Training(encoder, task, source, ablation, number, *facts, seconds)


def write_curves(path: Path, trainings: Sequence[Training]) -> None:
    """Write the learning curves as a CSV file: a row per training, epoch and metric.

    Args:
        path: file to write; ``COLUMNS`` are its columns.
        trainings: fine-tunings.
    """
    with replacing(path) as temporary, temporary.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(COLUMNS)
        for training in trainings:
            model = (training.encoder, training.task, training.source, training.ablation)
            for row in training.history:
                for name in sorted(set(row) - {"epoch"}):
                    values = (training.seed, int(row["epoch"]), name, f"{row[name]:.4f}")
                    writer.writerow((*model, *values))


def shown_training(training: Training) -> Mapping[str, Any]:
    """A training as the page shows it: facts, and a curve as points of an SVG line."""
    metric = training.metric
    values = [row[metric] for row in training.history]
    low, spread = min(values), (max(values) - min(values)) or 1.0
    across = _WIDTH / max(len(values) - 1, 1)
    points = " ".join(
        f"{2 + place * across:.1f},{2 + (_HEIGHT - 4) * (1 - (value - low) / spread):.1f}"
        for place, value in enumerate(values)
    )
    words = ", ".join(f"epoch {n}: {value:.2f}" for n, value in enumerate(values, start=1))
    return {
        "model": (training.encoder, training.task, training.source, training.ablation),
        "seed": training.seed,
        "epochs": len(values),
        "best_epoch": training.best_epoch,
        "steps": training.steps,
        "minutes": "" if training.seconds is None else f"{training.seconds / 60:.1f}",
        "loss": f"{training.history[-1]['loss']:.3f}",
        "score": f"{values[training.best_epoch - 1]:.2f}",
        "metric": metric,
        "points": points,
        "words": f"{metric} of the development data: {words}",
    }
