"""Labels of words: parts of speech, or the values of a morphological feature."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import torch
from torch import nn
from torch.nn import functional

from ..corpora.conllu import Sentence
from ..encoders.batching import Batch, Example
from .heads.smoothing import smoothed_cross_entropy
from .metrics.labels import COLUMNS, NO_VALUE, with_word_labels, word_labels
from .task import Prediction, Task

UNLABELLED = -100
"""Target of an unannotated word."""


class LabelHead(nn.Linear):
    """Dropout and a linear layer over word states: transformers' token-classification head.

    Args:
        hidden_size: size of the word states.
        labels: number of labels.
        dropout: share of the states' units dropped in training.
    """

    def __init__(self, hidden_size: int, labels: int, dropout: float) -> None:
        super().__init__(hidden_size, labels)
        self.dropout = dropout
        nn.init.normal_(self.weight, std=0.02)
        nn.init.zeros_(self.bias)

    def forward(self, states: torch.Tensor) -> torch.Tensor:
        """Label scores in float32; states have shape (…, hidden)."""
        return super().forward(functional.dropout(states, self.dropout, self.training)).float()


class WordLabels(Task):
    """Base class of tasks that predict one label per word independently.

    ``AutoModelForTokenClassification`` can load their models.
    """

    head_prefix = "classifier"

    def loss_units(self, example: Example) -> int:
        """The number of labelled words."""
        return int((example.targets["labels"] != UNLABELLED).sum())

    def head(self, hidden_size: int, labels: int) -> nn.Module:
        """A linear layer."""
        return LabelHead(hidden_size, labels, self.settings["head_dropout"])

    def loss(self, head: nn.Module, states: torch.Tensor, batch: Batch) -> torch.Tensor:
        """Mean cross-entropy over the labelled words; 0 if there are none."""
        mask = batch.word_mask
        scores, labels = head(states[mask]), batch.targets["labels"][mask]
        labelled = labels != UNLABELLED
        if not bool(labelled.any()):
            return 0 * scores.sum()  # the mean over no words would be NaN
        return smoothed_cross_entropy(scores[labelled], labels[labelled], self.label_smoothing)

    def predict(self, head: nn.Module, states: torch.Tensor, batch: Batch) -> list[Prediction]:
        """The best label of each word."""
        mask = batch.word_mask
        best = head(states[mask]).argmax(dim=1).cpu().numpy()
        ends = np.cumsum(mask.sum(dim=1).cpu().numpy())
        return [{"labels": part} for part in np.split(best, ends[:-1])]


class Tagging(WordLabels):
    """Tagging of the label named by ``label``: ``UPOS``, ``XPOS`` or ``FEATS/<feature>``.

    ``metrics.labels`` explains the meaning of ``_`` in each.
    """

    kind = "tagging"

    def label_vocabulary(self, sentences: Sequence[Sentence]) -> list[str]:
        """All labels of the sentences, sorted; for a feature including ``_``."""
        label = self.settings["label"]
        found = {value for sentence in sentences for value in word_labels(sentence, label)}
        return sorted(found - {NO_VALUE} if label in COLUMNS else found)

    def targets(self, sentence: Sentence, labels: Mapping[str, int]) -> dict[str, np.ndarray]:
        """``labels``, shape (words,); ``UNLABELLED`` for unannotated words."""
        values = word_labels(sentence, self.settings["label"])
        ids = {NO_VALUE: UNLABELLED, **labels}
        return {"labels": np.array([ids[value] for value in values])}

    def annotate(
        self, sentence: Sentence, prediction: Prediction, labels: Sequence[str]
    ) -> Sentence:
        """The sentence with the predicted labels in their column."""
        values = [labels[index] for index in prediction["labels"]]
        return with_word_labels(sentence, self.settings["label"], values)
