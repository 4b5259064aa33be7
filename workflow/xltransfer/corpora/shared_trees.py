"""Tasks that read the same predicted trees, for which a corpus is parsed once."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

PAIRS = ("relations", "roles")
"""Kinds of tasks that label pairs of words, and may read predicted trees."""
MODELS = ("encoder", "parser", "tagger", "source")
"""Keys of `trees` that decide the predicted trees of a corpus."""


def task_of_trees(sections: Mapping[str, Mapping[str, Any]], task: str, corpus: str) -> str:
    """The task that names the predicted trees of a corpus: the first of those that share them.

    Args:
        sections: sections of the tasks of a study, by name.
        task: a task with `trees` for the corpus.
        corpus: code of the corpus.

    Returns:
        The first task, in alphabetical order, of the same kind, whose `trees` are for this corpus
        and by the same models.
    """

    def models(name: str) -> list[Any]:
        return [sections[name]["kind"], *(sections[name]["trees"].get(key) for key in MODELS)]

    return min(
        name
        for name, section in sections.items()
        if corpus in section.get("trees", {}).get("corpora", ()) and models(name) == models(task)
    )
