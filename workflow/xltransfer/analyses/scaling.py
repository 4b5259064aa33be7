"""How transfer grows with the encoder: scores next to sizes and the compute of fine-tuning."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from ..corpora.source_sets import members
from ..encoders.ablations import NONE
from ..runtime.errors import InputError
from ..runtime.files import read_json
from ..training.operations import batches_per_step, training_operations
from .randominit import CHANGES, CROSS_LINGUAL, Cell, change_from

SIZES = ("layers", "width", "parameters", "parameters_without_embeddings")
"""Columns of the size of an encoder."""
COMPUTE = ("training_steps", "training_gigaflops")
"""Columns of the compute of a fine-tuning."""
COLUMNS = (
    *("encoder", "task", "metric", "source_target", "score", "score_sd", "gap"),
    *CHANGES,
    *(*SIZES, *COMPUTE, "reference"),
)


@dataclass(frozen=True)
class Training:
    """The length of a fine-tuning.

    Attributes:
        steps: number of optimiser steps.
        subwords: number of subwords of all steps with padding, counted as full batches.
    """

    steps: float
    subwords: float


def trainings_of_models(reports: Sequence[Path]) -> dict[tuple[str, str, str], Training]:
    """The mean length of the fine-tunings without ablation, by encoder, task and source corpus.

    Args:
        reports: paths of training reports, as from ``paths.model_directory``. Seeds may differ in
            their steps, because trainings may stop early.

    Raises:
        InputError: a report is damaged.
    """
    found: dict[tuple[str, str, str], list[tuple[int, int]]] = {}
    for path in reports:
        encoder, task, corpus, ablation = path.parts[-6:-2]
        if ablation == NONE:
            found.setdefault((encoder, task, corpus), []).append(_training_of(path))
    return {
        model: Training(*(sum(numbers) / len(seeds) for numbers in zip(*seeds, strict=True)))
        for model, seeds in found.items()
    }


def _training_of(path: Path) -> tuple[int, int]:
    """The steps and subwords of a training, by its report."""
    content = read_json(path)
    try:
        steps = content["steps"]
        training = content["config"]["settings"]["training"]
        batch, read = training["batch_pieces"], batches_per_step(training)
    except (AttributeError, KeyError, TypeError):
        steps = batch = None
    if type(steps) is not int or type(batch) is not int:
        raise InputError(f"{path}:1: not a report of a training; delete it and run again")
    return steps, steps * batch * read


def scaling_table(
    cells: Mapping[tuple[str, ...], Cell],
    metrics: Mapping[str, str],
    sizes: Mapping[str, Mapping[str, int]],
    trainings: Mapping[tuple[str, str, str], Training],
    published: Sequence[Mapping[str, Any]],
) -> pd.DataFrame:
    """Scores of the models without ablation on their own language and on the mean of all others.

    Args:
        cells: cells from ``randominit.cells_of``.
        metrics: task → its main metric.
        sizes: encoder → value of each of ``SIZES``.
        trainings: length of the fine-tunings, by encoder, task and source language.
        published: rows with scores from papers, which follow ours.

    Returns:
        The columns ``COLUMNS``; within a task and a source, encoders by their number of parameters.
        ``gap`` is the score less that on the source language (for a set of sources, less the mean
        over its languages). ``change`` is the score less that of the next smaller encoder, with the
        interval and p-value of ``statistics.significance``, empty for the smallest, if several
        encoders have the next smaller size, and between scores on different sentences.
        ``training_gigaflops`` is 6 · N · B · S / 10⁹ (``training.operations``) with N parameters
        without embeddings, S steps and B subwords, the size of a full batch, once more for each
        text of a discriminator; what checkpointing computes again is left out. ``reference`` is
        empty for our rows; those from papers have no compute.
    """
    rows: list[dict[str, Any]] = []
    for (task, source), part in _by_source(cells, metrics).items():
        by_size = sorted(
            dict.fromkeys(encoder for _, encoder in part),
            key=lambda name: sizes[name]["parameters"],
        )
        for target in (*members(source), CROSS_LINGUAL):
            compared = [name for name in by_size if (target, name) in part]
            for encoder in compared:
                cell, training = part[target, encoder], trainings[encoder, task, source]
                smaller = part.get((target, _next_smaller(encoder, compared, sizes)))
                own = [
                    part[one, encoder].values.mean()
                    for one in members(source)
                    if (one, encoder) in part
                ]
                weights = sizes[encoder]["parameters_without_embeddings"]
                rows.append(
                    {
                        "encoder": encoder,
                        "task": task,
                        "metric": metrics[task],
                        "source_target": f"{source.upper()}-{target.upper()}",
                        "score": cell.values.mean(),
                        "score_sd": cell.values.std(),
                        "gap": cell.values.mean() - sum(own) / len(own) if own else float("nan"),
                        **change_from(cell, smaller),
                        **sizes[encoder],
                        "training_steps": training.steps,
                        "training_gigaflops": training_operations(weights, training.subwords) / 1e9,
                        "reference": "",
                    }
                )
    unknown = dict.fromkeys(("score_sd", "gap", *CHANGES, *COMPUTE), float("nan"))
    rows += [{**one, **unknown} for one in published]
    return pd.DataFrame(rows, columns=list(COLUMNS))


def _next_smaller(
    encoder: str, compared: Sequence[str], sizes: Mapping[str, Mapping[str, int]]
) -> str:
    """The only encoder of the largest size below that of an encoder; ``""`` if there is none."""
    parameters = {name: sizes[name]["parameters"] for name in compared}
    below = [number for number in parameters.values() if number < parameters[encoder]]
    found = [name for name, number in parameters.items() if below and number == max(below)]
    return found[0] if len(found) == 1 else ""


def _by_source(
    cells: Mapping[tuple[str, ...], Cell], metrics: Mapping[str, str]
) -> dict[tuple[str, str], dict[tuple[str, str], Cell]]:
    """The cells of the main metrics without ablation: task, source → target, encoder → cell."""
    found: dict[tuple[str, str], dict[tuple[str, str], Cell]] = {}
    for (encoder, task, metric, source, target, ablation), cell in cells.items():
        if metric == metrics.get(task) and ablation == NONE:
            found.setdefault((task, source), {})[target, encoder] = cell
    return found
