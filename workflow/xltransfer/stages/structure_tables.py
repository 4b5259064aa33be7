"""Write the table of structure transfer: contexts and features of pairs against a reference."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any

from ..analyses.scores import read_scores
from ..analyses.structure import adjusted, attachment_of, structure_table
from ..analyses.tables import reading_note, write_table
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
    config: Annotated[Mapping[str, Any], Keys("study", "seeds", "config", "tasks")],
    directory: Path,
    scores: Sequence[Path] = (),
    reports: Sequence[Path] = (),
) -> None:
    """Write ``structure.csv``.

    Args:
        config: ``study``, ``seeds``, ``tasks`` with their ``metric``, and ``config``, the
            configuration with the settings of the tasks.
        directory: output folder.
        scores: scores of all compared tasks.
        reports: reports of the stage ``parse_relations`` on the test parts.

    Raises:
        InputError: a file is damaged.
    """
    provenance = table_provenance(config, [*scores, *reports], "structure_tables")
    found = read_scores(scores)
    attachment = attachment_of(map(read_json, reports), config)
    table = structure_table(found[found["ablation"] == NONE], config, attachment)
    write_table(
        directory / "structure.csv",
        table,
        provenance,
        notes=[reading_note(config, NOTE, bounds=True)],
        corrected={"difference": adjusted(table)},
    )
