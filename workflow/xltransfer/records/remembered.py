"""Cache of the checksums of large files, which Snakemake needs at every start.

Reading an encoder of gigabytes takes longer than planning a study. The cache key (size, timestamps,
inode) does not detect a flipped bit; stages that read the file compare its content.
"""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

from ..runtime.errors import InputError
from ..runtime.files import json_object, sha256_of_file, write_json

REMEMBERED = Path(".snakemake/xltransfer-checksums.json")
"""Cache of checksums by path, size, timestamps and inode, in Snakemake's working directory."""
LARGE = 2**24
"""Minimum size in bytes of a file whose checksum is cached."""


def remembered_checksum(path: Path, root: Path) -> str:
    """SHA-256 of a file; for a large file it is cached until its size or timestamps change.

    Args:
        path: the file.
        root: Snakemake's working directory.
    """
    status = path.stat()
    if status.st_size < LARGE:
        return sha256_of_file(path)
    key, known = _key(path), json_object(root / REMEMBERED)
    # Programs can set a file's mtime, but not its ctime.
    found = known.get(key)
    if found is None or found["status_changed"] != status.st_ctime_ns:
        found = {"checksum": sha256_of_file(path), "status_changed": status.st_ctime_ns}
        # Planning also works in a read-only folder.
        with suppress(OSError, InputError):
            write_json(root / REMEMBERED, {**known, key: found})
    return found["checksum"]


def recall(path: Path) -> str | None:
    """The cached checksum of a file if its key is unchanged, else ``None``."""
    if path.stat().st_size < LARGE:
        return None
    found = json_object(REMEMBERED).get(_key(path))
    return None if found is None else found["checksum"]


def _key(path: Path) -> str:
    status = path.stat()
    return f"{path.resolve()} {status.st_size} {status.st_mtime_ns} {status.st_ino}"
