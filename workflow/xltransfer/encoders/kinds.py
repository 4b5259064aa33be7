"""The kinds of encoders; a new kind is a subclass of ``EncoderKind`` and an entry here."""

from __future__ import annotations

from pathlib import Path

from torch import nn

from ..runtime.errors import InputError
from ..runtime.files import json_object
from .adapted import AdaptedKind
from .adapters import stack_of
from .bilstm import BiLSTMKind
from .interface import CONFIG_FILE, EncoderKind, PretrainedKind
from .transformer import TransformerKind
from .vector_bilstm import VectorBiLSTMKind
from .word_vectors_kind import WordVectorsKind

ADAPTED = AdaptedKind()
"""The kind of networks with adapters, whatever the type of their encoder."""
KINDS: dict[str, EncoderKind] = {
    kind.model_type: kind for kind in (BiLSTMKind(), VectorBiLSTMKind(), WordVectorsKind(), ADAPTED)
}
"""Kinds of encoders by their ``model_type``."""
TRANSFORMER = TransformerKind()
"""The kind of all other model types."""


def kind_of(directory: Path | str) -> EncoderKind:
    """The kind according to a directory's ``config.json``; a transformer if it is unreadable."""
    return _of_type(json_object(Path(directory) / CONFIG_FILE).get("model_type"))


def kind_of_network(network: nn.Module) -> EncoderKind:
    """The kind of a network."""
    if stack_of(network) is not None:
        return ADAPTED
    return _of_type(network.config.model_type)


def pretrained_kind_of(directory: Path | str) -> PretrainedKind:
    """Like ``kind_of``.

    Raises:
        InputError: encoders of this kind are never pretrained.
    """
    kind = kind_of(directory)
    if not kind.pretrained:
        raise InputError(
            f"{directory}/{CONFIG_FILE}:1: {kind.name} is never pretrained; it can only be "
            "fine-tuned and predicted with, name an encoder of transformers here"
        )
    return kind


def _of_type(model_type: object) -> EncoderKind:
    return KINDS.get(model_type, TRANSFORMER) if isinstance(model_type, str) else TRANSFORMER
