"""Make the table of languages: what they are, their data, whether the encoder has seen them."""

from __future__ import annotations

import json
from argparse import Namespace
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from ..analyses.languages import data_table, language_table, read_categories
from ..analyses.tables import write_table
from ..analyses.tokenizers.tables import read_statistics
from ..records.trace import table_provenance
from ..runtime.command import run, stage_parser


def language_tables(
    inputs: Sequence[Path], categories: Path, config: Mapping[str, Any], directory: Path
) -> None:
    """Write ``languages.csv``, a row per language, and ``language_data.csv``, a row per file.

    Args:
        inputs: files that ``tokenizer_statistics count`` wrote; of those about the same corpus and
            part, whatever the encoder, one counts.
        categories: ``joshi.tsv``.
        config: ``varieties``, in the order of the table: ``code``, ``name``, ``iso``, ``script``,
            ``family`` and ``original``; only those without an original are languages. ``seen``:
            codes of the languages in the encoder's pretraining data; empty if that is not known.
            ``study``, ``config`` and ``seeds`` for the provenance.
        directory: where to write.

    Raises:
        InputError: a file is malformed or about an unlisted variety, or counts of one file differ.
    """
    provenance = table_provenance(config, [*inputs, categories], "language_table")
    rows = read_statistics(inputs)
    data = data_table(rows, config["varieties"])
    table = language_table(
        data, config["varieties"], read_categories(categories), config["seen"] or ()
    )
    write_table(directory / "languages.csv", table, provenance)
    write_table(directory / "language_data.csv", data, provenance)


def main() -> None:
    """Command line."""
    parser = stage_parser(__name__, __doc__)
    parser.add_argument(
        "--inputs", type=Path, nargs="+", required=True, help="of tokenizer_statistics count"
    )
    parser.add_argument("--categories", type=Path, required=True, help="joshi.tsv")
    parser.add_argument("--config", type=json.loads, required=True, help="JSON")
    parser.add_argument("--directory", type=Path, required=True)
    run(parser, _stage)


def _stage(arguments: Namespace) -> None:
    language_tables(arguments.inputs, arguments.categories, arguments.config, arguments.directory)
