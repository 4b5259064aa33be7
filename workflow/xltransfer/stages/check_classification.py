"""Validate a downloaded corpus of sentences with labels and write one part of it."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

from ..corpora.checksums import verify_checksum
from ..corpora.classification_layouts import read_layout
from ..corpora.classified_sentences import write_classified
from ..records.record import write_record
from ..records.verification import verified_checksums
from ..runtime.signatures import Keys

log = logging.getLogger(__name__)


def check_classification(
    download: Path,
    checksum: str,
    config: Annotated[Mapping[str, str], Keys("language", "layout")],
    output: Path,
) -> None:
    """Validate a file against the catalogue and write its sentences with labels.

    Args:
        download: downloaded file, or a manual copy.
        checksum: checksum in the catalogue, or ``unchecked``.
        config: ``language`` and ``layout`` from the catalogue.
        output: output file, the corpus for later stages.

    Raises:
        InputError: the file has another checksum or is malformed; names the line.
    """
    verify_checksum(download, checksum)
    read = verified_checksums([download])
    counts: Counter[str] = Counter()
    sentences = read_layout(download, config["layout"], config["language"], counts)
    write_classified(output, sentences)
    summary = {"sentences": len(sentences), "left_out": dict(sorted(counts.items()))}
    log.info("%s: %s", output, summary)
    write_record(output, "check_classification", read, config=dict(config), **summary)
