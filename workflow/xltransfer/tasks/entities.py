"""Named entities as IOB2 tags of words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from ..data.iob import TaggedSentence, normalised
from .interface import Prediction
from .tagging import WordLabels


class Entities(WordLabels):
    """IOB2 tags; a predicted entity starts wherever a type starts or changes."""

    kind = "entities"

    def label_vocabulary(self, sentences: Sequence[TaggedSentence]) -> list[str]:
        """All tags of the sentences, sorted, and ``O``."""
        return sorted({"O", *(tag for sentence in sentences for tag in sentence.tags)})

    def targets(self, sentence: TaggedSentence, labels: Mapping[str, int]) -> dict[str, np.ndarray]:
        """``labels``, shape (words,)."""
        return {"labels": np.array([labels[tag] for tag in sentence.tags])}

    def annotate(
        self, sentence: TaggedSentence, prediction: Prediction, labels: Sequence[str]
    ) -> TaggedSentence:
        """The sentence with predicted tags, read as ``conlleval`` reads them."""
        tags = normalised([labels[index] for index in prediction["labels"]])
        return TaggedSentence(sentence.comments, sentence.forms, tags)
