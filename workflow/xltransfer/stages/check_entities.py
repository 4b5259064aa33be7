"""Validate a downloaded corpus of named entities and convert it to the workflow's layout."""

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
    """Validate a file against the catalogue and convert it to lines of token, tab, IOB2 tag.

    Args:
        download: downloaded file, or a manual copy.
        checksum: checksum in the catalogue, or ``unchecked``.
        config: ``layout``, ``scheme``, ``broken_tags`` and ``encoding`` from the catalogue.
        output: output file, the corpus for later stages.

    Raises:
        InputError: the file has another checksum or is malformed.
    """
    verify_checksum(download, checksum)
    read = verified_checksums([download])
    repair = config["broken_tags"] == "repair"
    sentences = read_entities(
        download, config["layout"], config["scheme"], repair, config["encoding"]
    )
    write_iob2(output, sentences)
    write_record(output, "check_entities", read, config=dict(config))
