"""Make the table of methods that adapt a model to languages without training data."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any

import numpy as np

from ..analyses.adaptation_methods_table import CELL, adjusted, cost_key, methods_table
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
    "trained_parameters, stored_bytes, steps and training_seconds are those of the fine-tuning of "
    "one model; adaptation_seconds is the pretraining, by the study, of the encoder that it starts "
    "from. Seconds are wall time, which differs from run to run."
)


def adaptation_tables(
    config: Annotated[Mapping[str, Any], Keys("study", "seeds", "config", "cells", "names")],
    results: str,
    directory: Path,
) -> None:
    """Write ``adaptation_methods.csv``: methods for languages without training data.

    Args:
        config: ``cells``, the methods for each language, with the ``encoder``, ``task``, ``source``
            and ``target`` of their scores; ``names`` of the languages; and ``study``, ``config``
            and ``seeds``.
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
    costs = {
        cost_key(cell): {
            **_trained(models[cost_key(cell)]),
            "adaptation_seconds": _adaptation(results, cell["pretrainings"]),
        }
        for cell in cells
    }
    table = methods_table(frame, config, costs)
    note = reading_note(config, " (Holm-corrected over the methods of a task and language)")
    write_table(
        directory / "adaptation_methods.csv",
        table,
        provenance,
        notes=[f"{note} {_NOTE}"],
        corrected={"change": adjusted(table)},
        csv_only=["encoder", "model_task", "source_corpus", "significant"],
    )


def _models(results: str, cell: Mapping[str, Any], seeds: Sequence[int]) -> list[Path]:
    model = results, cell["encoder"], cell["task"], cell["source"], NONE
    return [Path(paths.model_directory(*model, seed)) for seed in seeds]


def _expected(config: Mapping[str, Any]) -> list[dict[str, object]]:
    cells = {
        (c["encoder"], c["task"], c["source"], c["target"], NONE, seed, c["metric"]): None
        for c in config["cells"]
        for seed in config["seeds"]
    }
    return [dict(zip(CELL, cell, strict=True)) for cell in cells]


def _trained(folders: Sequence[Path]) -> dict[str, float]:
    """Means over seeds of what the training reports say, and of the times beside them."""
    found: dict[str, list[float]] = {"training_seconds": [_seconds(folder) for folder in folders]}
    for folder in folders:
        report = read_json(folder / TRAINING)
        for name in ("trained_parameters", "stored_bytes", "steps"):
            value = report.get(name) if isinstance(report, dict) else None
            if type(value) is not int:
                raise InputError(
                    f"{folder / TRAINING}:1: no whole number '{name}'; delete it and run again"
                )
            found.setdefault(name, []).append(value)
    means = {name: float(np.mean(values)) for name, values in found.items()}
    whole = ("trained_parameters", "stored_bytes", "steps")
    return {name: round(value) if name in whole else value for name, value in means.items()}


def _adaptation(results: str, chains: Sequence[Sequence[str]]) -> float:
    """Mean over seeds of the seconds of the pretrainings of an encoder; 0 without any."""
    totals = [sum(_seconds(Path(results, folder)) for folder in chain) for chain in chains]
    return float(np.mean(totals)) if totals else 0.0


def _seconds(folder: Path) -> float:
    """The wall time of a training; NaN if it is unknown, because it ran elsewhere."""
    if not (folder / TIMES).exists():
        return float("nan")
    times = read_json(folder / TIMES)
    seconds = times.get("wall_seconds") if isinstance(times, dict) else None
    if type(seconds) not in (int, float):
        raise InputError(f"{folder / TIMES}:1: no number 'wall_seconds'; delete it and run again")
    return float(seconds)
