"""The catalogue of raw corpora of several files. Imports are light, for the Snakefile.

``raw_corpora.tsv`` names the first file of a corpus, ``raw_files.tsv`` the further ones in order.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from ..runtime.errors import InputError
from ..runtime.safe_values import CORPUS, check_checksum, check_code, check_path, check_url
from .raw_corpora import RawCorpus, check_hub_url
from .table_reader import ListedFile, read_table

COLUMNS = ("corpus", "file", "checksum", "url")
GENERATED = "_embedded"
"""End of the codes of corpora that the embedded world generates; they have no files."""


def read_raw_files(
    tables: Sequence[Path], corpora: Mapping[str, RawCorpus]
) -> dict[str, tuple[ListedFile, ...]]:
    """All files of each raw corpus, in the order in which they are read.

    Args:
        tables: tables ``raw_files.tsv`` with the columns ``COLUMNS``.
        corpora: the catalogue of raw corpora, by code.

    Raises:
        InputError: a table cannot be read, lacks a column or has an invalid value, a corpus is
            unknown or generated, or a file is listed twice; names the line.
    """
    files = {
        code: (ListedFile(corpus.file, corpus.url, corpus.checksum),)
        for code, corpus in corpora.items()
    }
    for place, row in (item for table in tables for item in read_table(table, COLUMNS)):
        code = check_code(CORPUS, row["corpus"], place, "corpus")
        if code not in corpora:
            raise InputError(f"{place}: no row '{code}' in raw_corpora.tsv; add it there")
        if code.endswith(GENERATED):
            raise InputError(f"{place}: the embedded world generates '{code}'; remove the row")
        name = check_path(row["file"], place, "file")
        if name in {file.name for file in files[code]}:
            raise InputError(f"{place}: '{code}' has the file '{name}' twice; remove one row")
        url = check_url(row["url"], place)
        check_hub_url(url, place)
        files[code] += (ListedFile(name, url, check_checksum(row["checksum"], place)),)
    return files
