"""Make the table of adapters: scores, with the parameters trained and the bytes stored for them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any

from ..analyses.adapter_costs import adapter_rows, costs_of_encoders, costs_of_models
from ..analyses.scores import CELL, complete, expected_cells, read_scores
from ..analyses.tables import reading_note, write_table
from ..records.trace import table_provenance
from ..runtime.signatures import Keys


def adapter_table(
    config: Annotated[
        Mapping[str, Any],
        Keys("study", "seeds", "config", "encoders", "tasks", "with_language_adapter"),
    ],
    scores: Sequence[Path],
    reports: Sequence[Path],
    directory: Path,
    encoders: Sequence[Path] = (),
) -> None:
    """Make the table of adapters: scores, parameters trained and bytes stored.

    Args:
        config: content of the table: as for ``score_tables``; of each task also ``trained_as`` (the
            task of its models), ``of`` (its kind and label), ``language_adapters`` by language and
            ``adapter_units`` and ``lora_rank``; and ``with_language_adapter``, names of encoders.
        scores: scores of every encoder, task and source on every target.
        reports: training reports of the scored models.
        encoders: reports of the training of encoders that the workflow makes.
        directory: output folder.

    Raises:
        InputError: a score is missing, or a report is damaged.
    """
    provenance = table_provenance(config, [*scores, *reports, *encoders], "adapter_table")
    costs = costs_of_models(reports), costs_of_encoders(encoders)
    found = complete(read_scores(scores), expected_cells(config), CELL)
    table = adapter_rows(found, config, *costs)
    first = f"{config['encoders'][0]}, {next(iter(config['tasks']))}"
    notes = [
        f"{reading_note(config, ', without correction for multiple tests')} Changes are "
        f"differences from the first encoder and task ({first})."
    ]
    write_table(directory / "adapters.csv", table, provenance, notes=notes)
