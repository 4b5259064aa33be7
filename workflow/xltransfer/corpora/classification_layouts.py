"""Reading published corpora of sentences with labels: XNLI and MultiNLI, PAWS-X, SIB-200.

A layout names the columns. Parquet is decompressed by a library, in a process with limits; run as a
module, this file is that process.
"""

from __future__ import annotations

import csv
import json
import sys
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ..runtime.errors import InputError
from .classified_sentences import ClassifiedSentence, checked, one_line
from .confined import confined, serve
from .json_lines import read_json_lines
from .lines import read_text_lines
from .raw_text import parquet_values

Row = tuple[str, Mapping[str, Any]]
"""The place of a row (``file:line``, or its number in Parquet), and its cells by column."""


@dataclass(frozen=True)
class Layout:
    """How the files of a corpus are read.

    Attributes:
        container: ``table`` (tabs, a header, no quotes), ``quoted`` (the same with quotes, as the
            dialect excel-tab of Python), ``json-lines`` or ``parquet``.
        first, second, label: columns of the texts and the label; ``second`` is ``""`` for single
            sentences.
        identifier: column of the identifier; ``""``: the number of the row.
        names: names of labels by what a file has; ``{}``: labels are kept.
        unlabelled: values of labels of rows without one, which are left out.
        language: column of the language; rows of other languages are left out, and files without
            the column have one language.
    """

    container: str
    first: str
    second: str
    label: str
    identifier: str = ""
    names: Mapping[str, str] = field(default_factory=dict)
    unlabelled: tuple[str, ...] = ()
    language: str = ""


_NLI = {"entailment": "entailment", "neutral": "neutral", "contradiction": "contradiction"}
_OF_XNLI = ("sentence1", "sentence2", "gold_label", "pairID", _NLI, ("-",), "language")
LAYOUTS: Mapping[str, Layout] = {
    "xnli": Layout("table", *_OF_XNLI),
    "xnli-json-lines": Layout("json-lines", *_OF_XNLI),
    "xnli-hub": Layout(
        "parquet", "premise", "hypothesis", "label",
        names={"0": "entailment", "1": "neutral", "2": "contradiction"}, unlabelled=("-1",),
    ),
    "paws-x": Layout(
        "table", "sentence1", "sentence2", "label", "id", {"0": "different", "1": "paraphrase"},
    ),
    "paws-x-hub": Layout(
        "parquet", "sentence1", "sentence2", "label", "id", {"0": "different", "1": "paraphrase"},
        ("-1",),
    ),
    "sib-200": Layout("quoted", "text", "", "category", "index_id"),
    "table": Layout("table", "sentence1", "sentence2", "label", "id"),
}  # fmt: skip
"""Layouts by name, those of ``classification_corpora.LAYOUTS`` that have files. MultiNLI has the
columns of XNLI but for the language, and leaves the label of pairs without a majority as ``-``."""


def read_layout(
    path: Path, name: str, language: str, counts: Counter[str] | None = None
) -> list[ClassifiedSentence]:
    """The sentences of a file.

    Args:
        path: the file.
        name: name of its layout.
        language: code of the language, for files of several languages.
        counts: counter of rows that are left out: ``rows_of_other_languages`` and
            ``rows_without_label``.

    Raises:
        InputError: the file cannot be read, has another layout or no sentence of the language, or
            a row has a text that is empty, a label that the layout does not have, or an identifier
            of a row above; names the line.
    """
    counts = Counter() if counts is None else counts
    layout = LAYOUTS[name]
    found: dict[str, ClassifiedSentence] = {}
    for number, (place, row) in enumerate(_ROWS[layout.container](path, layout), start=1):
        if layout.language and row.get(layout.language, language) != language:
            counts["rows_of_other_languages"] += 1
            continue
        if _cell(row, layout.label, place) in layout.unlabelled:
            counts["rows_without_label"] += 1
            continue
        sentence = _sentence(row, layout, place, number)
        if sentence.identifier in found:
            raise InputError(
                f"{place}: '{sentence.identifier[:60]}' occurs twice as an identifier; remove one "
                "row"
            )
        found[sentence.identifier] = sentence
    if not found:
        raise InputError(f"{path}: no sentence of '{language}' with a label; correct its rows")
    return list(found.values())


