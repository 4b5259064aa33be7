"""The tables and figures of a folder of results, with titles and captions.

Titles and captions are those of Snakemake's report (``workflow/report``). A table is shown as its
rendering, whose numbers are rounded and carry their intervals; its CSV file must match its record.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from html import unescape
from pathlib import Path
from typing import Any

import pandas as pd
import yaml

from ..records.record import record_path
from ..records.verification import verified_checksums
from ..runtime.errors import InputError
from ..runtime.files import read_json, read_text
from ..study.project import workflow_folder

CAPTIONS = workflow_folder() / "report"
"""Folder with the titles of tables and figures and their captions."""
_ROW, _NOTE = (re.compile(f"<{name}>(.*?)</{name}>", re.DOTALL) for name in ("tr", "p"))
"""Rows and notes of the pages that ``analyses.tables`` renders; the first row is the header."""


@dataclass(frozen=True)
class Table:
    """A table as it is shown.

    Attributes:
        name: name of its files.
        title, category, caption: texts of the report.
        columns: header cells.
        rows: cells as text.
        are_numbers: for each column whether it is aligned as numbers.
        notes: paragraphs below the table.
        values: the CSV file.
        provenance: content of its record.
    """

    name: str
    title: str
    category: str
    caption: str
    columns: list[str]
    rows: list[list[str]]
    are_numbers: list[bool]
    notes: list[str]
    values: pd.DataFrame
    provenance: dict[str, Any]


@dataclass(frozen=True)
class Figure:
    """A figure as it is shown: ``png`` has the bytes of the image."""

    name: str
    title: str
    category: str
    caption: str
    png: bytes


def titles() -> dict[str, dict[str, dict[str, str]]]:
    """Kind (``table`` or ``figure``) → category → name → title."""
    return yaml.safe_load(read_text(CAPTIONS / "titles.yaml"))


def collect_tables(results: Path) -> list[Table]:
    """The tables of a folder of results, in the order of the report.

    Raises:
        InputError: a CSV file does not match its record, or a rendering is missing or damaged.
    """
    return [
        _table(path, title, category)
        for category, name, title in _named("table")
        if (path := results / "tables" / f"{name}.csv").is_file()
    ]


def collect_figures(results: Path) -> list[Figure]:
    """The figures of a folder of results, in the order of the report.

    Raises:
        InputError: a figure is no PNG image.
    """
    found = []
    for category, name, title in _named("figure"):
        path = results / "figures" / f"{name}.png"
        if not path.is_file():
            continue
        png = path.read_bytes()
        if not png.startswith(b"\x89PNG\r\n\x1a\n"):
            raise InputError(f"{path}: not a PNG image; delete it and run the study again")
        found.append(Figure(name, title, category, _caption("figure", name), png))
    return found


def _named(kind: str) -> Iterator[tuple[str, str, str]]:
    for category, names in titles()[kind].items():
        for name, title in names.items():
            yield category, name, title


def _caption(kind: str, name: str) -> str:
    path = CAPTIONS / f"{kind}s" / f"{name}.rst"
    return " ".join(read_text(path).split()) if path.is_file() else ""


def _table(path: Path, title: str, category: str) -> Table:
    verified_checksums([path])
    rendering = path.with_suffix(".html")
    if not rendering.is_file():
        raise InputError(f"{rendering}: missing; delete {path} and run the study again")
    text = read_text(rendering)
    headers = _cells("th", text)
    rows = [[cell for _, cell in _cells("td", row)] for row in _ROW.findall(text)[1:]]
    # An unfinished file may end between two rows.
    whole = headers and text.rstrip().endswith("</html>")
    if not whole or any(len(row) != len(headers) for row in rows):
        raise InputError(
            f"{rendering}: not a rendered table; delete {path} and run the study again"
        )
    return Table(
        path.stem,
        title,
        category,
        _caption("table", path.stem),
        [name for _, name in headers],
        rows,
        [side == "right" for side, _ in headers],
        [unescape(note) for note in _NOTE.findall(text)],
        pd.read_csv(path, keep_default_na=False, na_values=[""]),
        read_json(record_path(path)),
    )


def _cells(element: str, text: str) -> list[tuple[str, str]]:
    """The class and the text of the cells of a rendering."""
    found = re.findall(f'<{element} class="(.*?)">(.*?)</{element}>', text, re.DOTALL)
    return [(side, unescape(cell)) for side, cell in found]


def marked_up(caption: str) -> list[tuple[str, str]]:
    """A caption in parts, each with its element: ``code``, ``strong`` or ``span``."""
    parts = re.split(r"(``.+?``|\*\*.+?\*\*)", caption)
    elements = {"``": "code", "**": "strong"}
    return [
        (elements[part[:2]], part[2:-2]) if part[:2] in elements else ("span", part)
        for part in parts
        if part
    ]
