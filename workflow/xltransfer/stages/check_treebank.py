"""Check a fetched treebank and hand it on: from here on, every tree is known to be one."""

from __future__ import annotations

from pathlib import Path

from ..corpora.checksums import verify_checksum
from ..corpora.conllu import read_conllu, write_conllu
from ..records.record import write_record
from ..records.verification import verified_checksums


def check_treebank(download: Path, checksum: str, output: Path) -> None:
    """Verify a file against the catalogue and the format, and write it with Unix line ends.

    Args:
        download: fetched file; it may also have been put there by hand.
        checksum: checksum in the catalogue, or ``unchecked``.
        output: treebank that later stages read.

    Raises:
        InputError: it is another file or malformed.
    """
    verify_checksum(download, checksum)
    read = verified_checksums([download])
    write_conllu(output, read_conllu(download))
    write_record(output, "check_treebank", read)
