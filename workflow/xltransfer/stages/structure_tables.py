"""Write the table of structure transfer: contexts and features of pairs against a reference."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any

from ..analyses.scores import CELL, complete, expected_cells, read_scores
from ..analyses.structure import adjusted, attachment_of, structure_table
from ..analyses.tables import reading_note, write_table
from ..corpora.shared_trees import PAIRS
from ..encoders.ablations import NONE
from ..records.trace import table_provenance
from ..runtime.files import read_json
from ..runtime.signatures import Keys

NOTE = (
    " (Holm-corrected over the rows of a source and target; intervals are not). Brackets: 95 % "
    "interval over seeds and test sentences. Without: features of the reference that a row lacks. "
    "Trees: those of the test part. LAS: of predicted trees against gold trees, where it has them. "
    "X: the mean over the other languages."
)


def structure_tables(
    config: Annotated[Mapping[str, Any], Keys("study", "seeds", "config", "encoders", "tasks")],
    directory: Path,
    scores: Sequence[Path] = (),
    reports: Sequence[Path] = (),
) -> None:
    """Write ``structure.csv``.

    Args:
        config: as for ``score_tables``, with ``config``, the configuration with the settings of the
            tasks.
        directory: output folder.
        scores: scores of all compared tasks.
        reports: reports of the stage ``parse_relations`` on the test parts.

    Raises:
        InputError: a file is damaged, or a score of a task about pairs is missing.
    """
    provenance = table_provenance(config, [*scores, *reports], "structure_tables")
    pairs = [task for task in config["tasks"] if config["config"][task]["kind"] in PAIRS]
    expected = [
        cell
        for cell in expected_cells(config)
        if cell["task"] in pairs and cell["ablation"] == NONE
    ]
    found = complete(read_scores(scores), expected, CELL)
    attachment = attachment_of(map(read_json, reports), config)
    table = structure_table(found, config, attachment)
    notes, corrected = [reading_note(config, NOTE, bounds=True)], {"difference": adjusted(table)}
    path = directory / "structure.csv"
    write_table(path, table, provenance, notes=notes, corrected=corrected)
