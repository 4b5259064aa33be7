"""Classification of sentences and of pairs of sentences: natural language inference, topics, …

As in Devlin et al. (2019): a label is predicted from the state of the first special token, or from
the mean of the states of all subwords (Reimers & Gurevych, EMNLP 2019).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import torch
from torch import nn

from ..corpora.classified_sentences import ClassifiedSentence
from ..encoders.batching import Batch, Example
from ..encoders.reader import Reader
from ..encoders.sentence_rows import FIRST_TOKEN, sentence_examples
from .heads.entropy import mean_entropy
from .heads.sequence import SequenceHead
from .heads.smoothing import smoothed_cross_entropy
from .task import Prediction, Task


class SentenceClassification(Task):
    """One label for each sentence or pair of sentences.

    ``AutoModelForSequenceClassification`` can load models of the families in
    ``encoders/sequence_heads.py`` if they read the first token and have the dense layer.
    """

    kind = "sentence-classification"
    head_prefix = "sequence_classifier"

    def __init__(self, settings: Mapping[str, Any]) -> None:
        super().__init__(settings)
        self.is_sequence_class = settings["pooling"] == FIRST_TOKEN and settings["dense_layer"]

    def label_vocabulary(self, sentences: Sequence[ClassifiedSentence]) -> list[str]:
        """All labels of the sentences, sorted."""
        return sorted({sentence.label for sentence in sentences})

    def examples(
        self,
        sentences: Sequence[ClassifiedSentence],
        reader: Reader,
        longest: int,
        word_state: str,
    ) -> list[Example]:
        """Rows of sentences and of pairs, of at most ``row_pieces`` subwords."""
        texts = [(one.first, one.second) if one.second else (one.first,) for one in sentences]
        longest = min(longest, self.settings["row_pieces"])
        return sentence_examples(texts, reader, longest, self.settings["pooling"])

    def reading_report(self, examples: Sequence[Example]) -> dict[str, int]:
        """``truncated_sentences``, and ``removed_subwords`` of all of them."""
        removed = [example.removed for example in examples if example.removed]
        return {"truncated_sentences": len(removed), "removed_subwords": sum(removed)}

    def targets(
        self, sentence: ClassifiedSentence, labels: Mapping[str, int]
    ) -> dict[str, np.ndarray]:
        """``label``, shape ()."""
        return {"label": np.array(labels[sentence.label])}

    def loss_units(self, example: Example) -> int:
        """One label."""
        return 1

    def head(self, hidden_size: int, labels: int) -> nn.Module:
        """Pooling, a dense layer if the settings have one, and a linear layer."""
        settings = self.settings
        return SequenceHead(hidden_size, labels, settings["dense_layer"], settings["head_dropout"])

    def loss(self, head: nn.Module, states: torch.Tensor, batch: Batch) -> torch.Tensor:
        """Mean cross-entropy."""
        scores = head(states, batch.word_mask)
        return smoothed_cross_entropy(scores, batch.targets["label"], self.label_smoothing)

    def predict(self, head: nn.Module, states: torch.Tensor, batch: Batch) -> list[Prediction]:
        """The best label of each sentence."""
        best = head(states, batch.word_mask).argmax(dim=1).cpu().numpy()
        return [{"label": label} for label in best]

    def annotate(
        self, sentence: ClassifiedSentence, prediction: Prediction, labels: Sequence[str]
    ) -> ClassifiedSentence:
        """The sentence with the predicted label."""
        return replace(sentence, label=labels[int(prediction["label"])])

    def entropy(self, head: nn.Module, states: torch.Tensor, batch: Batch) -> torch.Tensor:
        """The mean entropy of the distribution over labels of the sentences of a batch."""
        return mean_entropy(head(states, batch.word_mask))
