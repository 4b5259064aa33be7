"""Validate a downloaded treebank; later stages rely on well-formed trees."""

from __future__ import annotations

from pathlib import Path

from ..corpora.checksums import verify_checksum
from ..corpora.conllu import read_conllu, write_conllu
from ..records.record import write_record
from ..records.verification import verified_checksums


def check_treebank(download: Path, checksum: str, output: Path) -> None:
    """Validate a treebank against the catalogue and the format; write it with Unix line ends.

    Args:
        download: downloaded file, or a manual copy.
        checksum: checksum in the catalogue, or ``unchecked``.
        output: output file, the treebank for later stages.

    Raises:
        InputError: the file has another checksum or is malformed.
    """
    verify_checksum(download, checksum)
    read = verified_checksums([download])
    write_conllu(output, read_conllu(download))
    write_record(output, "check_treebank", read)
