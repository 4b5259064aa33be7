"""Join annotated corpora that models are trained on together."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from ..corpora.formats import read_sentences, write_sentences
from ..records.record import write_record
from ..records.verification import verified_checksums


def join_corpora(corpora: Sequence[Path], output: Path) -> None:
    """Join annotated corpora that models are trained on together.

    All sentences are kept, so a larger corpus has more weight; the order is that of the corpora,
    and training shuffles it.

    Args:
        corpora: the same part of each corpus, in one format.
        output: joined corpus in this format.

    Raises:
        InputError: a file cannot be read, is malformed, or differs from its record.
    """
    read = verified_checksums(corpora)
    write_sentences(output, [sentence for path in corpora for sentence in read_sentences(path)])
    write_record(output, "join_corpora", read)
