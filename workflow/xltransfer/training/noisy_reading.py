"""Noise in the training sentences, drawn again for each epoch: characters, then subwords.

All draws depend on seed, epoch and sentence only, so a resumed training reads the same noise.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from ..corpora.noise import PUBLISHED, CharacterNoise
from ..encoders.reader import Reader, WordPieces
from ..encoders.sampled_reading import SampledReading
from ..runtime.errors import InputError

EPOCH, SEED = DRAWN_PER = ("epoch", "seed")
"""Character noise is drawn for each epoch, or once for each seed, as published."""
_CHARACTERS, _SUBWORDS = 1, 2
"""Last numbers of the seeds of the two kinds of noise."""


class NoisyReading:
    """The readers of a training with noise, one for each epoch.

    Args:
        settings: section ``noise`` of a training: ``characters`` (``share``, optionally
            ``operations`` and ``drawn_per``), ``subwords`` (as for ``segmentation_of``), or both.
        alphabet: letters for the noise in characters.
        reader: reader without noise.
        seed: seed of the training.

    Raises:
        InputError: the reader has no subwords to draw, or settings do not fit it.
    """

    def __init__(
        self, settings: Mapping[str, Any], alphabet: str, reader: Reader, seed: int
    ) -> None:
        self._reader, self._seed = reader, seed
        self._characters, self._subwords = None, None
        self._once = False
        if "characters" in settings:
            wanted = settings["characters"]
            operations = wanted.get("operations", PUBLISHED)
            self._characters = CharacterNoise(wanted["share"], operations, alphabet)
            self._once = wanted.get("drawn_per", EPOCH) == SEED
        if "subwords" in settings:
            if reader.whole_words:
                raise InputError(
                    "noise.subwords: the encoder reads whole words, which have one segmentation; "
                    "remove the key"
                )
            self._subwords = SampledReading(reader, settings["subwords"])

    def of_epoch(self, epoch: int) -> Reader:
        """The reader of an epoch, from 0 on."""
        return _EpochReader(self, epoch, self._reader)

    def read(
        self, sentences: Sequence[Sequence[str]], epoch: int, made: Counter[str] | None = None
    ) -> list[WordPieces]:
        """The subwords of all sentences of the training set, in order, with the noise of an epoch.

        Args:
            sentences: words of each sentence.
            epoch: epoch, from 0 on.
            made: counter of the operations on characters, to which those made are added.
        """
        if self._characters is not None:
            drawn = 0 if self._once else epoch
            sentences = [
                self._characters(words, self._draws(drawn, number, _CHARACTERS), made)
                for number, words in enumerate(sentences)
            ]
        if self._subwords is None:
            return self._reader(sentences)
        draws = (self._draws(epoch, number, _SUBWORDS) for number in range(len(sentences)))
        return self._subwords.sentences(sentences, draws)

    def _draws(self, epoch: int, sentence: int, kind: int) -> np.random.Generator:
        return np.random.default_rng([self._seed, epoch, sentence, kind])

    def report(self, sentences: Sequence[Sequence[str]]) -> dict[str, Any]:
        """What the noise of the first epoch changes, as JSON content.

        Args:
            sentences: words of each sentence of the training set.
        """
        made: Counter[str] = Counter()
        found = self.read(sentences, 0, made)
        report: dict[str, Any] = {
            "epoch": 1,
            "words": sum(map(len, sentences)),
            "subwords": sum(len(sentence.pieces) for sentence in found),
            "subwords_without_noise": sum(len(s.pieces) for s in self._reader(sentences)),
        }
        if self._characters is not None:
            report["alphabet"] = self._characters.alphabet
            report["changed_words"] = sum(made.values())
            report["operations"] = {name: made[name] for name in self._characters.operations}
        if self._subwords is not None:
            report["words_with_one_segmentation"] = self._subwords.single
        return report


class _EpochReader:
    """The reader of one epoch."""

    def __init__(self, noise: NoisyReading, epoch: int, reader: Reader) -> None:
        self._noise, self._epoch = noise, epoch
        self.prefix, self.suffix, self.padding = reader.prefix, reader.suffix, reader.padding
        self.between = reader.between
        self.whole_words = reader.whole_words

    def __call__(self, sentences: Sequence[Sequence[str]]) -> list[WordPieces]:
        return self._noise.read(sentences, self._epoch)
