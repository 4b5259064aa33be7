"""Gradients of embeddings, added to the rows that a batch looks up.

PyTorch makes a gradient as large as the whole table for every batch, fills it with zeros and adds
it up, though a batch looks up a few rows in a hundred. Here the same sums, in the same order, go to
these rows alone, so that every bit of a gradient that was zero before is the same.
"""

from __future__ import annotations

from functools import partial

import torch
from torch import nn
from torch.autograd.function import FunctionCtx
from torch.nn import functional

LARGE = 2**20
"""Elements of a table; for smaller ones the whole table costs less than finding the rows."""


class _Lookup(torch.autograd.Function):
    """Rows of a table whose gradient exists already and is added to in place."""

    @staticmethod
    def forward(
        ctx: FunctionCtx, table: nn.Parameter, indices: torch.Tensor, padding: int | None
    ) -> torch.Tensor:
        ctx.table, ctx.indices, ctx.padding = table, indices, padding
        return functional.embedding(indices, table)

    @staticmethod
    def backward(ctx: FunctionCtx, gradient: torch.Tensor) -> tuple[None, None, None]:
        indices, gradient = ctx.indices.flatten(), gradient.flatten(0, -2)
        if ctx.padding is not None:
            wanted = indices != ctx.padding
            indices, gradient = indices[wanted], gradient[wanted]
        rows, places = indices.unique(return_inverse=True)
        sums = gradient.new_zeros(len(rows), gradient.shape[1]).index_add_(0, places, gradient)
        ctx.table.grad.index_add_(0, rows, sums)
        return None, None, None


class RowGradients:
    """A context in which large embeddings of a model add to the rows of their gradients.

    Every gradient must exist, as after ``flatten``, and must be set to zero, never to ``None``. On
    GPUs nothing changes, since adding rows in a fixed order is slower there than the whole table.

    Args:
        model: on its device.
        least: elements of the smallest table that is treated so.
    """

    def __init__(self, model: nn.Module, least: int = LARGE) -> None:
        self._changed = [
            module
            for module in model.modules()
            if type(module) is nn.Embedding
            and module.weight.numel() >= least
            and module.weight.requires_grad
            and module.weight.device.type == "cpu"
            and module.max_norm is None
            and not module.scale_grad_by_freq
        ]

    def __enter__(self) -> None:
        for module in self._changed:
            module.forward = partial(_look_up, module)

    def __exit__(self, *error: object) -> None:
        for module in self._changed:
            del module.forward


def _look_up(module: nn.Embedding, indices: torch.Tensor) -> torch.Tensor:
    return _Lookup.apply(module.weight, indices, module.padding_idx)
