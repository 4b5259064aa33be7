"""Task adapters and LoRA: a small part of the encoder is trained with the head."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..encoders.ablations import NEVER_PRETRAINED, Ablation
from ..encoders.adapters import AdapterSettings, add_level, required_stack, train_top_level
from ..encoders.lora import add_lora
from ..runtime.errors import InputError
from .model import WordModel


def with_task_adapter(
    model: WordModel, settings: Mapping[str, Any], ablation: Ablation
) -> WordModel:
    """A model with an untrained task adapter above the adapters that its encoder may have.

    Everything but the adapter and the head is frozen. Layers that an ablation has re-initialised
    stay as they were drawn, so that the ablation shows what an adapter can make up for; their
    weights are stored with the adapter.

    Args:
        model: model after its ablation; its encoder gets the adapter.
        settings: as for ``AdapterSettings``.
        ablation: that it had.

    Raises:
        InputError: the encoder cannot have adapters, or the ablation has no effect.
    """
    _check(model, ablation, "training.adapter")
    add_level(model.encoder, AdapterSettings.of(settings, "training.adapter"))
    train_top_level(model.encoder)
    stack = required_stack(model.encoder)
    stack.complete = ablation.name == NEVER_PRETRAINED
    if ablation.kind:
        stack.changed_layers = tuple(range(ablation.first, ablation.last + 1))
    return WordModel(model.encoder, model.head)


def add_task_lora(model: WordModel, settings: Mapping[str, Any], ablation: Ablation) -> None:
    """Add untrained changes of low rank to a model's encoder, and freeze the rest of it.

    Re-initialised layers stay as they were drawn, but for such changes.

    Args:
        model: model after its ablation.
        settings: as for ``add_lora``.
        ablation: that it had.

    Raises:
        InputError: the encoder cannot be changed so, or the ablation has no effect.
    """
    _check(model, ablation, "training.lora")
    add_lora(model.encoder, settings)


def _check(model: WordModel, ablation: Ablation, key: str) -> None:
    if not model.kind.takes_adapters:
        raise InputError(f"{key}: {model.kind.name} has no adapters; train it without them")
    if ablation.kind == "freeze":
        raise InputError(
            f"{key}: '{ablation.name}' has no effect, because all layers are frozen; remove the "
            "ablation"
        )
