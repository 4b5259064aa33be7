"""The section ``translation_lm`` of a study: encoders whose use of translations is measured."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Any

from ..encoders.families import FAMILIES
from ..records import paths
from ..records.code import stage_digest
from ..runtime.errors import InputError
from ..runtime.files import canonical_json, digest
from .recipes import root_of

if TYPE_CHECKING:
    from .study import Study

PRETRAINED = "pretrained"
"""State of an encoder that exists already, in paths."""


class MeasuredTranslations:
    """The encoders, parallel texts and settings of a section ``translation_lm``.

    Args:
        study: study, which may have no such section.
    """

    def __init__(self, study: Study) -> None:
        self._study = study
        self._section: Mapping[str, Any] = study.config.get("translation_lm") or {}
        self.encoders: list[str] = list(self._section.get("encoders", ()))
        self.texts: list[str] = list(self._section.get("parallel_text", ()))

    def check(self) -> None:
        """Raise an error for encoders that cannot be compared.

        Raises:
            InputError: names the key and the remedy.
        """
        if not self.texts:
            return
        declared = self._study.declared_encoders
        for name in (*self.encoders, self._section["reference"]):
            if name not in declared:
                raise InputError(
                    f"config: translation_lm: no encoder '{name}' under `encoders`; it has: "
                    f"{', '.join(declared)}"
                )
            recipe = declared[name].recipe
            self._check_kind(name)
            if recipe is not None and (recipe.of_each_language or not declared[name].pretrained):
                raise InputError(
                    f"config: translation_lm: '{name}' has no weights of its own before "
                    "fine-tuning, or is one encoder for each language; remove it"
                )
        if self._section["reference"] not in self.encoders:
            raise InputError(
                "config: translation_lm.reference: the encoder that the others are compared with "
                "must be one of `encoders`; add it there"
            )
        of_reference = self._seeds(self._section["reference"])
        for name in self.encoders:
            if len(self._seeds(name)) > 1 < len(of_reference) and self._seeds(name) != of_reference:
                raise InputError(
                    f"config: translation_lm: '{name}' and '{self._section['reference']}' have "
                    "other `seeds`, so that they cannot be compared seed by seed; give both the "
                    "same"
                )

    def _seeds(self, name: str) -> tuple[int, ...]:
        recipe = self._study.made_encoders.recipes.get(name)
        return recipe.seeds if recipe is not None else ()

    def _check_kind(self, name: str) -> None:
        declared = self._study.declared_encoders
        root = root_of(declared[name], declared)
        content = root.configuration(self._study.root)
        if content is None or content["model_type"] not in FAMILIES:
            return
        if not FAMILIES[content["model_type"]].masked_lm:
            raise InputError(
                f"config: translation_lm: '{name}' ({content['model_type']}) has no head for "
                "masked language modelling in transformers; remove it"
            )

    @cached_property
    def states(self) -> list[tuple[str, str]]:
        """Encoder and state of everything that is measured."""
        found = []
        for name in self.encoders:
            found += [(name, f"seed-{seed}") for seed in self._seeds(name)] or [(name, PRETRAINED)]
        return found

    def files(self, results: str) -> list[str]:
        """The measurements of every state on every parallel text."""
        return [
            paths.translation_context(results, *state, text)
            for state in self.states
            for text in self.texts
        ]

    def directory(self, encoder: str, state: str) -> str:
        """The directory of an encoder in a state."""
        if directory := self._study.declared_encoders[encoder].directory:
            return directory
        text = self._study.made_encoders.text(encoder)
        return paths.made_encoder(self._study.results, encoder, text, _seed(state))

    def config(self, encoder: str, text: str) -> str:
        """Canonical JSON of a measurement.

        Positions start again at the second sentence only if they did so in the training of the
        encoder: others have never seen a position twice in a row.
        """
        chain = self._study.made_encoders.chain(encoder)
        joined = next((recipe for recipe in chain if recipe.joins_sentences), None)
        return canonical_json(
            {
                "languages": list(self._study.parallel_texts.languages(text)),
                "reset_positions": bool(joined and joined.settings["reset_positions"]),
                "masked_share": self._section["masked_share"],
                "seed": self._section["seed"],
            }
        )

    def identity(self, encoder: str, state: str, text: str) -> str:
        """Identity of a measurement."""
        study = self._study
        recipe = study.made_encoders.recipes.get(encoder)
        if recipe is None or not recipe.seeds:
            of = study.identities.encoder(encoder)
        else:
            name = study.made_encoders.text(encoder)
            of = study.identities.made.trained_encoder(encoder, name, _seed(state))
        config, stage = self.config(encoder, text), stage_digest("translation_context")
        mask = study.contents.mask_token(encoder)
        more = [mask] if mask else []
        return digest([of, study.identities.parallel_text(text), config, stage, *more])

    def identities(self) -> dict[str, str]:
        """Identities of all measurements by their path."""
        return {
            paths.translation_context("", *state, text): self.identity(*state, text)
            for state in self.states
            for text in self.texts
        }

    def table_config(self) -> str:
        """Canonical JSON of the content of the tables."""
        return canonical_json(
            {
                **self._study.described,
                "states": [list(state) for state in self.states],
                "texts": {text: self._study.parallel_texts.languages(text) for text in self.texts},
                "reference": self._section.get("reference", ""),
            }
        )


def _seed(state: str) -> int:
    return int(state.removeprefix("seed-"))
