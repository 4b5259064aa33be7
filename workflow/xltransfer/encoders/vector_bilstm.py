"""A BiLSTM over word vectors of several languages in one space, and over characters.

Words are represented by their vectors, which are not trained by default, so that a model of one
language reads another one whose words it has never seen. Characters are read by a BiLSTM, by
convolutions with max-pooling over time (Ma & Hovy, ACL 2016), or not at all: spelling tells
languages apart, and a model of one script knows no character of another. The rest is that of
``bilstm``. A directory has ``config.json`` and the table of vectors.
"""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

import numpy as np
import torch
from torch import nn
from torch.nn import functional

from ..runtime.files import replacing
from .bilstm import BiLSTMConfig, BiLSTMEncoder, BiLSTMKind, read_config
from .interface import CONFIG_FILE, NO_LIMIT, StartingPoint
from .reader import Reader, WholeWords, WordPieces
from .vector_table import VECTORS_FILE, VectorTable
from .word_characters import UNKNOWN_WORD, VOCABULARY_FILE, WordCharacters

MODEL_TYPE = "xltransfer-vector-bilstm"
WIDTHS = (2, 3, 4)
"""Widths of the convolutions over characters (Huang, Ji & May, NAACL 2019)."""


@dataclass(frozen=True)
class VectorBiLSTMConfig(BiLSTMConfig):
    """The keys of ``config.json``: those of ``BiLSTMConfig``, whose ``word_units`` are not used.

    Attributes:
        characters: how characters are read: ``lstm``, ``convolution`` or ``none``.
        filters: number of filters of each width of the convolution.
        trained_vectors: whether training changes the vectors.
    """

    model_type: ClassVar[str] = MODEL_TYPE
    characters: str = "lstm"
    filters: int = 25
    trained_vectors: bool = False


class VectorReader(WholeWords):
    """The reader of one language: words are rows of a table, characters those of a vocabulary.

    Args:
        table: vectors of all languages.
        spelling: vocabulary of characters, without words.
        language: language of the texts; ``""`` before ``VectorBiLSTMKind.reader_of``.

    Attributes:
        first_character: id of the unknown character; it and all later ids are characters. Ids of
            words are 2 + their row, and 1 without a row.
    """

    def __init__(self, table: VectorTable, spelling: WordCharacters, language: str = "") -> None:
        self.table, self.spelling, self.language = table, spelling, language
        self._shift = len(table.vectors)
        self.first_character = UNKNOWN_WORD + 1 + self._shift
        self.vocabulary_size = self.first_character + 1 + len(spelling.characters)

    def __call__(self, sentences: Sequence[Sequence[str]]) -> list[WordPieces]:
        """The ids of sentences that are split into words; the first id of a word is the word."""
        return [
            self._with_rows(sentence, pieces)
            for sentence, pieces in zip(sentences, self.spelling(sentences), strict=True)
        ]

    def _with_rows(self, sentence: Sequence[str], read: WordPieces) -> WordPieces:
        pieces = np.where(read.pieces > UNKNOWN_WORD, read.pieces + self._shift, read.pieces)
        rows = [self.table.row(self.language, word) for word in sentence]
        pieces[read.first] = np.array(rows, dtype=np.int64) + UNKNOWN_WORD + 1
        return WordPieces(pieces, read.first)


