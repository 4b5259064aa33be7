"""How long to train and how fast to learn: a least number of steps, and a search on a grid."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from itertools import product
from pathlib import Path
from typing import Any

from ..runtime.errors import InputError
from ..runtime.files import read_json

SEARCHED = ("epochs", "encoder_learning_rate", "head_learning_rate")
"""The settings that a search decides."""


def passes_per_epoch(settings: Mapping[str, Any], batches: int) -> int:
    """How often an epoch goes through the training data: once, or more to reach a minimum of steps.

    A small corpus has few batches. With one pass an epoch, its models would differ from those of
    other corpora in how long they were trained.

    Args:
        settings: ``epochs`` and ``minimum_steps`` (0 if absent), the least steps of a training.
        batches: of one pass.
    """
    return max(1, math.ceil(settings.get("minimum_steps", 0) / (settings["epochs"] * batches)))


def grid(settings: dict[str, Any], search: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The settings of every training of a search, those of fewer epochs and lower rates first.

    Args:
        settings: of a training; the learning rate of the head keeps its ratio to the encoder's.
        search: ``learning_rates`` (of the encoder) and ``epochs``.
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
    """The training with the highest development score, the first of equals; ``None`` if all failed.

    Args:
        trainings: each with its ``score``, ``None`` if it diverged.
    """
    finished = [training for training in trainings if training["score"] is not None]
    return max(finished, key=lambda training: training["score"], default=None)


def chosen(settings: dict[str, Any], path: Path) -> dict[str, Any]:
    """Settings with the learning rates and epochs that a search has found.

    Args:
        settings: of the training.
        path: file of the stage ``search``.

    Raises:
        InputError: the file is damaged.
    """
    content = read_json(path)
    found = content.get("chosen") if isinstance(content, dict) else None
    if not isinstance(found, dict) or not all(key in found for key in SEARCHED):
        raise InputError(f"{path}:1: not a result of the stage `search`; delete it and run again")
    return settings | {key: found[key] for key in SEARCHED}
