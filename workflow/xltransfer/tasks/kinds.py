"""What the workflow has to know of each kind of task; nothing heavy is imported."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Kind:
    """A kind of task.

    Attributes:
        corpora: the folder of results with the corpora that it reads.
        suffix: of its files.
        metric: the score that selects models and that tables show.
    """

    corpora: str
    suffix: str
    metric: str


KINDS = {
    "parsing": Kind("treebanks", ".conllu", "LAS"),
    "tagging": Kind("treebanks", ".conllu", "accuracy"),
    "entities": Kind("entities", ".iob2", "F1"),
}
"""A new kind also needs an entry in ``registry.TASKS``, ``metrics.METRICS`` and the schema."""
