"""Make the tables of languages: their properties, data and presence in the pretraining data."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any

from ..analyses.language_table import data_table, language_table, read_categories
from ..analyses.tables import write_table
from ..analyses.tokenizers.statistics_table import read_statistics
from ..records.trace import table_provenance
from ..runtime.signatures import Keys


def language_tables(
    inputs: Sequence[Path],
    categories: Path,
    config: Annotated[Mapping[str, Any], Keys("study", "seeds", "config", "varieties", "seen")],
    directory: Path,
) -> None:
    """Write ``languages.csv``, a row per language, and ``language_data.csv``, a row per file.

    Args:
        inputs: files of the stage ``count_pieces``; files about the same corpus and part (for
            several encoders) count once.
        categories: file ``resources/joshi.tsv``.
        config: ``varieties``, in the order of the table: ``code``, ``name``, ``iso``, ``script``,
            ``family`` and ``original``; varieties with an original are not languages. ``seen``:
            codes of the languages in the encoder's pretraining data; empty if unknown.
            ``study``, ``config`` and ``seeds`` for the provenance.
        directory: output folder.

    Raises:
        InputError: a file is malformed or about an unlisted variety, or counts of one part differ.
    """
    provenance = table_provenance(config, [*inputs, categories], "language_tables")
    rows = read_statistics(inputs)
    data = data_table(rows, config["varieties"])
    table = language_table(
        data, config["varieties"], read_categories(categories), config["seen"] or ()
    )
    write_table(directory / "languages.csv", table, provenance)
    write_table(directory / "language_data.csv", data, provenance)
