"""Adapters: small layers inside a frozen encoder (Pfeiffer et al. 2020, MAD-X).

A *level* has a bottleneck in every layer and, for languages, an invertible adapter at the
embeddings. Levels are stacked: the one of a task is above the one of a language. They are attached
to any encoder by hooks, at places that are found by running it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import torch
from torch import nn

from ..runtime.errors import InputError
from .adapter_places import find_places
from .lean_transformers import PreTrainedModel
from .transformer import layer_stack

NAME = "stacked_adapters"
"""Attribute of a network, and the beginning of the names of its adapters' weights."""
ACTIVATIONS = {"relu": nn.ReLU, "gelu": nn.GELU, "silu": nn.SiLU, "tanh": nn.Tanh}
_INITIAL_DEVIATION = 0.02


@dataclass(frozen=True)
class AdapterSettings:
    """The architecture of a level of adapters.

    Attributes:
        size: units of a bottleneck.
        activation: key of ``ACTIVATIONS``.
        leave_out: layers without a bottleneck, 1-based (MAD-X 2.0 leaves out the last one).
        invertible: whether there is an invertible adapter.
        invertible_size: hidden units of its two functions; 0: a quarter of the encoder's units, as
            published.
    """

    size: int
    activation: str = "relu"
    leave_out: tuple[int, ...] = ()
    invertible: bool = False
    invertible_size: int = 0

    @classmethod
    def of(cls, content: Mapping[str, Any], place: str) -> AdapterSettings:
        """The settings in JSON content.

        Args:
            content: keys as above.
            place: file or key, the beginning of messages.

        Raises:
            InputError: a key is unknown or missing, or a value is invalid.
        """
        if not isinstance(content, Mapping) or not set(content) <= set(cls.__dataclass_fields__):
            raise InputError(f"{place}: not the settings of an adapter; correct them")
        size, units = content.get("size"), content.get("invertible_size", 0)
        left_out = content.get("leave_out", [])
        sizes = all(type(number) is int and 0 <= number < 2**20 for number in (size, units))
        numbers = isinstance(left_out, list | tuple) and all(
            type(n) is int and n > 0 for n in left_out
        )
        invertible, activation = content.get("invertible", False), content.get("activation", "relu")
        known = isinstance(activation, str) and activation in ACTIVATIONS
        if not sizes or not size or not numbers or not known or type(invertible) is not bool:
            raise InputError(
                f"{place}: an adapter needs a positive `size`, an `activation` among "
                f"{', '.join(ACTIVATIONS)}, and numbers of layers in `leave_out`; correct them"
            )
        return cls(size, activation, tuple(sorted(set(left_out))), invertible, units)

    def content(self) -> dict[str, Any]:
        """The settings as JSON content."""
        return {**self.__dict__, "leave_out": list(self.leave_out)}


class Bottleneck(nn.Module):
    """What an adapter adds to a layer: ``up(activation(down(z)))`` (Houlsby et al. 2019).

    ``up`` is 0 at first, so that an untrained adapter changes no state.

    Args:
        units: size of the states.
        settings: architecture.
    """

    def __init__(self, units: int, settings: AdapterSettings) -> None:
        super().__init__()
        self.down = nn.Linear(units, settings.size)
        self.activation = ACTIVATIONS[settings.activation]()
        self.up = nn.Linear(settings.size, units)
        _initialise(self.down, self.up)

    def forward(self, states: torch.Tensor) -> torch.Tensor:
        """Shape (…, units), as ``states``."""
        return self.up(self.activation(self.down(states)))


class Coupling(nn.Module):
    """An invertible adapter: additive coupling of two halves of a state (NICE, Dinh et al. 2015).

    ``u1 = x1 + F(x2)``, ``u2 = x2 + G(u1)``; F and G are 0 at first.

    Args:
        units: size of the states, an even number.
        settings: architecture.

    Raises:
        InputError: the number of units is odd.
    """

    def __init__(self, units: int, settings: AdapterSettings) -> None:
        super().__init__()
        if units % 2:
            raise InputError(
                f"adapter: the encoder has {units} units, which are no two halves; "
                "write `invertible: false`"
            )
        half, hidden = units // 2, settings.invertible_size or max(units // 4, 1)
        self.first, self.second = (
            nn.Sequential(
                nn.Linear(half, hidden),
                ACTIVATIONS[settings.activation](),
                nn.Linear(hidden, half),
            )
            for _ in range(2)
        )
        for function in (self.first, self.second):
            _initialise(function[0], function[2])

    def forward(self, states: torch.Tensor) -> torch.Tensor:
        """Shape (…, units), as ``states``."""
        x1, x2 = states.chunk(2, dim=-1)
        u1 = x1 + self.first(x2)
        return torch.cat([u1, x2 + self.second(u1)], dim=-1)

    def inverse(self, states: torch.Tensor) -> torch.Tensor:
        """The states whose ``forward`` gives ``states``; same shape."""
        u1, u2 = states.chunk(2, dim=-1)
        x2 = u2 - self.second(u1)
        return torch.cat([u1 - self.first(x2), x2], dim=-1)


