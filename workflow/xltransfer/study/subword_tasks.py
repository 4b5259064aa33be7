"""Checks of the tasks about text with its subwords: question answering, sentences with labels."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..corpora.source_sets import members
from ..runtime.errors import InputError
from .task_encoders import encoders_of

if TYPE_CHECKING:
    from .study import Study

QUESTIONS, CLASSIFICATION = "questions", "classification"
"""Folders of results with the corpora of these tasks."""
FIRST = "first"
"""Pooling by the state of the first special token, as in ``encoders/sentence_rows.py``."""


def check_subword_tasks(study: Study) -> None:
    """Raise an error for settings, corpora and encoders that such a task cannot have.

    Raises:
        InputError: names the key and the remedy.
    """
    for folder, check in ((QUESTIONS, _check_questions), (CLASSIFICATION, _check_labels)):
        for task in study.tasks:
            if study.kind(task).corpora == folder:
                check(study, task)
                _check_encoders(study, task)


def _check_questions(study: Study, task: str) -> None:
    """Raise an error for settings that question answering does not have."""
    section = study.config[task]
    for key in ("noise", "label_smoothing"):
        if section["training"].get(key):
            raise InputError(
                f"config: {task}.training.{key}: question answering has none; "
                + ("remove the key" if key == "noise" else "write 0.0")
            )
    # Two or three special tokens are around a question, four around it and a passage.
    room = section["row_pieces"] - section["question_pieces"] - 4
    if room < section["stride"]:
        raise InputError(
            f"config: {task}.stride: {section['stride']} is more than the {max(room, 0)} "
            "subwords of a passage that fit into a row beside a question; lower it or "
            "`question_pieces`, or raise `row_pieces`"
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


def _check_encoders(study: Study, task: str) -> None:
    """Raise an error for an encoder of words, and for a decoder whose first state is read."""
    for name in encoders_of(study, task):
        if not study.declared_encoders[name].pretrained:
            raise InputError(
                f"config: transfer_encoders: '{name}' reads words, not text with its subwords, "
                f"which {task} needs; name others under `{task}.encoders`"
            )
    for name in encoders_of(study, task):
        if study.declared_encoders[name].causal and study.config[task].get("pooling") == FIRST:
            raise InputError(
                f"config: {task}.pooling: the first token of '{name}', a decoder, sees no "
                f"other one; write `mean`, or name other encoders under `{task}.encoders`"
            )
