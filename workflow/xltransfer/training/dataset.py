"""Sentences with their tokenisation for an encoder."""

from __future__ import annotations

from collections.abc import Sequence

from ..corpora.sentences import AnnotatedSentence
from ..encoders.batching import FIRST, FIRST_CONTENT, Example, make_example
from ..encoders.reader import Reader
from ..tasks.task import Task


class Dataset:
    """The sentences of a corpus, tokenised for one encoder.

    Args:
        sentences: of the corpus.
        tokenizer: of the encoder.
        longest: the most pieces that the encoder takes in one row.
        word_state: which pieces a word's state is read from, one of ``batching.WORD_STATES``. It
            decides nothing for encoders that read whole words.

    Attributes:
        examples: examples, one per sentence, in order.
        padding: piece id for padding.
    """

    def __init__(
        self,
        sentences: Sequence[AnnotatedSentence],
        tokenizer: Reader,
        longest: int,
        word_state: str = FIRST_CONTENT,
    ) -> None:
        self.sentences = sentences
        self.padding = tokenizer.padding
        if tokenizer.whole_words:
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
