"""The corpora of fine-tunings, and what is made of them for an encoder."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..corpora.formats import read_sentences
from ..corpora.noise import SOURCE, read_alphabet
from ..corpora.sentences import AnnotatedSentence, draw_sentences
from ..encoders.interface import StartingPoint
from ..encoders.verified import VerifiedEncoder
from ..records.verification import verified_checksums
from ..runtime.errors import InputError
from ..runtime.files import canonical_json
from ..tasks.metrics import check_gold
from ..tasks.registry import make_task
from .adversarial_runs import Game
from .dataset import Dataset
from .noisy_reading import NoisyReading
from .word_vector_files import read_lookup


@dataclass(frozen=True)
class PreparedData:
    """What runs of one encoder on the same sentences share.

    Attributes:
        sentences: drawn training sentences of the source.
        start: start of the training.
        labels: label vocabulary.
        training, development: tokenised sentences.
        noise: noise in the training sentences; ``None`` without.
    """

    sentences: Sequence[AnnotatedSentence]
    start: StartingPoint
    labels: list[str]
    training: Dataset
    development: Dataset
    noise: NoisyReading | None


class TrainingData:
    """The corpora of fine-tunings, verified and read once.

    Args:
        training, development: corpora of the source language.
        settings: settings of the task.
        language: code of the language of the corpora, for encoders with language embeddings.
        alphabet: corpus with the letters for noise in characters, if it is not the training corpus.
        vectors: word vectors of the languages of the corpora, for encoders that read them.
        game: data of adversarial trainings, if the settings have ``adversarial``.

    Attributes:
        task: task of the settings.
        sentences: all sentences of the training corpus.
        checksums: path → SHA-256 of all files.

    Raises:
        InputError: unusable data.
    """

    def __init__(
        self,
        training: Path,
        development: Path,
        settings: Mapping[str, Any],
        language: str = "",
        alphabet: Path | None = None,
        vectors: Sequence[Path] = (),
        game: Game | None = None,
    ) -> None:
        more = [*([alphabet] if alphabet else []), *vectors, *(game.files if game else [])]
        self.checksums = verified_checksums([training, development, *more])
        self.training, self.development, self.alphabet = training, development, alphabet
        self.language, self.game, self._settings = language, game, settings
        self._vectors, self._lookup = list(vectors), read_lookup(vectors)
        self.task = make_task(settings)
        self.sentences = read_sentences(training)
        self._held_out = read_sentences(development)
        check_gold(development, self._held_out, settings)
        self._prepared: tuple[object, PreparedData] | None = None

    def facts(self) -> dict[str, Any]:
        """The files as a part of what decides a model, as JSON content."""
        vectors = [self.checksums[str(path)] for path in self._vectors]
        return {
            "training": self.checksums[str(self.training)],
            "development": self.checksums[str(self.development)],
            **({"alphabet": self.checksums[str(self.alphabet)]} if self.alphabet else {}),
            **({"game": self.game.facts(self.checksums)} if self.game else {}),
            **({"vectors": vectors} if vectors else {}),
        }

    def prepared(
        self, encoder: VerifiedEncoder, training: Mapping[str, Any], seed: int
    ) -> PreparedData:
        """The data for an encoder; the last one is kept, for most runs differ in their seed alone.

        Args:
            encoder: encoder to start from.
            training: settings of the training.
            seed: seed of the draw of sentences and of noise.

        Raises:
            InputError: the encoder cannot be opened, or sentences cannot be used.
        """
        number, noise = training["training_sentences"], training.get("noise")
        sentences = draw_sentences(self.sentences, number, seed)
        drawn = len(sentences) < len(self.sentences) or self.game is not None
        key = (encoder.directory, number, canonical_json(noise), seed if drawn or noise else None)
        if self._prepared is None or self._prepared[0] != key:
            self._prepared = key, self._prepare(encoder, sentences, noise, seed)
        return self._prepared[1]

    def _prepare(
        self,
        encoder: VerifiedEncoder,
        sentences: Sequence[AnnotatedSentence],
        noise_settings: Mapping[str, Any] | None,
        seed: int,
    ) -> PreparedData:
        check_gold(self.training, sentences, self._settings)
        more = self.game.labelled(seed) if self.game else []
        start = encoder.start([one.forms for one in [*sentences, *more]], self._lookup)
        labels = self.task.label_vocabulary([*sentences, *more])
        reader = encoder.kind.reader_of(start.reader, self.language)
        noise, varied = None, None
        if noise_settings:
            noise = NoisyReading(noise_settings, self._letters(noise_settings), reader, seed)
            varied = noise.of_epoch
        of_task = self.task.word_state, varied, self.task.examples
        data = Dataset(sentences, reader, start.longest, *of_task)
        data.add_targets(self.task, labels)
        if self.game:
            data = self.game.joined(data, more, start, encoder.kind, self.task, labels)
        of_task = self.task.word_state, None, self.task.examples
        held_out = Dataset(self._held_out, reader, start.longest, *of_task)
        return PreparedData(sentences, start, labels, data, held_out, noise)

    def _letters(self, noise: Mapping[str, Any]) -> str:
        """The letters for noise in characters, from the corpus that the settings name."""
        if "characters" not in noise:
            return ""
        of_source = noise["characters"]["alphabet"] == SOURCE
        if of_source == (self.alphabet is not None):
            raise InputError(
                f"noise.characters.alphabet: {noise['characters']['alphabet']} "
                + ("needs no" if of_source else "needs the")
                + " file of the option --alphabet; correct one of the two"
            )
        return read_alphabet(self.alphabet or self.training)
