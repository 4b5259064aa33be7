"""The kind of encoders and models with adapters."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from torch import nn

from ..runtime.files import write_json
from .adapted_directories import (
    MODEL_TYPE,
    describe,
    load_adapted,
    parts_of_layers,
    reference_free,
)
from .adapters import add_level, required_stack
from .interface import CONFIG_FILE, StartingPoint
from .lean_transformers import PreTrainedModel
from .states import piece_states
from .transformer import TransformerKind, new_encoder


class AdaptedKind(TransformerKind):
    """The kind of encoders and models with adapters."""

    name = "an encoder with adapters"
    model_type = MODEL_TYPE
    load = staticmethod(load_adapted)

    def start(self, directory: Path, sentences: Sequence[Sequence[str]]) -> StartingPoint:
        """The network, all of whose weights are saved unless a level is added to it."""
        network = load_adapted(directory)
        stack = required_stack(network)
        stack.own, stack.complete, stack.changed_layers = None, True, ()
        longest = self.longest_input(network)
        return StartingPoint(self.reader(directory), longest, lambda: copy.deepcopy(network))

    def empty(self, directory: Path) -> PreTrainedModel:
        """The network with the weights of the directory below, which the model does not have."""
        return load_adapted(directory, filled=False)

    def redrawn(self, network: PreTrainedModel, seed: int) -> PreTrainedModel:
        """A network from ``new_encoder`` with untrained adapters."""
        new = new_encoder(network.config, seed)
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            for level in required_stack(network).levels:
                add_level(new, level.members[0].settings)
        return new

    def pretrained_parts(self, network: PreTrainedModel) -> list[nn.Module]:
        """Each layer with the bottlenecks of languages in it."""
        return parts_of_layers(network)

    def layer_states(
        self, network: PreTrainedModel, input_ids: torch.Tensor, attention_mask: torch.Tensor
    ) -> tuple[torch.Tensor, ...]:
        """The states from ``piece_states``; those of the embeddings after invertible adapters."""
        first = self.layers(network)[0]
        return piece_states(network, input_ids, attention_mask, every_layer=True, first_layer=first)

    def own_weights(self, network: nn.Module) -> dict[str, torch.Tensor]:
        """The weights that the directory below does not have."""
        return reference_free(network)

    def save(
        self, network: nn.Module, source: Path, directory: Path, *of_labels: Any
    ) -> list[Path]:
        """Write the tokenizer and the reference to ``source``; returns the paths."""
        written = self.save_reader(network, source, directory)
        write_json(directory / CONFIG_FILE, describe(network, source))
        return [*written, directory / CONFIG_FILE]

    def classifier(self, network: PreTrainedModel) -> str | None:
        """None: transformers does not open the directory."""
        return None

    def sequence_head(self, network: PreTrainedModel) -> None:
        """None, for the same reason."""
        return
