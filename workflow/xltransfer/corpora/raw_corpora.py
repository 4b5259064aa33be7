"""The catalogue of raw corpora. Imports are light, because the Snakefile reads it as well.

``raw_corpora.tsv`` names the first file of a corpus, ``raw_files.tsv`` the further ones in order.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
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
from .corpus_files import GENERATED, read_corpora
from .table_reader import ListedFile, check_choices, read_table

KINDS = ("wikipedia", "leipzig", "oscar", "hub", "text")
"""Formats of raw corpora; ``corpora/raw_text.py`` reads them."""
COLUMNS = ("corpus", "language", "name", "kind", "file", "checksum", "url", "licence")
FILE_COLUMNS = ("corpus", "file", "checksum", "url")
_HUB = re.compile(r"hf://datasets/(?P<repository>[^/@]+/[^/@]+)@(?P<revision>[^/]+)/(?P<path>.+)")


@dataclass(frozen=True)
class RawCorpus:
    """A corpus of running text.

    Attributes:
        code: short name that starts with the language's code (``wo_wikipedia``).
        language: code of its language.
        name: display name.
        kind: format, one of ``KINDS``.
        file: path in a mirror (``wol/lafand-train.txt``), whose last component names the download.
        checksum: checksum ``sha256:<hex>``, ``git-sha1:<hex>`` or ``unchecked``.
        url: URL of the publication; for a dataset on the Hugging Face hub
            ``hf://datasets/<repository>@<revision>/<path>``; ``""`` if users provide the file.
        licence: SPDX-like identifier.
    """

    code: str
    language: str
    name: str
    kind: str
    file: str
    checksum: str
    url: str
    licence: str


@dataclass(frozen=True)
class HubFile:
    """A file of a dataset on the Hugging Face hub.

    Attributes:
        repository: name such as ``wikimedia/wikipedia``.
        revision: commit hash, branch or tag.
        path: path of the file in the repository.
    """

    repository: str
    revision: str
    path: str


def hub_file(url: str) -> HubFile | None:
    """The file of an ``hf://datasets/`` URL; ``None`` for other URLs."""
    match = _HUB.fullmatch(url)
    return HubFile(**match.groupdict()) if match else None


def read_raw_corpora(path: Path | str) -> dict[str, RawCorpus]:
    """The catalogue of raw corpora by code.

    Args:
        path: path of ``raw_corpora.tsv``, with the columns ``COLUMNS``.

    Raises:
        InputError: the table cannot be read, lacks a column, repeats a code or has an invalid
            value; names the line. The caller checks that languages exist.
    """
    return read_corpora(Path(path), COLUMNS, _corpus)


def _corpus(row: dict[str, str], place: str) -> RawCorpus:
    code, language, url = row["corpus"], row["language"], row["url"]
    check_code(CORPUS, code, place, "corpus")
    check_code(LANGUAGE, language, place, "language")
    check_prefix(code, [language], place, "corpus")
    check_choices(row, {"kind": KINDS}, place)
    check_checksum(row["checksum"], place)
    check_path(row["file"], place, "file")
    check_url(url, place)
    for column in ("name", "licence"):
        check_text(row[column], place, column)
    check_hub_url(url, place)
    return RawCorpus(code, *(row[column] for column in COLUMNS[1:]))


def read_raw_files(
    tables: Sequence[Path], corpora: Mapping[str, RawCorpus]
) -> dict[str, tuple[ListedFile, ...]]:
    """All files of each raw corpus, in the order in which they are read.

    Args:
        tables: tables ``raw_files.tsv`` with the columns ``FILE_COLUMNS``.
        corpora: the catalogue of raw corpora, by code.

    Raises:
        InputError: a table cannot be read, lacks a column or has an invalid value, a corpus is
            unknown or generated, or a file is listed twice; names the line.
    """
    files = {
        code: (ListedFile(corpus.file, corpus.url, corpus.checksum),)
        for code, corpus in corpora.items()
    }
    for place, row in (item for table in tables for item in read_table(table, FILE_COLUMNS)):
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


def check_hub_url(url: str, place: str) -> None:
    """Raise an error for an ``hf://`` URL that names no file of a dataset.

    Raises:
        InputError: the URL has another form, or a part of it is no safe path; other URLs pass.
    """
    if not url.startswith("hf:"):
        return
    found = hub_file(url)
    if found is None:
        raise InputError(f"{place}: '{url}' is not hf://datasets/<owner>/<name>@<revision>/<path>")
    for value in (found.repository, found.revision, found.path):
        check_path(value, place, "url")
