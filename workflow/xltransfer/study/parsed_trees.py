"""Corpora of relations and roles whose trees are predicted by a model of the study: `trees`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from ..corpora.relation_corpora import EMBEDDED, STAND_OFF
from ..corpora.shared_trees import PAIRS, task_of_trees
from ..corpora.source_sets import members
from ..encoders.ablations import NONE
from ..records import paths
from ..records.code import stage_digest
from ..runtime.errors import InputError
from ..runtime.files import digest
from .adapter_settings import task_of_models
from .adversarial_settings import labelled_of
from .shared_spaces import check_language, vectors_identity
from .task_encoders import encoders_of

WITH_TREES = (EMBEDDED, STAND_OFF, "json-lines")
"""Layouts of corpora whose sentences have trees (for JSON lines: may have)."""
LABELLED = "training.adversarial.labelled"
"""Key of the labelled target sentences of a training."""
UPOS = "UPOS"
"""Label of the tasks that predict parts of speech."""

if TYPE_CHECKING:
    from .study import Study


def trees_of(study: Study, task: str, corpus: str) -> Mapping[str, Any] | None:
    """The section `trees` of a task, if it is about this corpus."""
    section = study.config[task].get("trees")
    return section if section and corpus in section["corpora"] else None


def parsed_file(study: Study, task: str, corpus: str, split: str) -> str:
    """A part of a corpus with predicted trees, below the folder of results; ``""`` without."""
    if trees_of(study, task, corpus) is None:
        return ""
    name = shared_by(study, task, corpus)
    return f"{study.kind(task).corpora}/{corpus}/{split}-parsed-for-{name}.jsonl"


def shared_by(study: Study, task: str, corpus: str) -> str:
    """The task that names the predicted trees of a corpus (``task_of_trees``)."""
    return task_of_trees({name: study.config[name] for name in study.tasks}, task, corpus)


def models_of_trees(study: Study, results: str, task: str) -> dict[str, str]:
    """The directories of the parser and the tagger of a task, by ``parser`` and ``tagger``.

    They are those of the study's first seed, so all models of the task read the same trees.
    """
    section = study.config[task]["trees"]
    return {
        name: paths.model_directory(
            results, section["encoder"], section[name], section["source"], NONE, study.seeds[0]
        )
        for name in ("parser", "tagger")
        if name in section
    }


def tree_reports(study: Study, results: str) -> list[str]:
    """The reports on the predicted trees of the test parts of all compared tasks, each once."""
    files = dict.fromkeys(
        parsed_file(study, task, corpus, "test")
        for task in compared_tasks(study)
        for corpus in study.targets(task)
        if trees_of(study, task, corpus)
    )
    return [f"{results}/{file.removesuffix('.jsonl')}-report.json" for file in files]


def compared_tasks(study: Study) -> list[str]:
    """The tasks in the table `structure`: those about pairs, if one of them has a reference."""
    pairs = [task for task in study.tasks if study.config[task]["kind"] in PAIRS]
    return pairs if any("reference" in study.config[task] for task in pairs) else []


def compared_scores(study: Study, results: str) -> list[str]:
    """The scores of the compared tasks."""
    return [
        paths.scores(results, encoder, task, source, f"{target}-test")
        for task in compared_tasks(study)
        for encoder in encoders_of(study, task)
        for source in study.sources(task)
        for target in study.targets(task)
    ]


def compared_identities(study: Study) -> list[Any]:
    """Identities of these scores, which cover those of predicted trees."""
    identities = study.identities
    return [
        identities.scores(encoder, task, source, target, "test")
        for task in compared_tasks(study)
        for encoder in encoders_of(study, task)
        for source in study.sources(task)
        for target in study.targets(task)
    ]


def parsed_identity(study: Study, task: str, corpus: str, split: str) -> str:
    """Identity of a part of a corpus with predicted trees."""
    section, kind = study.config[task]["trees"], study.kind(task).corpora
    encoder, identities = section["encoder"], study.identities
    models = [
        identities.model(encoder, section[name], section["source"])
        for name in ("parser", "tagger")
        if name in section
    ]
    vectors = vectors_identity(study, encoder, study.language(task, corpus))
    original = identities.corpus(kind, corpus, split)
    seed, shared = study.seeds[0], shared_by(study, task, corpus)
    return digest([original, models, seed, vectors, shared, stage_digest("parse_relations")])


def check_trees(study: Study) -> None:
    """Raise an error for tasks whose `trees`, `context` or `reference` do not fit.

    Raises:
        InputError: names the key and the remedy.
    """
    for task in study.tasks:
        if "trees" in study.config[task]:
            _check_trees(study, task)
        if study.config[task].get("context"):
            _check_features(study, task)
            _check_annotation(study, task)
        reference = study.config[task].get("reference", task)
        if reference == task and "reference" not in study.config[task]:
            continue
        if reference not in study.tasks or study.kind(reference) != study.kind(task):
            raise InputError(
                f"config: {task}.reference: '{reference}' is no task of the kind of {task} among "
                "`tasks`; name one"
            )
        if "reference" in study.config[reference]:
            raise InputError(
                f"config: {task}.reference: '{reference}' has a reference itself; name that one"
            )
        if study.targets(task) != study.targets(reference):
            raise InputError(
                f"config: {task}.targets: differences from the reference '{reference}' are over "
                "the same test sentences; name the same targets, in the same order"
            )


def _check_features(study: Study, task: str) -> None:
    """Raise an error for a context that reads nothing."""
    context = study.config[task]["context"]
    features = ("states", "upos_units", "relation_units", "entity_units")
    if not any(context[name] for name in features):
        raise InputError(
            f"config: {task}.context: it reads no feature; set one of {', '.join(features)}"
        )


def _check_annotation(study: Study, task: str) -> None:
    """Raise an error for corpora without the trees and parts of speech that a context reads."""
    tagged = "tagger" in study.config[task].get("trees", {})
    read = [(role, study.config[task][role]) for role in ("sources", "targets")]
    if labelled := labelled_of(study, task):
        read.append((LABELLED, [labelled[1]]))
    for role, names in read:
        for code in (one for name in names for one in members(name)):
            corpus = study.corpora(task)[code]
            if corpus.layout in WITH_TREES or (tagged and trees_of(study, task, code)):
                continue
            raise InputError(
                f"config: {task}.{role}: {code} has no trees and parts of speech, which `context` "
                f"reads; add it to {task}.trees.corpora, with a `parser` and a `tagger`"
            )


def _check_trees(study: Study, task: str) -> None:
    section, place = study.config[task]["trees"], f"config: {task}.trees"
    if not study.config[task].get("context"):
        raise InputError(
            f"{place}: the task has no `context` that reads trees; add it, or remove `trees`"
        )
    used = {*study.sources(task), *study.targets(task)}
    for corpus in section["corpora"]:
        if corpus not in used:
            raise InputError(
                f"{place}.corpora: '{corpus}' is neither a source nor a target of {task}; remove it"
            )
        check_language(study, section["encoder"], study.language(task, corpus))
    for source in study.sources(task):
        if "+" in source and set(members(source)) & set(section["corpora"]):
            raise InputError(
                f"{place}.corpora: '{source}' joins corpora with their own trees; list none of "
                "them, or train on each source alone"
            )
    labelled = labelled_of(study, task)
    if labelled is not None and labelled[1] in section["corpora"]:
        raise InputError(
            f"config: {task}.training.adversarial.labelled: '{labelled[1]}' would be read with its "
            f"own trees, and {place}.corpora has those that are predicted; remove one of the two"
        )
    for name, kind in (("parser", "parsing"), ("tagger", "tagging")):
        model = section.get(name)
        if model is None:
            continue
        if model not in study.tasks or study.config[model]["kind"] != kind:
            raise InputError(
                f"{place}.{name}: '{model}' is no task of the kind {kind} among `tasks`; add it"
            )
        if task_of_models(study, model) != model:
            raise InputError(
                f"{place}.{name}: '{model}' has the models of '{task_of_models(study, model)}'; "
                "name that task"
            )
        if study.config[model].get("label", UPOS) != UPOS:
            raise InputError(
                f"{place}.{name}: '{model}' predicts {study.config[model]['label']}, not {UPOS}; "
                "name a task about parts of speech"
            )
        if section["encoder"] not in encoders_of(study, model):
            raise InputError(
                f"{place}.encoder: '{section['encoder']}' is not fine-tuned on '{model}'; name one "
                f"of {', '.join(encoders_of(study, model))}"
            )
        if section["source"] not in study.sources(model):
            raise InputError(
                f"{place}.source: '{section['source']}' is no source of '{model}'; add it there"
            )
    for corpus in section["corpora"]:
        _check_unseen_by_parser(study, task, corpus)


def _check_unseen_by_parser(study: Study, task: str, corpus: str) -> None:
    """Raise an error for a corpus whose training sentences the parser learnt from.

    Its trees would be far better there than in any text that is parsed in earnest.
    """
    found, source = study.corpora(task)[corpus], study.config[task]["trees"]["source"]
    # Relations and roles of the embedded world are about the sentences of the language's treebank.
    treebank = corpus if found.layout == EMBEDDED else found.treebank
    if treebank in members(source):
        raise InputError(
            f"config: {task}.trees.corpora: '{corpus}' has the sentences of '{treebank}', which "
            "the parser is trained on; remove it, so that it keeps its trees, or name another "
            "`source`"
        )
