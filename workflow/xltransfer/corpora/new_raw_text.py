"""A raw corpus on disk or on the web, for its row in the catalogue."""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from ..runtime.errors import InputError
from ..runtime.files import sha256_of_file
from .checksums import UNCHECKED, refuse_other_content
from .downloads import fetch_file
from .hub_datasets import present_dataset_commit
from .raw_corpora import check_hub_url, hub_file
from .raw_text import read_lines

LINES_OF_SCRIPT = 1000
"""Number of lines that are read, by which the script is recognised."""
_DATASET = re.compile(r"hf://datasets/(?P<repository>[^/@]+/[^/@]+)(?:@(?P<revision>[^/]+))?/.+")
_COMMIT = re.compile("[0-9a-f]{40}")
_KINDS = (
    (re.compile(r"-pages-articles[^/]*\.xml(\.bz2|\.gz)?$"), "wikipedia"),
    (re.compile(r"\.(tar|tar\.gz|tgz)$"), "leipzig"),
    (re.compile(r"\.parquet$|\.jsonl?(\.gz|\.zst|\.xz|\.bz2)?$"), "hub"),
)
"""Kinds of files by their names; all others are plain text."""


@dataclass(frozen=True)
class RawText:
    """A raw corpus whose file is on this machine.

    Attributes:
        path: the file.
        file: path in a mirror.
        kind: format, one of ``raw_corpora.KINDS``.
        url: URL of the publication; ``""`` if users provide the file.
    """

    path: Path
    file: str
    kind: str
    url: str

    def lines(self) -> list[str]:
        """The first lines.

        Raises:
            InputError: the file is damaged, not UTF-8 or of another kind, or holds no text.
        """
        refuse_other_content(self.path, self.path.suffix)
        found = [*islice(read_lines(self.path, self.kind), LINES_OF_SCRIPT)]
        if not any(line.strip() for line in found):
            raise InputError(f"{self.path}: holds no text")
        return found

    def row(self, code: str, language: str, name: str, licence: str) -> dict[str, str]:
        """The row of ``raw_corpora.tsv``."""
        return {
            "corpus": code,
            "language": language,
            "name": name,
            "kind": self.kind,
            "file": self.file,
            "checksum": f"sha256:{sha256_of_file(self.path)}",
            "url": self.url,
            "licence": licence,
        }


def open_raw_text(place: str, kind: str, url: str, folder: Path) -> RawText:
    """A raw corpus in a file, or at a URL from which it is downloaded.

    Args:
        place: file, URL, or ``hf://datasets/<owner>/<name>/<path>``; a revision after ``@`` that is
            no commit hash, or none, becomes the present commit.
        kind: format; ``""`` recognises it by the file's name.
        url: URL of the publication, if it is not ``place``.
        folder: folder to download to.

    Raises:
        InputError: the file does not exist, or cannot be fetched.
    """
    if "://" not in place:
        path = Path(place)
        if not path.is_file():
            raise InputError(f"{place}: no such file; name one, or a URL, with --from")
        return RawText(path, path.name, kind or kind_of_file(path.name), url)
    address = _pinned(place) if place.startswith("hf:") else place
    found = hub_file(address)
    name = address.partition("?")[0].rpartition("/")[2]
    # A mirror has the files of different datasets in different folders.
    file = f"{found.repository.replace('/', '-')}/{found.path}" if found else name
    fetch_file(folder / name, file, address, UNCHECKED, [])
    return RawText(folder / name, file, kind or kind_of_file(name), url or address)


def kind_of_file(name: str) -> str:
    """The kind of a raw corpus by the name of its file."""
    return next((kind for form, kind in _KINDS if form.search(name)), "text")


def _pinned(address: str) -> str:
    """The address of a file of a dataset with a commit hash as its revision."""
    found = _DATASET.fullmatch(address)
    if found is None:
        check_hub_url(address, "--from")
    elif not _COMMIT.fullmatch(found["revision"] or ""):
        commit = present_dataset_commit(found["repository"], found["revision"])
        start = f"hf://datasets/{found['repository']}"
        path = address[len(start) :].partition("/")[2]
        return f"{start}@{commit}/{path}"
    return address
