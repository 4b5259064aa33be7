"""The properties of each kind of task that the workflow needs; imports are light."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from ..corpora.formats import FORMATS


@dataclass(frozen=True)
class Kind:
    """A kind of task.

    Attributes:
        corpora: folder of results with its corpora.
        metric: main metric, which selects models and appears in tables.
    """

    corpora: str
    metric: str

    @property
    def suffix(self) -> str:
        """The suffix of the files of these corpora."""
        return FORMATS[self.corpora].suffix


KINDS = {
    "parsing": Kind("treebanks", "LAS"),
    "tagging": Kind("treebanks", "accuracy"),
    "entities": Kind("entities", "F1"),
    "question-answering": Kind("questions", "F1"),
    "relations": Kind("relations", "F1"),
    "roles": Kind("roles", "F1"),
    "sentence-classification": Kind("classification", "accuracy"),
}
"""A new kind also needs an entry in ``registry.TASKS``, ``metrics.METRICS`` and the schema."""


def kind_of(settings: Mapping[str, Any]) -> Kind:
    """The kind of a task.

    Args:
        settings: section of the task in the configuration. For a feature (``label: FEATS/…``) the
            main metric is F1, because accuracy over words with a value ignores false positives.
    """
    kind = KINDS[settings["kind"]]
    return replace(kind, metric="F1") if settings.get("label", "").startswith("FEATS/") else kind
