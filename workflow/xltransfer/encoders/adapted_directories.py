"""Directories of encoders and models with adapters, which refer to the encoder below them.

``config.json`` names the directory below and the checksums of its files; ``model.safetensors`` has
only the weights that are not there. Its model type is unknown to transformers, which therefore
refuses such a directory, instead of opening it with random weights.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file
from torch import nn

from ..records.record import located, portable
from ..runtime.errors import InputError
from ..runtime.files import json_object, read_json, sha256_of_file
from .adapters import (
    NAME,
    Adapters,
    AdapterSettings,
    Level,
    add_level,
    required_stack,
    stack_of,
)
from .interface import CONFIG_FILE
from .language_embeddings import NAME as LANGUAGE_EMBEDDINGS
from .language_embeddings import languages_of
from .lean_transformers import PreTrainedModel
from .transformer import layer_stack, load_encoder
from .weights import check_safetensors, own_weights

MODEL_TYPE = "xltransfer-adapted"
WEIGHTS = "model.safetensors"
_RESULTS = "<results>/"


def is_adapted(directory: Path) -> bool:
    """Whether a directory refers to an encoder below it."""
    return json_object(directory / CONFIG_FILE).get("model_type") == MODEL_TYPE


def describe(network: nn.Module, below: Path) -> dict[str, Any]:
    """The content of ``config.json`` of a network with adapters.

    Args:
        network: network with adapters.
        below: directory that it was made from.
    """
    stack = required_stack(network)
    place = portable(below)
    languages = languages_of(below)
    return {
        "model_type": MODEL_TYPE,
        "below": {
            # An absolute path is needed to find the encoder again.
            "directory": str(below) if place.startswith("<absolute path") else place,
            "checksums": {name: sha256_of_file(below / name) for name in (CONFIG_FILE, WEIGHTS)},
        },
        "adapter": stack.own.content() if stack.own else None,
        "complete": stack.complete,
        "changed_layers": list(stack.changed_layers),
        **({LANGUAGE_EMBEDDINGS: languages} if languages else {}),
    }


class Description:
    """The ``config.json`` of a directory with adapters.

    Args:
        directory: directory of an encoder or a model.

    Attributes:
        below: directory of the encoder below.
        settings: architecture of the level in this directory, ``None`` without one.
        complete, changed_layers: as for ``AdapterStack``.

    Raises:
        InputError: the file is malformed, or the encoder below is missing or has changed.
    """

    def __init__(self, directory: Path) -> None:
        self.path = directory / CONFIG_FILE
        content = read_json(self.path)
        below = content.get("below") if isinstance(content, dict) else None
        named = below.get("directory") if isinstance(below, dict) else None
        checksums = below.get("checksums") if isinstance(below, dict) else None
        layers = content.get("changed_layers") if isinstance(content, dict) else None
        usable = (
            isinstance(named, str)
            and isinstance(checksums, dict)
            and set(checksums) == {CONFIG_FILE, WEIGHTS}
            and isinstance(layers, list)
            and all(type(number) is int and number > 0 for number in layers)
            and type(content.get("complete")) is bool
        )
        if not usable:
            raise InputError(
                f"{self.path}: no description of adapters and the encoder below them; make the "
                "directory again"
            )
        adapter = content.get("adapter")
        self.settings = (
            None if adapter is None else AdapterSettings.of(adapter, f"{self.path}: adapter")
        )
        self.complete: bool = content["complete"]
        self.changed_layers = tuple(layers)
        self.checksums: Mapping[str, str] = checksums
        self.below = self._find(directory, named)

    def _find(self, directory: Path, named: str) -> Path:
        found = Path(located(named))
        if named.startswith(_RESULTS) and not _is_file(found / WEIGHTS):
            # Opened by hand: the folder of results is one of those above.
            inner = named.removeprefix(_RESULTS)
            above = (parent / inner for parent in Path(os.path.abspath(directory)).parents)
            found = next((place for place in above if _is_file(place / WEIGHTS)), found)
        for name, expected in self.checksums.items():
            path = found / name
            if not _is_file(path):
                raise InputError(
                    f"{self.path}: {path}, the encoder below the adapters, is missing; restore it"
                )
            if sha256_of_file(path) != expected:
                raise InputError(
                    f"{self.path}: {path}, of the encoder below the adapters, is not the one that "
                    "they were trained on; restore it, or make the adapters again"
                )
        return found

    def apply(self, network: PreTrainedModel) -> None:
        """Add the level of this directory to the network of the directory below, untrained.

        Raises:
            InputError: the settings do not fit the encoder.
        """
        if self.settings is not None:
            add_level(network, self.settings)
        stack = stack_of(network)
        if stack is None:
            raise InputError(
                f"{self.path}: no adapter here, and none of the encoder below; make the directory "
                "again"
            )
        stack.own, stack.complete = self.settings, self.complete
        stack.changed_layers = self.changed_layers


def _is_file(path: Path) -> bool:
    """Whether there is a file; not an error for text that is no path."""
    try:
        return path.is_file()
    except (OSError, ValueError):
        return False


def fill(model: PreTrainedModel, directory: Path, with_head: bool) -> None:
    """Load the weights of a directory's own file.

    Args:
        model: network of the directory, with its adapters; or a masked language model of it.
        directory: directory of the weights, which may have a head besides.
        with_head: whether the model has a head.

    Raises:
        InputError: weights are missing or of another shape.
    """
    path = directory / WEIGHTS
    check_safetensors(path)
    prefix = f"{model.base_model_prefix}."
    network = model.base_model if with_head else model
    outer = "" if with_head else prefix
    expected = {f"{prefix}{name}" for name in reference_free(network)}
    if with_head and required_stack(network).complete:
        expected = set(own_weights(model))
    found = load_file(path)
    missing = sorted(expected - set(found))
    if missing:
        raise InputError(f"{path}: '{missing[0]}' is missing; make the directory again")
    try:
        wanted = {name.removeprefix(outer): found[name] for name in expected}
        model.load_state_dict(wanted, strict=False)
    except RuntimeError as error:
        reason = " ".join(str(error).split())
        raise InputError(f"{path}: not the weights of {directory}: {reason}") from None


def parts_of_layers(network: nn.Module) -> list[nn.Module]:
    """Each layer of a network with the bottlenecks in it, lowest first."""
    members = [m for level in required_stack(network).levels for m in level.members]
    return [
        nn.ModuleList([layer, *(m.bottlenecks[str(n)] for m in members if str(n) in m.bottlenecks)])
        for n, layer in enumerate(layer_stack(network), start=1)
    ]


def reference_free(network: nn.Module) -> dict[str, torch.Tensor]:
    """The weights of a network that its own file has, by name."""
    stack, weights = required_stack(network), own_weights(network)
    if stack.complete:
        return weights
    parts = parts_of_layers(network)
    changed = {
        id(tensor)
        for number in stack.changed_layers
        for tensor in parts[number - 1].state_dict(keep_vars=True).values()
    }
    level = f"{NAME}.levels.{len(stack.levels) - 1}."
    kept = network.state_dict(keep_vars=True)
    return {
        name: value
        for name, value in weights.items()
        if name.startswith(level) or id(kept[name]) in changed
    }


def load_adapted(directory: Path, filled: bool = True) -> PreTrainedModel:
    """The network of a directory with adapters, without a head.

    Args:
        directory: directory of an encoder or a model.
        filled: whether to load the weights of its own file as well.

    Raises:
        InputError: a file is missing, malformed or changed.
    """
    description = Description(directory)
    below = description.below
    network = load_adapted(below) if is_adapted(below) else load_encoder(below)
    description.apply(network)
    if filled:
        fill(network, directory, with_head=False)
    return network


def swap_language(network: PreTrainedModel, below: Path, languages: Sequence[Path]) -> Level:
    """Replace the language adapters of a network by others of the same encoder (MAD-X).

    Args:
        network: network of a fine-tuned model with a language and a task adapter.
        below: directory of the language adapters that it was trained on.
        languages: directories of language adapters; several are averaged.

    Returns:
        The level of the languages.

    Raises:
        InputError: a directory has no language adapters, or they are of another encoder.
    """
    stack = required_stack(network)
    trained_on = Description(below)
    if trained_on.settings is None or len(stack.levels) < 2:
        raise InputError(
            f"{below}: has no language adapter below the task adapter that could be replaced; "
            "fine-tune an encoder with a language adapter, and with `adapter`"
        )
    if stack.complete or stack.changed_layers:
        raise InputError(
            f"{below}: the model on it has other weights below its adapters, to which no other "
            "language adapter belongs; name a model that was trained with `adapter` and without "
            "an ablation"
        )
    members = []
    for directory in languages:
        if not is_adapted(directory):
            raise InputError(f"{directory}: has no language adapter; name another")
        described = Description(directory)
        if described.checksums[WEIGHTS] != trained_on.checksums[WEIGHTS] or described.complete:
            raise InputError(
                f"{directory}: its adapter is not one of the encoder below {below}; train it on "
                "that encoder"
            )
        assert described.settings is not None, "a directory that is not complete has a level"
        members.append(_read_members(network, directory, described.settings))
    device = next(network.parameters()).device
    level = Level(members).to(device).eval()
    stack.levels[len(stack.levels) - 2] = level
    return level


def _read_members(network: PreTrainedModel, directory: Path, settings: AdapterSettings) -> Adapters:
    """The adapters of a directory, without its encoder."""
    path = directory / WEIGHTS
    check_safetensors(path)
    with torch.random.fork_rng(devices=[]):
        adapters = Adapters(network.config.hidden_size, len(layer_stack(network)), settings)
    marker = f".levels.{len(required_stack(network).levels) - 2}.members.0."
    found = {name.split(marker)[1]: v for name, v in load_file(path).items() if marker in name}
    try:
        adapters.load_state_dict(found)
    except RuntimeError as error:
        reason = " ".join(str(error).split())
        raise InputError(f"{path}: not the weights of {directory}: {reason}") from None
    return adapters
