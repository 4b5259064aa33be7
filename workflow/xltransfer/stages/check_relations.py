"""Validate downloaded relations or roles and convert them to the workflow's format."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any

from ..corpora.checksums import verify_checksum
from ..corpora.relation_layouts import joined, read_layout, selected
from ..corpora.relation_sentences import write_relation_sentences
from ..records.record import write_record
from ..records.verification import verified_checksums
from ..runtime.signatures import Keys

log = logging.getLogger(__name__)


def check_relations(
    downloads: Sequence[Path],
    checksums: Sequence[str],
    config: Annotated[Mapping[str, Any], Keys("annotation", "layout", "labels", "sentences")],
    output: Path,
    treebank: Path | None = None,
) -> None:
    """Validate the files of a part of a corpus and write their sentences, one a line.

    Args:
        downloads: downloaded files, or manual copies, in order.
        checksums: their checksums in the catalogue, or ``unchecked``.
        config: ``annotation`` (``relations`` or ``roles``) and ``layout`` from the catalogue,
            ``labels``, the closed set or an empty list, and ``sentences``, the ranges of each file.
        output: output file, the part for later stages.
        treebank: the same part of the treebank with the words and trees, for Universal
            Propositions.

    Raises:
        InputError: a file has another checksum or is malformed; names the line.
    """
    for download, checksum in zip(downloads, checksums, strict=True):
        verify_checksum(download, checksum)
    read = verified_checksums([*downloads, *([treebank] if treebank else [])])
    labels, counts = frozenset(config["labels"]), Counter[str]()
    parts = []
    for path, ranges in zip(downloads, config["sentences"], strict=True):
        of_file = config["layout"], config["annotation"], labels
        parts.append(selected(read_layout(path, *of_file, treebank, counts), ranges, path))
    sentences = joined(parts, downloads[0])
    write_relation_sentences(output, sentences)
    left_out = {name: number for name, number in sorted(counts.items()) if number}
    summary = {"sentences": len(sentences), "left_out": left_out}
    log.info("%s: %s", output, summary)
    write_record(output, "check_relations", read, config=dict(config), **summary)