class VectorBiLSTMEncoder(BiLSTMEncoder):
    """A network that computes states of words from their vectors and characters.

    Weights are drawn from the global random state. Arguments are those of ``BiLSTMEncoder``; the
    vocabulary is a ``VectorReader``.
    """

    config: VectorBiLSTMConfig
    vocabulary: VectorReader

    def _add_features(self) -> int:
        vectors = self.vocabulary.table.vectors
        self.word_embedding = _Vectors(vectors, self.config.trained_vectors)
        if self.config.characters == "none":
            return vectors.shape[1]
        if self.config.characters == "lstm":
            return vectors.shape[1] + self._add_character_lstm()
        return vectors.shape[1] + self._add_convolutions()

    def _add_convolutions(self) -> int:
        self._add_character_lstm()
        del self.character_lstm
        units, filters = self.config.character_units, self.config.filters
        self.convolutions = nn.ModuleList(
            nn.Conv1d(units, filters, width, padding=width - 1) for width in WIDTHS
        )
        return filters * len(WIDTHS)

    def _spellings(self, pieces: torch.Tensor, first: torch.Tensor) -> torch.Tensor:
        if self.config.characters == "none":
            return torch.zeros(len(first), 0, device=pieces.device)
        return super()._spellings(pieces, first)

    def _spelt(self, embedded: torch.Tensor, lengths: torch.Tensor) -> torch.Tensor:
        if self.config.characters == "lstm":
            return super()._spelt(embedded, lengths)
        # Padding has embeddings of 0, but dropout and biases act on it, so it is left out.
        places = torch.arange(embedded.shape[1], device=embedded.device)
        inside = places < lengths.to(embedded.device)[:, None]
        columns = (embedded * inside[..., None]).transpose(1, 2)
        found = []
        for convolution in self.convolutions:
            values = convolution(columns)
            # A place of the output is used if it has read at least one character.
            used = torch.zeros_like(values[:, 0], dtype=torch.bool)
            for shift in range(convolution.kernel_size[0]):
                used[:, shift : shift + inside.shape[1]] |= inside
            values = values.masked_fill(~used[:, None], -torch.inf)
            found.append(values.amax(dim=2).relu())
        return torch.cat(found, dim=1)


class _Vectors(nn.Module):
    """Word vectors by id; padding and unknown words have vectors of 0.

    Args:
        vectors: shape (words, dimensions).
        trained: whether the vectors are parameters.
    """

    def __init__(self, vectors: np.ndarray, trained: bool) -> None:
        super().__init__()
        rows = torch.cat([torch.zeros(UNKNOWN_WORD + 1, vectors.shape[1]), torch.tensor(vectors)])
        if trained:
            self.weight = nn.Parameter(rows)
        else:
            # Not persistent, because the directory of the model has the table.
            self.register_buffer("weight", rows, persistent=False)

    def forward(self, words: torch.Tensor) -> torch.Tensor:
        """The vectors of words: shape (…, dimensions)."""
        # The words that are padding or unknown have no gradient, so that they stay 0.
        known = (words > UNKNOWN_WORD)[..., None]
        return functional.embedding(words, self.weight) * known


class VectorBiLSTMKind(BiLSTMKind):
    """The kind of BiLSTM encoders over word vectors."""

    name = "a BiLSTM over word vectors"
    model_type = MODEL_TYPE
    files = (CONFIG_FILE, VECTORS_FILE)
    reader_files = (VOCABULARY_FILE, VECTORS_FILE)
    of_languages = True

    def start(self, directory: Path, sentences: Sequence[Sequence[str]]) -> StartingPoint:
        """The architecture and the vectors of a directory, and the characters of the sentences.

        Raises:
            InputError: a file is missing, damaged or malformed.
        """
        config = read_config(directory, VectorBiLSTMConfig)
        learnt = WordCharacters.learn(sentences, config.minimum_count, config.longest_word)
        spelling = WordCharacters([], learnt.characters, config.longest_word)
        reader = VectorReader(VectorTable.load(directory / VECTORS_FILE), spelling)
        return StartingPoint(reader, NO_LIMIT, lambda: VectorBiLSTMEncoder(config, reader))

    def empty(self, directory: Path) -> VectorBiLSTMEncoder:
        """A network with the architecture, the vectors and the characters of a directory."""
        config = read_config(directory, VectorBiLSTMConfig)
        return VectorBiLSTMEncoder(config, self.reader(directory))

    def reader(self, directory: Path) -> VectorReader:
        """The reader of a directory, for no language yet."""
        spelling = WordCharacters.load(directory)
        return VectorReader(VectorTable.load(Path(directory) / VECTORS_FILE), spelling)

    def reader_of(self, reader: Reader, language: str) -> VectorReader:
        """The reader of texts in a language.

        Raises:
            InputError: there are no vectors of the language.
        """
        reader.table.check_language(language, self.name)
        return VectorReader(reader.table, reader.spelling, language)

    def save_reader(
        self, network: VectorBiLSTMEncoder, source: Path, directory: Path
    ) -> list[Path]:
        """Write the characters of the network, and copy its table of vectors."""
        vocabulary = network.vocabulary.spelling.save(directory)
        with replacing(directory / VECTORS_FILE) as temporary:
            shutil.copyfile(source / VECTORS_FILE, temporary)
        return [vocabulary, directory / VECTORS_FILE]
