"""Language adapters in a masked language model: added to it before training, or written."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ..runtime.errors import InputError
from ..runtime.files import write_json
from .adapted_directories import describe
from .adapters import AdapterSettings, add_level, invert_before_output, stack_of, train_top_level
from .interface import CONFIG_FILE
from .lean_transformers import PreTrainedModel


def add_language_adapter(
    model: PreTrainedModel, settings: Mapping[str, Any], directory: Path, has_head: bool
) -> None:
    """Add an untrained language adapter to a masked language model and freeze everything else.

    Its weights are drawn from the global random state.

    Args:
        model: model with its head.
        settings: as for ``AdapterSettings``.
        directory: directory of the encoder, for messages.
        has_head: whether the checkpoint has a head.

    Raises:
        InputError: the head is untrained, or the settings do not fit the encoder.
    """
    if not has_head:
        raise InputError(
            f"{directory}: has no head for masked language modelling, which a language adapter "
            "needs, because the head stays as it is; train one first, with `head_only: true` in "
            "place of `adapter`"
        )
    add_level(model.base_model, AdapterSettings.of(settings, "adapter"))
    model.requires_grad_(False)
    train_top_level(model.base_model)
    invert_before_output(model)


def write_description(model: PreTrainedModel, below: Path, directory: Path) -> None:
    """Write ``config.json`` of an encoder with adapters; no effect without adapters.

    Args:
        model: model with its head.
        below: directory that it was made from.
        directory: output directory.
    """
    if stack_of(model.base_model) is not None:
        write_json(directory / CONFIG_FILE, describe(model.base_model, below))
