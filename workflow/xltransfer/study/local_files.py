"""Files that only their content identifies: local encoders, and files that no checksum is known of.

Both are hashed whenever the workflow is planned. The checksum of a large file is remembered, with
its size and the times of its last change, in Snakemake's own folder: without that folder Snakemake
does not know how any result was made, either.
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
    """Files below a folder, known by their content.

    Args:
        root: the folder of the workflow.
    """

    def __init__(self, root: Path) -> None:
        self.root = root

    def checksum(self, path: Path) -> str:
        """SHA-256 of a file, in hexadecimal.

        A large file is read again only if its size, its time or the time of the last change of its
        content or attributes differs. Programs can set the former time, but not the latter.
        """
        return remembered_checksum(path, self.root)

    def version(self, name: str) -> str:
        """Version of a file without a checksum in the catalogue: ``""``, or a SHA-256.

        Jobs are planned before such a file is fetched, and must not run again once it is there. Its
        first content is therefore version ``""``, as is a file that is not there yet; any other
        content is named by its checksum. A file that is gone has the version that it had.

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
    """Remember something, unless this is a folder where nothing may be written."""
    with suppress(OSError, InputError):
        write_json(path, content)
