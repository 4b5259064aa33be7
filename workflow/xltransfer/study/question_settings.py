"""Corpora of questions in a study: their parts, and checks of the tasks that read them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..runtime.errors import InputError
from ..runtime.files import canonical_json
from .task_encoders import check_reads_subwords

if TYPE_CHECKING:
    from .study import Study

FOLDER = "questions"
"""Folder of results with these corpora."""


def question_config(study: Study, corpus: str, split: str) -> str:
    """Canonical JSON of everything but the download that decides a part of a corpus."""
    entry = study.catalogue.questions[corpus]
    keys = ("language", "normalisation", "articles", "identifiers")
    return canonical_json({"part": split, **{key: getattr(entry, key) for key in keys}})


def reads_questions(study: Study) -> bool:
    """Whether a task of the study reads questions."""
    return any(study.kind(task).corpora == FOLDER for task in study.tasks)


def check_question_tasks(study: Study) -> None:
    """Raise an error for settings that question answering does not have.

    Raises:
        InputError: names the key and the remedy.
    """
    for task in study.tasks:
        section = study.config[task]
        if study.kind(task).corpora != FOLDER:
            continue
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
        check_reads_subwords(study, task)
