"""Make the tables of similarities and their correlation with transfer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any

import pandas as pd

from ..analyses.scores import read_scores
from ..analyses.similarity.correlation_table import correlation_table, in_order, transfer_gap
from ..analyses.similarity.headline import headline_measure
from ..analyses.statistics.correlation import NOTE as CORRELATION
from ..analyses.tables import study_note, write_table
from ..records.trace import table_provenance
from ..runtime.errors import InputError
from ..runtime.signatures import Keys

DECIMALS = 4
"""Number of decimals of values between 0 and 1."""


def similarity_tables(
    config: Annotated[
        Mapping[str, Any],
        Keys(
            *("study", "seeds", "config", "encoders", "parallel", "metrics", "families"),
            "precision",
        ),
    ],
    similarities: Sequence[Path],
    scores: Sequence[Path],
    directory: Path,
) -> None:
    """Write ``cka.csv`` and ``correlation.csv``: similarities, and their correlation with transfer.

    The renderings of ``cka.csv`` show the pretrained encoder with the headline measure.

    Args:
        config: ``encoders``; ``parallel``, treebanks with their languages; ``metrics`` of the
            tasks; ``families`` by language; ``precision`` of the vectors; and ``study``,
            ``config`` and ``seeds``.
        similarities: files of the stage ``similarity``.
        scores: files of the stage ``score``.
        directory: output folder.

    Raises:
        InputError: a file is damaged.
    """
    provenance = table_provenance(config, [*similarities, *scores], "similarity_tables")
    frames = []
    for path in similarities:
        try:
            frames.append(pd.read_parquet(path))
        except (OSError, ValueError) as error:
            raise InputError(f"{path}: not a file of similarities ({error}); delete it") from None
    table = in_order(pd.concat([frame for frame in frames if len(frame)]), config)
    gaps = transfer_gap(read_scores(scores), config["metrics"])
    shown = headline_measure(table) & (table["kind"] == "pretrained")
    about = f"{study_note(config)} Vectors of sentences: {config['precision']}."
    notes = [
        f"{about} Brackets: 95 % interval over sentences. The CSV file also has the biased "
        "estimator, which is no estimate of the population value and has no interval."
    ]
    write_table(directory / "cka.csv", table, provenance, DECIMALS, shown, notes)
    correlations = correlation_table(table, gaps, config["families"])
    notes = [f"{about} {CORRELATION}"]
    write_table(directory / "correlation.csv", correlations, provenance, DECIMALS, notes=notes)
