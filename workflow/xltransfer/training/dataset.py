"""Sentences with their tokenisation for an encoder, which may differ from epoch to epoch."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from ..corpora.sentences import AnnotatedSentence
from ..encoders.batching import FIRST, FIRST_CONTENT, Example
from ..encoders.reader import Reader
from ..tasks.task import Task, word_examples

MakeExamples = Callable[[Sequence[AnnotatedSentence], Reader, int, str], list[Example]]
"""A function of sentences, reader, longest row and word state: ``Task.examples``."""


class Dataset:
    """The sentences of a corpus, tokenised for one encoder.

    Args:
        sentences: sentences of the corpus.
        tokenizer: reader of the encoder.
        longest: maximum number of subwords in one row.
        word_state: subwords that represent a word, one of ``batching.WORD_STATES``. It has no
            effect on encoders that read whole words.
        varied: reader for each epoch, from 0 on, for training on noise or on several
            segmentations; every word must stay one word. ``None``: the same in all epochs.
        make: function that makes the examples, ``examples`` of a task; by default those of words.

    Attributes:
        examples: examples without variation, one per sentence, in order.
        padding: subword id for padding.
    """

    def __init__(
        self,
        sentences: Sequence[AnnotatedSentence],
        tokenizer: Reader,
        longest: int,
        word_state: str = FIRST_CONTENT,
        varied: Callable[[int], Reader] | None = None,
        make: MakeExamples = word_examples,
    ) -> None:
        self.sentences = sentences
        self.padding = tokenizer.padding
        self._longest = longest
        self._word_state = FIRST if tokenizer.whole_words else word_state
        self._varied = varied
        self._make = make
        self._inputs: list[dict[str, np.ndarray]] = [{} for _ in sentences]
        self._inputs_of: tuple[object, ...] = ()
        self._targets: list[dict[str, np.ndarray]] = [{} for _ in sentences]
        self._epoch: tuple[int, list[Example]] | None = None
        self.examples = self._read(tokenizer)

    def _read(self, tokenizer: Reader) -> list[Example]:
        return self._make(self.sentences, tokenizer, self._longest, self._word_state)

    def add_targets(self, task: Task, labels: Sequence[str]) -> None:
        """Add the targets of a task.

        Args:
            task: task to learn.
            labels: label vocabulary, which must cover the sentences.
        """
        ids = {label: index for index, label in enumerate(labels)}
        self._targets = [task.targets(sentence, ids) for sentence in self.sentences]
        self.add_inputs(task)
        self._fill(self.examples)

    def add_inputs(self, task: Task) -> None:
        """Add what the head of a task reads besides states, for training or prediction.

        They are computed once for all models and epochs of a task.
        """
        wanted = type(task), task.settings
        if self._inputs_of != wanted:
            self._inputs = [task.inputs(sentence) for sentence in self.sentences]
            self._inputs_of = wanted
            self._fill(self.examples)

    def _fill(self, examples: Sequence[Example]) -> None:
        for example, inputs, targets in zip(examples, self._inputs, self._targets, strict=True):
            # A task may describe the positions of an example when it makes it.
            example.inputs = {**example.inputs, **inputs} if example.inputs else inputs
            example.targets = targets

    def of_epoch(self, epoch: int) -> list[Example]:
        """The examples of an epoch, in the order of ``examples``; the last epoch is cached."""
        if self._varied is None:
            return self.examples
        if self._epoch is None or self._epoch[0] != epoch:
            examples = self._read(self._varied(epoch))
            self._fill(examples)
            self._epoch = epoch, examples
        return self._epoch[1]
