"""Checksums of catalogued files, and a look at what a file is.

Kept apart from fetching: stages that only check a file do not depend on how files are fetched, so
that a change there trains nothing again.
"""

from __future__ import annotations

import hashlib
from pathlib import Path

from ..runtime.errors import InputError

UNCHECKED = "unchecked"
"""Checksum of files that the catalogue does not know the content of."""
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
"""What files with a suffix begin with."""
_PAGES = (b"<!doctype html", b"<html", b"<head", b"<body", b"<script")
_POINTER = b"version https://git-lfs.github.com/spec/"


def too_large(name: str, largest: int) -> InputError:
    """The error of a file that is larger than a download may be."""
    return InputError(
        f"{name}: more than {largest:,} bytes, the size in the catalogue or the limit for files of "
        "this kind; look at what is there, then correct the catalogue or put the file there by hand"
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

    Raises:
        InputError: another kind.
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


def refuse_other_content(path: Path, suffix: str, name: str = "") -> None:
    """Refuse a file that begins as something other than its name promises.

    Servers answer with a page, a login form or an error, where a file was expected, and say 200; a
    clone without Git LFS has pointers instead of files. Where no checksum is known, such a page
    would become training text.

    Args:
        path: the file.
        suffix: of the name under which the file is catalogued (``.bz2``, ``.conllu``).
        name: what to call the file in the message, if not by its path.

    Raises:
        InputError: it cannot be read, is empty, a web page or a pointer of Git LFS, or lacks the
            first bytes that files with this suffix have.
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
