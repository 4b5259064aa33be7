"""Word vectors as an encoder: the state of a word is its vector, which training never changes.

Vectors of several languages that are mapped into one space would leave it if they were trained on
one of the languages. The only weight is the vector of unknown words.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import ClassVar

import torch
from torch import nn
from torch.nn import functional

from ..runtime.errors import InputError
from ..runtime.files import read_json, write_json
from .batching import Batch
from .interface import CONFIG_FILE, NO_LIMIT, EncoderKind, StartingPoint
from .word_vector_lookup import UNKNOWN, WordVectorLookup

MODEL_TYPE = "xltransfer-word-vectors"
MOST_DIMENSIONS = 1 << 16


@dataclass(frozen=True)
class WordVectorConfig:
    """The keys of ``config.json`` besides ``model_type``.

    Attributes:
        embeddings: name of the embeddings of the study.
        method: name of the method that mapped them into one space.
        dimensions: length of the vectors; 0 before fine-tuning, which reads the vectors.
    """

    model_type: ClassVar[str] = MODEL_TYPE
    embeddings: str
    method: str
    dimensions: int = 0

    @property
    def hidden_size(self) -> int:
        """Size of the word states."""
        return self.dimensions

    def to_json_file(self, path: Path | str) -> None:
        """Write the file that ``read_configuration`` reads."""
        write_json(path, {"model_type": MODEL_TYPE, **asdict(self)})


def read_configuration(directory: Path | str) -> WordVectorConfig:
    """The configuration of an encoder of word vectors.

    Raises:
        InputError: the file is missing, or a key is missing, unknown or has an invalid value.
    """
    path = Path(directory) / CONFIG_FILE
    content = read_json(path)
    if not isinstance(content, dict) or content.pop("model_type", None) != MODEL_TYPE:
        raise InputError(f"{path}:1: no word vectors; their model_type must be '{MODEL_TYPE}'")
    content.setdefault("dimensions", 0)
    if set(content) != {"embeddings", "method", "dimensions"}:
        raise InputError(f"{path}:1: the keys must be model_type, embeddings, method, dimensions")
    for key in ("embeddings", "method"):
        if not isinstance(content[key], str) or not content[key]:
            raise InputError(f"{path}:1: '{key}' must be a name")
    dimensions = content["dimensions"]
    if type(dimensions) is not int or not 0 <= dimensions <= MOST_DIMENSIONS:
        raise InputError(f"{path}:1: 'dimensions' must be an integer from 0 to {MOST_DIMENSIONS}")
    return WordVectorConfig(**content)


class WordVectorEncoder(nn.Module):
    """A network that looks up the vectors of words.

    Args:
        config: configuration with the dimensions.
    """

    base_model_prefix = "word_vectors"

    def __init__(self, config: WordVectorConfig) -> None:
        super().__init__()
        self.config = config
        self.unknown = nn.Parameter(torch.zeros(config.dimensions))
        # Not persistent: the vectors are no weights of the model.
        self.register_buffer("table", None, persistent=False)

    def forward(self, ids: torch.Tensor) -> torch.Tensor:
        """The vectors of words, shape (…, dimensions), by the ids of a ``WordVectorLookup``."""
        known = functional.embedding(ids, self.table)
        return known + (ids == UNKNOWN)[..., None] * self.unknown


class WordVectorsKind(EncoderKind):
    """The kind of encoders of word vectors.

    Args:
        lookup: words with vectors; ``None`` for a kind that only opens directories.
    """

    name = "an encoder of word vectors"
    model_type = MODEL_TYPE
    reader_files = ()

    def __init__(self, lookup: WordVectorLookup | None = None) -> None:
        self._lookup = lookup

    def with_word_vectors(self, lookup: WordVectorLookup | None) -> WordVectorsKind:
        """This kind with the vectors of the texts to read."""
        return WordVectorsKind(lookup)

    def _known(self, directory: Path) -> WordVectorLookup:
        if self._lookup is None:
            raise InputError(
                f"{directory / CONFIG_FILE}:1: {self.name} reads no text without the vectors of "
                "its words; give the option --vectors of the stage (`predict` annotates a corpus)"
            )
        return self._lookup

    def start(self, directory: Path, sentences: Sequence[Sequence[str]]) -> StartingPoint:
        """The vectors of the lookup.

        Raises:
            InputError: as for ``read_configuration``, or there are no vectors.
        """
        config, lookup = read_configuration(directory), self._known(directory)
        config = WordVectorConfig(config.embeddings, config.method, lookup.vectors.shape[1])

        def new_network() -> WordVectorEncoder:
            network = WordVectorEncoder(config)
            network.table = torch.from_numpy(lookup.vectors)
            return network

        return StartingPoint(lookup, NO_LIMIT, new_network)

    def empty(self, directory: Path) -> WordVectorEncoder:
        """A network of the dimensions of a directory."""
        return WordVectorEncoder(read_configuration(directory))

    def reader(self, directory: Path) -> WordVectorLookup:
        """The vectors of the lookup."""
        return self._known(directory)

    def select_language(self, network: WordVectorEncoder, language: str) -> None:
        """Give the network the vectors of the texts to read.

        Raises:
            InputError: they have other dimensions than those that the model was trained with.
        """
        if self._lookup is None:
            return
        dimensions = self._lookup.vectors.shape[1]
        if dimensions != network.config.dimensions:
            raise InputError(
                f"the model was trained on vectors of {network.config.dimensions} dimensions, not "
                f"{dimensions}; give the vectors that it belongs to"
            )
        network.table = torch.from_numpy(self._lookup.vectors).to(network.unknown.device)

    def word_states(self, network: WordVectorEncoder, batch: Batch) -> torch.Tensor:
        """The vectors of words, 0 for padding."""
        vectors = network(batch.input_ids).flatten(0, 1)[batch.word_index]
        return vectors * batch.word_mask[:, :, None]

    def save_reader(self, network: WordVectorEncoder, source: Path, directory: Path) -> list[Path]:
        """Nothing: the vectors are not part of the model."""
        return []
