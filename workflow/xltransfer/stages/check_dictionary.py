"""Validate a downloaded dictionary; later stages rely on one pair of words per line."""

from __future__ import annotations

from pathlib import Path

from ..corpora.checksums import UNCHECKED, refuse_other_content, verify_checksum
from ..corpora.dictionaries import read_dictionary, write_dictionary
from ..records.record import write_record
from ..records.verification import verified_checksums


def check_dictionary(download: Path, output: Path, checksum: str = UNCHECKED) -> None:
    """Validate a downloaded dictionary and write it with tabs, without repeated pairs.

    Args:
        download: downloaded file.
        output: the same pairs in the same order.
        checksum: checksum in the catalogue.

    Raises:
        InputError: the file does not match its checksum, or a line is not a pair of words.
    """
    refuse_other_content(download, download.suffix)
    verify_checksum(download, checksum)
    read = verified_checksums([download])
    write_dictionary(output, read_dictionary(download))
    write_record(output, "check_dictionary", read)
