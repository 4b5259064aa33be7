"""Encoders that the workflow makes: their directories, and the encoders that they start from."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from ..encoders.families import family_of
from ..records import paths
from ..runtime.errors import InputError
from .recipes import Recipe, root_of

if TYPE_CHECKING:
    from .study import Study


class MadeEncoders:
    """The encoders of a study that have a recipe.

    Args:
        study: study that declares them.
    """

    def __init__(self, study: Study) -> None:
        self._study = study
        self.recipes: dict[str, Recipe] = {
            name: encoder.recipe
            for name, encoder in study.declared_encoders.items()
            if encoder.recipe is not None
        }

    def check(self) -> None:
        """Raise an error for encoders that cannot be trained further.

        Raises:
            InputError: transformers has no masked language model of the encoder's type.
        """
        for name, recipe in self.recipes.items():
            if not recipe.text:
                continue
            root = root_of(self._study.declared_encoders[name], self._study.declared_encoders)
            content = root.configuration(self._study.root)
            if content is None:
                continue
            kind = content["model_type"]
            if not family_of(content, f"config: encoders: '{name}'").masked_lm:
                raise InputError(
                    f"config: encoders: '{name}': '{root.name}' ({kind}) has no head for masked "
                    "language modelling in transformers; choose another encoder"
                )

    def adapted(self) -> list[str]:
        """The encoders that start from another one."""
        return [name for name, recipe in self.recipes.items() if recipe.base]

    def from_scratch(self) -> list[str]:
        """The encoders that are pretrained from a new architecture."""
        return [name for name, recipe in self.recipes.items() if recipe.text and not recipe.base]

    def unpretrained(self) -> list[str]:
        """The encoders without weights before fine-tuning."""
        return [name for name, recipe in self.recipes.items() if not recipe.text]

    def text(self, name: str, source: str = "") -> str:
        """The text that an encoder is trained on; ``source`` is a corpus of an unseen language."""
        recipe = self.recipes[name]
        return self._study.unseen.text_of(source) if recipe.of_each_language else recipe.text

    def pretraining_seeds(self, name: str, seeds: Sequence[int]) -> list[int]:
        """The pretraining seed of the encoder that the model of each seed starts from.

        If there are several encoders, the models use them in rotation.

        Args:
            name: name of the encoder.
            seeds: seeds of the models; empty for an encoder that all models share.
        """
        made, all_seeds = self.recipes[name].seeds, self._study.seeds
        return [made[all_seeds.index(seed) % len(made)] for seed in seeds] or [made[0]]

    def directories(self, name: str, source: str, seeds: Sequence[int]) -> list[str]:
        """The directory of the encoder that the model of each seed starts from."""
        if not self.recipes[name].text:
            return [self._study.declared_encoders[name].directory] * max(1, len(seeds))
        text = self.text(name, source)
        found = self.pretraining_seeds(name, seeds)
        return [paths.made_encoder(self._study.results, name, text, seed) for seed in found]

    def base(self, name: str, seed: int) -> tuple[str, int]:
        """The encoder that another one starts from, and its pretraining seed (0 if it has none).

        If the base has several seeds, they are used in rotation.

        Args:
            name: name of an adapted encoder.
            seed: its pretraining seed.
        """
        recipe = self.recipes[name]
        base = self.recipes.get(recipe.base)
        if base is None:
            return recipe.base, 0
        return recipe.base, base.seeds[recipe.seeds.index(seed) % len(base.seeds)]

    def base_directory(self, name: str, text: str, seed: int) -> str:
        """The directory of the encoder that an adapted encoder starts from.

        Args:
            name: name of the adapted encoder.
            text: text that it is trained on.
            seed: its pretraining seed.
        """
        base, base_seed = self.base(name, seed)
        if base not in self.recipes:
            return self._study.declared_encoders[base].directory
        recipe = self.recipes[base]
        known = text if recipe.of_each_language else recipe.text
        return paths.made_encoder(self._study.results, base, known, base_seed)
