"""The catalogue of transliteration schemes: ``schemes.tsv`` and the tables it names.

Imports are light because the Snakefile reads it whenever it is parsed.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from ...runtime.errors import InputError
from ...runtime.safe_values import ISO_639_3, SCHEME, check_code, check_path, check_text
from ..table_reader import check_choices, read_table

KINDS = ("table", "uroman", "hepburn")
"""Types of schemes: tables, a universal romaniser, or readings with a table of kana."""
_COLUMNS = ("scheme", "description", "kind", "tables", "language", "reversible", "source")


@dataclass(frozen=True)
class SchemeRow:
    """A row of ``schemes.tsv``.

    Attributes:
        name: name of the scheme, e.g. ``uyghur-uly``.
        description: purpose of the scheme.
        kind: type, one of ``KINDS``.
        tables: names of its table files in the same directory.
        language: ISO 639-3 code for a universal romaniser; ``""`` for none.
        reversible: whether the original can be restored.
        source: standard or publication of the scheme.
    """

    name: str
    description: str
    kind: str
    tables: tuple[str, ...]
    language: str
    reversible: bool
    source: str


def read_schemes(directory: Path | str) -> dict[str, SchemeRow]:
    """All schemes by name.

    Args:
        directory: folder of ``schemes.tsv``.

    Raises:
        InputError: the table cannot be read, lacks a column, repeats a scheme or has an invalid
            value; names the line.
    """
    schemes: dict[str, SchemeRow] = {}
    for place, row in read_table(Path(directory) / "schemes.tsv", _COLUMNS):
        name, kind, tables = row["scheme"], row["kind"], tuple(row["tables"].split())
        check_code(SCHEME, name, place, "scheme")
        if name in schemes:
            raise InputError(f"{place}: scheme '{name}' is listed twice; rename it")
        for table in tables:
            check_path(table, place, "tables")
        if row["language"]:
            check_code(ISO_639_3, row["language"], place, "language")
        for column in ("description", "source"):
            check_text(row[column], place, column)
        check_choices(row, {"kind": KINDS}, place)
        if bool(tables) != (kind != "uroman"):
            problem = "names tables, which it cannot use" if tables else "names no table"
            raise InputError(f"{place}: scheme '{name}' of kind {kind} {problem}")
        if row["reversible"] not in ("yes", "no"):
            raise InputError(f"{place}: reversible '{row['reversible']}' is neither yes nor no")
        if row["reversible"] == "yes" and kind != "table":
            raise InputError(f"{place}: only schemes of kind table are reversible; write no")
        cells = {column: row[column] for column in ("description", "kind", "language", "source")}
        schemes[name] = SchemeRow(
            name=name, tables=tables, reversible=row["reversible"] == "yes", **cells
        )
    return schemes


def find_scheme(name: str, directory: Path | str) -> SchemeRow:
    """One scheme.

    Raises:
        InputError: ``schemes.tsv`` is malformed or has no such row.
    """
    schemes = read_schemes(directory)
    if name not in schemes:
        raise InputError(
            f"{Path(directory) / 'schemes.tsv'}: no scheme '{name}'; add its row, or use one of "
            f"{', '.join(schemes)}"
        )
    return schemes[name]


def scheme_files(name: str, directory: Path | str) -> list[str]:
    """Paths of the tables of a scheme, which are inputs of jobs.

    Raises:
        InputError: ``schemes.tsv`` is malformed or has no such row.
    """
    return [str(Path(directory) / table) for table in find_scheme(name, directory).tables]
