"""Checks of the existing encoders of a study: whether and for which uses they are supported."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..encoders.ablations import parse
from ..encoders.families import WRITE_TOKENIZER, Family, family_of, layers_of, units_of
from ..runtime.errors import InputError
from .recipes import Encoder, root_of

if TYPE_CHECKING:
    from .study import Study


def check_encoders(study: Study) -> None:
    """Raise an error for encoders that are unsupported, or unsupported for their use in the study.

    Missing encoders are checked by ``fetch``, except for their use in the study.

    Raises:
        InputError: an encoder is unsupported; names it, the reason and the remedy.
    """
    study.made_encoders.check()
    _check_kept_weights(study)
    for encoder in study.declared_encoders.values():
        content = encoder.configuration(study.root)
        if content is None:
            continue
        if encoder.recipe is not None:
            if encoder.pretrained and not encoder.recipe.base:
                family = family_of(content, f"config: encoders: '{encoder.name}'")
                _check_ablations(study, encoder, family, content["model_type"])
            continue
        path = study.root / encoder.directory / "config.json"
        family = family_of(content, str(path), encoder.causal)
        _check_layers(encoder, content, path)
        _check_units(encoder, content, path)
        _check_ablations(study, encoder, family, content["model_type"])


def _check_kept_weights(study: Study) -> None:
    """Raise an error if weights are dropped whose encoder depends on the seed of the model."""
    for name in study.encoders if study.kept.dropped_ablations else ():
        if any(len(recipe.seeds) > 1 for recipe in study.made_encoders.chain(name)):
            raise InputError(
                f"config: keep.ablated_weights: '{name}' is pretrained with several seeds, which "
                "models use in turn; keep the weights, or give the encoder one seed"
            )


def _check_layers(encoder: Encoder, content: Mapping[str, Any], path: Path) -> None:
    found = layers_of(content)
    if found not in (None, encoder.layers):
        raise InputError(
            f"config: encoders: '{encoder.name}' has {found} layers ({path}), not "
            f"{encoder.layers}; correct or remove `layers`, and correct `ablations`"
        )


def _check_units(encoder: Encoder, content: Mapping[str, Any], path: Path) -> None:
    """Raise an error for encoders of characters or bytes without a ``tokenizer.json``."""
    units = units_of(content)
    if units and encoder.hub is None and not path.with_name("tokenizer.json").exists():
        raise InputError(
            f"{path.with_name('tokenizer.json')}: no such file; '{encoder.name}' reads {units}, "
            f"run `{WRITE_TOKENIZER} {path.parent}`, which writes it"
        )


def _check_ablations(study: Study, encoder: Encoder, family: Family, kind: str) -> None:
    """Raise an error if layers of an encoder, or one made from it, cannot be re-initialised."""
    ablated = [ablation for ablation in study.config["ablations"] if parse(ablation).kind]
    used = (root_of(one, study.declared_encoders) for one in study.encoders.values())
    if family.shares_layers and ablated and encoder in used:
        raise InputError(
            f"config: ablations: the layers of '{encoder.name}' ({kind}) share their weights, so "
            f"that none can be re-initialised by itself; remove {ablated[0]} or the encoder"
        )
