"""A BiLSTM over words and their characters: the baseline without pretraining.

Word embeddings and the states of a character BiLSTM (Ling et al. 2015; Lample et al. 2016) are the
input of a stack of bidirectional LSTMs over the sentence. Dropout is shared by the words of a
sentence (Gal & Ghahramani 2016). An *architecture* is a directory with only ``config.json``;
vocabulary and weights come from the training set.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import ClassVar, TypeVar

import torch
from torch import nn
from torch.nn import functional
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

from ..runtime.errors import InputError
from ..runtime.files import read_json, read_text, write_json
from .batching import Batch
from .interface import CONFIG_FILE, NO_LIMIT, EncoderKind, StartingPoint
from .layers import SharedDropout
from .word_characters import LONGEST_WORD, PADDING, UNKNOWN_WORD, WordCharacters

MODEL_TYPE = "xltransfer-bilstm"
GREATEST = 1 << 16
"""Maximum of its sizes; larger models do not fit into memory."""


CHOICES = {"characters": ("lstm", "convolution", "none")}
"""Values of the keys that are neither numbers nor true or false."""


@dataclass(frozen=True)
class BiLSTMConfig:
    """The keys of a BiLSTM's ``config.json`` besides ``model_type``, with their defaults.

    Attributes:
        word_units, character_units: sizes of the embeddings; the latter is also the size of the
            character LSTM in each direction.
        hidden_units: size of the LSTMs over words in each direction.
        layers: number of these LSTMs.
        dropout: share of units dropped before each layer and after the last.
        character_dropout: share of units of character embeddings dropped.
        word_dropout: share of words replaced by the unknown word in training.
        residual: whether each layer after the first adds its input to its output.
        minimum_count: minimum frequency of known words and characters in the training set.
        longest_word: maximum number of characters read of a word.
    """

    model_type: ClassVar[str] = MODEL_TYPE
    word_units: int = 100
    character_units: int = 50
    hidden_units: int = 200
    layers: int = 2
    dropout: float = 0.3
    character_dropout: float = 0.0
    word_dropout: float = 0.1
    residual: bool = False
    minimum_count: int = 2
    longest_word: int = 30

    @property
    def hidden_size(self) -> int:
        """Size of the word states."""
        return 2 * self.hidden_units

    def to_json_file(self, path: Path | str) -> None:
        """Write the file that ``read_architecture`` reads."""
        write_json(path, {"model_type": self.model_type, **asdict(self)})


Config = TypeVar("Config", bound=BiLSTMConfig)


def read_architecture(directory: Path | str) -> BiLSTMConfig:
    """The configuration of a BiLSTM; errors as for ``read_config``."""
    return read_config(directory, BiLSTMConfig)


def read_config(directory: Path | str, of: type[Config]) -> Config:
    """The configuration of an encoder in ``config.json``.

    Args:
        directory: of the encoder.
        of: dataclass with ``model_type`` and a default for each key, which also says its type: a
            share, a whole number above 0, true or false, or one of the ``CHOICES`` of a key.

    Raises:
        InputError: the file is missing, or a key is unknown or has an invalid value; names the
            line.
    """
    path = Path(directory) / CONFIG_FILE
    content = read_json(path)
    if not isinstance(content, dict) or content.pop("model_type", None) != of.model_type:
        raise InputError(f"{path}:1: not a BiLSTM; its model_type must be '{of.model_type}'")
    defaults = {field.name: field.default for field in fields(of)}
    text = read_text(path)
    for key, value in content.items():
        # A key written with escapes is not found; line 1 is reported.
        line = text.count("\n", 0, max(0, text.find(f'"{key}"'))) + 1
        if key not in defaults:
            raise InputError(f"{path}:{line}: '{key}' is unknown; use {', '.join(defaults)}")
        if key in CHOICES:
            if value not in CHOICES[key]:
                raise InputError(f"{path}:{line}: '{key}' must be one of {', '.join(CHOICES[key])}")
        elif isinstance(defaults[key], bool):
            if type(value) is not bool:
                raise InputError(f"{path}:{line}: '{key}' must be true or false")
        elif isinstance(defaults[key], int):
            greatest = LONGEST_WORD if key == "longest_word" else GREATEST
            if type(value) is not int or not 1 <= value <= greatest:
                raise InputError(
                    f"{path}:{line}: '{key}' must be a whole number from 1 to {greatest}"
                )
        elif type(value) not in (int, float) or not 0 <= value < 1:
            raise InputError(f"{path}:{line}: '{key}' must be a number from 0 to below 1")
    return of(**content)


class BiLSTMEncoder(nn.Module):
    """A network that computes states of words from their forms and characters.

    Weights are drawn from the global random state.

    Args:
        config: architecture.
        vocabulary: known words and characters, saved with the model.
    """

    base_model_prefix = "bilstm"

    def __init__(self, config: BiLSTMConfig, vocabulary: WordCharacters) -> None:
        super().__init__()
        self.config = config
        self.vocabulary = vocabulary
        sizes = [self._add_features()]
        sizes += [config.hidden_size] * (config.layers - 1)
        self.word_lstms = nn.ModuleList(_bilstm(size, config.hidden_units) for size in sizes)
        self.dropout = SharedDropout(config.dropout)
        self.character_dropout = SharedDropout(config.character_dropout)

    def _add_features(self) -> int:
        """Add the modules that represent single words; returns the size of a representation."""
        units = self.config.word_units
        self.word_embedding = _embedding(self.vocabulary.first_character, units)
        return units + self._add_character_lstm()

    def _add_character_lstm(self) -> int:
        units = self.config.character_units
        # Padding has its own row before the unknown character.
        characters = self.vocabulary.vocabulary_size - self.vocabulary.first_character + 1
        self.character_embedding = _embedding(characters, units)
        self.character_lstm = _bilstm(units, units)
        return 2 * units

    def forward(
        self, input_ids: torch.Tensor, word_index: torch.Tensor, word_mask: torch.Tensor
    ) -> torch.Tensor:
        """The states of words; tensors are those of a ``Batch``.

        Args:
            input_ids: ids of ``WordCharacters``, shape (sentences, ids).
            word_index: index of each word in the flattened ids, shape (sentences, words).
            word_mask: whether an entry is a word, same shape.

        Returns:
            Shape (sentences, words, hidden), 0 for padding. A state depends on its sentence alone.
        """
        # Padding, because ``longest_word`` ids are read after each word.
        pieces = functional.pad(input_ids.flatten(), (0, self.config.longest_word), value=PADDING)
        words = pieces[word_index].masked_fill(~word_mask, PADDING)
        if self.training:
            forgotten = torch.rand(words.shape, device=words.device) < self.config.word_dropout
            words = words.masked_fill(forgotten & word_mask, UNKNOWN_WORD)
        spellings = self._spellings(pieces, word_index[word_mask])
        placed = spellings.new_zeros(*words.shape, spellings.shape[1])
        placed[word_mask] = spellings
        states = torch.cat([self.word_embedding(words), placed], dim=2)
        lengths = word_mask.sum(dim=1).cpu()
        states = self.dropout(states)
        for number, lstm in enumerate(self.word_lstms):
            output, _ = pad_packed_sequence(
                lstm(_pack(states, lengths))[0], batch_first=True, total_length=words.shape[1]
            )
            output = self.dropout(output)
            # The input of the first layer may have another size.
            states = output + states if self.config.residual and number else output
        return states

    def _spellings(self, pieces: torch.Tensor, first: torch.Tensor) -> torch.Tensor:
        """The representations of the spellings of words: (words, units).

        Args:
            pieces: ids of all sentences, shape (ids,).
            first: index of each word in ``pieces``, shape (words,).
        """
        steps = torch.arange(1, self.config.longest_word + 1, device=pieces.device)
        following = pieces[first[:, None] + steps] - (self.vocabulary.first_character - 1)
        # The characters of a word end before the next word or padding.
        characters = following * (following > 0).cumprod(dim=1)
        # Each distinct word is computed once per batch.
        distinct, which = torch.unique(characters, dim=0, return_inverse=True)
        lengths = (distinct > 0).sum(dim=1).clamp(min=1).cpu()
        embedded = self.character_dropout(
            self.character_embedding(distinct[:, : int(lengths.max())])
        )
        return self._spelt(embedded, lengths)[which]

    def _spelt(self, embedded: torch.Tensor, lengths: torch.Tensor) -> torch.Tensor:
        """The representation of spellings: (words, units).

        Args:
            embedded: embeddings of characters, shape (words, characters, character units).
            lengths: number of characters of each word, at least 1, shape (words,).
        """
        _, (last, _) = self.character_lstm(_pack(embedded, lengths))
        return last.transpose(0, 1).flatten(1)


class BiLSTMKind(EncoderKind):
    """The kind of BiLSTM encoders."""

    name = "a BiLSTM"
    model_type = MODEL_TYPE

    def start(self, directory: Path, sentences: Sequence[Sequence[str]]) -> StartingPoint:
        """The architecture of a directory and the vocabulary of the sentences.

        Raises:
            InputError: as for ``read_architecture``.
        """
        config = read_architecture(directory)
        vocabulary = WordCharacters.learn(sentences, config.minimum_count, config.longest_word)
        return StartingPoint(vocabulary, NO_LIMIT, lambda: BiLSTMEncoder(config, vocabulary))

    def empty(self, directory: Path) -> BiLSTMEncoder:
        """A network with the architecture and the vocabulary of a directory."""
        return BiLSTMEncoder(read_architecture(directory), self.reader(directory))

    def reader(self, directory: Path) -> WordCharacters:
        """The vocabulary of a directory."""
        return WordCharacters.load(directory)

    def word_states(self, network: BiLSTMEncoder, batch: Batch) -> torch.Tensor:
        """The states of words."""
        return network(batch.input_ids, batch.word_index, batch.word_mask)

    def save_reader(self, network: BiLSTMEncoder, source: Path, directory: Path) -> list[Path]:
        """Write the vocabulary of the network."""
        return [network.vocabulary.save(directory)]


def _pack(states: torch.Tensor, lengths: torch.Tensor) -> nn.utils.rnn.PackedSequence:
    return pack_padded_sequence(states, lengths, batch_first=True, enforce_sorted=False)


def _embedding(size: int, units: int) -> nn.Embedding:
    """Uniform initialisation with variance 1 / units, as in Lample et al. (2016)."""
    embedding = nn.Embedding(size, units, padding_idx=PADDING)
    bound = (3 / units) ** 0.5
    with torch.no_grad():
        embedding.weight.uniform_(-bound, bound)
        embedding.weight[PADDING] = 0
    return embedding


def _bilstm(inputs: int, units: int) -> nn.LSTM:
    """One layer with orthogonal recurrent weights and forget gate biases of 1.

    For the biases see Jozefowicz et al. (2015). Layers are separate modules, because checkpoints
    cannot save the random state of cuDNN's dropout between layers.
    """
    lstm = nn.LSTM(inputs, units, batch_first=True, bidirectional=True)
    for name, parameter in lstm.named_parameters():
        if name.startswith("weight_hh"):
            for gate in parameter.detach().split(units):
                nn.init.orthogonal_(gate)
        elif name.startswith("weight_ih"):
            for gate in parameter.detach().split(units):
                nn.init.xavier_uniform_(gate)
        else:
            nn.init.zeros_(parameter)
        if name.startswith("bias_ih"):
            # Gates are stored in the order input, forget, cell, output.
            nn.init.ones_(parameter.detach()[units : 2 * units])
    return lstm
