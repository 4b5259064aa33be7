"""Gradients of embeddings by rows: the same bits as those of the whole table."""

from __future__ import annotations

import pytest
import torch
from torch import nn
from torch.nn import functional
from xltransfer.training.embeddings import LARGE, RowGradients
from xltransfer.training.flat import flatten


class Tied(nn.Module):
    """Looks words up twice over and predicts them with the table itself, as BERT does."""

    def __init__(self, padding: int | None) -> None:
        super().__init__()
        self.words = nn.Embedding(50, 8, padding_idx=padding)
        self.places = nn.Embedding(10, 8)
        self.layer = nn.Linear(8, 8)

    def forward(self, ids: torch.Tensor) -> torch.Tensor:
        states = self.words(ids) + self.places(torch.arange(ids.shape[1]))
        return functional.linear(torch.tanh(self.layer(states)), self.words.weight)


def gradients(padding: int | None, least: int, steps: int = 3) -> tuple[torch.Tensor, bool]:
    """The gradients of some steps, and whether rows were added at all."""
    torch.manual_seed(1)
    model = Tied(padding)
    flat = flatten(model.parameters())
    rows, found = RowGradients(model, least), []
    for _ in range(steps):
        # Frequent words, so that the order of the sums matters.
        ids = torch.randint(0, 7, (16, 10))
        with rows:
            by_rows = "forward" in vars(model.words)
            loss = functional.cross_entropy(model(ids).flatten(0, 1), ids.flatten())
        loss.backward()
        found.append(flat.grad.clone())
        flat.grad.zero_()
    return torch.stack(found), by_rows


@pytest.mark.parametrize("padding", [None, 0])
def test_every_bit_of_the_gradient_is_that_of_the_whole_table(padding: int | None) -> None:
    expected, plain = gradients(padding, least=LARGE)
    found, by_rows = gradients(padding, least=0)
    assert (plain, by_rows) == (False, True)
    assert torch.equal(found, expected)
    assert found.abs().sum() > 0


def test_padding_gets_no_gradient() -> None:
    table = nn.Embedding(5, 2, padding_idx=0)
    flatten(table.parameters())
    with RowGradients(table, 0):
        states = table(torch.tensor([[0, 3], [3, 1]]))
    states.backward(torch.ones_like(states))
    assert table.weight.grad.tolist() == [[0, 0], [1, 1], [0, 0], [2, 2], [0, 0]]


def test_embeddings_are_as_they_were_afterwards() -> None:
    table = nn.Embedding(5, 2)
    with RowGradients(table, 0):
        pass
    assert "forward" not in vars(table)


def test_frozen_and_unusual_tables_are_left_alone() -> None:
    frozen, normed = nn.Embedding(5, 2), nn.Embedding(5, 2, max_norm=1.0)
    frozen.weight.requires_grad = False
    model = nn.ModuleList([frozen, normed])
    with RowGradients(model, 0):
        assert not any("forward" in vars(module) for module in model)
