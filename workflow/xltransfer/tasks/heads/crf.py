"""Linear-chain conditional random fields (Lafferty et al. 2001; over LSTMs, Lample et al. 2016).

The score of a label sequence is the sum of the emission scores of its labels, the transition scores
between neighbours, and the scores of its first and last label. All functions expect right padding
and at least one word per row.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import nn

from ..tagging import LabelHead


class CRFHead(nn.Module):
    """A linear layer over word states and a CRF over its scores.

    Args:
        hidden_size: size of the word states.
        labels: number of labels.
        dropout: share of the states' units dropped in training.

    Attributes:
        transitions: score of each label (column) after each label (row), (labels, labels).
        starts, ends: score of each label as the first and the last of a sentence, (labels,).
        forbidden: transitions that decoding excludes: label (column) after label (row), where the
            last row is the start of a sentence; shape (labels + 1, labels).
    """

    def __init__(self, hidden_size: int, labels: int, dropout: float) -> None:
        super().__init__()
        self.emission = LabelHead(hidden_size, labels, dropout)
        self.transitions = nn.Parameter(torch.zeros(labels, labels))
        self.starts = nn.Parameter(torch.zeros(labels))
        self.ends = nn.Parameter(torch.zeros(labels))
        # Not persistent, because it follows from the saved labels.
        nothing = torch.zeros(labels + 1, labels, dtype=torch.bool)
        self.register_buffer("forbidden", nothing, persistent=False)

    def forbid(self, labels: Sequence[str]) -> None:
        """Restrict decoding to valid IOB2 from now on; ``labels`` in the order of the outputs."""
        self.forbidden.copy_(broken_iob2(labels))

    def loss(
        self, states: torch.Tensor, labels: torch.Tensor, word_mask: torch.Tensor
    ) -> torch.Tensor:
        """The negative log-likelihood of the labels, per word.

        Args:
            states: shape (sentences, words, hidden).
            labels: gold labels, shape (sentences, words).
            word_mask: mask of the words, same shape.
        """
        emissions = self.emission(states)
        weights = self.transitions, self.starts, self.ends
        gold = path_scores(emissions, labels, word_mask, *weights)
        return (log_partition(emissions, word_mask, *weights) - gold).sum() / word_mask.sum()

    def decode(self, states: torch.Tensor, word_mask: torch.Tensor) -> torch.Tensor:
        """The best allowed labels, shape (sentences, words); arbitrary at padding."""
        impossible = float("-inf")
        return best_paths(
            self.emission(states),
            word_mask,
            self.transitions.masked_fill(self.forbidden[:-1], impossible),
            self.starts.masked_fill(self.forbidden[-1], impossible),
            self.ends,
        )


def broken_iob2(labels: Sequence[str]) -> torch.Tensor:
    """Forbidden IOB2 transitions: ``I-X`` only follows ``B-X`` and ``I-X``.

    Returns:
        Mask, True where forbidden, shape (labels + 1, labels); the last row is the start of a
        sentence.
    """
    return torch.tensor(
        [
            [tag[0] == "I" and (before == "O" or before[2:] != tag[2:]) for tag in labels]
            for before in (*labels, "O")
        ]
    )


def path_scores(
    emissions: torch.Tensor, labels: torch.Tensor, mask: torch.Tensor, *weights: torch.Tensor
) -> torch.Tensor:
    """The score of one sequence of labels for each sentence.

    Args:
        emissions: shape (sentences, words, labels).
        labels, mask: shape (sentences, words).
        weights: transitions, shape (labels, labels); starts and ends, shape (labels,).

    Returns:
        Shape (sentences,).
    """
    transitions, starts, ends = weights
    emitted = emissions.gather(2, labels[:, :, None]).squeeze(2).where(mask, 0).sum(dim=1)
    moved = transitions[labels[:, :-1], labels[:, 1:]].where(mask[:, 1:], 0).sum(dim=1)
    last = labels.gather(1, mask.sum(dim=1, keepdim=True) - 1).squeeze(1)
    return emitted + moved + starts[labels[:, 0]] + ends[last]


def log_partition(
    emissions: torch.Tensor, mask: torch.Tensor, *weights: torch.Tensor
) -> torch.Tensor:
    """The log partition function (log Σ exp of all sequence scores), by the forward algorithm.

    Args:
        emissions, mask, weights: as for ``path_scores``.

    Returns:
        Shape (sentences,).
    """
    transitions, starts, ends = weights
    forward = starts + emissions[:, 0]
    for position in range(1, emissions.shape[1]):
        longer = torch.logsumexp(forward[:, :, None] + transitions, dim=1) + emissions[:, position]
        forward = longer.where(mask[:, position, None], forward)
    return torch.logsumexp(forward + ends, dim=1)


def best_paths(emissions: torch.Tensor, mask: torch.Tensor, *weights: torch.Tensor) -> torch.Tensor:
    """The highest-scoring sequence of each sentence, by the Viterbi algorithm.

    Args:
        emissions, mask, weights: as for ``path_scores``; −∞ forbids.

    Returns:
        Shape (sentences, words); at padding the last label is repeated.
    """
    transitions, starts, ends = weights
    itself = torch.arange(emissions.shape[2], device=emissions.device)
    scores = starts + emissions[:, 0]
    origins = []
    for position in range(1, emissions.shape[1]):
        best, origin = (scores[:, :, None] + transitions).max(dim=1)
        inside = mask[:, position, None]
        scores = (best + emissions[:, position]).where(inside, scores)
        origins.append(origin.where(inside, itself))
    path = [(scores + ends).argmax(dim=1)]
    for origin in reversed(origins):
        path.append(origin.gather(1, path[-1][:, None]).squeeze(1))
    return torch.stack(path[::-1], dim=1)
