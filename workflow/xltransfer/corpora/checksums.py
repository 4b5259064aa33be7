"""Checksums of catalogued files, and checks of file types.

This module is separate from downloads, so that a change of the download code does not affect the
digests of stages that only check files, and retrains nothing.
"""

from __future__ import annotations

import hashlib
from pathlib import Path

from ..runtime.errors import InputError

UNCHECKED = "unchecked"
"""Checksum of files whose content is not catalogued."""
_HEAD = 1 << 12
_MAGIC = {
    ".gz": b"\x1f\x8b",
    ".tgz": b"\x1f\x8b",
    ".bz2": b"BZh",
    ".xz": b"\xfd7zXZ\0",
    ".zst": b"\x28\xb5\x2f\xfd",
    ".zip": b"PK",
    ".parquet": b"PAR1",
}
"""Magic bytes of files by suffix."""
_PAGES = (b"<!doctype html", b"<html", b"<head", b"<body", b"<script")
_POINTER = b"version https://git-lfs.github.com/spec/"


def too_large(name: str, largest: int) -> InputError:
    """The error for a file that exceeds the maximum size of a download."""
    return InputError(
        f"{name}: more than {largest:,} bytes, the size in the catalogue or the limit for files of "
        "this kind; look at what is there, then correct the catalogue or put the file there by hand"
    )


def verify_checksum(path: Path, checksum: str, name: str = "") -> None:
    """Raise an error if a file does not match the catalogue.

    Args:
        path: path of the file.
        checksum: checksum ``sha256:<hex>`` or ``git-sha1:<hex>``; ``unchecked`` accepts every file.
        name: name of the file in the message; by default its path.

    Raises:
        InputError: the checksum differs; names the file, the expected and the actual checksum.
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
        path: path of the file.
        kind: type ``sha256``, or ``git-sha1``: SHA-1 over a header with the size and the content,
            as for git objects.

    Raises:
        InputError: the kind is unknown.
    """
    if kind == "git-sha1":
        state = hashlib.sha1(b"blob %d\0" % path.stat().st_size, usedforsecurity=False)
    elif kind == "sha256":
        state = hashlib.sha256()
    else:
        raise InputError(f"{path}: unknown kind of checksum '{kind}'; use sha256 or git-sha1")
    with open(path, "rb") as file:
        return hashlib.file_digest(file, lambda: state).hexdigest()


def refuse_other_content(path: Path, suffix: str, name: str = "") -> None:
    """Raise an error if the first bytes of a file do not fit its suffix.

    Some servers answer with a web page (login form, error) and status 200 instead of a file; a
    clone without Git LFS has pointers instead of files. Without a checksum, such a page would
    become training text.

    Args:
        path: path of the file.
        suffix: catalogued suffix of the file (``.bz2``, ``.conllu``).
        name: name of the file in the message; by default its path.

    Raises:
        InputError: the file cannot be read, is empty, a web page or a Git LFS pointer, or lacks the
            magic bytes of its suffix.
    """
    try:
        with open(path, "rb") as file:
            head = file.read(_HEAD)
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror})") from None
    name = name or str(path)
    start = head.removeprefix(b"\xef\xbb\xbf").lstrip().lower()
    if start.startswith(b"<?xml"):
        start = start.partition(b"?>")[2].lstrip()
    if start.startswith(_PAGES):
        raise InputError(
            f"{name}: a web page, not the file (a login or an error page?); fetch the file by hand "
            "and look into it"
        )
    if start.startswith(_POINTER):
        raise InputError(f"{name}: a pointer of Git LFS, not the file; run `git lfs pull` there")
    if not head:
        raise InputError(f"{name}: an empty file; fetch it again")
    magic = _MAGIC.get(suffix.lower(), b"")
    if not head.startswith(magic):
        raise InputError(
            f"{name}: not a {suffix} file (it begins with {head[:8]!r}); fetch the file by hand, "
            "or correct its name in the catalogue"
        )
