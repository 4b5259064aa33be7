"""Annotated sentences, whatever format their corpus has."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import numpy as np


class AnnotatedSentence(Protocol):
    """What stages that know nothing of a task ask of a sentence."""

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
    """A random part of a training set, in the order of the corpus.

    The first sentences of a treebank are often of one document or one register, so a part is drawn
    from the whole. Of one seed, smaller parts are contained in larger ones.

    Args:
        sentences: of the training set.
        number: of sentences to draw; ``None``, or more than there are, takes all.
        seed: of the draw.
    """
    if number is None or number >= len(sentences):
        return list(sentences)
    order = np.random.default_rng([seed, len(sentences)]).permutation(len(sentences))
    return [sentences[index] for index in sorted(order[:number].tolist())]
