"""The optimiser of trainings against that of torch."""

from __future__ import annotations

import pytest
import torch
from xltransfer.training.optimiser import AdamW, clip


def test_steps_are_those_of_torch_to_the_bit() -> None:
    """With two groups of parameters, and a state that is saved and loaded half-way."""
    settings = {"betas": (0.9, 0.98), "weight_decay": 0.01, "fused": True}
    weights = []
    for kind in (AdamW, torch.optim.AdamW):
        torch.manual_seed(1)
        own = [torch.nn.Parameter(torch.randn(5, 7)) for _ in range(2)]

        def new(kind: type = kind, own: list = own) -> torch.optim.Optimizer:
            return kind(
                [{"params": own[:1], "lr": 0.1}, {"params": own[1:], "lr": 0.01}], **settings
            )

        optimiser = new()
        for step in range(6):
            if step == 3:
                state = optimiser.state_dict()
                optimiser = new()
                optimiser.load_state_dict(state)
            sum((one**3).sum() for one in own).backward()
            optimiser.step()
            optimiser.zero_grad()
        assert all(one.grad is None and one.requires_grad for one in own)
        weights.append(torch.cat([one.detach() for one in own]))
    assert torch.equal(*weights)
    assert torch.is_grad_enabled()


@pytest.mark.parametrize("value", [0.0, 1e-3, 0.5, 3.0, 1e30, float("inf"), float("nan")])
@pytest.mark.parametrize("greatest", [1.0, 5.0])
def test_clipping_is_that_of_torch_to_the_bit(value: float, greatest: float) -> None:
    gradients = []
    for function in (clip, torch.nn.utils.clip_grad_norm_):
        torch.manual_seed(1)
        own = [torch.nn.Parameter(torch.zeros(5)), torch.nn.Parameter(torch.zeros(2, 3))]
        for weight in own:
            weight.grad = value * torch.randn(weight.shape)
        function(own, greatest)
        gradients.append(torch.cat([weight.grad.flatten() for weight in own]))
    assert torch.equal(*(found.view(torch.int32) for found in gradients))
    clip([], greatest)
