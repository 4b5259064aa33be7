"""Reading the project's tables: tab-separated, without quotes, with a header line.

Imports are light because the Snakefile reads the catalogues whenever it is parsed.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..runtime.errors import InputError
from ..runtime.safe_values import check_checksum, check_path, check_url
from .lines import read_text_lines

LONGEST_CELL = 2000
"""Maximum characters; a longer cell indicates another file format or a missing line end."""
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029]")


@dataclass(frozen=True)
class ListedFile:
    """A file that a table of a catalogue lists.

    Attributes:
        name: path in a mirror, also below the folder of downloads.
        url: URL of the publication; ``""`` if users provide the file.
        checksum: checksum ``sha256:<hex>``, ``git-sha1:<hex>`` or ``unchecked``.
    """

    name: str
    url: str
    checksum: str


def read_table(path: Path | str, columns: Sequence[str]) -> Iterator[tuple[str, dict[str, str]]]:
    """The rows of a table, each with its place (``file:line``) and its cells by column.

    Args:
        path: UTF-8 file; empty lines are skipped.
        columns: required columns; the table may have others.

    Raises:
        InputError: the file cannot be read, lacks a column or repeats one, or a row has a wrong
            number of cells or a cell that is too long or has control characters; the message names
            the line.
    """
    header: list[str] | None = None
    for number, line in enumerate(read_text_lines(path).split("\n"), start=1):
        place = f"{path}:{number}"
        if found := _CONTROL.search(line):
            raise InputError(f"{place}: control character '{found[0]}'; remove it")
        cells = line.split("\t")
        if max(map(len, cells)) > LONGEST_CELL:
            raise InputError(f"{place}: a cell of more than {LONGEST_CELL} characters; shorten it")
        if header is None:
            header = cells
            _check_header(header, columns, place)
        elif line:
            if len(cells) != len(header):
                raise InputError(f"{place}: not {len(header)} columns, separated by tabs")
            yield place, dict(zip(header, cells, strict=True))


def check_choices(
    row: Mapping[str, str], choices: Mapping[str, Collection[str]], place: str
) -> None:
    """Raise an error if a cell is none of the choices of its column."""
    for column, known in choices.items():
        if row[column] not in known:
            raise InputError(f"{place}: {column} '{row[column]}' is none of {', '.join(known)}")


def add_once(table: dict[str, Any], key: str, value: object, place: str) -> None:
    """Add an entry to the entries of a table, in which its key must be new."""
    if key in table:
        raise InputError(f"{place}: '{key}' stands in the table twice; remove one row")
    table[key] = value


def file_cells(row: Mapping[str, str], place: str) -> tuple[str, str, str]:
    """Name, URL and checksum of the file of a row, as ``ListedFile`` has them, after checks."""
    name, url = check_path(row["file"], place, "file"), check_url(row["url"], place)
    return name, url, check_checksum(row["checksum"], place)


def check_origin(
    origins: dict[Any, Any], key: object, origin: object, name: str, place: str
) -> None:
    """Raise an error if a file, which several entries may share, has two origins.

    Args:
        origins: checksums and URLs of the files so far, to which this one is added.
        key: what files are the same by.
        origin: checksum and URL of the file.
        name: name of the file.
        place: file and line, for the message.
    """
    if origins.setdefault(key, origin) != origin:
        raise InputError(
            f"{place}: '{name}' has another checksum or url in a row above; they are one "
            "download, write the same into both rows"
        )


def _check_header(header: Sequence[str], columns: Sequence[str], place: str) -> None:
    for column in columns:
        if header.count(column) != 1:
            problem = "is missing; add it" if column not in header else "is there twice; remove one"
            raise InputError(f"{place}: column '{column}' {problem}")
