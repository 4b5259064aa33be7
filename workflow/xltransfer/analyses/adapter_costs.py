"""Scores of fine-tuning with and without adapters, and what the models cost."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from ..corpora.source_sets import members
from ..encoders.ablations import NONE
from ..runtime.errors import InputError
from ..runtime.files import read_json
from .randominit import CROSS_LINGUAL, cells_of, change_from

Cost = tuple[int, int]
"""Parameters trained, and bytes stored."""


def costs_of_models(reports: Sequence[Path]) -> dict[tuple[str, str, str], Cost]:
    """The costs of models by encoder, task and source corpus.

    Args:
        reports: paths of training reports, as from ``paths.model_directory``; seeds and ablations
            of a source train and store as much, except for re-initialised layers below adapters.

    Raises:
        InputError: a report is damaged.
    """
    found: dict[tuple[str, str, str], Cost] = {}
    for path in reports:
        encoder, task, corpus, ablation = path.parts[-6:-2]
        if ablation == NONE:
            found[encoder, task, corpus] = cost_of(path)
    return found


def costs_of_encoders(reports: Sequence[Path]) -> dict[str, Cost]:
    """The costs of encoders by name; arguments and errors as for ``costs_of_models``."""
    return {path.parts[-4]: cost_of(path) for path in reports}


def cost_of(path: Path) -> Cost:
    """The cost that the report of a training states.

    Raises:
        InputError: the report is damaged.
    """
    content = read_json(path)
    try:
        cost = content["parameters"]["trained"], content["stored_bytes"]
    except (KeyError, TypeError):
        cost = None, None
    if not all(type(number) is int for number in cost):
        raise InputError(f"{path}:1: not a report of a training; delete it and run again")
    return cost


def adapter_rows(
    scores: pd.DataFrame,
    config: Mapping[str, Any],
    models: Mapping[tuple[str, str, str], Cost],
    encoders: Mapping[str, Cost],
) -> pd.DataFrame:
    """One row per encoder, task, source and target, ``X`` being the mean of the other targets.

    Args:
        scores: tidy rows from ``analyses.scores.read_scores``.
        config: configuration of the stage ``adapter_table``.
        models: ``costs_of_models``.
        encoders: ``costs_of_encoders``.

    Returns:
        ``score`` with its standard deviation over seeds; ``change`` from the first encoder and task
        on the same source and target, with interval and p-value, empty where that has no score or
        one on other sentences, if the task has other labels than the first one, and for the mean
        over other targets;
        ``adapter_units`` and ``lora_rank``; ``language_adapters`` that predicted; and the
        parameters trained and bytes stored for the task and, where the workflow trains the
        encoder, for the encoder.
    """
    metrics = {task: data["metric"] for task, data in config["tasks"].items()}
    scores = scores[scores["metric"] == scores["task"].map(metrics)]
    scores = scores[(scores["ablation"] == NONE) & scores["seed"].isin(config["seeds"])]
    cells = cells_of(scores)
    first = config["encoders"][0], next(iter(config["tasks"]))
    corpora = {
        (task, source["language"]): source["corpus"]
        for task, data in config["tasks"].items()
        for source in data["sources"]
    }
    rows = []
    for (encoder, task, metric, source, target, _), cell in cells.items():
        if encoder not in config["encoders"] or task not in config["tasks"]:
            continue
        data = config["tasks"][task]
        alike = _comparable(config, task, source, target)
        reference = cells.get((*first, metric, source, target, NONE))
        trained, stored = models[encoder, data["trained_as"], corpora[task, source]]
        of_encoder = encoders.get(encoder, ("", ""))
        rows.append(
            {
                "encoder": encoder,
                "task": task,
                "metric": metric,
                "source": source,
                "target": target,
                "score": cell.values.mean(),
                "score_sd": cell.values.std(),
                **change_from(cell, reference if alike and reference is not cell else None),
                **{k: "" if data[k] is None else data[k] for k in ("adapter_units", "lora_rank")},
                "language_adapters": _adapters(config, encoder, data, target),
                "trained_parameters": trained,
                "stored_bytes": stored,
                "encoder_trained_parameters": of_encoder[0],
                "encoder_stored_bytes": of_encoder[1],
                "seeds": len(cell.values),
            }
        )
    table = pd.DataFrame(rows)
    # `cells_of` has the means over targets last.
    return table.sort_values(["encoder", "task", "source"], kind="stable").reset_index(drop=True)


def _comparable(config: Mapping[str, Any], task: str, source: str, target: str) -> bool:
    """Whether scores of a task are of the labels of the first one and, if means, of its targets."""
    first, own = next(iter(config["tasks"].values())), config["tasks"][task]
    if own["of"] != first["of"]:
        return False
    averaged = (
        {one["corpus"] for one in data["targets"] if one["language"] not in members(source)}
        for data in (first, own)
    )
    return target != CROSS_LINGUAL or next(averaged) == next(averaged)


def _adapters(config: Mapping[str, Any], encoder: str, data: Mapping[str, Any], target: str) -> str:
    """The language adapters that predict a target: several names, one, or that of the training.

    Empty for encoders without one, and for the mean over targets, which may have different ones.
    """
    if encoder not in config["with_language_adapter"] or target == CROSS_LINGUAL:
        return ""
    return ", ".join(data["language_adapters"].get(target, [encoder]))
