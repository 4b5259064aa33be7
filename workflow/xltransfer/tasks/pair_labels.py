"""Labels of pairs of mentions: relations and roles."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import torch
from torch import nn

from ..corpora.relation_sentences import Pair, RelationSentence
from ..encoders.batching import Batch, Example
from .heads.pair import PairHead, pooled_pairs
from .heads.smoothing import smoothed_cross_entropy
from .heads.tree_context import HeadInContext, TreeContext
from .task import Prediction, Task
from .universal_inputs import universal_inputs

HEAD_LAYERS, HEAD_UNITS = 1, 200
"""Shape of the feed-forward network where the settings have none; 200 units as published."""
PAIRS, ARE_PAIRS = "pairs", "are_pairs"
"""Names of ``Batch.inputs``: the words of the mentions of each pair; whether an entry is a pair."""


class PairLabels(Task):
    """Base class of tasks that predict one label for each given pair of mentions.

    A pair with several gold labels is trained on the first one, and a prediction of any of them is
    right, as in CrossRE (Bassignana & Plank, Findings of EMNLP 2022). Sentences without pairs have
    no loss.

    With ``context`` in the settings, pairs are pooled from the states of words in their tree or
    sentence (``heads/tree_context.py``), not from those of the encoder itself.
    """

    def __init__(self, settings: Mapping[str, Any]) -> None:
        super().__init__(settings)
        self.head_layers: int = settings.get("head_layers", HEAD_LAYERS)
        self.head_units: int = settings.get("head_units", HEAD_UNITS)
        self.context: Mapping[str, Any] | None = settings.get("context")

    def label_vocabulary(self, sentences: Sequence[RelationSentence]) -> list[str]:
        """All labels of the sentences, sorted; the null class is one of them if it occurs."""
        return sorted({pair.label for sentence in sentences for pair in sentence.pairs})

    def inputs(self, sentence: RelationSentence) -> dict[str, np.ndarray]:
        """``pairs``: the first and last word of both mentions, shape (pairs, 4); ``are_pairs``.

        With a context also its ``universal_inputs``.
        """
        mentions = sentence.mentions
        spans = [
            (mentions[a].first, mentions[a].last, mentions[b].first, mentions[b].last)
            for a, b in sentence.gold_labels()
        ]
        return {
            PAIRS: np.array(spans, dtype=np.int64).reshape(-1, 4),
            ARE_PAIRS: np.ones(len(spans), dtype=bool),
            **(universal_inputs(sentence) if self.context else {}),
        }

    def targets(
        self, sentence: RelationSentence, labels: Mapping[str, int]
    ) -> dict[str, np.ndarray]:
        """``labels``, shape (pairs,): the first label of each pair."""
        first = [labels[found[0]] for found in sentence.gold_labels().values()]
        return {"labels": np.array(first, dtype=np.int64)}

    def head(self, hidden_size: int, labels: int) -> nn.Module:
        """Pooling over mentions and sentence, and a feed-forward network."""
        dropout, shape = self.settings["head_dropout"], (self.head_layers, self.head_units)
        if not self.context:
            return PairHead(hidden_size, labels, *shape, dropout)
        context = TreeContext(hidden_size, self.context)
        return HeadInContext(context, PairHead(context.output_size, labels, *shape, dropout))

    @staticmethod
    def scores(head: nn.Module, states: torch.Tensor, batch: Batch) -> torch.Tensor:
        """The label scores of all pairs of a batch, in order: shape (pairs, labels)."""
        found = batch.inputs[ARE_PAIRS]
        rows, spans, mask = torch.nonzero(found)[:, 0], batch.inputs[PAIRS][found], batch.word_mask
        if isinstance(head, HeadInContext):
            states, mask, rows = head.context(states, mask, batch.inputs, rows, spans)
            head = head.pairs
        return head(pooled_pairs(states, mask, rows, spans))

    def loss_units(self, example: Example) -> int:
        """The number of pairs."""
        return int(example.inputs[ARE_PAIRS].sum())

    def loss(self, head: nn.Module, states: torch.Tensor, batch: Batch) -> torch.Tensor:
        """Mean cross-entropy over the pairs; 0 if there are none."""
        scores = self.scores(head, states, batch)
        if not len(scores):
            return 0 * scores.sum()  # the mean over no pairs would be NaN
        labels = batch.targets["labels"][batch.inputs[ARE_PAIRS]]
        return smoothed_cross_entropy(scores, labels, self.label_smoothing)

    def predict(self, head: nn.Module, states: torch.Tensor, batch: Batch) -> list[Prediction]:
        """The best label of each pair."""
        best = self.scores(head, states, batch).argmax(dim=1).cpu().numpy()
        ends = np.cumsum(batch.inputs[ARE_PAIRS].sum(dim=1).cpu().numpy())
        return [{"labels": part} for part in np.split(best, ends[:-1])]

    def annotate(
        self, sentence: RelationSentence, prediction: Prediction, labels: Sequence[str]
    ) -> RelationSentence:
        """The sentence with the predicted label of each pair, which occurs once."""
        pairs = zip(sentence.gold_labels(), prediction["labels"], strict=True)
        return replace(sentence, pairs=tuple(Pair(*pair, labels[index]) for pair, index in pairs))


class Relations(PairLabels):
    """The relation of each given pair of mentions, or the null class.

    Which pairs are given is a property of the corpus: in CrossRE those that have a relation, in
    RELX and SemEval-2010 the one that is tagged, in ACE 2005 all ordered pairs.
    """

    kind = "relations"


class Roles(PairLabels):
    """The role of each given candidate of each given predicate, or the null class.

    In Universal Propositions, every word of the sentence but the predicate is a candidate, and the
    head word of an argument has its role. In the events of ACE 2005, candidates are the mentions.
    """

    kind = "roles"
