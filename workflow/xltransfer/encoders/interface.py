"""The interface of all kinds of encoders.

A kind of encoder is a class with this interface in its own file, and an entry in ``kinds``. A
*network* is a module with ``base_model_prefix``, the prefix of its weights on disk, and
``config``, which has ``model_type``, ``hidden_size`` and ``to_json_file``.
"""

from __future__ import annotations

import copy
import sys
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, ClassVar, NamedTuple

import torch
from torch import nn

from ..runtime.errors import InputError
from ..runtime.files import replacing
from .batching import Batch
from .language_embeddings import select_language
from .reader import Reader, TextReader
from .sequence_heads import SequenceHeadNames
from .weights import own_weights
from .word_vector_lookup import WordVectorLookup

CONFIG_FILE = "config.json"
NO_LIMIT = sys.maxsize
"""Maximum number of ids per row of encoders of words."""


class StartingPoint(NamedTuple):
    """The start of a fine-tuning: a reader, the longest input and a function for a new network."""

    reader: Reader
    longest: int
    new_network: Callable[[], nn.Module]


class EncoderKind(ABC):
    """A kind of encoder; if it is not pretrained, each training draws its weights.

    Attributes:
        name: name of one encoder in messages.
        model_type: value in ``config.json`` and in the configuration of a network.
        files: files of a directory from which fine-tuning starts.
        reader_files: files of the reader of a fine-tuned model.
        pretrained: whether this is a ``PretrainedKind``.
        of_languages: whether the reader must know the language of a text; see ``reader_of``.
        takes_adapters: whether ``adapters.add_level`` can add adapters to a network.
    """

    name: ClassVar[str]
    model_type: ClassVar[str]
    files: ClassVar[tuple[str, ...]] = (CONFIG_FILE,)
    reader_files: ClassVar[tuple[str, ...]] = ("tokenizer.json",)
    pretrained: ClassVar[bool] = False
    of_languages: ClassVar[bool] = False
    takes_adapters: ClassVar[bool] = False

    @abstractmethod
    def start(self, directory: Path, sentences: Sequence[Sequence[str]]) -> StartingPoint:
        """The start of a fine-tuning on sentences, which are lists of words.

        Random weights of the network are drawn from the global random state.
        """

    @abstractmethod
    def empty(self, directory: Path) -> nn.Module:
        """The network of a fine-tuned model, without its weights."""

    @abstractmethod
    def reader(self, directory: Path) -> Reader:
        """The reader of a fine-tuned model."""

    def reader_of(self, reader: Reader, language: str) -> Reader:
        """A reader for texts in a language; for most kinds it is the same for all.

        Args:
            reader: reader of an encoder or a fine-tuned model.
            language: code of the language.

        Raises:
            InputError: the encoder knows no such language.
        """
        return reader

    def longest_input(self, network: nn.Module) -> int:
        """Maximum number of subwords per row, including special tokens; by default none."""
        return NO_LIMIT

    @abstractmethod
    def word_states(self, network: nn.Module, batch: Batch) -> torch.Tensor:
        """The states of words in the last layer, shape (sentences, words, hidden)."""

    @abstractmethod
    def save_reader(self, network: nn.Module, source: Path, directory: Path) -> list[Path]:
        """Write the files of a network's reader and return their paths.

        Args:
            network: network of the reader.
            source: directory that the network was created from.
            directory: output directory, which may not exist yet.
        """

    def with_word_vectors(self, lookup: WordVectorLookup | None) -> EncoderKind:
        """This kind with the vectors of the texts to read, ``None`` if none are given.

        Raises:
            InputError: vectors are given to a kind that reads none.
        """
        if lookup is not None:
            raise InputError(f"{self.name} reads no word vectors; remove the option --vectors")
        return self

    def select_language(self, network: nn.Module, language: str) -> None:
        """Set the language of the texts that a network reads; see ``language_embeddings``."""
        select_language(network, language)

    def recompute_layers(self, network: nn.Module) -> None:
        """Train with less memory: keep the inputs of layers alone and compute them again.

        Results stay the same (gradient checkpointing, Chen et al. 2016).

        Raises:
            InputError: encoders of this kind cannot do this.
        """
        raise InputError(
            f"training.checkpointing: {self.name} has no layers that are computed again; remove "
            "the key"
        )

    def saved_config(
        self, network: nn.Module, labels: Sequence[str] | None, of_sequences: bool = False
    ) -> Any:
        """The configuration to save.

        Args:
            network: fine-tuned network.
            labels: labels of token classification with a linear layer, or of sequence
                classification; ``None`` for other heads.
            of_sequences: whether the labels are those of sequences.
        """
        return network.config

    def classifier(self, network: nn.Module) -> str | None:
        """The attribute of a linear token classification head in transformers.

        ``None`` if the fine-tuned model does not open with ``AutoModelForTokenClassification``.
        """
        return None

    def sequence_head(self, network: nn.Module) -> SequenceHeadNames | None:
        """The names of the head of sequence classification in transformers.

        ``None`` if the model does not open with ``AutoModelForSequenceClassification``.
        """
        return None

    def own_weights(self, network: nn.Module) -> dict[str, torch.Tensor]:
        """The weights of a network that are written into its directory, by name."""
        return own_weights(network)

    def save(
        self, network: nn.Module, source: Path, directory: Path, *of_labels: Any
    ) -> list[Path]:
        """Write a network without its weights; arguments as above, returns the paths."""
        written = self.save_reader(network, source, directory)
        with replacing(directory / CONFIG_FILE) as temporary:
            self.saved_config(network, *of_labels).to_json_file(temporary)
        return [*written, directory / CONFIG_FILE]


class PretrainedKind(EncoderKind):
    """A kind of pretrained encoder: directories contain weights, layers are comparable."""

    pretrained = True

    @abstractmethod
    def load(self, directory: Path) -> nn.Module:
        """The network in the directory of an encoder or of a fine-tuned model."""

    @abstractmethod
    def reader(self, directory: Path) -> TextReader:
        """The reader of a directory."""

    @abstractmethod
    def redrawn(self, network: nn.Module, seed: int) -> nn.Module:
        """A network of the same architecture with random weights, drawn with a seed."""

    @abstractmethod
    def layers(self, network: nn.Module) -> nn.ModuleList:
        """The layers of a network, lowest first."""

    def pretrained_parts(self, network: nn.Module) -> list[nn.Module]:
        """Everything pretrained of each layer, lowest first, which an ablation changes."""
        return list(self.layers(network))

    @abstractmethod
    def layer_states(
        self, network: nn.Module, input_ids: torch.Tensor, attention_mask: torch.Tensor
    ) -> tuple[torch.Tensor, ...]:
        """The states of subwords in the embeddings and each layer: (rows, subwords, hidden)."""

    def start(self, directory: Path, sentences: Sequence[Sequence[str]]) -> StartingPoint:
        """The pretrained network, independent of the sentences."""
        pretrained = self.load(directory)
        longest = self.longest_input(pretrained)
        return StartingPoint(self.reader(directory), longest, lambda: copy.deepcopy(pretrained))
