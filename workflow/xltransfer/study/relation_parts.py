"""The parts of the corpora of relations and roles: their files, treebanks and settings."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from ..corpora.checksums import UNCHECKED
from ..corpora.relation_corpora import ANNOTATIONS, RelationCorpus, read_label_sets
from ..records.code import stage_digest
from ..runtime.errors import InputError
from ..runtime.files import digest

if TYPE_CHECKING:
    from .contents import Contents
    from .study import Study


def corpus_of(study: Study, annotation: str, code: str) -> RelationCorpus:
    """The catalogued corpus of a folder and a code."""
    return getattr(study.catalogue, annotation)[code]


def part_config(study: Study, annotation: str, code: str, split: str) -> dict[str, Any]:
    """The keys of the stage ``check_relations`` for a part of a corpus."""
    corpus = corpus_of(study, annotation, code)
    sets = read_label_sets(study.catalogue.directory) if corpus.labels else {}
    return {
        "annotation": annotation,
        "layout": corpus.layout,
        "labels": sets.get(corpus.labels, []),
        "sentences": [file.sentences for file in corpus.parts[split]],
    }


def part_checksums(study: Study, annotation: str, code: str, split: str) -> list[str]:
    """The expected checksums of the files of a part, in order."""
    return [file.checksum for file in corpus_of(study, annotation, code).parts[split]]


def part_identity(contents: Contents, annotation: str, code: str, split: str) -> str:
    """Identity of a part of a corpus that is not generated; ``""`` if files decide it alone."""
    study = contents.study
    corpus, paths = corpus_of(study, annotation, code), study.downloads.paths
    of_files = [
        contents.unchecked(path) if checksum == UNCHECKED else checksum
        for path, checksum in zip(
            paths(annotation, code, split),
            part_checksums(study, annotation, code, split),
            strict=True,
        )
    ]
    trees = [contents.corpus("treebanks", corpus.treebank, split)] if corpus.treebank else []
    if not all([*of_files, *trees]):
        return ""
    config = part_config(study, annotation, code, split)
    return digest([config, of_files, trees, stage_digest("check_relations")])


def metric_settings(study: Study, task: str, corpus: str) -> dict[str, Any]:
    """The settings of a task that decide its metrics on a corpus.

    Args:
        study: study with the task.
        task: task of the study.
        corpus: code of the corpus; of a set (``a+b``), the first one decides.
    """
    section: Mapping[str, Any] = study.config[task]
    found = {key: section[key] for key in ("kind", "label") if key in section}
    if study.kind(task).corpora in ANNOTATIONS:
        found["metric"] = study.corpora(task)[corpus.partition("+")[0]].metric
    return found


def check_treebanks(study: Study) -> None:
    """Raise an error for corpora whose treebank lacks a part, or whose main scores differ.

    Raises:
        InputError: names the key, the treebank and the remedy.
    """
    for task in study.tasks:
        annotation = study.kind(task).corpora
        if annotation not in ANNOTATIONS:
            continue
        _check_metrics(study, task, annotation)
        for role, splits in (("sources", ("train", "dev")), ("targets", ("test",))):
            for name in study.config[task][role]:
                for code in name.split("+"):
                    _check_treebank(study, f"{task}.{role}", annotation, code, splits)


def _check_metrics(study: Study, task: str, annotation: str) -> None:
    """Raise an error for corpora whose main F1 has several definitions."""
    names = [*study.sources(task), *study.targets(task)]
    codes = [code for name in names for code in name.split("+")]
    metrics = [corpus_of(study, annotation, code).metric for code in codes]
    for code, metric in zip(codes, metrics, strict=True):
        if metric != metrics[0]:
            raise InputError(
                f"config: {task}: F1 of {codes[0]} is defined as '{metrics[0]}', that of {code} "
                f"as '{metric}' (`metric` in relation_corpora.tsv); scores of one task are "
                "compared, so choose corpora of one definition"
            )


def _check_treebank(
    study: Study, key: str, annotation: str, code: str, splits: tuple[str, ...]
) -> None:
    treebank = corpus_of(study, annotation, code).treebank
    for split in splits if treebank else ():
        if split not in study.catalogue.treebanks[treebank].splits:
            raise InputError(
                f"config: {key}: {code} has the words of {treebank}, which has no {split} part up "
                f"to release {study.config['ud_release']}; choose another"
            )
