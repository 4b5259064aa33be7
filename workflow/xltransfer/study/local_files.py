"""Files identified by their content: local encoders, and files without a catalogued checksum.

Both are hashed whenever the workflow is planned. The checksums of large files are cached in
Snakemake's folder, with size and timestamps. Without that folder Snakemake loses the metadata of
all results anyway.
"""

from __future__ import annotations

import json
from contextlib import suppress
from pathlib import Path
from typing import Any

from ..records.remembered import remembered_checksum
from ..runtime.errors import InputError
from ..runtime.files import write_json

VERSIONS = ".snakemake/xltransfer-unchecked.json"
"""The first and the latest checksum of files without a checksum in the catalogue, by path."""


class LocalFiles:
    """Files below a folder, identified by their content.

    Args:
        root: folder of the workflow.
    """

    def __init__(self, root: Path) -> None:
        self.root = root

    def checksum(self, path: Path) -> str:
        """SHA-256 of a file, in hexadecimal.

        A large file is read again only if its size, mtime or ctime changes. Programs can set the
        mtime, but not the ctime.
        """
        return remembered_checksum(path, self.root)

    def version(self, name: str) -> str:
        """Version of a file without a checksum in the catalogue: ``""``, or a SHA-256.

        Jobs are planned before such a file is fetched, and must not rerun once it exists. A missing
        file and its first content therefore have version ``""``; any other content has its
        checksum. A removed file keeps its last version.

        Args:
            name: path below the folder of the workflow.
        """
        path, versions = self.root / name, _read(self.root / VERSIONS)
        known = versions.get(name)
        if not path.is_file():
            return "" if known is None else _version(known)
        checksum = self.checksum(path)
        if known is None or known["latest"] != checksum:
            known = {"first": known["first"] if known else checksum, "latest": checksum}
            _write(self.root / VERSIONS, {**versions, name: known})
        return _version(known)


def _version(known: dict[str, str]) -> str:
    return "" if known["latest"] == known["first"] else known["latest"]


def _read(path: Path) -> dict[str, Any]:
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}


def _write(path: Path, content: dict[str, Any]) -> None:
    """Write the cache, unless the folder is read-only."""
    with suppress(OSError, InputError):
        write_json(path, content)
