"""LoRA: trained changes of low rank of frozen weight matrices (Hu et al., ICLR 2022), by peft.

A matrix W becomes W + (alpha / rank) B A. B is 0 at first, so that nothing changes before training.
After it, the products are added to the matrices: models have the files and the speed of those that
were trained with all weights.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from importlib import import_module
from typing import Any

import torch
from torch import nn

from ..runtime.errors import InputError
from .lean_transformers import PreTrainedModel

LIBRARY = "peft"


def add_lora(network: PreTrainedModel, settings: Mapping[str, Any]) -> None:
    """Freeze a network, but for untrained changes of low rank of some matrices.

    Their weights are drawn from the global random state.

    Args:
        network: encoder of transformers without a head.
        settings: ``rank``; ``alpha``; ``dropout`` of their inputs, by default 0; and ``modules``,
            the last parts of the names of the linear layers to change. By default they are what the
            library has for the family: for most, the queries and values of attention.

    Raises:
        InputError: the library is not installed, knows no default for the family, or there is no
            linear layer of one of these names.
    """
    try:
        import peft
    except ImportError:
        raise InputError(
            f"training.lora: {LIBRARY} is not installed; run `pip install {LIBRARY}`, or remove "
            "`lora`"
        ) from None
    _check_modules(network, settings.get("modules") or [])
    if torch.distributed.is_available():
        # peft looks for it, and expects that transformers has imported it (`lean_transformers.py`).
        import_module("torch.distributed.tensor")
    config = peft.LoraConfig(
        r=settings["rank"],
        lora_alpha=settings["alpha"],
        lora_dropout=settings.get("dropout", 0.0),
        target_modules=settings.get("modules"),
    )
    try:
        peft.inject_adapter_in_model(config, network)
    except ValueError as error:
        family, reason = network.config.model_type, " ".join(str(error).split())
        raise InputError(
            f"training.lora: {LIBRARY} cannot change {family} ({reason[:200]}); name linear layers "
            "of this family in `modules`, for example [query, value]"
        ) from None


def _check_modules(network: PreTrainedModel, names: Sequence[str]) -> None:
    """Raise an error for a name of no linear layer; the library needs one right name of several."""
    family = network.config.model_type
    for name in names:
        found = [m for n, m in network.named_modules() if f".{n}".endswith(f".{name}")]
        if not all(isinstance(module, nn.Linear) for module in found) or not found:
            raise InputError(
                f"training.lora: '{name}' is no linear layer of {family}; name linear layers of "
                "this family in `modules`, for example [query, value]"
            )


def merge_lora(network: nn.Module) -> None:
    """Add the trained changes to the matrices, which get their former names back."""
    from peft.tuners.lora import LoraLayer

    for name, module in list(network.named_modules()):
        if isinstance(module, LoraLayer):
            module.merge()
            network.set_submodule(name, module.get_base_layer())
