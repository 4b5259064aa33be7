"""The section ``adaptation_methods`` of a study: methods for languages without training data."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from ..encoders.ablations import NONE
from ..records import paths
from ..runtime.errors import InputError
from ..runtime.files import canonical_json
from .adapter_settings import language_adapters, task_of_models
from .task_encoders import encoders_of

if TYPE_CHECKING:
    from .study import Study

KEY = "adaptation_methods"


@dataclass(frozen=True)
class Cell:
    """A method for a language.

    Attributes:
        comparison: task that the comparison is about.
        method: name of the method.
        language: code of the language.
        encoder, task, source: components of the path of the models.
        target: corpus that they are tested on.
        is_baseline: whether the others are compared with it.
    """

    comparison: str
    method: str
    language: str
    encoder: str
    task: str
    source: str
    target: str
    is_baseline: bool


class AdaptationMethods:
    """The comparisons of a study; without the section there are none.

    Args:
        study: study with this section.
    """

    def __init__(self, study: Study) -> None:
        self._study = study
        self._comparisons: list[Mapping[str, Any]] = list(study.config.get(KEY, ()))

    def cells(self) -> Iterator[Cell]:
        """Every method for every language that it is given for, language by language."""
        for item in self._comparisons:
            for target in item["targets"]:
                language = self._study.language(item["task"], target)
                for method in item["methods"]:
                    encoder = _of_language(method["encoder"], language)
                    task = _of_language(method.get("task", item["task"]), language)
                    if encoder is not None and task is not None:
                        yield Cell(
                            *(item["task"], method["name"], language, encoder, task),
                            item["source"],
                            method.get("test_corpus", {}).get(language, target),
                            method["name"] == item["baseline"],
                        )

    def score_files(self, results: str) -> list[str]:
        """The scores of every cell, without repetitions."""
        files = (
            paths.scores(results, cell.encoder, cell.task, cell.source, f"{cell.target}-test")
            for cell in self.cells()
        )
        return list(dict.fromkeys(files))

    def model_reports(self, results: str) -> list[str]:
        """The training report of every model."""
        models = (
            paths.model_directory(results, cell.encoder, task, cell.source, NONE, seed)
            for cell in self.cells()
            for task in [task_of_models(self._study, cell.task)]
            for seed in self._study.seeds
        )
        return [f"{model}/training.json" for model in dict.fromkeys(models)]

    def encoder_reports(self) -> list[str]:
        """The report of every pretraining of an encoder by the study."""
        folders = (
            folder for cell in self.cells() for made in self._pretrainings(cell) for folder in made
        )
        return [f"{folder}/pretraining.json" for folder in dict.fromkeys(folders)]

    def _pretrainings(self, cell: Cell) -> list[list[str]]:
        """For each seed, the made encoders that predictions come from, in chains of recipes.

        They are those of the model and of the language adapters that it predicts with. Trimmed and
        cut encoders in between are no trainings.
        """
        made = self._study.made_encoders
        swapped = language_adapters(self._study, cell.encoder, cell.task, cell.target)
        found = []
        for seed in self._study.seeds if cell.encoder in made.recipes else ():
            (first,) = made.pretraining_seeds(cell.encoder, [seed])
            # A task names language adapters of one seed.
            starts = [(cell.encoder, first), *((n, made.recipes[n].seeds[0]) for n in swapped)]
            chains = (self._chain(*start) for start in starts)
            found.append(list(dict.fromkeys(folder for chain in chains for folder in chain)))
        return found

    def _chain(self, name: str, seed: int) -> Iterator[str]:
        """The folders of an encoder and of those that it starts from, if they are trained."""
        made = self._study.made_encoders
        while recipe := made.recipes.get(name):
            if recipe.text:
                yield paths.made_encoder(self._study.results, name, recipe.text, seed)
            if not recipe.base:
                return
            name, seed = made.base(name, seed)

    def identities(self) -> list[Any]:
        """Identities of the scores of all cells."""
        scores = self._study.identities.scores
        return [
            [
                *(cell.comparison, cell.method, cell.language),
                scores(cell.encoder, cell.task, cell.source, cell.target, "test"),
            ]
            for cell in self.cells()
        ]

    def table_config(self) -> str:
        """Canonical JSON of the content of the table."""
        study, results = self._study, f"{self._study.results}/"
        cells = [
            {
                **asdict(cell),
                "metric": study.kind(cell.task).metric,
                "models_task": task_of_models(study, cell.task),
                "pretrainings": [
                    [folder.removeprefix(results) for folder in chain]
                    for chain in self._pretrainings(cell)
                ],
            }
            for cell in self.cells()
        ]
        languages = {cell.language for cell in self.cells()}
        return canonical_json(
            {
                **study.described,
                "cells": cells,
                "names": {code: study.catalogue.languages[code].name for code in languages},
            }
        )

    def check(self) -> None:
        """Raise an error for methods that cannot be compared.

        Raises:
            InputError: names the key and the remedy.
        """
        tasks = [item["task"] for item in self._comparisons]
        for place, item in enumerate(self._comparisons):
            key = f"config: {KEY}.{place}"
            if tasks.count(item["task"]) > 1:
                raise InputError(
                    f"{key}.task: two comparisons are about '{item['task']}'; join their methods"
                )
            self._check_task(f"{key}.task", item["task"], item)
            known = self._study.corpora(item["task"])
            for target in item["targets"]:
                _check_test_corpus(f"{key}.targets", target, known)
            names = [method["name"] for method in item["methods"]]
            if twice := [name for name in names if names.count(name) > 1]:
                raise InputError(f"{key}: two methods are named '{twice[0]}'; rename one")
            if item["baseline"] not in names:
                raise InputError(
                    f"{key}.baseline: no method '{item['baseline']}'; it has: {', '.join(names)}"
                )
            languages = [self._study.language(item["task"], code) for code in item["targets"]]
            if twice := [code for code in languages if languages.count(code) > 1]:
                raise InputError(
                    f"{key}.targets: two are of the language '{twice[0]}'; keep one of them"
                )
            for method in item["methods"]:
                self._check_method(f"{key}: '{method['name']}'", method, item, languages)

    def _check_method(
        self, key: str, method: Mapping[str, Any], item: Mapping[str, Any], languages: list[str]
    ) -> None:
        by_language = [
            method[name] for name in ("encoder", "task", "test_corpus") if name in method
        ]
        for given in by_language:
            named = given if isinstance(given, Mapping) else ()
            if unknown := [language for language in named if language not in languages]:
                raise InputError(
                    f"{key}: '{unknown[0]}' is not the language of any of `targets`; add a corpus "
                    "in this language there, or remove it here"
                )
        cells = [
            cell
            for cell in self.cells()
            if (cell.comparison, cell.method) == (item["task"], method["name"])
        ]
        if not cells or (method["name"] == item["baseline"] and len(cells) < len(languages)):
            raise InputError(
                f"{key} is not given for {'any' if not cells else 'each'} language; name its "
                "`encoder` and its `task` for the same languages, the baseline's for all"
            )
        for cell in cells:
            self._check_task(key, cell.task, item)
            trained = encoders_of(self._study, cell.task)
            if cell.encoder not in trained:
                raise InputError(
                    f"{key}: no encoder '{cell.encoder}' among those that are fine-tuned on "
                    f"{cell.task}; these are: {', '.join(trained)}"
                )
            _check_test_corpus(key, cell.target, self._study.corpora(cell.task))

    def _check_task(self, key: str, task: str, item: Mapping[str, Any]) -> None:
        study = self._study
        if task not in study.tasks:
            raise InputError(f"{key}: '{task}' is not in `tasks`; add it there")
        one, other = (
            [study.config[t].get(k) for k in ("kind", "label")] for t in (task, item["task"])
        )
        if one != other:
            raise InputError(
                f"{key}: '{task}' and '{item['task']}' are tasks of different kinds, whose scores "
                "cannot be compared; choose another"
            )
        if item["source"] not in study.sources(task):
            raise InputError(f"{key}: '{item['source']}' is not in {task}.sources; add it there")


def _check_test_corpus(key: str, code: str, known: Mapping[str, Any]) -> None:
    if code not in known or "test" not in known[code].splits:
        raise InputError(f"{key}: no corpus '{code}' with a test part in the catalogue; correct it")


def _of_language(given: str | Mapping[str, str], language: str) -> str | None:
    """A value for all languages, or that of one; ``None`` if it has none."""
    return given if isinstance(given, str) else given.get(language)
