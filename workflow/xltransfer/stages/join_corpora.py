"""Join annotated corpora that models are trained on together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from ..corpora.formats import read_sentences, write_sentences
from ..corpora.relation_sentences import RelationSentence
from ..records.record import write_record
from ..records.verification import verified_checksums


def join_corpora(corpora: Sequence[Path], output: Path) -> None:
    """Join annotated corpora that models are trained on together.

    All sentences are kept, so a larger corpus has more weight; the order is that of the corpora,
    and training shuffles it. Names of sentences with relations or roles begin with their corpus.

    Args:
        corpora: the same part of each corpus, in one format.
        output: joined corpus in this format.

    Raises:
        InputError: a file cannot be read, is malformed, or differs from its record.
    """
    read = verified_checksums(corpora)
    joined = [_named(one, path.parent.name) for path in corpora for one in read_sentences(path)]
    write_sentences(output, joined)
    write_record(output, "join_corpora", read)


def _named(sentence: Any, corpus: str) -> Any:
    """A sentence whose name differs from those of other corpora, if names are unique in a file.

    Translations of a sentence often share a name.
    """
    if isinstance(sentence, RelationSentence):
        return replace(sentence, name=f"{corpus}:{sentence.name}")
    return sentence
