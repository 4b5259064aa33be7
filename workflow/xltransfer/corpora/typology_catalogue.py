"""The catalogue of typological databases. Imports are light, because the Snakefile reads it."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from ..runtime.errors import InputError
from ..runtime.safe_values import (
    check_checksum,
    check_code,
    check_path,
    check_text,
    check_url,
)
from .table_reader import ListedFile, read_table

DATABASE = re.compile(r"[a-z][a-z0-9]{0,31}(-[a-z0-9]{1,32}){0,3}")
"""Name of a database: ``grambank``."""
LANGUAGES, VALUES, CODES, GLOTTOCODES = TABLES = ("languages", "values", "codes", "glottocodes")
"""Tables of a database, in the order in which readers get them."""


@dataclass(frozen=True)
class Layout:
    """The tables of a layout.

    Attributes:
        required, optional: names of tables.
    """

    required: tuple[str, ...]
    optional: tuple[str, ...] = ()


LAYOUTS: Mapping[str, Layout] = {
    "wals": Layout((LANGUAGES, VALUES, CODES)),
    "cldf": Layout((LANGUAGES, VALUES), (CODES, GLOTTOCODES)),
}
"""Layouts: ``wals`` are the raw tables of WALS (``corpora/wals.py``), ``cldf`` is a CLDF
StructureDataset (``corpora/cldf.py``)."""
COLUMNS = ("database", "name", "layout", "licence")
FILE_COLUMNS = ("database", "table", "file", "checksum", "url")


@dataclass(frozen=True)
class TypologicalDatabase:
    """A database of features of languages.

    Attributes:
        code: name in ``typology_features`` (``grambank``).
        name: display name.
        layout: one of ``LAYOUTS``.
        licence: SPDX-like identifier.
        files: files by table, in the order of ``TABLES``.
    """

    code: str
    name: str
    layout: str
    licence: str
    files: dict[str, ListedFile] = field(default_factory=dict)


def read_typological_databases(
    databases: Sequence[Path], files: Sequence[Path]
) -> dict[str, TypologicalDatabase]:
    """The catalogue of typological databases by name.

    Args:
        databases: tables ``typology_databases.tsv`` with the columns ``COLUMNS``.
        files: tables ``typology_files.tsv`` with the columns ``FILE_COLUMNS``.

    Raises:
        InputError: a table cannot be read, lacks a column, repeats a name or has an invalid value,
            or files are missing or do not fit the layout; names the line.
    """
    found: dict[str, TypologicalDatabase] = {}
    places: dict[str, str] = {}
    for place, row in (item for table in databases for item in read_table(table, COLUMNS)):
        code = check_code(DATABASE, row["database"], place, "database")
        if code in found:
            raise InputError(f"{place}: '{code}' stands in the table twice; remove one row")
        if row["layout"] not in LAYOUTS:
            raise InputError(f"{place}: layout '{row['layout']}' is none of {', '.join(LAYOUTS)}")
        for column in ("name", "licence"):
            check_text(row[column], place, column)
        found[code] = TypologicalDatabase(code, *(row[column] for column in COLUMNS[1:]))
        places[code] = place
    _read_files(files, found)
    for code, database in found.items():
        _check_tables(database, places[code])
    return found


def _read_files(tables: Sequence[Path], databases: dict[str, TypologicalDatabase]) -> None:
    """Add the files to their databases."""
    origins: dict[str, ListedFile] = {}
    for place, row in (item for table in tables for item in read_table(table, FILE_COLUMNS)):
        code, table = row["database"], row["table"]
        check_code(DATABASE, code, place, "database")
        if code not in databases:
            raise InputError(f"{place}: no row '{code}' in typology_databases.tsv; add it there")
        if table not in TABLES:
            raise InputError(f"{place}: table '{table}' is none of {', '.join(TABLES)}")
        name = check_path(row["file"], place, "file")
        url, checksum = check_url(row["url"], place), check_checksum(row["checksum"], place)
        file = ListedFile(name, url, checksum)
        # Databases may share a file, such as Glottolog's table of languages.
        if origins.setdefault(name, file) != file:
            raise InputError(
                f"{place}: '{name}' has another checksum or url in a row above; they are one "
                "download, write the same into both rows"
            )
        if table in databases[code].files:
            raise InputError(f"{place}: '{code}' has two rows of table {table}; remove one")
        databases[code].files[table] = file


def _check_tables(database: TypologicalDatabase, place: str) -> None:
    """Raise an error if files do not fit the layout; sort them otherwise."""
    layout = LAYOUTS[database.layout]
    for table in layout.required:
        if table not in database.files:
            raise InputError(
                f"{place}: '{database.code}' has no table {table} in typology_files.tsv; add its "
                "row there"
            )
    for table in database.files:
        if table not in (*layout.required, *layout.optional):
            raise InputError(
                f"{place}: table {table} of '{database.code}' is not of the layout "
                f"{database.layout}; remove its row from typology_files.tsv"
            )
    ordered = {table: database.files[table] for table in TABLES if table in database.files}
    database.files.clear()
    database.files.update(ordered)
