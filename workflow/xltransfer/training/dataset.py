"""Sentences with their tokenisation for an encoder."""

from __future__ import annotations

from collections.abc import Sequence

from ..corpora.sentences import AnnotatedSentence
from ..encoders.batching import FIRST, FIRST_CONTENT, Example, make_example
from ..encoders.characters import WordCharacters
from ..encoders.tokenizer import WordTokenizer
from ..tasks.interface import Task


class Dataset:
    """The sentences of a corpus, tokenised for one encoder.

    Args:
        sentences: sentences of the corpus.
        tokenizer: tokenizer of the encoder.
        longest: maximum number of pieces per row.
        word_state: pieces that a word's state is read from, one of ``batching.WORD_STATES``. It has
            no effect for a BiLSTM, whose words have no pieces.

    Attributes:
        examples: examples, one per sentence, in order.
        padding: piece id for padding.
    """

    def __init__(
        self,
        sentences: Sequence[AnnotatedSentence],
        tokenizer: WordTokenizer | WordCharacters,
        longest: int,
        word_state: str = FIRST_CONTENT,
    ) -> None:
        self.sentences = sentences
        self.padding = tokenizer.padding
        if isinstance(tokenizer, WordCharacters):
            word_state = FIRST
        pieces = tokenizer([sentence.forms for sentence in sentences])
        self.examples: list[Example] = [
            make_example(sentence, tokenizer, longest, word_state) for sentence in pieces
        ]

    def add_targets(self, task: Task, labels: Sequence[str]) -> None:
        """Add the targets of a task.

        Args:
            task: task to learn.
            labels: label vocabulary, which must cover the sentences.
        """
        ids = {label: index for index, label in enumerate(labels)}
        for example, sentence in zip(self.examples, self.sentences, strict=True):
            example.targets = task.targets(sentence, ids)
