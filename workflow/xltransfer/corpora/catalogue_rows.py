"""Adding rows to the catalogue's tables, without rewriting the rows that are there."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from ..runtime.errors import InputError
from ..runtime.files import replacing
from .catalogue import COLUMNS, Catalogue
from .table_reader import read_table

Rows = Mapping[str, Sequence[Mapping[str, str]]]
"""Table → new rows."""


def add_rows(rows: Rows, project: Path, added: Path | None, release: str) -> list[str]:
    """Add rows to the catalogue's tables, or to those of a study.

    The tables are validated together before any of them is written. Each is written atomically,
    languages first, so an interrupted call leaves valid tables, and a second one completes them.

    Args:
        rows: new rows; the caller leaves out those that are there.
        project: folder of the catalogue (``resources``).
        added: folder of the study's own tables, which is made if it is missing; ``None`` adds the
            rows to the catalogue itself.
        release: newest release of Universal Dependencies that is read in the validation.

    Returns:
        A line for each new row: table and cells.

    Raises:
        InputError: the tables would not be valid; names the row.
    """
    target = project if added is None else added
    texts = {table: _extended(target / table, new) for table, new in rows.items() if new}
    if not texts:
        return []
    _validate(texts, project, added, release)
    for table in COLUMNS:
        if table in texts:
            with replacing(target / table) as temporary:
                temporary.write_text(texts[table], encoding="utf-8", newline="\n")
    return [
        f"{target / table}: " + ", ".join(cell for cell in row.values() if cell)
        for table in COLUMNS
        for row in rows.get(table, ())
    ]


def _validate(texts: Mapping[str, str], project: Path, added: Path | None, release: str) -> None:
    with tempfile.TemporaryDirectory() as scratch:
        main, own = Path(scratch, "resources"), Path(scratch, "added")
        for source, copy in ((project, main), (added, own)):
            if source is not None and source.is_dir():
                keep_out = shutil.ignore_patterns("downloads", "models", "studies", "published")
                shutil.copytree(source, copy, ignore=keep_out)
        changed = main if added is None else own
        changed.mkdir(exist_ok=True)
        for table, text in texts.items():
            Path(changed, table).write_text(text, encoding="utf-8", newline="\n")
        try:
            Catalogue(main, release, None if added is None else own)
        except InputError as error:
            place = str(error).replace(str(main), str(project)).replace(str(own), str(added))
            raise InputError(f"{place} (nothing has been written)") from None


def _extended(path: Path, rows: Sequence[Mapping[str, str]]) -> str:
    """The text of a table with further rows, each after the last row of the same or a smaller key.

    Raises:
        InputError: the table is malformed, or a cell would break it.
    """
    columns = COLUMNS[path.name]
    if path.exists():
        # The reader refuses a table that lacks a column.
        found = list(read_table(path, columns))
        header = path.read_text(encoding="utf-8-sig").splitlines()[0].split("\t")
        lines = ["\t".join(row.values()) for _, row in found]
    else:
        header, lines = list(columns), []
    for row in rows:
        for name, cell in row.items():
            if any(character in cell for character in "\t\r\n"):
                raise InputError(f"{path}: {name} '{cell}' has a tab or a line end; remove it")
        line = "\t".join(row.get(column, "") for column in header)
        key = line.partition("\t")[0]
        place = len(lines)
        while place and lines[place - 1].partition("\t")[0] > key:
            place -= 1
        lines.insert(place, line)
    return "".join(f"{line}\n" for line in ["\t".join(header), *lines])
