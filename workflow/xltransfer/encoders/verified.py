"""An encoder directory that was compared with its records, for all that a training does with it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

from ..records.verification import verified_encoder
from .interface import StartingPoint
from .kinds import kind_of
from .language_embeddings import languages_of
from .word_vector_lookup import WordVectorLookup


class VerifiedEncoder:
    """An encoder whose files were hashed once and agree with their records.

    Args:
        directory: encoder directory, of any kind.

    Attributes:
        directory: as given.
        kind: kind of the encoder.
        checksums: path → SHA-256 of its files that exist.

    Raises:
        InputError: a file cannot be read or does not match its record.
    """

    def __init__(self, directory: Path) -> None:
        self.directory, self.kind = directory, kind_of(directory)
        self.checksums = verified_encoder(directory, self.kind.files)

    @property
    def reads_languages(self) -> bool:
        """Whether its states depend on the language that a text is said to be in."""
        return bool(self.kind.of_languages or languages_of(self.directory))

    def facts(self) -> dict[str, str | None]:
        """Name → SHA-256 of the files from which a training starts, as JSON content."""
        return {name: self.checksums.get(str(self.directory / name)) for name in self.kind.files}

    def start(
        self, sentences: Iterable[Sequence[str]], lookup: WordVectorLookup | None = None
    ) -> StartingPoint:
        """The start of a fine-tuning; random weights are drawn from the global random state.

        Args:
            sentences: training sentences as lists of words. An encoder that is never pretrained
                may learn its vocabulary from them.
            lookup: words with vectors, for encoders that read words by them.

        Raises:
            InputError: the encoder cannot be opened.
        """
        return self.kind.with_word_vectors(lookup).start(self.directory, list(sentences))
