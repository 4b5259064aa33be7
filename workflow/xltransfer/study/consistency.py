"""Consistency checks of a configuration that a schema cannot express."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from typing import TYPE_CHECKING

from ..corpora.formats import FORMATS
from ..corpora.source_sets import members
from ..encoders.ablations import NONE, parse
from ..runtime.errors import InputError
from .adaptation_methods import AdaptationMethods
from .adapter_settings import check_adapters
from .adversarial_settings import check_adversarial
from .dictionary_texts import DictionaryTexts
from .encoders import check_encoders
from .joined_sources import check_sets
from .noise_settings import check_noise
from .parsed_trees import check_trees
from .parts import check_mirrors, check_results
from .relation_parts import check_treebanks
from .scaling_settings import check_scaling
from .shared_spaces import check_spaces
from .subword_tasks import check_subword_tasks
from .task_encoders import check_task_encoders
from .typological_features import check_typology
from .vector_encoders import check_vector_encoders

if TYPE_CHECKING:
    from .study import Study


def check_consistency(study: Study) -> None:
    """Raise an error if parts of a study contradict each other or the catalogue.

    Raises:
        InputError: a value is inconsistent; names the key and the remedy.
    """
    check_results(study.results)
    check_mirrors(study.config["mirrors"])
    for task in study.tasks:
        _check_corpora(study, task)
    check_treebanks(study)
    _check_parallel(study)
    _check_names_of_ablations(study)
    check_encoders(study)
    check_sets(study)
    check_vector_encoders(study)
    _check_ablations(study)
    _check_dropped(study)
    _check_trained_together(study)
    _check_unseen(study)
    AdaptationMethods(study).check()
    check_noise(study)
    DictionaryTexts(study).check()
    check_adapters(study)
    check_subword_tasks(study)
    check_scaling(study)
    check_typology(study)
    check_adversarial(study)
    study.mapped.check()
    check_spaces(study)
    check_task_encoders(study)
    check_trees(study)
    study.raw_texts.check()
    study.parallel_texts.check()
    study.measured_translations.check()


def _check_corpora(study: Study, task: str) -> None:
    for role, splits in (("sources", ("train", "dev")), ("targets", ("test",))):
        for code in study.config[task][role]:
            for member in members(code):
                _check_corpus(study, task, member, role, splits)
    languages = [study.language(task, code) for code in study.targets(task)]
    for role, codes in (("sources", study.sources(task)), ("targets", study.targets(task))):
        spoken = [study.language(task, code) for code in codes]
        twice = [code for code in codes if spoken.count(study.language(task, code)) > 1]
        if twice:
            raise InputError(
                f"config: {task}.{role}: {' and '.join(twice[:2])} are of one language; "
                "tables have one row for each language, keep one of the two"
            )
    for code in study.sources(task):
        for language in members(study.language(task, code)):
            if language not in languages:
                raise InputError(
                    f"config: {task}.targets: none is of '{language}', the language of the source "
                    f"{code}; add one, the same-language score needs it"
                )
    if len(languages) < 2:
        raise InputError(f"config: {task}.targets: zero-shot transfer needs another language")


def check_sources(study: Study) -> None:
    """Raise an error for sources that are not in the catalogue.

    Raises:
        InputError: a source is unknown; names the key and the remedy.
    """
    for task in study.tasks:
        for code in study.sources(task):
            for member in members(code):
                _check_known(study, task, member, "sources")


def _check_known(study: Study, task: str, code: str, role: str) -> None:
    known = study.corpora(task)
    if code not in known:
        near = difflib.get_close_matches(code, known, 1)
        remedy = f"did you mean '{near[0]}'?" if near else "add its row there"
        table = study.catalogue.directory / FORMATS[study.kind(task).corpora].catalogue
        raise InputError(f"config: {task}.{role}: no '{code}' in {table}; {remedy}")


def _check_corpus(study: Study, task: str, code: str, role: str, splits: Iterable[str]) -> None:
    _check_known(study, task, code, role)
    known, key = study.corpora(task), f"{task}.{role}"
    for split in splits:
        if split not in known[code].splits:
            has = ", ".join(known[code].splits) or "no files"
            of_ud = study.kind(task).corpora == "treebanks"
            newest = f" up to release {study.config['ud_release']}" if of_ud else ""
            raise InputError(
                f"config: {key}: {code} has no {split} part{newest} (it has: {has}); choose another"
            )


def _check_parallel(study: Study) -> None:
    split = study.config["parallel"]["split"]
    table = study.catalogue.directory / FORMATS["treebanks"].catalogue
    for code in study.parallel.treebanks:
        entry = study.catalogue.treebanks.get(code)
        if entry is None or split not in entry.splits:
            raise InputError(
                f"config: parallel.treebanks: no {split} part of '{code}' in {table}; choose "
                "another treebank"
            )
    spoken = [study.parallel.language(code) for code in study.parallel.treebanks]
    twice = [code for code in spoken if spoken.count(code) > 1]
    if twice:
        raise InputError(
            f"config: parallel.treebanks: two are of the language '{twice[0]}'; keep one of them"
        )
    sources = {study.language(task, code) for task in study.tasks for code in study.sources(task)}
    if spoken and (len(spoken) < 2 or not sources & set(spoken)):
        raise InputError(
            "config: parallel.treebanks: one of a source language and one of another language are "
            "needed to compare them; add them, or empty the list"
        )


def _check_dropped(study: Study) -> None:
    """Raise an error if weights are to be dropped that could become outdated unnoticed."""
    if study.config["keep"]["ablated_weights"]:
        return
    for task in study.tasks:
        for source in study.sources(task):
            if study.ablations(task, source) == [NONE]:
                continue
            kind = study.kind(task).corpora
            if not all(study.contents.corpus(kind, source, part) for part in ("train", "dev")):
                raise InputError(
                    f"config: keep.ablated_weights: the catalogue has no checksum of {source}, so "
                    "that a changed file would go unnoticed; write its checksums there, or keep "
                    "the weights"
                )


def _check_trained_together(study: Study) -> None:
    """Raise an error for jobs that would train models of several ablations and more than that."""
    size = study.config["job_size"]["finetune"]
    if size.get("ablations", 1) == 1:
        return
    if size["seeds"] > 1:
        raise InputError(
            "config: job_size.finetune.ablations: models that are trained together have one seed, "
            f"but {size['seeds']} seeds share a job; write `seeds: 1` there, or remove `ablations`"
        )
    if study.kept.dropped_ablations:
        raise InputError(
            "config: job_size.finetune.ablations: models whose weights are dropped are not trained "
            "together; set keep.ablated_weights to true, or remove this key"
        )


def _check_names_of_ablations(study: Study) -> None:
    for ablation in study.config["ablations"]:
        try:
            parse(ablation)
        except InputError as error:
            raise InputError(f"config: ablations: {error}") from None


def _check_ablations(study: Study) -> None:
    for ablation in study.config["ablations"]:
        last = parse(ablation).last
        for encoder in study.encoders.values():
            if last > encoder.layers:
                raise InputError(
                    f"config: ablations: {ablation}: the encoder '{encoder.name}' has "
                    f"{encoder.layers} layers; remove the ablation or correct `layers`"
                )
    for task in study.tasks:
        ablated = study.config[task]["ablated_sources"]
        for source in ablated if ablated != "all" else []:
            if source not in study.sources(task):
                raise InputError(
                    f"config: {task}.ablated_sources: '{source}' is not in {task}.sources; add it "
                    "there or remove it here"
                )


def _check_unseen(study: Study) -> None:
    section = study.config["unseen"]
    for place, item in enumerate(section["languages"]):
        for key, table in (("text", "raw_corpora"), ("treebanks",) * 2, ("entities",) * 2):
            known, code = getattr(study.catalogue, table), item[key]
            if code is None:
                continue
            if code not in known:
                raise InputError(
                    f"config: unseen.languages.{place}.{key}: no '{code}' in the catalogue of "
                    f"{table}; add its row there"
                )
            if known[code].language != item["language"]:
                raise InputError(
                    f"config: unseen.languages.{place}.{key}: {code} is of the language "
                    f"'{known[code].language}', not '{item['language']}'; choose another"
                )
    split = section["hashed_split"] if section["languages"] else {}
    if split and split["dev_share"] + split["test_share"] >= 1:
        raise InputError(
            "config: unseen.hashed_split: dev_share and test_share leave no sentence to train on; "
            "their sum must be below 1"
        )
    for task, corpus in study.unseen.pairs:
        if corpus in study.sources(task):
            raise InputError(
                f"config: unseen.languages: {corpus} is also among {task}.sources, where it is "
                "trained with other settings; remove it from one of the two"
            )
