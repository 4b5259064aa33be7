"""Annotated sentences, independent of the format."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import numpy as np


class AnnotatedSentence(Protocol):
    """The interface of sentences for stages that are independent of tasks."""

    @property
    def forms(self) -> list[str]:
        """The words."""

    @property
    def comments(self) -> list[str]:
        """Lines that start with ``#``, such as ``# text = …``."""

    @property
    def sent_id(self) -> str | None:
        """Its identifier, which parallel sentences share."""


def draw_sentences(sentences: Sequence, number: int | None, seed: int) -> list:
    """A random sample of a training set, in the order of the corpus.

    The first sentences of a treebank often belong to one document or register, so a sample is drawn
    from all of it. With the same seed, smaller samples are contained in larger ones.

    Args:
        sentences: training sentences.
        number: number of sentences to draw; ``None``, or more than there are, selects all.
        seed: seed of the draw.
    """
    if number is None or number >= len(sentences):
        return list(sentences)
    order = np.random.default_rng([seed, len(sentences)]).permutation(len(sentences))
    return [sentences[index] for index in sorted(order[:number].tolist())]
