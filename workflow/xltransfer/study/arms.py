"""The arms that are compared on an unseen language: their encoders, settings and files."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any

from ..encoders.ablations import NONE
from ..records import paths
from ..runtime.errors import InputError
from ..runtime.files import canonical_json
from .consistency import check_sources

if TYPE_CHECKING:
    from .unseen import UnseenLanguages

ADAPTED = "-adapted"
"""Suffix of the names of encoders that are adapted to text of an unseen language."""
MONOLINGUAL = "monolingual"
BILSTM = "bilstm"
ZERO_SHOT = "zero-shot-from-"
"""Prefix of the names of arms that are trained on another language."""
ENCODER_FILES = ("config.json", "model.safetensors", "tokenizer.json")


class Arms:
    """The arms of a study's unseen languages.

    Args:
        unseen: unseen languages of the study.

    Raises:
        InputError: a name is already in use, or zero-shot transfer is from a language without
            models.
    """

    def __init__(self, unseen: UnseenLanguages) -> None:
        self._unseen, self._study = unseen, unseen.study
        self._section: Mapping[str, Any] = unseen.section
        if not unseen.section["languages"]:
            return
        for name in self._study.encoders:
            if name in self.trained[1:] or name.startswith(ZERO_SHOT):
                raise InputError(
                    f"config: encoders: '{name}' is what models of unseen languages are called; "
                    "rename the encoder"
                )
        # The languages of the sources are needed below.
        check_sources(self._study)
        sources = {
            self._study.language(task, source)
            for task in unseen.tasks
            for source in self._study.sources(task)
        }
        for language in self._section["zero_shot_from"]:
            if language not in sources:
                raise InputError(
                    f"config: unseen.zero_shot_from: no source of any task is of '{language}'; "
                    f"there is: {', '.join(sorted(sources))}"
                )

    @property
    def trained(self) -> list[str]:
        """Arms trained in the language: encoder, adapted encoder, monolingual encoder, baseline."""
        if not self._section["languages"]:
            return []
        encoder = self._section["encoder"]
        return [encoder, encoder + ADAPTED, MONOLINGUAL, BILSTM]

    @cached_property
    def names(self) -> list[str]:
        """All arms; zero-shot arms precede the baseline."""
        zero_shot = [ZERO_SHOT + code for code in self._section.get("zero_shot_from", ())]
        return [*self.trained[:-1], *zero_shot, *self.trained[-1:]] if self.trained else []

    def of_task(self, task: str) -> list[str]:
        """The arms of a task; a zero-shot arm needs a source corpus of its language."""
        sources = self._zero_shot_sources(task)
        return [arm for arm in self.names if arm in self.trained or arm in sources]

    def _zero_shot_sources(self, task: str) -> dict[str, str]:
        """Zero-shot arm → the corpus that its models are trained on."""
        by_language = {self._study.language(task, s): s for s in self._study.sources(task)}
        return {ZERO_SHOT + code: source for code, source in by_language.items()}

    def pretraining_seeds(self, arm: str) -> list[int]:
        """The pretraining seeds of an arm's encoders; empty if the study does not make them."""
        sections = {self._section["encoder"] + ADAPTED: "adaptation", MONOLINGUAL: "monolingual"}
        return sorted(self._section[sections[arm]]["seeds"]) if arm in sections else []

    def encoder_directories(self, arm: str, corpus: str, seeds: Sequence[int]) -> list[str]:
        """The encoder that the model of each seed starts from.

        If an arm has several pretrained encoders, the models use them in rotation.

        Args:
            arm: arm that is trained.
            corpus: training corpus.
            seeds: seeds of the models.
        """
        if arm == BILSTM:
            return [paths.made_encoder("<results>", BILSTM)] * len(seeds)
        text, made = self._unseen.text_of(corpus), self.pretraining_seeds(arm)
        places = [self._study.seeds.index(seed) % len(made) for seed in seeds]
        return [paths.made_encoder("<results>", arm, text, made[place]) for place in places]

    def encoder_files(self, arm: str, corpus: str, seeds: Sequence[int]) -> list[str]:
        """The files of these encoders."""
        names = ("config.json",) if arm == BILSTM else ENCODER_FILES
        directories = dict.fromkeys(self.encoder_directories(arm, corpus, seeds))
        return [f"{directory}/{name}" for directory in directories for name in names]

    def settings(self, arm: str, task: str) -> dict[str, Any]:
        """The fine-tuning settings of an arm that differ from the task's section."""
        training = self._section["training"][task]
        if arm != BILSTM:
            return {"training": training}
        # All arms use the same training sentences.
        same = {"training_sentences": training["training_sentences"]}
        crf = {"crf": True} if self._study.kind(task).corpora == "entities" else {}
        return {"training": {**self._section["bilstm"]["training"], **same}, **crf}

    def searches(self, results: str, arm: str, task: str, corpus: str) -> list[str]:
        """The hyperparameter search of an arm on a corpus, if there is one."""
        searched = self._section.get("search") and arm in self.trained
        return [paths.search(results, arm, task, corpus)] if searched else []

    def search_config(self, arm: str, task: str, corpus: str) -> str:
        """Canonical JSON of the keys that decide a hyperparameter search."""
        config = json.loads(self._study.finetuning_config(arm, task, corpus))
        del config["stored"]
        return canonical_json({**config, "search": self._section["search"]})

    def models(self, results: str, task: str, corpus: str, name: str) -> list[str]:
        """The file ``name`` of every model that annotates a corpus, by arm and seed."""
        return [
            paths.model_directory(results, encoder, task, source, NONE, seed) + f"/{name}"
            for encoder, source in self.starts(task, corpus).values()
            for seed in self._study.seeds
        ]

    def starts(self, task: str, corpus: str) -> dict[str, tuple[str, str]]:
        """Arm → encoder and source corpus, as in paths, of the models that annotate a corpus."""
        zero_shot, encoder = self._zero_shot_sources(task), self._section["encoder"]
        return {
            arm: (encoder, zero_shot[arm]) if arm in zero_shot else (arm, corpus)
            for arm in self.of_task(task)
        }

    def predictions(self, results: str, task: str, source: str) -> list[str]:
        """The predictions of these models; ``source`` is a corpus or a wildcard."""
        suffix = self._study.kind(task).suffix
        return [
            paths.predictions(results, arm, task, source, NONE, seed, f"{source}-test{suffix}")
            for arm in self.of_task(task)
            for seed in self._study.seeds
        ]

    def score_files(self, results: str, task: str, source: str) -> list[str]:
        """The scores of every arm on a corpus; ``source`` is a corpus or a wildcard."""
        return [
            paths.scores(results, arm, task, source, f"{source}-test") for arm in self.of_task(task)
        ]

    def all_score_files(self, results: str) -> list[str]:
        """The scores of every arm, task and corpus."""
        return [
            path
            for task, corpus in self._unseen.pairs
            for path in self.score_files(results, task, corpus)
        ]

    def all_searches(self, results: str) -> list[str]:
        """The searches of every arm, task and corpus."""
        return [
            path
            for task, corpus in self._unseen.pairs
            for arm in self.trained
            for path in self.searches(results, arm, task, corpus)
        ]

    def training_reports(self, results: str) -> list[str]:
        """The training report of every model that is trained in an unseen language."""
        return [
            paths.model_directory(results, arm, task, corpus, NONE, seed) + "/training.json"
            for task, corpus in self._unseen.pairs
            for arm in self.trained
            for seed in self._study.seeds
        ]
