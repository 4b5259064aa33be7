"""Compare the scores of encoders with their sizes and the compute of fine-tuning."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any

from ..analyses.randominit import cells_of
from ..analyses.scaling import SIZES, Training, trainings_of_models
from ..analyses.scaling import scaling_table as compared
from ..analyses.scores import CELL, complete, expected_cells, read_scores, sources_of
from ..analyses.tables import reading_note, write_table
from ..corpora.table_reader import read_table
from ..encoders.encoder_sizes import network_size
from ..records.trace import table_provenance
from ..records.verification import verified_checksums
from ..runtime.errors import InputError
from ..runtime.signatures import Keys


def scaling_table(
    scores: Sequence[Path],
    encoders: Sequence[Path],
    published: Path,
    reports: Sequence[Path],
    config: Annotated[Mapping[str, Any], Keys("study", "seeds", "config", "encoders", "tasks")],
    directory: Path,
) -> None:
    """Write ``scaling.csv``: scores of encoders, their sizes and the compute of fine-tuning.

    Published scores follow.

    Args:
        scores: scores of every encoder, task and source on every target.
        encoders: ``config.json`` of each encoder, in the order of the configuration.
        published: table of published scores, ``resources/published/scaling/mlqa.tsv``.
        reports: training reports of the scored models.
        config: configuration of the tables of scores.
        directory: output folder.

    Raises:
        InputError: a score is missing, or a configuration, a report or the table of published
            scores cannot be used.
    """
    files = [*scores, *encoders, published, *reports]
    verified_checksums(files)
    sizes = {}
    for name, path in zip(config["encoders"], encoders, strict=True):
        found = network_size(path.parent)
        values = found.layers, found.width, found.parameters, found.without_embeddings
        sizes[name] = dict(zip(SIZES, values, strict=True))
    metrics = {task: data["metric"] for task, data in config["tasks"].items()}
    cells = cells_of(complete(read_scores(scores), expected_cells(config), CELL))
    trainings = _trainings(config, reports)
    found = compared(cells, metrics, sizes, trainings, read_published_scores(published))
    provenance = table_provenance(config, files, "scaling_table")
    notes = [
        f"{reading_note(config, ', without correction for multiple tests')} Changes are "
        "differences from the next smaller encoder. Rows with a reference are published scores of "
        "other encoders and data."
    ]
    write_table(directory / "scaling.csv", found, provenance, notes=notes)


def _trainings(
    config: Mapping[str, Any], reports: Sequence[Path]
) -> dict[tuple[str, str, str], Training]:
    """The length of the fine-tunings, by encoder, task and source language.

    Raises:
        InputError: a report is damaged or missing.
    """
    by_corpus, found = trainings_of_models(reports), {}
    for encoder, task, source, data in sources_of(config):
        model = encoder, data.get("models_of", task), source["corpus"]
        if model not in by_corpus:
            raise InputError(f"--reports: no training report of {', '.join(model)}; name it, too")
        found[encoder, task, source["language"]] = by_corpus[model]
    return found


def read_published_scores(path: Path) -> list[dict[str, Any]]:
    """A table of published scores with the sizes of encoders.

    Raises:
        InputError: the table cannot be read, lacks a column, or a value is not a number.
    """
    found = []
    texts = ("encoder", "task", "metric", "source_target", "reference")
    for place, row in read_table(path, (*texts, "score", *SIZES)):
        for column in ("score", *SIZES):
            form = r"[0-9]{1,2}(\.[0-9]{1,4})?" if column == "score" else "[1-9][0-9]{0,14}"
            if not re.fullmatch(form, row[column]):
                raise InputError(f"{place}: {column} '{row[column]}' is no number; correct it")
        sizes = {column: int(row[column]) for column in SIZES}
        found.append({**row, "score": float(row["score"]), **sizes})
    return found
