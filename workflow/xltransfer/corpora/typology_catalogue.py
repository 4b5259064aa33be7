"""The catalogue of typological databases. Imports are light, because the Snakefile reads it."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from ..runtime.errors import InputError
from ..runtime.safe_values import check_code, check_text
from .table_reader import ListedFile, check_choices, check_origin, file_cells, read_table

DATABASE = re.compile(r"[a-z][a-z0-9]{0,31}(-[a-z0-9]{1,32}){0,3}")
"""Name of a database: ``grambank``."""
LANGUAGES, VALUES, CODES, GLOTTOCODES = TABLES = ("languages", "values", "codes", "glottocodes")
"""Tables of a database, in the order in which readers get them."""
LAYOUTS: Mapping[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "wals": ((LANGUAGES, VALUES, CODES), ()),
    "cldf": ((LANGUAGES, VALUES), (CODES, GLOTTOCODES)),
}
"""Layouts, with the tables that they must have, and those that they may have: ``wals`` are the raw
tables of WALS (``corpora/wals.py``), ``cldf`` is a CLDF StructureDataset (``corpora/cldf.py``)."""
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
        check_choices(row, {"layout": LAYOUTS}, place)
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
        check_choices(row, {"table": TABLES}, place)
        file = ListedFile(*file_cells(row, place))
        # Databases may share a file, such as Glottolog's table of languages.
        check_origin(origins, file.name, file, file.name, place)
        if table in databases[code].files:
            raise InputError(f"{place}: '{code}' has two rows of table {table}; remove one")
        databases[code].files[table] = file


def _check_tables(database: TypologicalDatabase, place: str) -> None:
    """Raise an error if files do not fit the layout; sort them otherwise."""
    required, optional = LAYOUTS[database.layout]
    for table in required:
        if table not in database.files:
            raise InputError(
                f"{place}: '{database.code}' has no table {table} in typology_files.tsv; add its "
                "row there"
            )
    for table in database.files:
        if table not in (*required, *optional):
            raise InputError(
                f"{place}: table {table} of '{database.code}' is not of the layout "
                f"{database.layout}; remove its row from typology_files.tsv"
            )
    ordered = {table: database.files[table] for table in TABLES if table in database.files}
    database.files.clear()
    database.files.update(ordered)
