"""Unlabelled sentences of the target languages of an adversarial training."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from ..corpora.formats import format_of, read_sentences
from ..corpora.lines import Lines
from ..corpora.sentences import AnnotatedSentence
from ..corpora.word_tokens import tokens_of
from ..runtime.errors import InputError

HELD_OUT_SHARE, MOST_HELD_OUT = 0.1, 200
"""Share and maximum number of the sentences that the game never reads."""
FEWEST = 20
LONGEST = 200
"""Minimum number of sentences of a text, and maximum number of words of a sentence."""


@dataclass(frozen=True)
class Unannotated:
    """A sentence of which only the words are known.

    Attributes:
        forms: words.
    """

    forms: list[str]


@dataclass(frozen=True)
class UnlabelledText:
    """The sentences of one language.

    Attributes:
        game: sentences for training.
        held_out: sentences for measuring, which are never trained on.
    """

    game: list[Unannotated]
    held_out: list[Unannotated]


def read_unlabelled(
    path: Path,
    number: int | None,
    seed: int,
    labelled: Sequence[AnnotatedSentence] = (),
) -> UnlabelledText:
    """Sentences of a raw text or an annotated corpus, whose annotation is dropped at once.

    Args:
        path: raw text, whose lines are split into words and other signs, or annotated sentences.
        number: maximum number of sentences for training; ``None`` takes all.
        seed: seed of the draw.
        labelled: sentences that are trained on with their labels; none of the held-out ones has the
            words of one of them.

    Raises:
        InputError: the file cannot be read, has fewer than ``FEWEST`` sentences, or none that is
            not labelled.
    """
    found = format_of(path)
    if found is None or found.functions is None:
        texts = [tokens_of(line) for line in Lines(path)]
    else:
        texts = [list(sentence.forms) for sentence in read_sentences(path)]
    sentences = [Unannotated(words) for words in texts if 0 < len(words) <= LONGEST]
    if len(sentences) < FEWEST:
        raise InputError(
            f"{path}: {len(sentences)} sentences of at most {LONGEST} words; an adversarial "
            f"training needs at least {FEWEST}, give another text"
        )
    order = np.random.default_rng([seed, len(sentences), 1]).permutation(len(sentences)).tolist()
    known = {tuple(sentence.forms) for sentence in labelled}
    others = [index for index in order if tuple(sentences[index].forms) not in known]
    if not others:
        raise InputError(
            f"{path}: every sentence is trained on with its labels, so that none is left to "
            "measure with; give a larger text, or lower adversarial.labelled.sentences"
        )
    held_out = others[: min(MOST_HELD_OUT, max(1, round(HELD_OUT_SHARE * len(sentences))))]
    left_out = set(held_out)
    game = [index for index in order if index not in left_out][:number]
    return UnlabelledText(
        [sentences[index] for index in game], [sentences[index] for index in held_out]
    )


def never_trained(
    sentences: Sequence[AnnotatedSentence], drawn: Sequence[AnnotatedSentence]
) -> list[Unannotated]:
    """The first sentences of a training corpus that were not drawn for training.

    Args:
        sentences: all sentences of the training part.
        drawn: those of them that a model is trained on (the same objects).
    """
    known = {id(sentence) for sentence in drawn}
    words = {tuple(sentence.forms) for sentence in drawn}
    left = (s for s in sentences if id(s) not in known and tuple(s.forms) not in words)
    return [Unannotated(list(s.forms)) for s in left if len(s.forms) <= LONGEST][:MOST_HELD_OUT]


def languages_of_game(settings: Mapping[str, Any]) -> int:
    """Number of languages that the discriminator tells apart: the sources count as one."""
    return 1 + sum(len(codes) for codes in settings["texts"].values())
