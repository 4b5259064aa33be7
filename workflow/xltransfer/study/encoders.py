"""Checking the encoders of a study that are there already: which can be used, and for what."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..encoders.ablations import parse
from ..encoders.families import WRITE_TOKENIZER, Family, family_of, layers_of, units_of
from ..runtime.errors import InputError
from .parts import Encoder

if TYPE_CHECKING:
    from .study import Study


def check_encoders(study: Study) -> None:
    """Refuse encoders that cannot be used, or not for what the study does with them.

    Encoders that are not there yet are checked when they are fetched (``fetch``), except for what
    the study asks of them.

    Raises:
        InputError: names the encoder, the reason and the remedy.
    """
    for encoder in study.encoders.values():
        content = encoder.configuration(study.root)
        if content is None:
            continue
        path = study.root / encoder.directory / "config.json"
        family = family_of(content, str(path), encoder.causal)
        _check_layers(encoder, content, path)
        _check_units(encoder, content, path)
        _check_uses(study, encoder, family, content["model_type"])


def _check_layers(encoder: Encoder, content: Mapping[str, Any], path: Path) -> None:
    found = layers_of(content)
    if found not in (None, encoder.layers):
        raise InputError(
            f"config: encoders: '{encoder.name}' has {found} layers ({path}), not "
            f"{encoder.layers}; correct or remove `layers`, and correct `ablations`"
        )


def _check_units(encoder: Encoder, content: Mapping[str, Any], path: Path) -> None:
    """Refuse encoders of characters or bytes that have not been given a ``tokenizer.json``."""
    units = units_of(content)
    if units and encoder.hub is None and not path.with_name("tokenizer.json").exists():
        raise InputError(
            f"{path.with_name('tokenizer.json')}: no such file; '{encoder.name}' reads {units}, "
            f"run `{WRITE_TOKENIZER} {path.parent}`, which writes it"
        )


def _check_uses(study: Study, encoder: Encoder, family: Family, kind: str) -> None:
    ablated = [ablation for ablation in study.config["ablations"] if parse(ablation).kind]
    if family.shares_layers and ablated:
        raise InputError(
            f"config: ablations: the layers of '{encoder.name}' ({kind}) share their weights, so "
            f"that none can be re-initialised by itself; remove {ablated[0]} or the encoder"
        )
    unseen = study.config["unseen"]
    if unseen["languages"] and unseen["encoder"] == encoder.name and not family.masked_lm:
        raise InputError(
            f"config: unseen.encoder: '{encoder.name}' ({kind}) has no head for masked language "
            "modelling in transformers, which adapts it to a language; choose another encoder"
        )
