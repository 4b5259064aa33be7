"""Fetching files: mirrors first, retries, a checksum always."""

from __future__ import annotations

import hashlib
import logging
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pooch
import requests

from ..catalogue import UNCHECKED
from ..errors import InputError
from ..files import replacing
from ..raw_corpora import hub_file

log = logging.getLogger(__name__)

RETRIES = 3
TIMEOUT = 60
"""Seconds without an answer after which an attempt counts as failed."""


def fetch_file(
    output: Path, relative: str, url: str, checksum: str, mirrors: Sequence[str]
) -> None:
    """Fetch a file from the first place that has it.

    Args:
        output: where to put it; it appears only when it is whole and right.
        relative: its path in a mirror (``UD_English-EWT/en_ewt-ud-train.conllu``).
        url: where it is published, tried last; of a dataset on the Hugging Face hub as
            ``raw_corpora.hub_file`` reads it; ``""`` if it is nowhere to be fetched from.
        checksum: ``sha256:<hex>``, ``git-sha1:<hex>`` or ``unchecked``.
        mirrors: folders, ``file://`` folders or base URLs.

    Raises:
        InputError: no place has it, or what a place has is not the file.
    """
    places = [f"{mirror.rstrip('/')}/{relative}" for mirror in mirrors] + [url] * bool(url)
    if not places:
        raise InputError(
            f"{output}: the catalogue has no address to fetch this file from; put your copy there, "
            f"or name a folder that holds {relative} under `mirrors`"
        )
    failures = []
    for place in places:
        try:
            with replacing(output) as temporary:
                _copy(place, temporary)
                verify_checksum(temporary, checksum, name=place)
        except (OSError, requests.RequestException) as error:
            failures.append(f"{place} ({_reason(error)})")
            log.info("not at %s", failures[-1])
        else:
            log.info("%s: fetched from %s", output, place)
            return
    raise InputError(
        f"{output}: found nowhere: {'; '.join(failures)}; "
        "put the file there by hand or add a mirror"
    )


def verify_checksum(path: Path, checksum: str, name: str = "") -> None:
    """Refuse a file that is not the one a catalogue means.

    Args:
        path: the file.
        checksum: ``sha256:<hex>`` or ``git-sha1:<hex>``; ``unchecked`` accepts every file.
        name: what to call the file in the message, if not by its path.

    Raises:
        InputError: with the name, the expected and the found checksum.
    """
    if checksum == UNCHECKED:
        return
    kind, _, expected = checksum.partition(":")
    found = checksum_of(path, kind)
    if found != expected:
        raise InputError(
            f"{name or path}: not the catalogued file (truncated, altered or of another release): "
            f"{kind} expected {expected}, found {found}; delete it and fetch it again"
        )


def checksum_of(path: Path, kind: str) -> str:
    """Checksum of a file in hexadecimal.

    Args:
        path: the file.
        kind: ``sha256``, or ``git-sha1``: SHA-1 over a header with the size and the content, which
            is how git names content.
    """
    if kind == "git-sha1":
        state = hashlib.sha1(b"blob %d\0" % path.stat().st_size, usedforsecurity=False)
    elif kind == "sha256":
        state = hashlib.sha256()
    else:
        raise InputError(f"{path}: unknown kind of checksum '{kind}'; use sha256 or git-sha1")
    with open(path, "rb") as file:
        while block := file.read(1 << 20):
            state.update(block)
    return state.hexdigest()


def _copy(place: str, path: Path) -> None:
    parts = urlsplit(place)
    if parts.scheme in ("http", "https"):
        # The checksum is verified by the caller, who knows more kinds than pooch does.
        source = pooch.create(
            path.parent,
            base_url="",
            registry={path.name: None},
            urls={path.name: place},
            retry_if_failed=RETRIES,
        )
        downloader = pooch.HTTPDownloader(progressbar=sys.stderr.isatty(), timeout=TIMEOUT)
        source.fetch(path.name, downloader=downloader)
    elif found := hub_file(place):
        # Imported here: it needs the hub's client, and this module.
        from .hub_datasets import fetch_dataset_file

        fetch_dataset_file(path, found.repository, found.revision, found.path, UNCHECKED)
    else:
        shutil.copyfile(unquote(parts.path) if parts.scheme == "file" else place, path)


def _reason(error: Exception) -> str:
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    response = getattr(error, "response", None)
    return f"HTTP {response.status_code}" if response is not None else type(error).__name__
