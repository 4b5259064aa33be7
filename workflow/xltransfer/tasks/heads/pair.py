"""Labels of pairs of mentions from pooled word states (Subburathinam et al., EMNLP 2019)."""

from __future__ import annotations

from itertools import pairwise

import torch
from torch import nn


class PairHead(nn.Module):
    """Scores of the labels of pairs.

    The representation of a pair is the concatenation of three vectors: the maximum over the words
    of its first mention, over those of its second mention and over the words of the sentence. A
    feed-forward network with ReLU and a linear layer follow.

    Args:
        hidden_size: size of the word states.
        labels: number of labels.
        layers: number of layers of the feed-forward network; 0 for a linear classifier.
        units: size of these layers.
        dropout: share of units dropped before each layer.
    """

    def __init__(
        self, hidden_size: int, labels: int, layers: int, units: int, dropout: float
    ) -> None:
        super().__init__()
        sizes = [3 * hidden_size, *[units] * layers]
        self.layers = nn.ModuleList(nn.Linear(before, after) for before, after in pairwise(sizes))
        self.output = nn.Linear(sizes[-1], labels)
        self.dropout = nn.Dropout(dropout)

    def forward(self, pooled: torch.Tensor) -> torch.Tensor:
        """Label scores in float32, shape (pairs, labels).

        Args:
            pooled: output of ``pooled_pairs``.
        """
        for layer in self.layers:
            pooled = torch.relu(layer(self.dropout(pooled)))
        return self.output(self.dropout(pooled)).float()


def pooled_pairs(
    states: torch.Tensor, word_mask: torch.Tensor, rows: torch.Tensor, spans: torch.Tensor
) -> torch.Tensor:
    """The representations of pairs.

    Args:
        states: word states, shape (sentences, words, hidden). An encoder that reads the tree around
            each pair may give a row for each pair instead.
        word_mask: whether a state is that of a word, shape (sentences, words).
        rows: row of the states that each pair reads, shape (pairs,).
        spans: first and last word of the first mention, then of the second one; inclusive, shape
            (pairs, 4).

    Returns:
        Shape (pairs, 3 × hidden): first mention, second mention, sentence.
    """
    sentences = states.masked_fill(~word_mask[..., None], -torch.inf).amax(dim=1)
    mentions = (spans[:, :2], spans[:, 2:])
    maxima = [_span_maximum(states, rows, *mention.unbind(dim=1)) for mention in mentions]
    return torch.cat([*maxima, sentences[rows]], dim=1)


def _span_maximum(
    states: torch.Tensor, rows: torch.Tensor, first: torch.Tensor, last: torch.Tensor
) -> torch.Tensor:
    """The maximum over the words of each span; shape (pairs, hidden)."""
    longest = int((last - first).max()) + 1 if len(first) else 1
    places = first[:, None] + torch.arange(longest, device=first.device)
    # A span that is shorter repeats its last word, which does not change the maximum.
    return states[rows[:, None], torch.minimum(places, last[:, None])].amax(dim=1)
