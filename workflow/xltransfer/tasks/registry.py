"""Registry of task kinds; a new kind is a subclass of ``Task`` and an entry here."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .entities import Entities
from .pair_labels import Relations, Roles
from .parsing import Parsing
from .question_answering import QuestionAnswering
from .sentence_classification import SentenceClassification
from .tagging import Tagging
from .task import Task

TASKS: dict[str, type[Task]] = {
    task.kind: task
    for task in (
        *(Parsing, Tagging, Entities, QuestionAnswering, Relations, Roles),
        SentenceClassification,
    )
}
"""Task classes by kind."""


def make_task(settings: Mapping[str, Any]) -> Task:
    """The task for a section of the configuration; its ``kind`` selects the class."""
    return TASKS[settings["kind"]](settings)
