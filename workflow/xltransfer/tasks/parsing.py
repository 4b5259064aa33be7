"""Dependency parsing: biaffine attention over word states, spanning trees, LAS and UAS."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import torch
from torch import nn

from ..corpora.conllu import DEPREL, HEAD, Sentence
from ..encoders.batching import Batch
from .heads.biaffine import BiaffineHead
from .heads.entropy import mean_entropy
from .heads.smoothing import smoothed_cross_entropy
from .heads.spanning_tree import decode_trees
from .metrics.attachment import universal
from .task import Prediction, Task


class Parsing(Task):
    """Heads and relations of words.

    If ``relation_subtypes`` is off, only the universal part of relations is learnt and predicted.
    Scores always ignore subtypes.
    """

    kind = "parsing"

    def _relations(self, sentence: Sentence) -> list[str]:
        relations = sentence.column(DEPREL)
        if self.settings["relation_subtypes"]:
            return relations
        return [universal(relation) for relation in relations]

    def label_vocabulary(self, sentences: Sequence[Sentence]) -> list[str]:
        """All relations of the sentences, sorted."""
        return sorted({relation for s in sentences for relation in self._relations(s)})

    def targets(self, sentence: Sentence, labels: Mapping[str, int]) -> dict[str, np.ndarray]:
        """``heads`` and ``relations``, shape (words,) each."""
        relations = [labels[relation] for relation in self._relations(sentence)]
        return {"heads": np.array(sentence.heads), "relations": np.array(relations)}

    def head(self, hidden_size: int, labels: int) -> nn.Module:
        """A biaffine head with the sizes from the configuration."""
        return BiaffineHead(
            hidden_size,
            self.settings["arc_units"],
            self.settings["relation_units"],
            labels,
            self.settings["head_dropout"],
        )

    def loss(self, head: BiaffineHead, states: torch.Tensor, batch: Batch) -> torch.Tensor:
        """Cross-entropy of heads plus cross-entropy of relations at the gold heads."""
        mask, heads = batch.word_mask, batch.targets["heads"]
        arcs = head.arc_scores(states, mask)[mask]
        relations = head.relation_scores(states, heads, mask)
        gold_relations = batch.targets["relations"][mask]
        return smoothed_cross_entropy(
            arcs, heads[mask], self.label_smoothing
        ) + smoothed_cross_entropy(relations, gold_relations, self.label_smoothing)

    def predict(self, head: BiaffineHead, states: torch.Tensor, batch: Batch) -> list[Prediction]:
        """``heads`` of the best single-root tree and ``relations`` at those heads.

        The tree maximises the sum of the log-probabilities of its arcs.
        """
        mask = batch.word_mask
        scores = head.arc_scores(states, mask).log_softmax(dim=2)
        lengths = mask.sum(dim=1).cpu().numpy()
        heads = decode_trees(scores.cpu().numpy(), lengths)
        on_device = torch.from_numpy(heads).to(states.device)
        relations = head.relation_scores(states, on_device, mask).argmax(dim=1).cpu().numpy()
        ends = np.cumsum(lengths)
        return [
            {"heads": row[:length], "relations": relations[end - length : end]}
            for row, length, end in zip(heads, lengths, ends, strict=True)
        ]

    def entropy(self, head: BiaffineHead, states: torch.Tensor, batch: Batch) -> torch.Tensor:
        """The mean entropy of the distribution over heads of the words of a batch."""
        return mean_entropy(head.arc_scores(states, batch.word_mask)[batch.word_mask])

    def annotate(
        self, sentence: Sentence, prediction: Prediction, labels: Sequence[str]
    ) -> Sentence:
        """The sentence with HEAD and DEPREL replaced."""
        return sentence.with_columns(
            {
                HEAD: [str(head) for head in prediction["heads"]],
                DEPREL: [labels[relation] for relation in prediction["relations"]],
            }
        )
