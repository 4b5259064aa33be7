"""What the rest of the code asks of an encoder, whatever its kind.

A kind of encoder is a class with this interface, in a file of its own, and an entry in ``kinds``. A
*network* of it is a module with ``base_model_prefix``, which names its weights on disk, and with
``config``, which has ``model_type``, ``hidden_size`` and ``to_json_file``.
"""

from __future__ import annotations

import copy
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, ClassVar, NamedTuple

import torch
from torch import nn

from ..runtime.files import replacing
from .batching import Batch
from .reader import Reader, TextReader

CONFIG_FILE = "config.json"


class StartingPoint(NamedTuple):
    """What a fine-tuning starts from: a reader, the longest input, and what makes a network."""

    reader: Reader
    longest: int
    new_network: Callable[[], nn.Module]


class EncoderKind(ABC):
    """A kind of encoder; where none is pretrained, each training draws its weights.

    Attributes:
        name: of one encoder, in messages.
        model_type: what ``config.json`` and the configuration of a network say.
        files: what a directory to start from consists of.
        reader_files: what the reader of a fine-tuned model consists of.
        pretrained: whether it is a ``PretrainedKind``.
    """

    name: ClassVar[str]
    model_type: ClassVar[str]
    files: ClassVar[tuple[str, ...]] = (CONFIG_FILE,)
    reader_files: ClassVar[tuple[str, ...]] = ("tokenizer.json",)
    pretrained: ClassVar[bool] = False

    @abstractmethod
    def start(self, directory: Path, sentences: Sequence[Sequence[str]]) -> StartingPoint:
        """What a fine-tuning on some sentences, lists of words, starts from.

        What is random about the network is drawn from the global random state.
        """

    @abstractmethod
    def empty(self, directory: Path) -> nn.Module:
        """The network of a fine-tuned model, its weights still to be filled in."""

    @abstractmethod
    def reader(self, directory: Path) -> Reader:
        """The reader of a fine-tuned model."""

    @abstractmethod
    def longest_input(self, network: nn.Module) -> int:
        """The most pieces, special tokens included, that a network takes in one row."""

    @abstractmethod
    def word_states(self, network: nn.Module, batch: Batch) -> torch.Tensor:
        """The states of words in the last layer: (sentences, words, hidden)."""

    @abstractmethod
    def save_reader(self, network: nn.Module, source: Path, directory: Path) -> list[Path]:
        """Write the files of a network's reader and return their paths.

        Args:
            network: whose reader it is.
            source: the directory that the network was made from.
            directory: to write to; it may not exist yet.
        """

    def saved_config(self, network: nn.Module, labels: Sequence[str] | None) -> Any:
        """The configuration to save.

        Args:
            network: a fine-tuned one.
            labels: of token classification with a linear layer; ``None`` for other heads.
        """
        return network.config

    def classifier(self, network: nn.Module) -> str | None:
        """What transformers calls a linear layer for token classification on such a network.

        ``None`` if the fine-tuned model does not open with ``AutoModelForTokenClassification``.
        """
        return None

    def save(
        self, network: nn.Module, source: Path, directory: Path, labels: Sequence[str] | None
    ) -> list[Path]:
        """Write all of a network but its weights; arguments as above, returns the paths."""
        written = self.save_reader(network, source, directory)
        with replacing(directory / CONFIG_FILE) as temporary:
            self.saved_config(network, labels).to_json_file(temporary)
        return [*written, directory / CONFIG_FILE]


class PretrainedKind(EncoderKind):
    """A kind of encoder whose directories hold weights; its networks have comparable layers."""

    pretrained = True

    @abstractmethod
    def load(self, directory: Path) -> nn.Module:
        """The network of a directory, be it an encoder's or a fine-tuned model's."""

    @abstractmethod
    def reader(self, directory: Path) -> TextReader:
        """The reader of a directory."""

    @abstractmethod
    def redrawn(self, network: nn.Module, seed: int) -> nn.Module:
        """A network of the same architecture, its weights freshly drawn with a seed."""

    @abstractmethod
    def layers(self, network: nn.Module) -> nn.ModuleList:
        """The layers of a network, lowest first."""

    @abstractmethod
    def layer_states(
        self, network: nn.Module, input_ids: torch.Tensor, attention_mask: torch.Tensor
    ) -> tuple[torch.Tensor, ...]:
        """The states of pieces, of the embeddings and of every layer: (rows, pieces, hidden)."""

    def start(self, directory: Path, sentences: Sequence[Sequence[str]]) -> StartingPoint:
        """The pretrained network, whatever the sentences."""
        pretrained = self.load(directory)
        longest = self.longest_input(pretrained)
        return StartingPoint(self.reader(directory), longest, lambda: copy.deepcopy(pretrained))
