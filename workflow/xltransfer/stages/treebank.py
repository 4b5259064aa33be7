"""Check a fetched treebank and hand it on: from here on, every tree is known to be one."""

from __future__ import annotations

from argparse import Namespace
from pathlib import Path

from ..corpora.checksums import verify_checksum
from ..corpora.conllu import read_conllu, write_conllu
from ..records.record import write_record
from ..records.verification import verified_checksums
from ..runtime.command import run, stage_parser


def check_treebank(download: Path, checksum: str, output: Path) -> None:
    """Verify a file against the catalogue and the format, and write it with Unix line ends.

    Args:
        download: the fetched file; it may also have been put there by hand.
        checksum: from the catalogue.
        output: the treebank that later stages read.

    Raises:
        InputError: it is another file or malformed.
    """
    verify_checksum(download, checksum)
    read = verified_checksums([download])
    write_conllu(output, read_conllu(download))
    write_record(output, "treebank", read)


def main() -> None:
    """Command line."""
    parser = stage_parser(__name__, __doc__)
    parser.add_argument("--download", type=Path, required=True)
    parser.add_argument("--checksum", required=True)
    parser.add_argument("--output", type=Path, required=True)
    run(parser, _stage)


def _stage(arguments: Namespace) -> None:
    check_treebank(arguments.download, arguments.checksum, arguments.output)
