"""The files of corpora and their tables; imports are light, because the Snakefile reads them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from ..runtime.errors import InputError
from ..runtime.safe_values import CORPUS, check_checksum, check_code, check_path, check_url
from .table_reader import ListedFile, read_table

SPLITS = ("train", "dev", "test")
FILE_COLUMNS = ("corpus", "split", "file", "checksum", "url")


@dataclass(frozen=True)
class CorpusFile(ListedFile):
    """The file of a part of a corpus; its name is in the corpus's folder.

    Attributes:
        bytes: size, or ``None`` if the catalogue does not have it.
    """

    bytes: int | None = None


class HasFiles(Protocol):
    """A corpus: the name of its folder, and its files by part."""

    name: str
    files: dict[str, CorpusFile]


def read_corpus_files(path: Path, corpora: Mapping[str, HasFiles]) -> None:
    """Add the files of a table to their corpora; several parts and corpora may share a file.

    Args:
        path: table ``<kind>_files.tsv`` with the columns ``FILE_COLUMNS``.
        corpora: corpora that may have files, by code; those of ``<kind>_corpora.tsv``.

    Raises:
        InputError: the table cannot be read, lacks a column, has an unknown corpus or an invalid
            value, repeats a part, or gives one file two origins; names the line.
    """
    origins: dict[tuple[str, str], tuple[str, str]] = {}
    for place, row in read_table(path, FILE_COLUMNS):
        code = check_code(CORPUS, row["corpus"], place, "corpus")
        if code not in corpora:
            table = path.name.replace("_files", "_corpora")
            raise InputError(f"{place}: no row '{code}' in {table}; add it there")
        if row["split"] not in SPLITS:
            raise InputError(f"{place}: split '{row['split']}' is none of {', '.join(SPLITS)}")
        file = CorpusFile(
            check_path(row["file"], place, "file"),
            check_url(row["url"], place),
            check_checksum(row["checksum"], place),
        )
        corpus, origin = corpora[code], (file.url, file.checksum)
        if origins.setdefault((corpus.name, file.name), origin) != origin:
            raise InputError(
                f"{place}: '{file.name}' has another checksum or url in a row above; they are one "
                "download, write the same into both rows"
            )
        if row["split"] in corpus.files:
            raise InputError(f"{place}: '{code}' has two rows of part {row['split']}; remove one")
        corpus.files[row["split"]] = file
