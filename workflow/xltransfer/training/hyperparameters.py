"""Hyperparameters of training: a minimum number of steps, and a grid search."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from itertools import product
from pathlib import Path
from typing import Any

from ..runtime.errors import InputError
from ..runtime.files import read_json

SEARCHED = ("epochs", "encoder_learning_rate", "head_learning_rate")
"""The hyperparameters that a search chooses."""


def passes_per_epoch(settings: Mapping[str, Any], batches: int) -> int:
    """Number of passes over the training data per epoch: one, or more to reach the minimum steps.

    A small corpus has few batches. With one pass per epoch, its models would be trained for fewer
    steps than those of other corpora.

    Args:
        settings: settings with ``epochs`` and ``minimum_steps`` (0 if absent) of a training.
        batches: number of batches of one pass.
    """
    return max(1, math.ceil(settings.get("minimum_steps", 0) / (settings["epochs"] * batches)))


def grid(settings: dict[str, Any], search: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The settings of every training of a search, those of fewer epochs and lower rates first.

    Args:
        settings: base settings; the learning rate of the head keeps its ratio to the encoder's.
        search: lists ``learning_rates`` (of the encoder) and ``epochs``.
    """
    ratio = settings["head_learning_rate"] / settings["encoder_learning_rate"]
    return [
        settings
        | {
            "epochs": epochs,
            "encoder_learning_rate": rate,
            "head_learning_rate": rate * ratio,
        }
        for epochs, rate in product(sorted(search["epochs"]), sorted(search["learning_rates"]))
    ]


def best(trainings: Sequence[Mapping[str, Any]]) -> Mapping[str, Any] | None:
    """The first training with the highest development score; ``None`` if all diverged.

    Args:
        trainings: trainings with their ``score``, which is ``None`` if it diverged.
    """
    finished = [training for training in trainings if training["score"] is not None]
    return max(finished, key=lambda training: training["score"], default=None)


def chosen(settings: dict[str, Any], path: Path) -> dict[str, Any]:
    """Settings with the learning rates and epochs that a search has found.

    Args:
        settings: settings of the training.
        path: output file of the stage ``search``.

    Raises:
        InputError: the file is damaged.
    """
    content = read_json(path)
    found = content.get("chosen") if isinstance(content, dict) else None
    if not isinstance(found, dict) or not all(key in found for key in SEARCHED):
        raise InputError(f"{path}:1: not a result of the stage `search`; delete it and run again")
    return settings | {key: found[key] for key in SEARCHED}
