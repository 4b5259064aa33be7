"""The files of corpora and their tables; imports are light, because the Snakefile reads them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from ..runtime.errors import InputError
from ..runtime.safe_values import (
    CORPUS,
    LANGUAGE,
    check_code,
    check_path,
    check_prefix,
    check_text,
)
from .table_reader import (
    ListedFile,
    add_once,
    check_choices,
    check_origin,
    file_cells,
    read_table,
)

SPLITS = ("train", "dev", "test")
GENERATED = "_embedded"
"""End of the codes of corpora that the embedded world generates; they have no files."""
FILE_COLUMNS = ("corpus", "split", "file", "checksum", "url")


@dataclass(frozen=True)
class CorpusFile(ListedFile):
    """The file of a part of a corpus; its name is in the corpus's folder.

    Attributes:
        bytes: size, or ``None`` if the catalogue does not have it.
    """

    bytes: int | None = None


@dataclass(frozen=True, kw_only=True)
class PublishedCorpus:
    """What annotated corpora of all kinds have, besides ``files`` by split.

    Attributes:
        code: short name that starts with the code of its language (``en_ewt``).
        language: code of its language.
        name: name of its folder at the publisher and in mirrors (``UD_English-EWT``).
        licence: SPDX-like identifier.
    """

    code: str
    language: str
    name: str
    licence: str

    @property
    def is_generated(self) -> bool:
        """Whether the embedded world generates it, with all splits and no files."""
        return self.code.endswith(GENERATED)

    @property
    def splits(self) -> tuple[str, ...]:
        """The existing splits among train, dev and test."""
        return SPLITS if self.is_generated else tuple(one for one in SPLITS if one in self.files)


@dataclass(frozen=True, kw_only=True)
class CorpusWithFiles(PublishedCorpus):
    """An annotated corpus with one file per part.

    Attributes:
        files: files by split; empty for the embedded world.
    """

    files: dict[str, CorpusFile] = field(default_factory=dict)


Entry = TypeVar("Entry")


def read_corpora_with_files(
    directory: Path, kind: str, columns: Sequence[str], entry: Callable[[dict[str, str], str], Any]
) -> dict[str, Any]:
    """The corpora of a kind, with their files, by code.

    Args:
        directory: folder of ``<kind>_corpora.tsv`` and ``<kind>_files.tsv``, with ``columns`` and
            ``FILE_COLUMNS``.
        kind: kind of corpora.
        columns: columns of the table of corpora.
        entry: function of a row of it and the row's place (``file:line``).

    Raises:
        InputError: a table cannot be read, lacks a column, repeats a code or a part, has an invalid
            value, or gives one file two origins; names the line. The caller checks that languages
            exist.
    """
    corpora = read_corpora(directory / f"{kind}_corpora.tsv", columns, entry)
    _read_files(directory / f"{kind}_files.tsv", corpora)
    return corpora


def read_corpora(
    path: Path, columns: Sequence[str], entry: Callable[[dict[str, str], str], Entry]
) -> dict[str, Entry]:
    """The corpora of a table by code.

    Args:
        path: the table.
        columns: its columns.
        entry: function of a row and its place (``file:line``).

    Raises:
        InputError: the table cannot be read, lacks a column or repeats a code; names the line.
    """
    corpora: dict[str, Entry] = {}
    for place, row in read_table(path, columns):
        corpus = entry(row, place)
        add_once(corpora, corpus.code, corpus, place)
    return corpora


def check_corpus(row: Mapping[str, str], place: str, languages: Sequence[str]) -> None:
    """Check the cells of a row that corpora of all kinds have.

    Args:
        row: row with the columns ``corpus``, ``name`` and ``licence``.
        place: ``file:line``, for messages.
        languages: columns of languages; with that of the first, the code of the corpus begins.

    Raises:
        InputError: a value is invalid.
    """
    check_code(CORPUS, row["corpus"], place, "corpus")
    for column in languages:
        check_code(LANGUAGE, row[column], place, column)
    check_prefix(row["corpus"], [row[languages[0]]], place, "corpus")
    check_path(row["name"], place, "name")
    check_text(row["licence"], place, "licence")


def _read_files(path: Path, corpora: Mapping[str, CorpusWithFiles]) -> None:
    """Add the files of a table to their corpora; several parts and corpora may share a file."""
    origins: dict[tuple[str, str], tuple[str, str]] = {}
    for place, row in read_table(path, FILE_COLUMNS):
        code = check_code(CORPUS, row["corpus"], place, "corpus")
        if code not in corpora or corpora[code].is_generated:
            table = path.name.replace("_files", "_corpora")
            raise InputError(f"{place}: no row '{code}' in {table}; add it there")
        check_choices(row, {"split": SPLITS}, place)
        file = CorpusFile(*file_cells(row, place))
        corpus, origin = corpora[code], (file.url, file.checksum)
        check_origin(origins, (corpus.name, file.name), origin, file.name, place)
        if row["split"] in corpus.files:
            raise InputError(f"{place}: '{code}' has two rows of part {row['split']}; remove one")
        corpus.files[row["split"]] = file
