"""The interface of tasks for the training loop: labels, a head, a loss, a decoder and a score."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

import numpy as np
import torch
from torch import nn

from ..corpora.sentences import AnnotatedSentence
from ..encoders.batching import FIRST_CONTENT, Batch, Example, make_example
from ..encoders.reader import Reader
from ..runtime.errors import InputError
from .metrics import METRICS

Prediction = dict[str, np.ndarray]
"""The predictions of a task for one sentence: arrays by name."""


def word_examples(
    sentences: Sequence[AnnotatedSentence], reader: Reader, longest: int, word_state: str
) -> list[Example]:
    """Examples of the words of sentences; arguments as for ``Task.examples``."""
    read = reader([sentence.forms for sentence in sentences])
    return [make_example(sentence, reader, longest, word_state) for sentence in read]


class Task(ABC):
    """A task over sentences, independent of files, encoders and optimisers.

    Heads read the states of words, or of other positions that ``examples`` chooses. What they score
    may be words, pairs or spans of words, or whole sentences.

    Args:
        settings: the task's section of the configuration.

    Attributes:
        kind: kind of task, as in the configuration.
        head_prefix: prefix of the weights of the head on disk.
        is_sequence_class: whether the head is that of sequence classification in transformers.
        label_smoothing: label smoothing of the loss, from the training settings; 0 by default.
        word_state: pieces that a word's state is read from, one of ``batching.WORD_STATES``.
    """

    kind: ClassVar[str]
    head_prefix: ClassVar[str] = "head"
    is_sequence_class: bool = False

    def __init__(self, settings: Mapping[str, Any]) -> None:
        self.settings = settings
        training: Mapping[str, Any] = settings.get("training", {})
        self.label_smoothing: float = training.get("label_smoothing", 0.0)
        self.word_state: str = settings.get("word_state", FIRST_CONTENT)

    @abstractmethod
    def label_vocabulary(self, sentences: Sequence[AnnotatedSentence]) -> list[str]:
        """The labels that a model trained on these sentences can predict."""

    def examples(
        self, sentences: Sequence[AnnotatedSentence], reader: Reader, longest: int, word_state: str
    ) -> list[Example]:
        """The rows that an encoder reads: here, the words of each sentence.

        Args:
            sentences: sentences of a corpus.
            reader: reader of the encoder.
            longest: maximum number of subwords per row.
            word_state: subwords that represent a word, one of ``batching.WORD_STATES``.

        Returns:
            One example per sentence, with inputs of the head if these depend on the rows.
        """
        return word_examples(sentences, reader, longest, word_state)

    def reading_report(self, examples: Sequence[Example]) -> dict[str, int]:
        """What the records of trainings and predictions say about examples; here, nothing."""
        return {}

    def loss_units(self, example: Example) -> int:
        """The number of units of an example over which the loss is a mean: here, its words.

        Batches that are computed in parts weight the loss of each part by its units.
        """
        return len(example.word_row)

    def inputs(self, sentence: AnnotatedSentence) -> dict[str, np.ndarray]:
        """What the head reads besides states: arrays by name, in ``Batch.inputs``, padded with 0.

        They may not depend on labels, because they are read from a sentence to predict too.
        """
        return {}

    @abstractmethod
    def targets(
        self, sentence: AnnotatedSentence, labels: Mapping[str, int]
    ) -> dict[str, np.ndarray]:
        """The targets of the loss: arrays of integers by name.

        Shape (words,) for a value per word, () for one per sentence, or any other. Batches pad them
        with 0, so the loss must know by ``word_mask`` or by a target which values are padding.
        """

    @abstractmethod
    def head(self, hidden_size: int, labels: int) -> nn.Module:
        """The untrained head on top of the word states."""

    @abstractmethod
    def loss(self, head: nn.Module, states: torch.Tensor, batch: Batch) -> torch.Tensor:
        """The mean loss; states have shape (sentences, words, hidden)."""

    @abstractmethod
    def predict(self, head: nn.Module, states: torch.Tensor, batch: Batch) -> list[Prediction]:
        """The predictions for each sentence of a batch."""

    @abstractmethod
    def annotate(
        self, sentence: AnnotatedSentence, prediction: Prediction, labels: Sequence[str]
    ) -> AnnotatedSentence:
        """The sentence with the predicted columns in place of the gold ones."""

    def entropy(self, head: nn.Module, states: torch.Tensor, batch: Batch) -> torch.Tensor:
        """The mean entropy of the predicted distributions, in nats, for ensembles of adapters.

        Raises:
            InputError: the head has no distribution for each word.
        """
        raise InputError(
            f"{self.kind}: its head has no distribution for each word, whose entropy could be "
            "minimised; use 0 steps, which is the uniform ensemble"
        )

    def score(
        self, gold: Sequence[AnnotatedSentence], predicted: Sequence[AnnotatedSentence]
    ) -> dict[str, float]:
        """All metrics of predicted sentences in percent; the first one selects models."""
        scores = METRICS[self.kind](gold, predicted, self.settings)
        return {metric: counts.percent for metric, counts in scores.items()}
