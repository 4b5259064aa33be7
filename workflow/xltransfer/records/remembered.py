"""Checksums of large files, found once and remembered: what Snakemake asks at every start.

Reading an encoder of gigabytes takes longer than planning a study. What planning goes by, size,
time and inode, does not notice a flipped bit; stages that read the file compare its content.
"""

from __future__ import annotations

import json
from contextlib import suppress
from pathlib import Path
from typing import Any

from ..runtime.errors import InputError
from ..runtime.files import sha256_of_file, write_json

REMEMBERED = Path(".snakemake/xltransfer-checksums.json")
"""Checksums by path, size, time and inode, below the folder that Snakemake runs in."""
LARGE = 2**24
"""Bytes from which on checksums are remembered."""


def remembered_checksum(path: Path, root: Path) -> str:
    """SHA-256 of a file; that of a large one is computed once, as long as its times stay.

    Args:
        path: the file.
        root: folder that Snakemake runs in.
    """
    status = path.stat()
    if status.st_size < LARGE:
        return sha256_of_file(path)
    key, known = _key(path), _known(root)
    # Programs can set the time of a file's last change, but not that of its status.
    found = known.get(key)
    if found is None or found["status_changed"] != status.st_ctime_ns:
        found = {"checksum": sha256_of_file(path), "status_changed": status.st_ctime_ns}
        # A folder where nothing may be written can still be planned in.
        with suppress(OSError, InputError):
            write_json(root / REMEMBERED, {**known, key: found})
    return found["checksum"]


def recall(path: Path, root: Path = Path()) -> str | None:
    """What ``remembered_checksum`` has found of a file that looks the same; ``None`` if nothing."""
    if path.stat().st_size < LARGE:
        return None
    found = _known(root).get(_key(path))
    return None if found is None else found["checksum"]


def _key(path: Path) -> str:
    status = path.stat()
    return f"{path.resolve()} {status.st_size} {status.st_mtime_ns} {status.st_ino}"


def _known(root: Path) -> dict[str, dict[str, Any]]:
    try:
        content = json.loads((root / REMEMBERED).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return content if isinstance(content, dict) else {}
