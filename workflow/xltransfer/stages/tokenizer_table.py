"""Make the table of tokenizer statistics."""

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
    """Write ``tokenizer_stats.csv`` and its renderings.

    Args:
        inputs: files of the stage ``count_pieces``.
        config: ``varieties``, in the order of the table: ``code``, ``name`` and ``original`` (code
            of the variety it is transliterated from; empty for others); and ``study``, ``config``
            and ``seeds`` for the provenance.
        directory: output folder.

    Raises:
        InputError: a file is malformed, listed twice or about an unlisted variety.
    """
    provenance = table_provenance(config, inputs, "tokenizer_table")
    table = statistics_table(read_statistics(inputs), config["varieties"])
    write_table(directory / "tokenizer_stats.csv", table, provenance)