def _initialise(lower: nn.Linear, upper: nn.Linear) -> None:
    nn.init.normal_(lower.weight, std=_INITIAL_DEVIATION)
    for values in (lower.bias, upper.weight, upper.bias):
        nn.init.zeros_(values)


class Adapters(nn.Module):
    """The adapters of one language or task.

    Args:
        units: size of the encoder's states.
        layers: number of layers of the encoder.
        settings: architecture.

    Raises:
        InputError: a layer that is left out does not exist, or every layer is.
    """

    def __init__(self, units: int, layers: int, settings: AdapterSettings) -> None:
        super().__init__()
        wrong = [number for number in settings.leave_out if number > layers]
        if wrong or len(settings.leave_out) == layers:
            raise InputError(
                f"adapter: leave_out: the encoder has {layers} layers, and adapters need at least "
                f"one; correct {list(settings.leave_out)}"
            )
        self.settings = settings
        self.bottlenecks = nn.ModuleDict(
            {
                str(number): Bottleneck(units, settings)
                for number in range(1, layers + 1)
                if number not in settings.leave_out
            }
        )
        self.invertible = Coupling(units, settings) if settings.invertible else None

    def added(self, layer: int, states: torch.Tensor) -> torch.Tensor | None:
        """What the bottleneck of a layer adds; ``None`` if the layer has none."""
        if str(layer) not in self.bottlenecks:
            return None
        return self.bottlenecks[str(layer)](states)


class Level(nn.Module):
    """The adapters at one height of a stack: of one task or language, or a mixture of languages.

    The outputs of a mixture are averaged in every layer and at the embeddings (EMEA, Wang et al.
    2021).

    Args:
        members: adapters of the level.

    Attributes:
        logits: the logits of the weights of the members, shape (layers + 1, members); the first row
            is for the embeddings. ``None``: equal weights.
    """

    def __init__(self, members: Sequence[Adapters]) -> None:
        super().__init__()
        self.members = nn.ModuleList(members)
        self.logits: torch.Tensor | None = None

    def _average(self, row: int, outputs: Sequence[torch.Tensor]) -> torch.Tensor:
        if len(outputs) == 1:
            return outputs[0]
        if self.logits is None:
            return torch.stack(list(outputs)).mean(dim=0)
        weights = self.logits[row].softmax(dim=0)
        return torch.einsum("m,m...->...", weights, torch.stack(list(outputs)))

    def added(self, layer: int, states: torch.Tensor) -> torch.Tensor | None:
        """The average of what the members add in a layer (1-based); ``None`` if it is nothing."""
        found = [member.added(layer, states) for member in self.members]
        if all(output is None for output in found):
            return None
        # Weights sum to 1, so that the average with the residual is the residual plus this one.
        return self._average(layer, [torch.zeros_like(states) if f is None else f for f in found])

    def embedded(self, states: torch.Tensor) -> torch.Tensor:
        """The average of the invertible adapters' outputs."""
        couplings = [member.invertible for member in self.members]
        if all(coupling is None for coupling in couplings):
            return states
        return self._average(0, [states if c is None else c(states) for c in couplings])

    def inverse(self, states: torch.Tensor) -> torch.Tensor:
        """The inverse of ``embedded``; of a mixture there is none."""
        assert len(self.members) == 1, "masked language modelling has one language"
        coupling = self.members[0].invertible
        return states if coupling is None else coupling.inverse(states)


