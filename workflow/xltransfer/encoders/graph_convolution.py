"""Graph convolution over dependency trees, for batches of sentences of different length.

One layer computes, for a word i with the neighbours N(i) in the tree and d_i = |N(i)| + 1,

    h_i' = ReLU(((Σ_{j in N(i)} W h_j) + W h_i) / d_i + b).

This is equation 2 of Zhang, Qi & Manning (EMNLP 2018), with degree normalisation and self-loops as
in Kipf & Welling (ICLR 2017); Subburathinam et al. (EMNLP 2019) use it over Universal Dependencies.
As published, edges have neither labels nor directions. Both can be added, as in Marcheggiani &
Titov (EMNLP 2017): separate matrices W for messages from the head, from dependents and from the
word itself, and a vector for each relation that is added to the messages along its edges.

Nothing here depends on the order of words.
"""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import nn


class TreeBatch(NamedTuple):
    """The trees of some sentences.

    Attributes:
        from_head: 1.0 at [b, i, j] if the edge from the head j to its dependent i is in the graph;
            shape (sentences, words, words).
        relations: id of each word's relation to its head; shape (sentences, words).
        kept: words in the graph, which is the whole sentence or a part of it; same shape.
    """

    from_head: torch.Tensor
    relations: torch.Tensor
    kept: torch.Tensor


def ancestors(heads: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
    """Whether word j is word i or above it in the tree, at [b, i, j].

    Args:
        heads: 1-based position of each word's head, 0 for roots; shape (sentences, words).
        mask: whether an entry is a word, not padding; same shape.

    Returns:
        Shape (sentences, words, words); all false for padding.
    """
    words = torch.arange(heads.shape[1], device=heads.device)
    found = (words[:, None] == words) & mask[:, :, None]
    above = heads.masked_fill(~mask, 0)
    for _ in range(heads.shape[1]):
        if not bool((above > 0).any()):
            break
        found |= (above[:, :, None] - 1 == words) & (above > 0)[:, :, None]
        above = torch.where(above > 0, heads.gather(1, (above - 1).clamp(min=0)), above)
    return found


def tree_distances(heads: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
    """The number of edges between all pairs of words; the arguments are those of ``ancestors``.

    If a word has c ancestors, itself included, and two words have m of them in common, their
    distance is c_i + c_j - 2 m.

    Returns:
        int64, shape (sentences, words, words); of no meaning for padding, and for words of
        different trees.
    """
    above = ancestors(heads, mask).float()
    common = (above @ above.transpose(1, 2)).round().long()
    own = common.diagonal(dim1=1, dim2=2)
    return own[:, :, None] + own[:, None, :] - 2 * common


def distance_to_path(distances: torch.Tensor, members: torch.Tensor) -> torch.Tensor:
    """The distance of every word to the smallest subtree that contains some words.

    For two words this subtree is the path between them. From word i to the path between a and b it
    is (d(i, a) + d(i, b) - d(a, b)) / 2 edges; the subtree is the union of the paths from one of
    the words to all others.

    Args:
        distances: distances in a tree, shape (pairs, words, words).
        members: the words to connect, those of both mentions of a pair, at least one of them; bool,
            shape (pairs, words).

    Returns:
        int64, shape (pairs, words).
    """
    rows = torch.arange(len(members), device=members.device)
    first = members.float().argmax(dim=1)
    to_first = distances[rows, first]
    doubled = to_first[:, :, None] + distances - to_first[:, None, :]
    far = 2 * distances.shape[1] + 2
    return doubled.masked_fill(~members[:, None, :], far).amin(dim=2) // 2


def tree_batch(
    heads: torch.Tensor,
    relations: torch.Tensor,
    kept: torch.Tensor,
) -> TreeBatch:
    """The graphs of some sentences, restricted to some of their words.

    Args:
        heads: 1-based position of each word's head, 0 for roots; shape (sentences, words).
        relations: id of each word's relation to its head; same shape.
        kept: words in the graph; false for padding; same shape.
    """
    words = torch.arange(1, heads.shape[1] + 1, device=heads.device)
    edges = (heads[:, :, None] == words) & kept[:, :, None] & kept[:, None, :]
    return TreeBatch(edges.float(), relations, kept)


class GraphConvolution(nn.Module):
    """One layer.

    Args:
        inputs, units: sizes of the states before and after.
        directed: whether messages from heads, from dependents and from the word itself have
            separate matrices.
        relations: number of relations with a vector of their own; 0 for edges without labels. If
            the layer is directed, a relation has a vector for each direction.
    """

    def __init__(self, inputs: int, units: int, directed: bool = False, relations: int = 0) -> None:
        super().__init__()
        self.own = nn.Linear(inputs, units, bias=False)
        self.from_head = nn.Linear(inputs, units, bias=False) if directed else self.own
        self.from_dependents = nn.Linear(inputs, units, bias=False) if directed else self.own
        self.bias = nn.Parameter(torch.zeros(units))
        directions = (2 if directed else 1) if relations else 0
        self.labels = nn.ModuleList(nn.Embedding(relations, units) for _ in range(directions))
        # Once each, in a fixed order: that of a set follows from addresses in memory.
        for matrix in dict.fromkeys([self.own, self.from_head, self.from_dependents]):
            nn.init.xavier_uniform_(matrix.weight)
        for label in self.labels:
            nn.init.normal_(label.weight, std=0.02)

    def forward(self, states: torch.Tensor, trees: TreeBatch) -> torch.Tensor:
        """The next states, 0 for words that are not in the graph.

        Args:
            states: shape (sentences, words, inputs).
            trees: graphs of the sentences.

        Returns:
            Shape (sentences, words, units).
        """
        from_head = trees.from_head.to(states.dtype)
        from_dependents = from_head.transpose(1, 2)
        downward, upward = self.from_head(states), self.from_dependents(states)
        if len(self.labels):
            # An edge's label is the relation of its dependent: that of the receiver for messages
            # from the head, that of the sender for messages from a dependent.
            upward = upward + self.labels[-1](trees.relations)
            received = from_head.sum(dim=2, keepdim=True) * self.labels[0](trees.relations)
        else:
            received = torch.zeros_like(downward)
        total = self.own(states) + from_head @ downward + received + from_dependents @ upward
        degree = from_head.sum(dim=2) + from_dependents.sum(dim=2)
        output = torch.relu(total / (degree + 1)[:, :, None] + self.bias)
        return output * trees.kept[:, :, None]


class GraphConvolutions(nn.Module):
    """Several layers with dropout between them.

    Args:
        inputs, units: sizes of the states before the first layer and after each.
        layers: number of layers: words see others at up to this distance.
        dropout: share of the units of states dropped after every layer but the last, in training.
        directed, relations: as for ``GraphConvolution``.
    """

    def __init__(
        self,
        inputs: int,
        units: int,
        layers: int = 2,
        dropout: float = 0.5,
        directed: bool = False,
        relations: int = 0,
    ) -> None:
        super().__init__()
        sizes = [inputs, *([units] * (layers - 1))]
        self.layers = nn.ModuleList(GraphConvolution(n, units, directed, relations) for n in sizes)
        self.dropout = nn.Dropout(dropout)

    def forward(self, states: torch.Tensor, trees: TreeBatch) -> torch.Tensor:
        """The states after all layers; see ``GraphConvolution``."""
        for place, layer in enumerate(self.layers):
            states = layer(self.dropout(states) if place else states, trees)
        return states
