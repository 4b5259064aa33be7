"""The catalogue of raw corpora. Imports are light, because the Snakefile reads it as well."""

from __future__ import annotations

import re
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
from .table_reader import read_table

KINDS = ("wikipedia", "leipzig", "oscar", "hub", "text")
"""Formats of raw corpora; ``corpora/raw_text.py`` reads them."""
COLUMNS = ("corpus", "language", "name", "kind", "file", "checksum", "url", "licence")
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
    corpora: dict[str, RawCorpus] = {}
    for place, row in read_table(path, COLUMNS):
        corpus = _corpus(row, place)
        if corpus.code in corpora:
            raise InputError(f"{place}: '{corpus.code}' stands in the table twice; remove one row")
        corpora[corpus.code] = corpus
    return corpora


def _corpus(row: dict[str, str], place: str) -> RawCorpus:
    code, language, kind, url = row["corpus"], row["language"], row["kind"], row["url"]
    check_code(CORPUS, code, place, "corpus")
    check_code(LANGUAGE, language, place, "language")
    check_prefix(code, [language], place, "corpus")
    if kind not in KINDS:
        raise InputError(f"{place}: kind '{kind}' is none of {', '.join(KINDS)}")
    check_checksum(row["checksum"], place)
    check_path(row["file"], place, "file")
    check_url(url, place)
    for column in ("name", "licence"):
        check_text(row[column], place, column)
    check_hub_url(url, place)
    return RawCorpus(code, *(row[column] for column in COLUMNS[1:]))


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
