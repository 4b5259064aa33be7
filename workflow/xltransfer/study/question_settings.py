"""Corpora of questions in a study: their parts, and checks of the tasks that read them."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING

import yaml

from ..runtime.errors import InputError
from ..runtime.files import canonical_json, read_text
from .task_encoders import encoders_of

if TYPE_CHECKING:
    from .study import Study

FOLDER = "questions"
"""Folder of results with these corpora."""


def question_config(study: Study, corpus: str, split: str) -> str:
    """Canonical JSON of everything but the download that decides a part of a corpus."""
    entry = study.catalogue.questions[corpus]
    keys = ("language", "normalisation", "articles", "identifiers")
    return canonical_json({"part": split, **{key: getattr(entry, key) for key in keys}})


def embedded_questions_config(study: Study, language: str, split: str) -> str:
    """Canonical JSON of everything that decides a part of the embedded world's questions."""
    path = study.root / "resources" / "embedded_world" / "world.yaml"
    numbers = yaml.safe_load(read_text(path))[FOLDER][split]
    return canonical_json(
        {
            "seed": study.config["embedded_world"]["seed"],
            **numbers,
            "language": asdict(study.embedded_world.language(language)),
        }
    )


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
        for name in encoders_of(study, task):
            if not study.declared_encoders[name].pretrained:
                raise InputError(
                    f"config: transfer_encoders: '{name}' reads words, not text with its "
                    f"subwords, which {task} needs; remove one of the two"
                )
