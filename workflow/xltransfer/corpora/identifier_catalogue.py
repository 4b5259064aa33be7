"""The catalogue of models for language identification. Imports are light, for the Snakefile."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from ..runtime.errors import InputError
from ..runtime.safe_values import check_checksum, check_code, check_path, check_text, check_url
from .raw_corpora import check_hub_url
from .table_reader import ListedFile, read_table

IDENTIFIER = re.compile(r"[a-z][a-z0-9]{0,31}(-[a-z0-9]{1,32}){1,3}")
"""Name of a model: ``glotlid-3``. It has a hyphen, so that no setting without a model is one."""
COLUMNS = ("identifier", "name", "file", "checksum", "url", "licence")


@dataclass(frozen=True)
class IdentifierModel(ListedFile):
    """A fastText model whose labels are languages.

    Attributes:
        code: value of ``cleaning.identifier`` (``glotlid-3``).
        title: display name.
        licence: SPDX-like identifier.
    """

    code: str
    title: str
    licence: str


def read_identifiers(tables: Sequence[Path]) -> dict[str, IdentifierModel]:
    """The models for language identification by name.

    Args:
        tables: tables ``language_identifiers.tsv`` with the columns ``COLUMNS``.

    Raises:
        InputError: a table cannot be read, lacks a column, repeats a name or a file, or has an
            invalid value; names the line.
    """
    found: dict[str, IdentifierModel] = {}
    for place, row in (item for table in tables for item in read_table(table, COLUMNS)):
        code = check_code(IDENTIFIER, row["identifier"], place, "identifier")
        if code in found:
            raise InputError(f"{place}: '{code}' stands in the table twice; remove one row")
        for column in ("name", "licence"):
            check_text(row[column], place, column)
        file = check_path(row["file"], place, "file")
        if file in {other.name for other in found.values()}:
            raise InputError(f"{place}: another row has the file '{file}'; rename it")
        url, checksum = check_url(row["url"], place), check_checksum(row["checksum"], place)
        check_hub_url(url, place)
        found[code] = IdentifierModel(file, url, checksum, code, row["name"], row["licence"])
    return found
