"""The tasks; a new one is a class with the interface of ``Task`` and an entry here."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .interface import Task
from .parsing import Parsing

TASKS: dict[str, type[Task]] = {task.name: task for task in (Parsing,)}
"""Task classes by name."""


def make_task(name: str, settings: Mapping[str, Any]) -> Task:
    """The task with this name, set up from its section of the configuration."""
    return TASKS[name](settings)
