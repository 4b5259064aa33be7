"""Corpora of sentences with labels in a study, and checks of the tasks that read them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..corpora.source_sets import members
from ..runtime.errors import InputError
from ..runtime.files import canonical_json
from .task_encoders import check_reads_subwords, encoders_of

if TYPE_CHECKING:
    from .study import Study

FOLDER = "classification"
"""Folder of results with these corpora."""
FIRST = "first"
"""Pooling by the state of the first special token, as in ``encoders/sentence_rows.py``."""


def classification_config(study: Study, corpus: str) -> str:
    """Canonical JSON of everything but the download that decides a corpus."""
    entry = study.catalogue.classification[corpus]
    return canonical_json({"language": entry.language, "layout": entry.layout})


def classifies_sentences(study: Study) -> bool:
    """Whether a task of the study reads sentences with labels."""
    return any(study.kind(task).corpora == FOLDER for task in study.tasks)


def check_classification_tasks(study: Study) -> None:
    """Raise an error for corpora with other labels, and encoders that cannot read sentences.

    Raises:
        InputError: names the key and the remedy.
    """
    for task in study.tasks:
        if study.kind(task).corpora != FOLDER:
            continue
        _check_labels(study, task)
        check_reads_subwords(study, task)
        for name in encoders_of(study, task):
            if study.declared_encoders[name].causal and study.config[task]["pooling"] == FIRST:
                raise InputError(
                    f"config: {task}.pooling: the first token of '{name}', a decoder, sees no "
                    "other one; write `mean`, or name other encoders under "
                    f"`{task}.encoders`"
                )


def _check_labels(study: Study, task: str) -> None:
    """Raise an error for a corpus whose labels no model of the task can predict."""
    known = study.catalogue.classification
    sources = [code for source in study.sources(task) for code in members(source)]
    first = next((code for code in sources if known[code].labels), None)
    for code in [*sources, *study.targets(task)]:
        if first is not None and known[code].labels not in ("", known[first].labels):
            raise InputError(
                f"config: {task}: the labels of {code} ({known[code].labels}) are not those of "
                f"{first} ({known[first].labels}); make two tasks of them"
            )