def _sentence(
    row: Mapping[str, Any], layout: Layout, place: str, number: int
) -> ClassifiedSentence:
    label = one_line(_cell(row, layout.label, place))
    if layout.names and label not in layout.names:
        raise InputError(
            f"{place}: {layout.label} '{label[:60]}' is none of {', '.join(layout.names)}; "
            "correct the row"
        )
    texts = [one_line(_cell(row, column, place)) for column in (layout.first, layout.second)]
    if layout.second and not texts[1]:
        raise InputError(f"{place}: {layout.second} is empty; correct the row")
    identifier = _cell(row, layout.identifier, place) if layout.identifier else str(number)
    named = layout.names.get(label, label)
    return checked(ClassifiedSentence(one_line(identifier), *texts, named), place)


def _cell(row: Mapping[str, Any], column: str, place: str) -> str:
    """The value of a column as text; ``""`` for no column."""
    if not column:
        return ""
    value = row.get(column)
    if isinstance(value, bool) or not isinstance(value, str | int):
        raise InputError(f"{place}: '{column}' is no text; is this the layout of the file?")
    return str(value)


def _columns(layout: Layout) -> list[str]:
    """The columns that every file of a layout has."""
    named = (layout.identifier, layout.first, layout.second, layout.label)
    return [column for column in named if column]


def _check_header(path: Path, header: list[str], layout: Layout) -> None:
    for column in _columns(layout):
        if header.count(column) != 1:
            problem = "no column" if column not in header else "two columns"
            raise InputError(f"{path}:1: {problem} '{column}'; is this the layout of the file?")


def _table_rows(path: Path, layout: Layout) -> Iterator[Row]:
    header, *lines = read_text_lines(path).removesuffix("\n").split("\n")
    columns = header.split("\t")
    _check_header(path, columns, layout)
    for number, line in enumerate(lines, start=2):
        cells = line.split("\t")
        # Columns after those that are read may be missing: MultiNLI leaves out empty ones.
        needed = 1 + max(map(columns.index, _columns(layout)))
        if not needed <= len(cells) <= len(columns):
            raise InputError(
                f"{path}:{number}: {len(cells)} columns, separated by tabs, instead of "
                f"{len(columns)}; correct the line"
            )
        yield f"{path}:{number}", dict(zip(columns, cells, strict=False))


def _quoted_rows(path: Path, layout: Layout) -> Iterator[Row]:
    lines = iter(read_text_lines(path).removesuffix("\n").split("\n"))
    rows = csv.reader((f"{line}\n" for line in lines), "excel-tab", strict=True)
    try:
        header = next(rows)
        _check_header(path, header, layout)
        for cells in rows:
            if len(cells) != len(header):
                raise InputError(
                    f"{path}:{rows.line_num}: {len(cells)} columns, separated by tabs, instead of "
                    f"{len(header)}; correct the line"
                )
            yield f"{path}:{rows.line_num}", dict(zip(header, cells, strict=True))
    except csv.Error as error:
        raise InputError(f"{path}:{rows.line_num}: quotes: {error}; correct the line") from None


def _parquet_rows(path: Path, layout: Layout) -> Iterator[Row]:
    columns = _columns(layout)
    arguments = [str(path), json.dumps(columns)]
    for number, line in enumerate(confined(__name__, arguments, path, Counter()), start=1):
        yield f"{path}: row {number}", dict(zip(columns, json.loads(line), strict=True))


_ROWS = {
    "table": _table_rows,
    "quoted": _quoted_rows,
    "json-lines": lambda path, _: read_json_lines(path),
    "parquet": _parquet_rows,
}


def _values(path: Path, columns: list[str]) -> Iterator[str]:
    kinds = {"id": "integer", "label": "integer"}
    values = [parquet_values(path, (name,), kinds.get(name, "text")) for name in columns]
    for row in zip(*values, strict=True):
        yield json.dumps(row)


def main() -> None:
    """The reader process; arguments: file, columns and limit of seconds."""
    path, columns, seconds = sys.argv[1:]
    serve(lambda _: _values(Path(path), json.loads(columns)), path, seconds)


if __name__ == "__main__":
    main()
