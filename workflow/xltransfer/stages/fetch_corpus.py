"""Download a catalogued file: a treebank, named entities, raw text or a table."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated

from ..corpora.downloads import fetch_file
from ..runtime.signatures import Keys


def fetch_corpus(
    config: Annotated[Mapping[str, str], Keys("path", "url", "checksum")],
    output: Path,
    largest: int,
    mirrors: Sequence[str] = (),
) -> None:
    """Download a file from the first location that has it.

    Args:
        config: ``path`` in a mirror, ``url`` and ``checksum`` in the catalogue.
        output: output file.
        largest: maximum size of the download in bytes.
        mirrors: folders, ``file://`` folders or base URLs.

    Raises:
        InputError: no location has the file.
    """
    fetch_file(output, config["path"], config["url"], config["checksum"], mirrors, largest)
