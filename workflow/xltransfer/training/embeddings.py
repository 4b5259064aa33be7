"""Row-wise gradients of embeddings: only the rows that a batch looks up are updated.

For every batch PyTorch allocates a gradient of the size of the whole table, fills it with zeros and
adds it, although a batch looks up only a few percent of the rows. Here the same sums, in the same
order, are added only to these rows. Starting from a zero gradient, the result is bit-identical.
"""

from __future__ import annotations

import torch
from torch import nn
from torch.autograd.function import FunctionCtx
from torch.nn import functional

LARGE = 2**20
"""Minimum number of elements; in smaller tables finding the rows costs more than it saves."""


class _Lookup(torch.autograd.Function):
    """Rows of a table; backward adds to its existing gradient in place."""

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
    """A context in which large embeddings of a model use row-wise gradients.

    Every gradient must exist, as after ``flatten``, and be reset to zero, never to ``None``. The
    context has no effect on GPUs, where adding rows in a fixed order is slower than the whole
    table.

    Args:
        model: model on its device.
        least: minimum number of elements of a table.
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
            module.forward = lambda indices, module=module: _Lookup.apply(
                module.weight, indices, module.padding_idx
            )

    def __exit__(self, *error: object) -> None:
        for module in self._changed:
            del module.forward
