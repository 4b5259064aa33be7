"""States of words in the context of their sentence: graph convolution over its tree, or a BiLSTM.

Both read the same features, each of which can be left out: the states of the encoder, and
embeddings of the part of speech, of the dependency relation to the head and of the type of the
entity (Subburathinam et al., EMNLP 2019). So the two differ only in what context is: neighbours in
the tree, or neighbours in the order of words.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from torch import nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

from ...encoders.graph_convolution import (
    GraphConvolutions,
    distance_to_path,
    tree_batch,
    tree_distances,
)
from ...encoders.layers import SharedDropout
from ...encoders.universal_features import ENTITY_TYPES, RELATION_SIZE, UPOS_SIZE

GRAPH, BILSTM = "graph", "bilstm"
FEATURES = {
    "upos": ("upos_units", UPOS_SIZE),
    "relations": ("relation_units", RELATION_SIZE),
    "entities": ("entity_units", ENTITY_TYPES),
}
"""Inputs of a batch with an id per word; the setting of the size of the embeddings, and how many
there are."""


class TreeContext(nn.Module):
    """Features of words, and layers over a sentence.

    Args:
        hidden_size: size of the encoder's states.
        settings: ``layer``, ``layers``, ``units``, ``dropout`` of states between layers,
            ``input_dropout``, ``states`` (whether the encoder's states are a feature),
            ``upos_units``, ``relation_units`` and ``entity_units`` (0 leaves a feature out). For a
            graph also ``directed`` and ``labelled`` edges, and ``distance``, the greatest distance
            of a word in the graph to the path between two mentions; ``None`` for whole trees.

    Attributes:
        output_size: size of the new states.
    """

    def __init__(self, hidden_size: int, settings: Mapping[str, Any]) -> None:
        super().__init__()
        self.reads_states: bool = settings["states"]
        self.embeddings = nn.ModuleDict(
            {
                name: nn.Embedding(count, settings[key], padding_idx=0)
                for name, (key, count) in FEATURES.items()
                if settings[key]
            }
        )
        inputs = hidden_size * self.reads_states
        inputs += sum(embedding.embedding_dim for embedding in self.embeddings.values())
        self.input_dropout = SharedDropout(settings["input_dropout"])
        self.output_size: int = settings["units"]
        self.distance: int | None = settings.get("distance")
        layers, dropout = settings["layers"], settings["dropout"]
        self.graph = settings["layer"] == GRAPH
        if self.graph:
            labels = RELATION_SIZE if settings["labelled"] else 0
            self.context: nn.Module = GraphConvolutions(
                inputs, settings["units"], layers, dropout, settings["directed"], labels
            )
        else:
            self.context = SequenceContext(inputs, settings["units"], layers, dropout)

    def forward(
        self,
        states: torch.Tensor,
        mask: torch.Tensor,
        inputs: Mapping[str, torch.Tensor],
        rows: torch.Tensor,
        spans: torch.Tensor,
    ) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        """The new states of words, their mask, and the row of both that each pair reads.

        Args:
            states: states of the encoder, shape (sentences, words, hidden).
            mask: whether an entry is a word; shape (sentences, words).
            inputs: ``upos``, ``relations``, ``entities`` and ``heads``, each of that shape.
            rows: sentence of each pair, shape (pairs,).
            spans: first and last word of both mentions of each pair, shape (pairs, 4).

        Returns:
            States of shape (rows, words, units), the mask of shape (rows, words), and shape
            (pairs,). There is a row for each sentence, or for each pair if trees are pruned; then
            only the words of the pruned tree are in the mask.
        """
        parts = [states.float()] if self.reads_states else []
        parts += [table(inputs[name]) for name, table in self.embeddings.items()]
        features = self.input_dropout(torch.cat(parts, dim=2) * mask[:, :, None])
        if not self.graph:
            return self.context(features, mask), mask, rows
        heads, relations = inputs["heads"], inputs["relations"]
        if self.distance is None:
            return self.context(features, tree_batch(heads, relations, mask)), mask, rows
        distances = tree_distances(heads, mask)[rows]
        away = distance_to_path(distances, words_of_spans(spans, mask.shape[1]))
        kept = (away <= self.distance) & mask[rows]
        trees = tree_batch(heads[rows], relations[rows], kept)
        return self.context(features[rows], trees), kept, torch.arange(len(rows)).to(rows.device)


class HeadInContext(nn.Module):
    """A head on the states of a context.

    Args:
        context: context of words.
        pairs: head of pairs on its states.
    """

    def __init__(self, context: TreeContext, pairs: nn.Module) -> None:
        super().__init__()
        self.context = context
        self.pairs = pairs


def words_of_spans(spans: torch.Tensor, words: int) -> torch.Tensor:
    """Whether a word is in one of the two mentions of a pair, shape (pairs, words).

    Args:
        spans: first and last word of both mentions, inclusive; shape (pairs, 4).
        words: number of words.
    """
    places = torch.arange(words, device=spans.device)
    inside = [(spans[:, n, None] <= places) & (places <= spans[:, n + 1, None]) for n in (0, 2)]
    return inside[0] | inside[1]


class SequenceContext(nn.Module):
    """Bidirectional LSTMs over the order of words, with dropout between layers.

    Args:
        inputs: size of the features.
        units: size of the states, both directions together.
        layers: number of layers.
        dropout: share of the units of states dropped between layers.
    """

    def __init__(self, inputs: int, units: int, layers: int, dropout: float) -> None:
        super().__init__()
        # Separate modules: checkpoints cannot save the random state of cuDNN's own dropout.
        sizes = [inputs, *([units] * (layers - 1))]
        self.layers = nn.ModuleList(
            nn.LSTM(size, units // 2, batch_first=True, bidirectional=True) for size in sizes
        )
        self.dropout = SharedDropout(dropout)

    def forward(self, states: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
        """States of shape (sentences, words, units), 0 for padding; the mask as above."""
        lengths = mask.sum(dim=1).cpu()
        for place, layer in enumerate(self.layers):
            states = self.dropout(states) if place else states
            packed = pack_padded_sequence(states, lengths, batch_first=True, enforce_sorted=False)
            states, _ = pad_packed_sequence(
                layer(packed)[0], batch_first=True, total_length=mask.shape[1]
            )
        return states
