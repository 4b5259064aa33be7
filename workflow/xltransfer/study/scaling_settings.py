"""The comparison of scores with the sizes of encoders: its inputs and checks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from ..runtime.errors import InputError
from .adapter_settings import is_language_adapter

if TYPE_CHECKING:
    from .study import Study

PUBLISHED = "resources/published/scaling/mlqa.tsv"
KEY = "scaling"
"""Key of the configuration; without it, the comparison is not made."""


def compares_sizes(study: Study) -> bool:
    """Whether the study compares scores with the sizes of encoders."""
    return bool(study.config.get(KEY))


def scaling_inputs(study: Study, results: str) -> Mapping[str, Sequence[str]]:
    """Files by option of the stage, below a folder of results."""
    return {
        "scores": study.score_files(results),
        "encoders": [
            study.encoder_files(name, *_first_models(study))[0] for name in study.encoders
        ],
        "published": [PUBLISHED],
        "reports": study.training_reports(results),
    }


def scaling_identities(study: Study) -> dict[str, str]:
    """Identities of the encoders, by name."""
    of = _first_models(study)
    return {name: study.identities.encoder(name, *of) for name in study.encoders}


def _first_models(study: Study) -> tuple[str, list[int]]:
    """A source and a seed: encoders that differ with them have one architecture."""
    return study.sources(study.tasks[0])[0], study.seeds[:1]


def check_scaling(study: Study) -> None:
    """Raise an error for a comparison of sizes that has nothing to compare.

    Raises:
        InputError: names the key and the remedy.
    """
    if not compares_sizes(study):
        return
    if len(study.encoders) < 2:
        raise InputError(
            "config: scaling: one encoder has one size; name several in `transfer_encoders`, or "
            "remove the key"
        )
    for name in study.encoders:
        if not study.declared_encoders[name].pretrained:
            raise InputError(
                f"config: scaling: '{name}' is never pretrained, so its size says nothing about "
                "pretraining; remove it from `transfer_encoders`, or remove the key"
            )
        if any(is_language_adapter(recipe) for recipe in study.made_encoders.chain(name)):
            raise InputError(
                f"config: scaling: '{name}' has a language adapter, and the sizes of an encoder "
                "with and without one are alike; remove it from `transfer_encoders`, or remove the "
                "key"
            )
