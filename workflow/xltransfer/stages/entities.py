"""Check a fetched corpus of named entities and hand it on in the one layout of the workflow."""

from __future__ import annotations

import json
from argparse import Namespace
from collections.abc import Mapping
from pathlib import Path

from ..corpora.checksums import verify_checksum
from ..corpora.iob import read_entities, write_iob2
from ..records.record import write_record
from ..records.verification import verified_checksums
from ..runtime.command import run, stage_parser


def check_entities(download: Path, checksum: str, config: Mapping[str, str], output: Path) -> None:
    """Verify a file against the catalogue, and write it as token, tab, IOB2 tag.

    Args:
        download: the fetched file; it may also have been put there by hand.
        checksum: from the catalogue.
        config: ``layout``, ``scheme``, ``broken_tags`` and ``encoding`` from the catalogue.
        output: the corpus that later stages read.

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
    write_record(output, "entities", read, config=dict(config))


def main() -> None:
    """Command line."""
    parser = stage_parser(__name__, __doc__)
    parser.add_argument("--download", type=Path, required=True)
    parser.add_argument("--checksum", required=True)
    parser.add_argument("--config", type=json.loads, required=True, help="how to read it: JSON")
    parser.add_argument("--output", type=Path, required=True)
    run(parser, _stage)


def _stage(arguments: Namespace) -> None:
    check_entities(arguments.download, arguments.checksum, arguments.config, arguments.output)
