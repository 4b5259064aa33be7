"""The arms that are compared on an unseen language: their encoders, settings and files."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Any

from ..encoders.ablations import NONE
from ..records import paths
from ..runtime.errors import InputError
from ..runtime.files import canonical_json
from .consistency import check_sources

if TYPE_CHECKING:
    from .unseen import UnseenLanguages

ZERO_SHOT = "zero-shot-from-"
"""Prefix of the names of arms that are trained on another language."""


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
        self._check_names()
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

    def _check_names(self) -> None:
        declared = self._study.declared_encoders
        for name in self.trained:
            if name not in declared:
                raise InputError(
                    f"config: unseen.arms: no encoder '{name}' under `encoders` (it has: "
                    f"{', '.join(declared)}); add it there, or empty `unseen.languages`"
                )
            if name.startswith(ZERO_SHOT):
                raise InputError(
                    f"config: encoders: names with {ZERO_SHOT} are those of zero-shot models of "
                    f"unseen languages; rename '{name}'"
                )
        roles = self._section["verdict"]
        for role, name in roles.items():
            if name not in self.trained:
                raise InputError(
                    f"config: unseen.verdict.{role}: '{name}' is not in `unseen.arms`; add it "
                    "there or name another"
                )
        if len(set(roles.values())) < len(roles):
            raise InputError(
                "config: unseen.verdict: the encoder, the adapted one and the baseline are three "
                "arms; name three"
            )
        if self._section["zero_shot_from"] and self.encoder not in self._study.encoders:
            raise InputError(
                f"config: unseen.zero_shot_from: '{self.encoder}' is not in `transfer_encoders`, "
                "so it has no models of other languages; add it there or empty the list"
            )

    @property
    def encoder(self) -> str:
        """The encoder that verdicts are about, and whose models are transferred zero-shot."""
        return self._section["verdict"]["encoder"]

    @property
    def baseline(self) -> str:
        """The arm that others are compared with."""
        return self._section["verdict"]["baseline"]

    @property
    def trained(self) -> list[str]:
        """Arms trained in the language."""
        return list(self._section["arms"]) if self._section["languages"] else []

    @cached_property
    def names(self) -> list[str]:
        """All arms; the baseline is last, after the zero-shot arms."""
        if not self.trained:
            return []
        others = [arm for arm in self.trained if arm != self.baseline]
        zero_shot = [ZERO_SHOT + code for code in self._section["zero_shot_from"]]
        return [*others, *zero_shot, self.baseline]

    def encoder_of(self, name: str) -> str:
        """The encoder of an arm in paths: zero-shot arms have the one that verdicts are about."""
        return self.encoder if name.startswith(ZERO_SHOT) else name

    def of_task(self, task: str) -> list[str]:
        """The arms of a task; a zero-shot arm needs a source corpus of its language."""
        sources = self._zero_shot_sources(task)
        return [arm for arm in self.names if arm in self.trained or arm in sources]

    def _zero_shot_sources(self, task: str) -> dict[str, str]:
        """Zero-shot arm → the corpus that its models are trained on."""
        by_language = {self._study.language(task, s): s for s in self._study.sources(task)}
        return {ZERO_SHOT + code: source for code, source in by_language.items()}

    def settings(self, arm: str, task: str) -> dict[str, Any]:
        """The fine-tuning settings of an arm that differ from the task's section."""
        training = self._section["training"][task]
        if self._study.declared_encoders[arm].pretrained:
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
        zero_shot, encoder = self._zero_shot_sources(task), self.encoder
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

    def training_reports(self, results: str) -> list[str]:
        """The training report of every model that is trained in an unseen language."""
        return [
            paths.model_directory(results, arm, task, corpus, NONE, seed) + "/training.json"
            for task, corpus in self._unseen.pairs
            for arm in self.trained
            for seed in self._study.seeds
        ]
