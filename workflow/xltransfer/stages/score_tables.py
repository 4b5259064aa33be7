"""Make the tables of a study from its scores: RANDOM-INIT and zero-shot transfer."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import pandas as pd

from ..analyses.randominit import (
    by_target,
    holm_by_group,
    holm_by_row,
    published_shape,
)
from ..analyses.scores import CELL, complete, expected_cells, read_scores, sources_of
from ..analyses.tables import reading_note, write_table
from ..analyses.zeroshot import matrix, per_target
from ..encoders.ablations import published_columns
from ..records import paths
from ..records.trace import Provenance, table_provenance
from ..runtime.signatures import Keys


def score_tables(
    config: Annotated[
        Mapping[str, Any],
        Keys("study", "seeds", "config", "encoders", "tasks", "languages", "ablations"),
    ],
    results: str,
    directory: Path,
) -> None:
    """Make the tables of a study from its scores: RANDOM-INIT and zero-shot transfer.

    The tables are ``randominit.csv``, ``randominit_by_target.csv``, ``zeroshot.csv`` and
    ``zeroshot_by_target.csv``.

    Args:
        config: content of the tables: ``study``, ``encoders``, ``tasks`` (``sources`` with
            their ``ablations``, ``targets``, ``metric``), ``languages`` (names), ``ablations``,
            ``seeds`` and ``config``, the configuration that results depend on.
        results: folder of results, with scores and training reports.
        directory: output folder.

    Raises:
        InputError: a score is missing or occurs twice.
    """
    scores = [
        Path(paths.scores(results, encoder, task, source["corpus"], f"{target['corpus']}-test"))
        for encoder, task, source, data in sources_of(config)
        for target in data["targets"]
    ]
    reports = [
        Path(paths.model_directory(results, encoder, task, source["corpus"], ablation, seed))
        / "training.json"
        for encoder, task, source, data in sources_of(config)
        if "models_of" not in data
        for ablation in source["ablations"]
        for seed in config["seeds"]
    ]
    provenance = table_provenance(config, [*scores, *reports], "score_tables")
    frame = complete(read_scores(scores), expected_cells(config), CELL)
    table = by_target(frame)
    languages = dict.fromkeys(source["language"] for _, _, source, _ in sources_of(config))
    metrics = {task: data["metric"] for task, data in config["tasks"].items()}
    names = config["languages"]
    published = published_shape(table, metrics, list(languages), config["ablations"])
    _write_changes(table, published, config, provenance, directory)
    tables = {
        "zeroshot": matrix(table, metrics, list(names)),
        "zeroshot_by_target": per_target(table, metrics, names),
    }
    for name, content in tables.items():
        write_table(directory / f"{name}.csv", content, provenance, notes=[reading_note(config)])


def _write_changes(
    table: pd.DataFrame,
    published: pd.DataFrame,
    config: Mapping[str, Any],
    provenance: Provenance,
    directory: Path,
) -> None:
    """Write ``randominit.csv`` and ``randominit_by_target.csv`` with Holm-corrected marks."""
    of_rows, of_targets = (
        reading_note(config, f" (Holm-corrected over {tests}; intervals are not)")
        for tests in ("the pairs of layers of a row", "the pairs of layers of a source and target")
    )
    columns = list(published_columns(config["ablations"]).values())
    ratios, corrected = [f"{name}_error_ratio" for name in columns], holm_by_row(published, columns)
    ratio = "the error (100 − score) after re-initialisation divided by the error of REF"
    notes = [f"{of_rows} Columns *_error_ratio of the CSV file: {ratio}."]
    path = directory / "randominit.csv"
    write_table(path, published, provenance, notes=notes, corrected=corrected, csv_only=ratios)
    notes = [f"{of_targets} delta_error_ratio: the error (100 − mean) divided by that of none."]
    path = directory / "randominit_by_target.csv"
    write_table(path, table, provenance, notes=notes, corrected=holm_by_group(table))
