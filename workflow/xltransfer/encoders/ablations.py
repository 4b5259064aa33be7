"""Ablations: changes of a pretrained encoder before fine-tuning.

Only this module defines their names, order and effects. A kind of ablation is an entry of
``KINDS``; the study, the tables and the figures call ``parse``.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

from ..runtime.errors import InputError

if TYPE_CHECKING:
    from torch.nn import Module

NONE = "none"
"""The unchanged pretrained encoder, the reference for all ablations."""
NEVER_PRETRAINED = "random-init-all"
"""The control: the same architecture with random weights."""


def _reinitialise(layers: Sequence[Module], drawn: Callable[[], Sequence[Module]]) -> None:
    for layer, new in zip(layers, drawn(), strict=True):
        layer.load_state_dict(new.state_dict())


def _freeze(layers: Sequence[Module], drawn: Callable[[], Sequence[Module]]) -> None:
    for layer in layers:
        layer.requires_grad_(False)


@dataclass(frozen=True)
class Kind:
    """A kind of ablation of consecutive layers.

    Attributes:
        change: function that changes layers in place; its second argument returns the same layers
            with random weights.
        description: text in figures; ``{}`` is the range of layers.
        in_published_table: whether ``randominit.csv`` has columns for this kind.
        trains_all: whether fine-tuning changes all weights of the encoder afterwards.
    """

    change: Callable[[Sequence[Module], Callable[[], Sequence[Module]]], None]
    description: str
    in_published_table: bool = False
    trains_all: bool = True


KINDS = {
    # Muller, Elazar, Sagot & Seddah (EACL 2021): the layers lose their pretraining, all other
    # parameters keep it, and everything is fine-tuned.
    "random-init": Kind(_reinitialise, "layers {} re-initialised", in_published_table=True),
    # Fine-tuning does not change the pretrained weights of the layers.
    "freeze": Kind(_freeze, "layers {} frozen", trains_all=False),
}
"""Kinds by the prefix of the name: ``random-init-1-2``, ``freeze-1-4``."""
_LAYER = "([1-9][0-9]{0,3})"
_NAME = re.compile(f"({'|'.join(KINDS)})-{_LAYER}-{_LAYER}")


@dataclass(frozen=True)
class Ablation:
    """An ablation.

    Attributes:
        name: name in configurations, paths and tables.
        kind: key of ``KINDS``; empty for ``none`` and the control.
        first, last: range of layers, 1-based and inclusive; 0 without a kind.
    """

    name: str
    kind: str = ""
    first: int = 0
    last: int = 0

    @property
    def layers(self) -> str:
        """The range of layers as in the published table: ``1-2``."""
        return f"{self.first}-{self.last}"

    @property
    def description(self) -> str:
        """The text in figures."""
        return KINDS[self.kind].description.format(self.layers) if self.kind else self.name

    @property
    def order(self) -> tuple[int, ...]:
        """Sort key: ``none``, ablations of layers from the lowest, the control."""
        if self.kind:
            return (1, self.first, self.last, list(KINDS).index(self.kind))
        return (0,) if self.name == NONE else (2,)

    @property
    def in_published_table(self) -> bool:
        """Whether ``randominit.csv`` has columns for this ablation."""
        return bool(self.kind) and KINDS[self.kind].in_published_table

    @property
    def trains_all(self) -> bool:
        """Whether fine-tuning changes all weights of the encoder after this ablation."""
        return not self.kind or KINDS[self.kind].trains_all


@cache
def parse(name: str) -> Ablation:
    """The ablation with a name.

    Raises:
        InputError: there is no such ablation.
    """
    if name in (NONE, NEVER_PRETRAINED):
        return Ablation(name)
    match = _NAME.fullmatch(name)
    if not match:
        ranges = ", ".join(f"{kind}-<first>-<last>" for kind in KINDS)
        raise InputError(f"'{name}' is no ablation; use {NONE}, {ranges} or {NEVER_PRETRAINED}")
    ablation = Ablation(name, match[1], int(match[2]), int(match[3]))
    if ablation.first > ablation.last:
        raise InputError(f"'{name}' is no ablation: layer {match[2]} is above {match[3]}")
    return ablation


def reinitialised(first: int, last: int) -> str:
    """The name of the RANDOM-INIT ablation of a range of layers."""
    return f"random-init-{first}-{last}"


def published_columns(ablations: Iterable[str]) -> dict[str, str]:
    """Ablation → its layers, for the ablations with columns in ``randominit.csv``."""
    found = {name: parse(name) for name in ablations}
    return {name: item.layers for name, item in found.items() if item.in_published_table}


def in_order(names: Iterable[str]) -> list[str]:
    """Sort names of ablations: ``none``, ablations of layers from the lowest, the control."""
    return sorted(names, key=lambda name: parse(name).order)
