"""What the workflow has to know of each kind of task; nothing heavy is imported."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from ..corpora.formats import FORMATS


@dataclass(frozen=True)
class Kind:
    """A kind of task.

    Attributes:
        corpora: the folder of results with the corpora that it reads.
        metric: the score that selects models and that tables show.
    """

    corpora: str
    metric: str

    @property
    def suffix(self) -> str:
        """That of the files of these corpora."""
        return FORMATS[self.corpora].suffix


KINDS = {
    "parsing": Kind("treebanks", "LAS"),
    "tagging": Kind("treebanks", "accuracy"),
    "entities": Kind("entities", "F1"),
}
"""A new kind also needs an entry in ``registry.TASKS``, ``metrics.METRICS`` and the schema."""


def kind_of(settings: Mapping[str, Any]) -> Kind:
    """The kind of a task.

    Args:
        settings: the task's section of the configuration. The main metric of a feature's values
            (``label: FEATS/…``) is F1: accuracy over the words that have a value would not count
            the words for which a value is predicted wrongly.
    """
    kind = KINDS[settings["kind"]]
    return replace(kind, metric="F1") if settings.get("label", "").startswith("FEATS/") else kind
