"""Word-piece overlap of two corpora (Pires, Schlinger & Garrette, ACL 2019, section 3)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from ..corpora.iob import TaggedSentence
from ..corpora.sentences import AnnotatedSentence

if TYPE_CHECKING:
    from ..encoders.tokenizer import WordTokenizer


def piece_types(sentences: Sequence[AnnotatedSentence], tokenizer: WordTokenizer) -> set[str]:
    """The distinct pieces of a corpus, except the tokenizer's unknown piece.

    Args:
        sentences: sentences of a treebank, where all words count, or with named entities, where
            only words inside entities do.
        tokenizer: tokenizer of an encoder.
    """
    chosen = [list(_words(sentence)) for sentence in sentences]
    return tokenizer.piece_types([words for words in chosen if words])


def _words(sentence: AnnotatedSentence) -> Iterable[str]:
    if isinstance(sentence, TaggedSentence):
        return (form for form, tag in zip(sentence.forms, sentence.tags, strict=True) if tag != "O")
    return sentence.forms


def overlap(training: set[str], evaluation: set[str]) -> float:
    """|E_train ∩ E_eval| / |E_train ∪ E_eval| in percent; 0 if both are empty."""
    union = training | evaluation
    return 100 * len(training & evaluation) / len(union) if union else 0.0
