"""Named entities as IOB2 tags of words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import torch
from torch import nn

from ..corpora.iob import TaggedSentence, normalised
from ..encoders.batching import Batch
from .heads.crf import CRFHead
from .tagging import WordLabels
from .task import Prediction, Task


class Entities(WordLabels):
    """IOB2 tags; a predicted entity starts wherever a type starts or changes.

    If ``crf`` is on in the settings, a conditional random field predicts the tags of a sentence
    jointly; ``AutoModelForTokenClassification`` cannot load such models.
    """

    kind = "entities"

    def __init__(self, settings: Mapping[str, Any]) -> None:
        super().__init__(settings)
        self.crf: bool = settings.get("crf", False)
        if self.crf:
            self.head_prefix = "crf"

    def head(self, hidden_size: int, labels: int) -> nn.Module:
        """A linear layer, followed by a CRF if ``crf`` is on."""
        if not self.crf:
            return super().head(hidden_size, labels)
        return CRFHead(hidden_size, labels, self.settings["head_dropout"])

    def loss(self, head: nn.Module, states: torch.Tensor, batch: Batch) -> torch.Tensor:
        """Cross-entropy of the tags, or of the sequence of tags; per word."""
        if not self.crf:
            return super().loss(head, states, batch)
        return head.loss(states, batch.targets["labels"], batch.word_mask)

    def predict(self, head: nn.Module, states: torch.Tensor, batch: Batch) -> list[Prediction]:
        """The best tag of each word, or the best sequence of tags."""
        if not self.crf:
            return super().predict(head, states, batch)
        paths = head.decode(states, batch.word_mask).cpu().numpy()
        lengths = batch.word_mask.sum(dim=1).cpu().numpy()
        return [{"labels": path[:length]} for path, length in zip(paths, lengths, strict=True)]

    def entropy(self, head: nn.Module, states: torch.Tensor, batch: Batch) -> torch.Tensor:
        """As for words without a CRF, which has no distribution for each word."""
        if self.crf:
            return Task.entropy(self, head, states, batch)
        return super().entropy(head, states, batch)

    def label_vocabulary(self, sentences: Sequence[TaggedSentence]) -> list[str]:
        """All tags of the sentences, sorted, and ``O``."""
        return sorted({"O", *(tag for sentence in sentences for tag in sentence.tags)})

    def targets(self, sentence: TaggedSentence, labels: Mapping[str, int]) -> dict[str, np.ndarray]:
        """``labels``, shape (words,)."""
        return {"labels": np.array([labels[tag] for tag in sentence.tags])}

    def annotate(
        self, sentence: TaggedSentence, prediction: Prediction, labels: Sequence[str]
    ) -> TaggedSentence:
        """The sentence with predicted tags, interpreted as by ``conlleval``."""
        tags = normalised([labels[index] for index in prediction["labels"]])
        return TaggedSentence(sentence.comments, sentence.forms, tags)
