"""The catalogue of parallel corpora. Imports are light, because the Snakefile reads it as well."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from ..runtime.errors import InputError
from ..runtime.safe_values import (
    CORPUS,
    LANGUAGE,
    check_checksum,
    check_code,
    check_path,
    check_prefix,
    check_text,
    check_url,
)
from .corpus_files import GENERATED
from .raw_corpora import check_hub_url
from .table_reader import add_once, check_choices, check_origin, read_table

BOTH, FIRST, SECOND = SIDES = ("both", "first", "second")
"""Languages that a file is in."""
LAYOUTS: Mapping[str, tuple[tuple[str, ...], ...]] = {
    "tsv": ((BOTH,),),
    "identifiers": ((FIRST, SECOND),),
    "moses": ((FIRST, SECOND), (BOTH,)),
    "tmx": ((BOTH,),),
    "dataset": ((BOTH,),),
}
"""Layouts, and the sides of the files that a part may consist of; ``corpora/parallel_text.py``
reads them."""
TRAIN, DEV, TEST = PARTS = ("train", "dev", "test")
COLUMNS = ("corpus", "first", "second", "name", "layout", "columns", "header", "licence")
FILE_COLUMNS = ("corpus", "part", "side", "file", "checksum", "url")
CELLS = ("identifier", "first", "second", "-")
"""Columns of the layout ``tsv``; ``-`` is not read."""


@dataclass(frozen=True)
class ParallelFile:
    """A file of a parallel corpus.

    Attributes:
        side: language of the file: ``first`` or ``second``, or ``both``.
        name: path in a mirror (``lafand/fr-wol/train.tsv``), also below the folder of downloads.
        checksum: checksum ``sha256:<hex>``, ``git-sha1:<hex>`` or ``unchecked``.
        url: URL of the publication, also ``hf://datasets/…``; ``""`` if users provide the file.
    """

    side: str
    name: str
    checksum: str
    url: str


@dataclass(frozen=True)
class ParallelCorpus:
    """A corpus of sentences in two languages.

    Attributes:
        code: short name that starts with both languages' codes (``fr_wo_lafand``).
        first, second: codes of the languages.
        name: display name.
        layout: one of ``LAYOUTS``.
        columns: columns of the layout ``tsv``, each one of ``CELLS``; empty for other layouts.
        header: whether the first line of a file of the layout ``tsv`` is a header.
        licence: SPDX-like identifier.
        files: files by published part; a corpus without published development or test part has
            ``train`` alone, the embedded world none.
    """

    code: str
    first: str
    second: str
    name: str
    layout: str
    columns: tuple[str, ...]
    header: bool
    licence: str
    files: dict[str, tuple[ParallelFile, ...]] = field(default_factory=dict)


def read_parallel_corpora(directory: Path) -> dict[str, ParallelCorpus]:
    """The catalogue of parallel corpora by code.

    Args:
        directory: folder of ``parallel_corpora.tsv`` and ``parallel_files.tsv``, with the columns
            ``COLUMNS`` and ``FILE_COLUMNS``.

    Raises:
        InputError: a table cannot be read, lacks a column, repeats a code or has an invalid value,
            or files are missing or do not fit the layout; names the line. The caller checks that
            languages exist.
    """
    corpora: dict[str, ParallelCorpus] = {}
    places: dict[str, str] = {}
    for place, row in read_table(directory / "parallel_corpora.tsv", COLUMNS):
        corpus = _corpus(row, place)
        add_once(corpora, corpus.code, corpus, place)
        places[corpus.code] = place
    _read_files(directory / "parallel_files.tsv", corpora)
    for code, corpus in corpora.items():
        _check_files(corpus, places[code], directory / "parallel_files.tsv")
    return corpora


def _corpus(row: dict[str, str], place: str) -> ParallelCorpus:
    code, first, second = row["corpus"], row["first"], row["second"]
    check_code(CORPUS, code, place, "corpus")
    for column in ("first", "second"):
        check_code(LANGUAGE, row[column], place, column)
    if first == second:
        raise InputError(f"{place}: both languages are '{first}'; correct first or second")
    check_prefix(code, [first, second], place, "corpus")
    check_choices(row, {"layout": LAYOUTS}, place)
    for column in ("name", "licence"):
        check_text(row[column], place, column)
    columns, header = _columns(row, place)
    return ParallelCorpus(
        code, first, second, row["name"], row["layout"], columns, header, row["licence"]
    )


def _columns(row: dict[str, str], place: str) -> tuple[tuple[str, ...], bool]:
    """Columns and header of the files of a corpus."""
    columns, header = tuple(row["columns"].split()), row["header"]
    if row["layout"] != "tsv":
        if columns or header:
            raise InputError(
                f"{place}: columns and header are of the layout tsv; empty both for {row['layout']}"
            )
        return (), False
    for name in columns:
        if name not in CELLS:
            raise InputError(f"{place}: column '{name}' is none of {', '.join(CELLS)}")
    if [columns.count(name) for name in (FIRST, SECOND)] != [1, 1] or columns.count(CELLS[0]) > 1:
        raise InputError(
            f"{place}: columns '{row['columns']}' must have first and second once and identifier "
            "at most once, separated by blanks"
        )
    check_choices(row, {"header": ("yes", "no")}, place)
    return columns, header == "yes"


def _read_files(path: Path, corpora: dict[str, ParallelCorpus]) -> None:
    """Add the files to their corpora."""
    origins: dict[str, tuple[str, str]] = {}
    for place, row in read_table(path, FILE_COLUMNS):
        code = check_code(CORPUS, row["corpus"], place, "corpus")
        if code not in corpora:
            raise InputError(f"{place}: no row '{code}' in parallel_corpora.tsv; add it there")
        check_choices(row, {"part": PARTS, "side": SIDES}, place)
        check_path(row["file"], place, "file")
        check_checksum(row["checksum"], place)
        check_hub_url(check_url(row["url"], place), place)
        origin = row["checksum"], row["url"]
        # Corpora may share a file: one language of a text that exists in many.
        check_origin(origins, row["file"], origin, row["file"], place)
        files = corpora[code].files
        known = files.get(row["part"], ())
        if row["side"] in {file.side for file in known}:
            raise InputError(
                f"{place}: '{code}' has two rows of part {row['part']} and side {row['side']}; "
                "remove one"
            )
        file = ParallelFile(row["side"], row["file"], *origin)
        files[row["part"]] = tuple(sorted((*known, file), key=lambda item: item.side))


def _check_files(corpus: ParallelCorpus, place: str, table: Path) -> None:
    """Raise an error if files are missing or do not fit the layout."""
    if corpus.code.endswith(GENERATED):
        if corpus.files:
            raise InputError(
                f"{place}: the embedded world generates '{corpus.code}'; remove its rows from "
                f"{table}"
            )
        return
    if TRAIN not in corpus.files:
        raise InputError(f"{place}: '{corpus.code}' has no part {TRAIN} in {table}; add its rows")
    allowed = LAYOUTS[corpus.layout]
    for part, files in corpus.files.items():
        if tuple(file.side for file in files) not in allowed:
            sides = " or ".join(" and ".join(choice) for choice in allowed)
            raise InputError(
                f"{place}: part {part} of '{corpus.code}' needs files of side {sides} for the "
                f"layout {corpus.layout}; correct {table}"
            )
