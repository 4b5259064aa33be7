"""Join the files of a raw corpus, in order, as one text."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Literal

from ..corpora.checksums import refuse_other_content, verify_checksum
from ..corpora.confined import confined_lines
from ..corpora.lines import write_lines
from ..corpora.raw_corpora import KINDS
from ..records.record import write_record
from ..records.verification import verified_checksums
from ..runtime.errors import InputError

log = logging.getLogger(__name__)


def join_raw_files(
    files: Sequence[Path], kind: Literal[KINDS], checksums: Sequence[str], output: Path
) -> None:
    """Join the files of a raw corpus, in order, as one text.

    Args:
        files: downloaded files, in the order of the catalogue.
        kind: layout of each file.
        checksums: checksums of the files in the catalogue.
        output: text file with the lines or paragraphs of all files.

    Raises:
        InputError: a file is missing or damaged, or has another checksum; names it.
    """
    for path, checksum in zip(files, checksums, strict=True):
        if not path.is_file():
            raise InputError(
                f"{path}: no such file, one of {len(files)} of the corpus; download it, or remove "
                "its row from raw_files.tsv"
            )
        refuse_other_content(path, path.suffix)
        verify_checksum(path, checksum)
    read = verified_checksums(files)
    write_lines(output, _joined(files, kind))
    write_record(output, "join_raw_files", read)


def _joined(files: Sequence[Path], kind: str) -> Iterator[str]:
    for path in files:
        log.info("reading %s", path)
        yield from confined_lines(path, kind)
