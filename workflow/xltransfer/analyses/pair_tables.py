"""What the tables of overlap and of word order share: zero-shot scores in, two tables out."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from ..records.trace import Provenance
from .pairs import zeroshot_scores
from .statistics.correlation import NOTE as CORRELATION
from .tables import study_note, write_table


def read_zeroshot(scores: Path, config: Mapping[str, Any]) -> pd.DataFrame:
    """Zero-shot scores by the main metric of each task.

    Args:
        scores: ``randominit_by_target.csv``.
        config: ``tasks``, each with its ``metric``.
    """
    frame = pd.read_csv(scores, keep_default_na=False, na_values=[""])
    return zeroshot_scores(frame, {task: d["metric"] for task, d in config["tasks"].items()})


def write_pair_tables(
    directory: Path,
    name: str,
    table: pd.DataFrame,
    correlation: pd.DataFrame,
    config: Mapping[str, Any],
    provenance: Provenance,
) -> None:
    """Write a table of pairs of languages, and that of its correlation with the scores.

    Args:
        directory: folder that they are written to.
        name: file name of the former without its suffix.
        table: pairs of languages.
        correlation: correlation with the scores.
        config: ``study`` and ``seeds``.
        provenance: origin of both.
    """
    study = study_note(config)
    notes = [f"{study} Scores are means over seeds."]
    write_table(directory / f"{name}.csv", table, provenance, notes=notes)
    notes = [f"{study} {CORRELATION}"]
    write_table(directory / f"{name}_correlation.csv", correlation, provenance, notes=notes)
