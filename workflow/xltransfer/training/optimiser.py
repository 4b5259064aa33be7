"""AdamW over the weights of an objective."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from inspect import unwrap
from typing import Any

import torch
from torch.nn.utils import clip_grads_with_norm_, get_total_norm

from .flat import flatten
from .objectives.objective import Objective


class AdamW(torch.optim.AdamW):
    """AdamW whose first step does not import the compiler of torch (`encoders/lean_torch.py`).

    Methods of optimisers are decorated for the compiler; these are the same without decorations.
    """

    step = torch.no_grad()(unwrap(torch.optim.AdamW.step))
    add_param_group = unwrap(torch.optim.AdamW.add_param_group)
    load_state_dict = unwrap(torch.optim.AdamW.load_state_dict)
    state_dict = unwrap(torch.optim.AdamW.state_dict)
    zero_grad = unwrap(torch.optim.AdamW.zero_grad)


def optimiser_of(objective: Objective, settings: Mapping[str, Any]) -> AdamW:
    """AdamW on one buffer per group of parameters."""
    groups = [
        {**group, "params": [flatten(group["params"])]} for group in objective.parameter_groups()
    ]
    return AdamW(
        groups,
        betas=(0.9, settings["adam_beta2"]),
        weight_decay=settings["weight_decay"],
        fused=True,
    )


def clipped_together(optimiser: torch.optim.Optimizer) -> list[list[torch.Tensor]]:
    """The weights whose gradients are clipped by their common norm."""
    common, apart = [], []
    for group in optimiser.param_groups:
        if group.get("clipped_apart"):
            apart.append(group["params"])
        else:
            common += group["params"]
    return [common, *apart]


def clip(weights: Sequence[torch.Tensor], greatest: float) -> None:
    """Scale gradients so that their common norm is at most a number.

    Gradients are those after ``torch.nn.utils.clip_grad_norm_``, which also multiplies them by 1
    where their norm is small enough, which is one more pass over all of them. A GPU would have to
    wait for the norm.

    Args:
        weights: on one device, with gradients.
        greatest: maximum norm.
    """
    norm = get_total_norm([weight.grad for weight in weights])
    if norm.is_cuda or not bool(greatest / (norm + 1e-6) >= 1):
        clip_grads_with_norm_(weights, greatest, norm)