class AdapterStack(nn.Module):
    """The levels of an encoder, lowest first, and their hooks.

    Attributes:
        levels: languages below tasks.
        own: settings of the level that a directory has in its own file; ``None`` if it has no level
            of its own.
        complete: whether the directory has all weights in its own file.
        changed_layers: layers (1-based) whose weights are not those of the encoder below.
        inverts: whether ``before_output`` is a hook of an output layer.
    """

    def __init__(self) -> None:
        super().__init__()
        self.levels = nn.ModuleList()
        self.own: AdapterSettings | None = None
        self.complete = True
        self.changed_layers: tuple[int, ...] = ()
        self.inverts = False

    def after_norm(self, number: int, norm: nn.Module, inputs: Any, output: Any) -> torch.Tensor:
        """Hook of a layer that ends with a normalisation (Pfeiffer et al. 2020).

        For the feed-forward output h and the layer's residual x, the norm's input is s = h + x, and
        its output is the adapter's input z = norm(s). The adapter's output with its residual is
        A(z) + h, so that the layer's output is norm(A(z) + h + x) = norm(s + A(z)). A level above
        has A(z) + h in place of h.
        """
        total, states = inputs[0], output
        for level in self.levels:
            added = level.added(number, states)
            if added is not None:
                total = total + added
                states = norm.forward(total)
        return states

    def after_layer(self, number: int, layer: nn.Module, inputs: Any, output: Any) -> Any:
        """Hook of a layer that ends with a sum s: its output becomes s + A(s)."""
        states = output if isinstance(output, torch.Tensor) else output[0]
        for level in self.levels:
            added = level.added(number, states)
            states = states if added is None else states + added
        return states if isinstance(output, torch.Tensor) else (states, *output[1:])

    def before_layers(self, layer: nn.Module, inputs: Any, named: dict[str, Any]) -> Any:
        """Hook of the first layer: invertible adapters change the embeddings."""
        states = inputs[0] if inputs else named["hidden_states"]
        for level in self.levels:
            states = level.embedded(states)
        if inputs:
            return (states, *inputs[1:]), named
        return inputs, {**named, "hidden_states": states}

    def before_output(self, output_layer: nn.Module, inputs: Any) -> Any:
        """Hook of the output layer of a masked language model: the inverses, highest first."""
        states = inputs[0]
        for level in reversed(self.levels):
            states = level.inverse(states)
        return (states, *inputs[1:])


def stack_of(network: nn.Module) -> AdapterStack | None:
    """The adapters of a network, if it has any."""
    return getattr(network, NAME, None)


def required_stack(network: nn.Module) -> AdapterStack:
    """The adapters of a network that has some."""
    stack = stack_of(network)
    assert stack is not None, "the network has adapters"
    return stack


def add_level(network: PreTrainedModel, settings: AdapterSettings) -> Level:
    """Add a level of untrained adapters above those that an encoder has.

    Weights are drawn from the global random state.

    Args:
        network: encoder of transformers without a head.
        settings: architecture of the adapters.

    Raises:
        InputError: the settings do not fit the encoder, or it has no separate layers.
    """
    stack = stack_of(network) or _attach(network)
    units, layers = network.config.hidden_size, len(layer_stack(network))
    level = Level([Adapters(units, layers, settings)])
    stack.levels.append(level)
    stack.own, stack.complete = settings, False
    return level


def _attach(network: PreTrainedModel) -> AdapterStack:
    places = find_places(network)
    stack = AdapterStack()
    network.add_module(NAME, stack)
    for number, place in enumerate(places, start=1):
        if place.norm is not None:
            place.norm.register_forward_hook(partial(stack.after_norm, number))
        else:
            place.layer.register_forward_hook(partial(stack.after_layer, number))
    places[0].layer.register_forward_pre_hook(stack.before_layers, with_kwargs=True)
    return stack


def invert_before_output(model: PreTrainedModel) -> None:
    """Apply the inverses of invertible adapters to the input of a model's output layer.

    Args:
        model: masked language model whose encoder has adapters.

    Raises:
        InputError: the output layer reads states of another size than the encoder's.
    """
    stack, output = stack_of(model.base_model), model.get_output_embeddings()
    if stack is None or stack.inverts:
        return
    if all(member.invertible is None for level in stack.levels for member in level.members):
        return
    units, subwords = model.base_model.config.hidden_size, model.config.vocab_size
    # Heads of the newer kind of DeBERTa call a layer before the output an output layer.
    if output is None or tuple(output.weight.shape) != (subwords, units):
        raise InputError(
            f"adapter: {model.config.model_type} has no output layer of {subwords} subwords that "
            f"reads states of {units} units, as its encoder's are; write `invertible: false`"
        )
    output.register_forward_pre_hook(stack.before_output)
    stack.inverts = True


def train_top_level(network: nn.Module) -> None:
    """Freeze a network except for its highest adapters."""
    network.requires_grad_(False)
    required_stack(network).levels[-1].requires_grad_(True)
