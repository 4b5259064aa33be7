"""Make the table of methods that adapt a model to languages without training data."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any

import numpy as np

from ..analyses.adaptation_methods_table import CELL, COSTS, adjusted, cost_key, methods_table
from ..analyses.adapter_costs import cost_of
from ..analyses.scores import complete, read_scores
from ..analyses.tables import reading_note, write_table
from ..encoders.ablations import NONE
from ..records import paths
from ..records.record import TIMES, TRAINING
from ..records.trace import table_provenance
from ..runtime.errors import InputError
from ..runtime.files import read_json
from ..runtime.signatures import Keys

_NOTE = (
    "Changes are differences from the baseline of a task and language, on the same test sentences. "
    "trained_parameters, stored_bytes and steps are those of the fine-tuning of one model."
)


def adaptation_tables(
    config: Annotated[Mapping[str, Any], Keys("study", "seeds", "config", "cells", "names")],
    results: str,
    directory: Path,
) -> None:
    """Write ``adaptation_methods.csv``: methods for languages without training data.

    Wall times differ from run to run, so they are in ``adaptation_methods.timing.json``, in a list
    ``methods``: for each task, language and method the ``training_seconds`` of the fine-tuning of
    one model, and the ``adaptation_seconds`` of all trainings on text, by the study, that its
    predictions need. They are means over seeds, and null if the time of one of them is unknown.

    Args:
        config: ``cells``, the methods for each language, with the ``encoder``, ``task``, ``source``
            and ``target`` of their scores, and ``models_task``, the task that the models were
            trained for; ``names`` of the languages; and ``study``, ``config`` and ``seeds``.
        results: folder of results, with scores and training reports.
        directory: output folder.

    Raises:
        InputError: a score is missing or occurs twice, a report is damaged, or a method and the
            baseline are tested on different sentences.
    """
    cells = config["cells"]
    scores = dict.fromkeys(
        Path(paths.scores(results, c["encoder"], c["task"], c["source"], f"{c['target']}-test"))
        for c in cells
    )
    models = {cost_key(cell): _models(results, cell, config["seeds"]) for cell in cells}
    made = {
        Path(results, folder, "pretraining.json"): None
        for cell in cells
        for chain in cell["pretrainings"]
        for folder in chain
    }
    reports = [folder / TRAINING for folders in models.values() for folder in folders]
    provenance = table_provenance(config, [*scores, *reports, *made], "adaptation_tables")
    frame = read_scores(scores)
    metrics = {cell["task"]: cell["metric"] for cell in cells}
    frame = frame[(frame["metric"] == frame["task"].map(metrics)) & (frame["ablation"] == NONE)]
    frame = complete(frame, _expected(config), CELL)
    costs = {key: _trained(folders) for key, folders in models.items()}
    table = methods_table(frame, config, costs)
    note = reading_note(config, " (Holm-corrected over the methods of a task and language)")
    write_table(
        directory / "adaptation_methods.csv",
        table,
        replace(provenance, times={**provenance.times, "methods": _times(results, cells, models)}),
        notes=[f"{note} {_NOTE}"],
        corrected={"change": adjusted(table)},
        csv_only=["encoder", "model_task", "source_corpus", "significant"],
    )


def _models(results: str, cell: Mapping[str, Any], seeds: Sequence[int]) -> list[Path]:
    model = results, cell["encoder"], cell["models_task"], cell["source"], NONE
    return [Path(paths.model_directory(*model, seed)) for seed in seeds]


def _expected(config: Mapping[str, Any]) -> list[dict[str, object]]:
    cells = {
        (c["encoder"], c["task"], c["source"], c["target"], NONE, seed, c["metric"]): None
        for c in config["cells"]
        for seed in config["seeds"]
    }
    return [dict(zip(CELL, cell, strict=True)) for cell in cells]


def _trained(folders: Sequence[Path]) -> dict[str, int]:
    """Means over seeds of what the training reports say, rounded."""
    rows = []
    for folder in folders:
        path = folder / TRAINING
        trained, stored = cost_of(path)
        steps = read_json(path).get("steps")
        if type(steps) is not int:
            raise InputError(f"{path}:1: no whole number 'steps'; delete it and run again")
        rows.append((trained, stored, steps))
    means = (round(float(np.mean(values))) for values in zip(*rows, strict=True))
    return dict(zip(COSTS, means, strict=True))


def _times(
    results: str, cells: Sequence[Mapping[str, Any]], models: Mapping[str, Sequence[Path]]
) -> list[dict[str, Any]]:
    """The wall times of each method for each language."""
    return [
        {
            "task": cell["comparison"],
            "language": cell["language"],
            "method": cell["method"],
            "training_seconds": _mean([_seconds([folder]) for folder in models[cost_key(cell)]]),
            "adaptation_seconds": _mean(
                [_seconds(Path(results, made) for made in chain) for chain in cell["pretrainings"]]
            ),
        }
        for cell in cells
    ]


def _seconds(folders: Iterable[Path]) -> float | None:
    """The wall time of some trainings; ``None`` if one is unknown, because it ran elsewhere."""
    total = 0.0
    for folder in folders:
        if not (folder / TIMES).exists():
            return None
        times = read_json(folder / TIMES)
        seconds = times.get("wall_seconds") if isinstance(times, dict) else None
        if type(seconds) not in (int, float):
            raise InputError(
                f"{folder / TIMES}:1: no number 'wall_seconds'; delete it and run again"
            )
        total += seconds
    return total


def _mean(values: Sequence[float | None]) -> float | None:
    """The mean over seeds; 0 without pretrainings, ``None`` if a value is unknown."""
    known = [value for value in values if value is not None]
    if len(known) < len(values):
        return None
    return round(float(np.mean(known)), 1) if known else 0.0
