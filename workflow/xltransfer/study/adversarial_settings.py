"""Adversarial training as a study configures it: texts, labelled sentences, what is refused."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from ..corpora.source_sets import members
from ..runtime.errors import InputError
from . import noise_settings
from .named_texts import RAW_TEXT, TABLES, Part, check_text
from .task_encoders import encoders_of

if TYPE_CHECKING:
    from .study import Study

KEY = "adversarial"
OF_ROWS = {
    "question-answering": "questions with windows of passages",
    "sentence-classification": "a sentence as one state",
}
"""Kinds of tasks that read no states of single words, and what they read."""


def in_fixed_order(training: Mapping[str, Any]) -> Mapping[str, Any]:
    """A section ``training`` whose lists are sorted, because their order has no effect."""
    training = noise_settings.in_fixed_order(training)
    if KEY not in training:
        return training
    game = dict(training[KEY])
    game["texts"] = {folder: sorted(codes) for folder, codes in sorted(game["texts"].items())}
    if "widths" in game["discriminator"]:
        widths = sorted(game["discriminator"]["widths"])
        game["discriminator"] = {**game["discriminator"], "widths": widths}
    return {**training, KEY: game}


def is_adversarial(study: Study, task: str) -> bool:
    """Whether the models of a task are trained against a discriminator."""
    return KEY in study.config[task]["training"]


def texts_of(training: Mapping[str, Any]) -> list[Part]:
    """Folder, code and part of each unlabelled text, in the order in which they are read."""
    texts = in_fixed_order(training).get(KEY, {}).get("texts", {})
    return [
        (folder, code, "training" if folder == RAW_TEXT else "train")
        for folder, codes in texts.items()
        for code in codes
    ]


def labelled_of(study: Study, task: str) -> Part | None:
    """Folder, code and part of the labelled target sentences of a task; ``None`` for none."""
    found = study.config[task]["training"].get(KEY, {}).get("labelled")
    return found and (study.kind(task).corpora, found["corpus"], "train")


def parts_of(study: Study, task: str, source: str) -> list[Part]:
    """All corpora that trainings on a source read besides it and its letters for noise."""
    if (task, source) in study.unseen.pairs:
        return []
    labelled = labelled_of(study, task)
    return [*texts_of(study.config[task]["training"]), *([labelled] if labelled else [])]


def language_of_part(study: Study, part: Part) -> str:
    """The language of a text."""
    folder, code, _ = part
    return getattr(study.catalogue, TABLES.get(folder, folder))[code].language


def target_languages(study: Study, task: str) -> list[str]:
    """The languages that a discriminator is to confuse with the sources."""
    parts = texts_of(study.config[task]["training"])
    return [language_of_part(study, part) for part in parts]


def unlabelled_raw_texts(study: Study) -> list[str]:
    """Codes of the raw texts of adversarial trainings."""
    trainings = (study.config[task]["training"] for task in study.tasks)
    return [code for t in trainings for folder, code, _ in texts_of(t) if folder == RAW_TEXT]


def identities_of(study: Study, task: str, source: str) -> dict[str, str]:
    """Identities of these corpora, by folder and code; empty without adversary."""
    return {
        f"adversarial {folder}/{code}": study.identities.made.part(folder, code, part)
        for folder, code, part in parts_of(study, task, source)
    }


def check_adversarial(study: Study) -> None:
    """Raise an error for adversarial trainings that contradict themselves or the study.

    Raises:
        InputError: names the key and the remedy.
    """
    for task in study.unseen.tasks:
        if KEY in study.unseen.section["training"][task]:
            raise InputError(
                f"config: unseen.training.{task}.{KEY}: models of unseen languages have labelled "
                "sentences of their own language; remove the key"
            )
    for task in adversarial_tasks(study):
        key = f"config: {task}.training.{KEY}"
        read = OF_ROWS.get(study.config[task]["kind"])
        if read is not None:
            raise InputError(
                f"{key}: a discriminator reads words of sentences, and '{task}' reads {read}; "
                "remove the key"
            )
        if "adapter" in study.config[task]["training"]:
            raise InputError(
                f"config: {task}.training.adapter: adversarial training changes the whole encoder; "
                "remove the key, or `adversarial`"
            )
        if "accumulation" in study.config[task]["training"]:
            raise InputError(
                f"config: {task}.training.accumulation: adversarial training computes each batch "
                "as a whole; remove the key, and make `batch_pieces` smaller to save memory"
            )
        for part in texts_of(study.config[task]["training"]):
            _check_part(study, f"{key}.texts", part)
        labelled = labelled_of(study, task)
        if labelled is not None:
            _check_part(study, f"{key}.labelled.corpus", labelled)
        _check_languages(study, task, key, labelled)
        _check_encoders(study, task, key)


def _check_part(study: Study, key: str, text: Part) -> None:
    no_part = "and test sentences are for testing; name another corpus, or a raw text"
    check_text(study, key, text, "a text of adversarial training", no_part)


def _check_languages(study: Study, task: str, key: str, labelled: Part | None) -> None:
    languages = target_languages(study, task)
    if twice := [code for code in languages if languages.count(code) > 1]:
        raise InputError(
            f"{key}.texts: two texts of the language '{twice[0]}'; keep one, the discriminator "
            "tells languages apart"
        )
    targets = {study.language(task, target) for target in study.targets(task)}
    if missing := [code for code in languages if code not in targets]:
        raise InputError(
            f"{key}.texts: '{missing[0]}' is the language of no target of '{task}'; add a target, "
            "or remove the text"
        )
    for source in study.sources(task):
        for code in members(study.language(task, source)):
            if code in languages:
                raise InputError(
                    f"{key}.texts: '{code}' is also the language of the source {source}, from "
                    "which it cannot be told apart; name texts of other languages"
                )
    if labelled is not None and language_of_part(study, labelled) not in languages:
        raise InputError(
            f"{key}.labelled.corpus: no text of its language "
            f"'{language_of_part(study, labelled)}' is under `texts`; add one"
        )


def _check_encoders(study: Study, task: str, key: str) -> None:
    for name in encoders_of(study, task):
        if study.declared_encoders[name].reads_word_vectors:
            raise InputError(
                f"{key}: '{name}' has no weights, so that it cannot learn to deceive a "
                "discriminator; use another encoder"
            )
        if study.made_encoders.languages(name):
            raise InputError(
                f"{key}: '{name}' has language embeddings, by which it is told the language that "
                "a discriminator is to guess; use another encoder"
            )
        known = study.declared_encoders[name].vectors.get("languages")
        missing = [c for c in target_languages(study, task) if known is not None and c not in known]
        if missing:
            raise InputError(
                f"{key}.texts: '{name}' has no word vectors of '{missing[0]}'; add it to its "
                "word_vectors.languages"
            )


def adversarial_tasks(study: Study) -> Iterator[str]:
    """The tasks of a study whose models are trained against a discriminator."""
    return (task for task in study.tasks if is_adversarial(study, task))
