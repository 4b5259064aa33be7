"""Make the table of how tokenizers split the words of corpora."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any

from ..analyses.tables import write_table
from ..analyses.tokenizers.statistics_table import read_statistics, statistics_table
from ..records.trace import table_provenance
from ..runtime.signatures import Keys


def tokenizer_table(
    inputs: Sequence[Path],
    config: Annotated[Mapping[str, Any], Keys("study", "seeds", "config", "varieties")],
    directory: Path,
) -> None:
    """Write ``tokenizer_stats.csv``, with its renderings.

    Args:
        inputs: files of the stage ``count_pieces``.
        config: ``varieties``, in the order of the table: ``code``, ``name`` and ``original`` (the
            code of the variety that it is transliterated from; empty for others); and ``study``,
            ``config`` and ``seeds`` for the provenance.
        directory: folder that the table is written to.

    Raises:
        InputError: a file is malformed, stands there twice or is about an unlisted variety.
    """
    provenance = table_provenance(config, inputs, "tokenizer_table")
    table = statistics_table(read_statistics(inputs), config["varieties"])
    write_table(directory / "tokenizer_stats.csv", table, provenance)
