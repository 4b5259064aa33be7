"""The tables and figures of a folder of results, with titles and captions.

Titles and captions are those of Snakemake's report (``workflow/report``). A table is shown as its
rendering, whose numbers are rounded and carry their intervals; its CSV file must match its record.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from html.parser import HTMLParser
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
    parts = _Rendering(read_text(rendering))
    rows, width = parts.rows, len(parts.columns)
    if not width or any(len(row) != width for row in rows):
        raise InputError(
            f"{rendering}: not a rendered table; delete {path} and run the study again"
        )
    return Table(
        path.stem,
        title,
        category,
        _caption("table", path.stem),
        parts.columns,
        rows,
        parts.are_numbers,
        parts.notes,
        pd.read_csv(path, keep_default_na=False, na_values=[""]),
        read_json(record_path(path)),
    )


class _Rendering(HTMLParser):
    """The cells and notes of a table that ``analyses.tables`` has rendered."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.columns: list[str] = []
        self.are_numbers: list[bool] = []
        self.rows: list[list[str]] = []
        self.notes: list[str] = []
        self._into: list[str] | None = None
        self.feed(text)

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        if tag == "tr":
            self.rows.append([])
        if tag == "th":
            self.are_numbers.append(("class", "right") in attributes)
        if tag in ("th", "td", "p"):
            cells = self.rows[-1] if tag == "td" and self.rows else self.notes
            self._into = self.columns if tag == "th" else cells
            self._into.append("")

    def handle_endtag(self, tag: str) -> None:
        if tag in ("th", "td", "p"):
            self._into = None
        if tag == "table":
            # The first row is the header, which has no cells of data.
            self.rows = self.rows[1:]

    def handle_data(self, data: str) -> None:
        if self._into is not None:
            self._into[-1] += data


def marked_up(caption: str) -> list[tuple[str, str]]:
    """A caption in parts, each with its element: ``code``, ``strong`` or ``span``."""
    parts = re.split(r"(``.+?``|\*\*.+?\*\*)", caption)
    elements = {"``": "code", "**": "strong"}
    return [
        (elements[part[:2]], part[2:-2]) if part[:2] in elements else ("span", part)
        for part in parts
        if part
    ]
