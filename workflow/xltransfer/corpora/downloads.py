"""Downloads of files, with mirrors, retries, size limits and checksums."""

from __future__ import annotations

import logging
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path, PurePosixPath
from typing import BinaryIO
from urllib.parse import unquote, urlsplit

import pooch
import requests

from ..runtime.errors import InputError
from ..runtime.files import replacing
from ..runtime.safe_values import check_no_credentials, without_credentials
from .catalogue import LARGEST_RAW
from .checksums import UNCHECKED, refuse_other_content, too_large, verify_checksum
from .hub_datasets import fetch_dataset_file
from .raw_corpora import hub_file


class NotFoundError(InputError):
    """No location has the file."""


log = logging.getLogger(__name__)

RETRIES = 3
TEMPORARY = (408, 425, 429)
"""HTTP status codes of client errors after which another request may succeed."""
ABSENT = (404, 410)
"""HTTP status codes of files that do not exist."""
TIMEOUT = 60
"""Timeout in seconds without an answer."""


def fetch_file(
    output: Path,
    relative: str,
    url: str,
    checksum: str,
    mirrors: Sequence[str],
    largest: int = LARGEST_RAW,
) -> None:
    """Download a file from the first location that has it.

    Args:
        output: path of the file, which is written atomically after verification.
        relative: path in a mirror (``UD_English-EWT/en_ewt-ud-train.conllu``).
        url: URL of the publication, tried last; for a dataset on the Hugging Face hub in the form
            of ``raw_corpora.hub_file``; ``""`` if there is none.
        checksum: checksum ``sha256:<hex>``, ``git-sha1:<hex>`` or ``unchecked``.
        mirrors: folders, ``file://`` folders or base URLs. Credentials come from netrc
            (``~/.netrc``, or the file in ``NETRC``), never from a URL.
        largest: maximum size in bytes.

    Raises:
        InputError: no location has the file, the file is too large or has another checksum, or a
            URL contains a password.
    """
    for mirror in mirrors:
        check_no_credentials(mirror, "mirrors")
    if url and urlsplit(url).scheme not in ("http", "https", "hf"):
        raise InputError(
            f"{output}: the catalogue's address '{without_credentials(url)}' is none of http://, "
            "https:// and hf://; name the folder under `mirrors`"
        )
    check_no_credentials(url, str(output))
    places = [f"{mirror.rstrip('/')}/{relative}" for mirror in mirrors] + [url] * bool(url)
    if not places:
        raise InputError(
            f"{output}: the catalogue has no address to fetch this file from; put your copy there, "
            f"or name a folder that holds {relative} under `mirrors`"
        )
    failures, absent = [], True
    for place in places:
        try:
            with replacing(output) as temporary:
                _copy(place, temporary, largest)
                refuse_other_content(temporary, PurePosixPath(relative).suffix, name=place)
                verify_checksum(temporary, checksum, name=place)
        except (OSError, requests.RequestException) as error:
            failures.append(f"{place} ({_reason(error)})")
            absent = absent and _is_absent(error)
            log.info("not at %s", failures[-1])
        else:
            log.info("%s: fetched from %s", output, place)
            return
    kind = NotFoundError if absent else InputError
    raise kind(
        f"{output}: found nowhere: {'; '.join(failures)}; "
        "put the file there by hand or add a mirror"
    )


def _copy(place: str, path: Path, largest: int) -> None:
    parts = urlsplit(place)
    if parts.scheme in ("http", "https"):
        _download(place, path, largest)
    elif found := hub_file(place):
        fetch_dataset_file(path, found.repository, found.revision, found.path, UNCHECKED, largest)
    else:
        source = Path(unquote(parts.path) if parts.scheme == "file" else place)
        if source.stat().st_size > largest:
            raise too_large(place, largest)
        shutil.copyfile(source, path)


def _download(place: str, path: Path, largest: int) -> None:
    http = pooch.HTTPDownloader(progressbar=sys.stderr.isatty(), timeout=TIMEOUT)

    def download(url: str, output: str, source: pooch.Pooch) -> None:
        with open(output, "wb") as file:
            try:
                http(url, _Limited(file, largest, place), source)
            except requests.HTTPError as error:
                if is_permanent(error.response.status_code):
                    raise _PermanentError(error) from None
                raise

    # The caller verifies the checksum, because pooch does not support all types.
    source = pooch.create(
        path.parent,
        base_url="",
        registry={path.name: None},
        urls={path.name: place},
        retry_if_failed=RETRIES,
    )
    source.fetch(path.name, downloader=download)


def is_permanent(status: int) -> bool:
    """Whether a server that answers with this HTTP status would do so again."""
    return 400 <= status < 500 and status not in TEMPORARY


class _PermanentError(OSError):
    """An error of a server that pooch, which repeats requests, must not see as one."""

    def __init__(self, error: requests.HTTPError) -> None:
        super().__init__(str(error))
        self.response = error.response


class _Limited:
    """A writable file with a size limit."""

    def __init__(self, file: BinaryIO, largest: int, name: str) -> None:
        self.file, self.left = file, largest
        self.excess = too_large(name, largest)

    def write(self, block: bytes) -> None:
        self.left -= len(block)
        if self.left < 0:
            raise self.excess
        self.file.write(block)

    def flush(self) -> None:
        """Ignored, because pooch flushes after every kilobyte; closing the file flushes it."""


def _is_absent(error: Exception) -> bool:
    """Whether an error says that a file does not exist, so that no further attempt finds it."""
    response = getattr(error, "response", None)
    return isinstance(error, FileNotFoundError) or getattr(response, "status_code", None) in ABSENT


def _reason(error: Exception) -> str:
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    response = getattr(error, "response", None)
    return f"HTTP {response.status_code}" if response is not None else type(error).__name__
