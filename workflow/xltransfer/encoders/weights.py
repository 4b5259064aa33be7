"""The weights of a network."""

from __future__ import annotations

import torch
from torch import nn


def own_weights(model: nn.Module) -> dict[str, torch.Tensor]:
    """The weights of a model by name, each once: of tied weights only the first name counts."""
    names = {name for name, _ in (*model.named_parameters(), *model.named_buffers())}
    return {name: value for name, value in model.state_dict().items() if name in names}
