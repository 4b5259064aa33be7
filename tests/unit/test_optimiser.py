"""The optimiser of trainings against that of torch."""

from __future__ import annotations

import torch
from xltransfer.training.optimiser import AdamW


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
