"""The label of a sentence from the states of its row."""

from __future__ import annotations

import torch
from torch import nn


class SequenceHead(nn.Module):
    """Mean of states, optionally a dense layer with tanh, and a linear layer.

    With the dense layer, this is the head of ``AutoModelForSequenceClassification`` in the families
    of ``encoders/sequence_heads.py``: the pooler of BERT and its classifier (Devlin et al. 2019),
    or the head of RoBERTa.

    Args:
        hidden_size: size of the states.
        labels: number of labels.
        dense_layer: whether there is a dense layer, which has the size of the states.
        dropout: share of units that are dropped in training before each layer.
    """

    def __init__(self, hidden_size: int, labels: int, dense_layer: bool, dropout: float) -> None:
        super().__init__()
        self.dropout = nn.Dropout(dropout)
        self.dense = nn.Linear(hidden_size, hidden_size) if dense_layer else None
        self.output = nn.Linear(hidden_size, labels)
        for layer in (self.dense, self.output):
            if layer is not None:
                nn.init.normal_(layer.weight, std=0.02)
                nn.init.zeros_(layer.bias)

    def forward(self, states: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
        """Label scores in float32, shape (sentences, labels).

        Args:
            states: states of the positions of each sentence, shape (sentences, positions, hidden).
            mask: whether an entry is a position, shape (sentences, positions); at least one each.
        """
        weights = mask[..., None].to(states.dtype)
        pooled = (states * weights).sum(dim=1) / weights.sum(dim=1)
        if self.dense is not None:
            pooled = torch.tanh(self.dense(self.dropout(pooled)))
        return self.output(self.dropout(pooled)).float()
