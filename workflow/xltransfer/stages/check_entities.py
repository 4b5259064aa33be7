"""Check a fetched corpus of named entities and hand it on in the one layout of the workflow."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

from ..corpora.checksums import verify_checksum
from ..corpora.iob import read_entities, write_iob2
from ..records.record import write_record
from ..records.verification import verified_checksums
from ..runtime.signatures import Keys


def check_entities(
    download: Path,
    checksum: str,
    config: Annotated[Mapping[str, str], Keys("layout", "scheme", "broken_tags", "encoding")],
    output: Path,
) -> None:
    """Verify a file against the catalogue, and write it as token, tab, IOB2 tag.

    Args:
        download: fetched file; it may also have been put there by hand.
        checksum: checksum in the catalogue, or ``unchecked``.
        config: ``layout``, ``scheme``, ``broken_tags`` and ``encoding`` from the catalogue.
        output: corpus that later stages read.

    Raises:
        InputError: it is another file or malformed.
    """
    verify_checksum(download, checksum)
    read = verified_checksums([download])
    repair = config["broken_tags"] == "repair"
    sentences = read_entities(
        download, config["layout"], config["scheme"], repair, config["encoding"]
    )
    write_iob2(output, sentences)
    write_record(output, "check_entities", read, config=dict(config))
