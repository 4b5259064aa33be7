"""Encoders that the workflow makes: their directories, and the encoders that they start from."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING

from ..corpora.source_sets import members
from ..encoders.families import family_of, has_absolute_positions
from ..records import paths
from ..runtime.errors import InputError
from ..runtime.files import canonical_json
from .recipes import PARALLEL_TEXT, TRANSLATION_LM, Recipe, root_of

LANGUAGE_EMBEDDINGS = "language_embeddings"
"""Key of recipes and of ``config.json``."""

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
            InputError: transformers has no masked language model of the encoder's type, or an
                encoder with a trimmed vocabulary is used for a corpus whose subwords it lacks.
        """
        self._check_vocabularies()
        for name, recipe in self.recipes.items():
            if not recipe.text:
                continue
            self._check_parallel(name, recipe)
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
            if recipe.settings.get("reset_positions") and not has_absolute_positions(content):
                raise InputError(
                    f"config: encoders: '{name}': '{root.name}' ({kind}) has no table of "
                    "positions, which could start again at a second sentence; write "
                    "`reset_positions: false`"
                )

    def _check_parallel(self, name: str, recipe: Recipe) -> None:
        """Raise an error for settings that need parallel text or several texts."""
        if recipe.joins_sentences and not recipe.parallel_texts:
            raise InputError(
                f"config: encoders: '{name}': {TRANSLATION_LM} needs parallel sentences; add "
                "`parallel_text`"
            )
        if recipe.joins_sentences and "noise" in recipe.settings["training"]:
            raise InputError(
                f"config: encoders: '{name}': {TRANSLATION_LM} has no noise, with which pairs "
                "might not fit into their rows; remove `noise`"
            )
        texts = len(recipe.raw_texts) + len(recipe.parallel_texts) * (2 - recipe.joins_sentences)
        if recipe.settings["training"].get("epoch_batches", texts) < texts:
            raise InputError(
                f"config: encoders: '{name}': an epoch has fewer batches than there are texts "
                f"({texts}; both sides of parallel text count for masked-lm); raise `epoch_batches`"
            )
        self._check_languages(name, recipe)

    def _check_languages(self, name: str, recipe: Recipe) -> None:
        """Raise an error for text in languages without a vector, if its base has vectors."""
        known = self.languages(recipe.base) if recipe.base and recipe.of_several_texts else []
        missing = sorted(self._spoken(recipe) - set(known)) if known else []
        if missing:
            raise InputError(
                f"config: encoders: '{name}' starts from '{recipe.base}', which has language "
                f"embeddings of {', '.join(known)} and none of {missing[0]}; leave its text out, "
                "or start from an encoder without language embeddings"
            )

    def _check_vocabularies(self) -> None:
        declared, catalogue = self._study.declared_encoders, self._study.catalogue
        for name, recipe in self.recipes.items():
            for folder, code in recipe.corpora:
                checked_elsewhere = folder in ("raw_text", PARALLEL_TEXT)
                if not checked_elsewhere and code not in getattr(catalogue, folder):
                    raise InputError(
                        f"config: encoders: '{name}': no '{code}' in the catalogue of {folder}; "
                        "add its row there, or correct the list"
                    )
        for name, encoder in declared.items():
            while encoder.recipe is not None and encoder.recipe.base:
                kept = encoder.recipe.corpora
                missing = sorted(self._read_by(name) - set(kept)) if kept else []
                if missing:
                    (folder, code), trimmed = missing[0], encoder.name
                    raise InputError(
                        f"config: encoders: '{trimmed}' lacks the subwords of '{code}', which "
                        f"'{name}' reads; add it to `{folder}` of '{trimmed}', which makes the "
                        "encoder and all its models again"
                    )
                encoder = declared[encoder.recipe.base]

    def _read_by(self, name: str) -> set[tuple[str, str]]:
        """Folder and code of the corpora that an encoder or its models read."""
        study, found = self._study, set()
        texts = {("raw_text", variety.text) for variety in study.unseen.varieties.values()}
        if name in study.encoders:
            found |= {("treebanks", code) for code in study.parallel.treebanks}
            found |= {
                (study.kind(task).corpora, member)
                for task in study.tasks
                for code in (*study.sources(task), *study.targets(task))
                for member in members(code)
            }
        if name in study.unseen.arms.trained:
            found |= texts
            found |= {(study.kind(task).corpora, code) for task, code in study.unseen.pairs}
        recipe = self.recipes.get(name)
        if recipe is not None and recipe.text:
            named = recipe.raw_texts if recipe.of_several_texts else (recipe.text,)
            found |= texts if recipe.of_each_language else {("raw_text", code) for code in named}
            found |= {(PARALLEL_TEXT, code) for code in recipe.parallel_texts}
        if name in study.measured_translations.encoders:
            found |= {(PARALLEL_TEXT, code) for code in study.measured_translations.texts}
        return found

    def adapted(self) -> list[str]:
        """The encoders whose training continues."""
        return [name for name, recipe in self.recipes.items() if recipe.base and recipe.text]

    def trimmed(self) -> list[str]:
        """The encoders whose vocabulary is trimmed."""
        return [name for name, recipe in self.recipes.items() if recipe.corpora]

    def cut(self) -> list[str]:
        """The encoders that are the lowest layers of another one."""
        return [name for name, recipe in self.recipes.items() if recipe.layers]

    def from_scratch(self) -> list[str]:
        """The encoders that are pretrained from a new architecture."""
        return [name for name, recipe in self.recipes.items() if recipe.text and not recipe.base]

    def unpretrained(self) -> list[str]:
        """The encoders without weights and word vectors before fine-tuning."""
        recipes = self.recipes.items()
        return [n for n, r in recipes if not r.text and not r.base and not r.vectors]

    def config(self, name: str, text: str, seed: int) -> str:
        """Canonical JSON of the training of an encoder on raw or parallel text.

        Args:
            name: name of the encoder.
            text: its text in paths.
            seed: seed of the training.
        """
        recipe, config = self.recipes[name], json.loads(self.recipes[name].config(seed))
        if recipe.of_several_texts:
            config["languages"] = {
                "lines": [self._study.raw_texts.language(code) for code in recipe.raw_texts],
                "pairs": [self._study.parallel_texts.languages(c) for c in recipe.parallel_texts],
            }
        elif self.languages(name):
            language = self._study.raw_texts.language(text)
            config["languages"] = {"lines": [language], "pairs": []}
        return canonical_json(config)

    def languages(self, name: str) -> list[str]:
        """The languages with a vector in an encoder; empty without language embeddings."""
        root = root_of(self._study.declared_encoders[name], self._study.declared_encoders)
        found = (root.configuration(self._study.root) or {}).get(LANGUAGE_EMBEDDINGS)
        if isinstance(found, list):
            return found
        made = [r for r in self.chain(name) if r.settings.get(LANGUAGE_EMBEDDINGS)]
        return sorted(self._spoken(made[-1])) if made else []

    def _spoken(self, recipe: Recipe) -> set[str]:
        """The languages of the texts of a recipe on several texts."""
        pairs = (self._study.parallel_texts.languages(code) for code in recipe.parallel_texts)
        lines = {self._study.raw_texts.language(code) for code in recipe.raw_texts}
        return lines.union(*pairs)

    def text_files(self, name: str, text: str, part: str) -> dict[str, list[str]]:
        """The files that an encoder is trained on, by folder, below the folder of results.

        Args:
            name: name of the encoder.
            text: its text in paths.
            part: ``training`` or ``held_out``.
        """
        recipe = self.recipes[name]
        raw = recipe.raw_texts if recipe.of_several_texts else [text]
        return {
            "raw_text": [f"raw_text/{code}/{part}.txt" for code in raw],
            PARALLEL_TEXT: [f"parallel_text/{code}/{part}.tsv" for code in recipe.parallel_texts],
        }

    def text(self, name: str, source: str = "") -> str:
        """The text that an encoder is trained on; ``source`` is a corpus of an unseen language."""
        recipe = self.recipes[name]
        return self._study.unseen.texts[source] if recipe.of_each_language else recipe.text

    def pretraining_seeds(self, name: str, seeds: Sequence[int]) -> list[int]:
        """The pretraining seed of the encoder that the model of each seed starts from.

        If there are several encoders, the models use them in rotation.

        Args:
            name: name of the encoder.
            seeds: seeds of the models; empty for an encoder that all models share.

        Returns:
            Seeds; 0 for an encoder whose recipe draws nothing.
        """
        made, all_seeds = self.recipes[name].seeds or (0,), self._study.seeds
        return [made[all_seeds.index(seed) % len(made)] for seed in seeds] or [made[0]]

    def chain(self, name: str) -> list[Recipe]:
        """The recipes of an encoder and of those that it starts from; empty for a given encoder."""
        recipe = self.recipes.get(name)
        return [] if recipe is None else [recipe, *self.chain(recipe.base)]

    def fewest_seeds(self, name: str) -> list[int]:
        """The pretraining seeds of the recipe of a chain that has the fewest; may be empty."""
        return min((list(r.seeds) for r in self.chain(name) if r.seeds), key=len, default=[])

    def has_other_text(self, name: str) -> bool:
        """Whether an encoder is trained on a text that is not the unseen language's own one."""
        return any(recipe.text and not recipe.of_each_language for recipe in self.chain(name))

    def directories(self, name: str, source: str, seeds: Sequence[int]) -> list[str]:
        """The directory of the encoder that the model of each seed starts from."""
        text = self.text(name, source)
        found = self.pretraining_seeds(name, seeds)
        return [paths.made_encoder(self._study.results, name, text, seed) for seed in found]

    def kept_files(self, name: str) -> list[tuple[str, str, str]]:
        """Folder, code and part of the files whose subwords a trimmed vocabulary keeps.

        These are the test part of each corpus and the other parts that the study reads. So a
        corpus that is listed now can be made a target later without changing the encoder.
        """
        corpora = self.recipes[name].corpora
        return [(*corpus, part) for corpus in corpora for part in self._parts(*corpus)]

    def _parts(self, folder: str, code: str) -> list[str]:
        study = self._study
        if folder == "raw_text":
            return ["training", "held_out"]
        if folder == PARALLEL_TEXT:
            return ["training", "held_out", "test"]
        tasks = [task for task in study.tasks if study.kind(task).corpora == folder]
        wanted = {"test"}
        sources = {(t, code) for t in tasks for of in study.sources(t) for code in members(of)}
        if any((task, code) in {*sources, *study.unseen.pairs} for task in tasks):
            wanted |= {"train", "dev"}
        if folder == "treebanks" and code in study.parallel.treebanks:
            wanted |= {study.parallel.split}
        return [part for part in getattr(study.catalogue, folder)[code].splits if part in wanted]

    def base(self, name: str, seed: int) -> tuple[str, int]:
        """The encoder that another one starts from, and its pretraining seed (0 if it has none).

        If the base has several seeds, they are used in rotation.

        Args:
            name: name of an adapted encoder.
            seed: its pretraining seed.
        """
        recipe = self.recipes[name]
        base = self.recipes.get(recipe.base)
        if base is None or not base.seeds:
            return recipe.base, 0
        place = recipe.seeds.index(seed) if recipe.seeds else 0
        return recipe.base, base.seeds[place % len(base.seeds)]

    def base_directory(self, name: str, text: str, seed: int) -> str:
        """The directory of the encoder that an adapted encoder starts from.

        Args:
            name: name of the adapted encoder.
            text: text that it is trained on.
            seed: its pretraining seed.
        """
        base, base_seed = self.base(name, seed)
        if directory := self._study.declared_encoders[base].directory:
            return directory
        recipe = self.recipes[base]
        known = text if recipe.of_each_language else recipe.text
        return paths.made_encoder(self._study.results, base, known, base_seed)
