"""Deep biaffine attention for dependency parsing (Dozat & Manning, ICLR 2017)."""

from __future__ import annotations

import torch
from torch import nn
from torch.nn import functional

from ...encoders.layers import SharedDropout


class BiaffineHead(nn.Module):
    """Scores of arcs and relations between words.

    Args:
        hidden_size: size of the word states.
        arc_units, relation_units: sizes of the projections for the scores of arcs and relations.
        relations: number of relation labels.
        dropout: share of units dropped in each projection.
    """

    def __init__(
        self, hidden_size: int, arc_units: int, relation_units: int, relations: int, dropout: float
    ) -> None:
        super().__init__()
        self.root = nn.Parameter(torch.empty(hidden_size))
        self.arc_head = _projection(hidden_size, arc_units, dropout)
        self.arc_dependent = _projection(hidden_size, arc_units, dropout)
        self.relation_head = _projection(hidden_size, relation_units, dropout)
        self.relation_dependent = _projection(hidden_size, relation_units, dropout)
        self.arc_weight = nn.Parameter(torch.zeros(arc_units + 1, arc_units))
        self.relation_weight = nn.Parameter(
            torch.zeros(relation_units + 1, relations, relation_units + 1)
        )
        nn.init.normal_(self.root, std=0.02)

    def with_root(self, states: torch.Tensor) -> torch.Tensor:
        """Prepend the artificial root: shape (sentences, words + 1, hidden)."""
        root = self.root.to(states.dtype).expand(len(states), 1, -1)
        return torch.cat([root, states], dim=1)

    def arc_scores(self, states: torch.Tensor, word_mask: torch.Tensor) -> torch.Tensor:
        """Score every head for every word.

        Args:
            states: word states, shape (sentences, words, hidden).
            word_mask: mask of the words, shape (sentences, words).

        Returns:
            Scores in float32, shape (sentences, words, words + 1); head 0 is the root; −∞ for a
            word as its own head and for padding.
        """
        dependents = _with_bias(self.arc_dependent(states))
        heads = self.arc_head(self.with_root(states))
        scores = (dependents @ self.arc_weight @ heads.transpose(1, 2)).float()
        words = states.shape[1]
        allowed = functional.pad(word_mask, (1, 0), value=True)[:, None, :]
        itself = torch.eye(words, dtype=torch.bool, device=states.device)
        allowed = allowed & ~functional.pad(itself, (1, 0), value=False)
        return scores.masked_fill(~allowed, float("-inf"))

    def relation_scores(
        self, states: torch.Tensor, heads: torch.Tensor, word_mask: torch.Tensor
    ) -> torch.Tensor:
        """Score every relation between each word and one given head.

        Args:
            states: word states, shape (sentences, words, hidden).
            heads: head of each word, shape (sentences, words).
            word_mask: mask of the words, shape (sentences, words).

        Returns:
            Scores in float32, shape (words in all sentences, relations).
        """
        dependents = _with_bias(self.relation_dependent(states)[word_mask])
        candidates = self.relation_head(self.with_root(states))
        index = heads[:, :, None].expand(-1, -1, candidates.shape[-1])
        chosen = _with_bias(candidates.gather(1, index)[word_mask])
        units, relations, _ = self.relation_weight.shape
        # Both branches compute the same; for many words, one relation at a time fits the CPU cache.
        is_many = len(dependents) > relations and states.device.type == "cpu"
        if is_many and not torch.is_grad_enabled():
            scores = [
                (dependents @ self.relation_weight[:, relation])[:, None] @ chosen[:, :, None]
                for relation in range(relations)
            ]
            return torch.cat(scores, dim=1).squeeze(2).float()
        mixed = dependents @ self.relation_weight.view(units, -1)
        mixed = mixed.view(len(dependents), relations, units)
        return (mixed @ chosen[:, :, None]).squeeze(2).float()


def _projection(inputs: int, units: int, dropout: float) -> nn.Sequential:
    linear = nn.Linear(inputs, units)
    nn.init.orthogonal_(linear.weight)
    nn.init.zeros_(linear.bias)
    return nn.Sequential(linear, nn.LeakyReLU(0.1), SharedDropout(dropout))


def _with_bias(states: torch.Tensor) -> torch.Tensor:
    return torch.cat([states, torch.ones_like(states[..., :1])], dim=-1)
