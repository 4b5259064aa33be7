"""The models whose languages a fresh discriminator is to tell apart, and the table of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ..corpora.source_sets import members
from ..encoders.ablations import NONE
from ..records import paths
from ..records.code import stage_digest
from ..runtime.files import canonical_json, digest
from .adapter_settings import trained_tasks
from .adversarial_settings import KEY, adversarial_tasks, is_adversarial, target_languages
from .task_encoders import encoders_and_tasks
from .vector_encoders import word_level_method

if TYPE_CHECKING:
    from .study import Study


@dataclass(frozen=True)
class Discrimination:
    """The models of a source, and a target.

    Attributes:
        encoder, task, source: components of the models' paths.
        target: corpus whose test part is measured.
    """

    encoder: str
    task: str
    source: str
    target: str


def discriminations(study: Study) -> list[Discrimination]:
    """Everything that is measured: adversarial tasks on their targets, and the same without.

    Tasks that predict with the models of another one have none to measure, and encoders of word
    vectors have no game.
    """
    return [
        Discrimination(encoder, task, source, target)
        for encoder, task in encoders_and_tasks(study)
        if task in trained_tasks(study) and not study.declared_encoders[encoder].reads_word_vectors
        for source in study.sources(task)
        for target in _targets(study, task, source)
    ]


def _targets(study: Study, task: str, source: str) -> list[str]:
    """The targets that a discriminator of this task, or of one like it, was to confuse."""
    games = [task] if is_adversarial(study, task) else _games_like(study, task, source)
    languages = {code for game in games for code in target_languages(study, game)}
    return [t for t in study.targets(task) if study.language(task, t) in languages]


def _games_like(study: Study, task: str, source: str) -> list[str]:
    alike = _labels(study, task)
    return [
        game
        for game in adversarial_tasks(study)
        if _labels(study, game) == alike and source in study.sources(game)
    ]


def _labels(study: Study, task: str) -> tuple[str, str]:
    section = study.config[task]
    return section["kind"], section.get("label", "")


def reference_of(study: Study, of: Discrimination) -> str | None:
    """The task without adversary that an adversarial one is compared with: the first one of its
    kind with the same source, target and training otherwise."""
    if not is_adversarial(study, of.task):
        return None
    for task in trained_tasks(study):
        same = _labels(study, task) == _labels(study, of.task)
        known = of.source in study.sources(task) and of.target in study.targets(task)
        if same and known and not is_adversarial(study, task) and _alike(study, task, of.task):
            return task
    return None


def _alike(study: Study, one: str, other: str) -> bool:
    """Whether two tasks differ in their corpora and the adversary alone."""

    def rest(task: str) -> Mapping[str, Any]:
        section = dict(study.config[task])
        section["training"] = {k: v for k, v in section["training"].items() if k != KEY}
        return {k: v for k, v in section.items() if k not in ("sources", "targets")}

    return rest(one) == rest(other)


def file_of(results: str, of: Discrimination) -> str:
    """The file of a measurement."""
    return paths.discrimination(results, of.encoder, of.task, of.source, of.target)


def files(study: Study, results: str) -> list[str]:
    """The files of all measurements."""
    return [file_of(results, of) for of in discriminations(study)]


def score_files(study: Study, results: str) -> list[str]:
    """The scores that the table shows or compares with."""
    found = {}
    for of in discriminations(study):
        for task in (of.task, reference_of(study, of)):
            if task is not None:
                place = of.encoder, task, of.source, f"{of.target}-test"
                found[paths.scores(results, *place)] = None
    return list(found)


def own_corpora(study: Study, task: str, source: str) -> list[str]:
    """The targets in the languages of a source."""
    spoken = members(study.language(task, source))
    by_language = {study.language(task, target): target for target in study.targets(task)}
    return [by_language[language] for language in spoken]


def stage_config(study: Study, task: str, source: str, target: str, encoder: str) -> str:
    """Canonical JSON for the stage ``discriminate``."""
    columns = {
        "encoder": encoder,
        "task": task,
        "source": study.language(task, source),
        "target": study.language(task, target),
    }
    return canonical_json({"columns": columns, "seeds": study.seeds})


def identity(study: Study, of: Discrimination) -> str:
    """Identity of a measurement."""
    corpora = [*own_corpora(study, of.task, of.source), of.target]
    return digest(
        [
            stage_config(study, of.task, of.source, of.target, of.encoder),
            study.identities.model(of.encoder, of.task, of.source),
            [study.identities.gold(of.task, corpus, "test") for corpus in corpora],
            stage_digest("discriminate"),
        ]
    )


def identities(study: Study) -> list[str]:
    """Identities of all measurements and of the scores beside them."""
    scores = [
        study.identities.scores(of.encoder, task, of.source, of.target, "test")
        for of in discriminations(study)
        for task in (of.task, reference_of(study, of))
        if task is not None
    ]
    return [*(identity(study, of) for of in discriminations(study)), *sorted(set(scores))]


def models_of(study: Study, results: str, of: Mapping[str, str]) -> list[str]:
    """Directories of the models of an encoder, task and source, by seed."""
    place = results, of["encoder"], of["task"], of["source"], NONE
    return [paths.model_directory(*place, seed) for seed in study.seeds]


def table_config(study: Study) -> str:
    """Canonical JSON of the table."""
    rows = []
    for of in discriminations(study):
        game = study.config[of.task]["training"].get(KEY)
        weighted = game is not None and game["weight"] > 0
        rows.append(
            {
                "encoder": of.encoder,
                "task": of.task,
                "source": study.language(of.task, of.source),
                "target": study.language(of.task, of.target),
                "source_corpus": of.source,
                "target_corpus": of.target,
                "metric": study.kind(of.task).metric,
                "word_level": word_level_method(study, of.encoder),
                "sentence_level": game["method"] if weighted else None,
                "labelled": game["labelled"]["sentences"] if game and "labelled" in game else 0,
                "reference": reference_of(study, of),
                "measured": file_of("", of).lstrip("/"),
            }
        )
    return canonical_json({**study.described, "rows": rows})
