"""Language embeddings: a vector of each language, added to its tokens (Lample & Conneau 2019).

The table is a part of the encoder. ``config.json`` lists the languages under
``language_embeddings``, and ``model.safetensors`` has the vectors. transformers ignores both: it
opens such an encoder, but its states lack the vectors.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch
from safetensors import safe_open
from torch import nn

from ..runtime.errors import InputError
from ..runtime.files import read_json

NAME = "language_embeddings"
"""Key of ``config.json``, attribute of the network, and name of its weights."""
UNKNOWN = -1
"""Index of languages without a vector, which get the mean of all vectors."""


class LanguageEmbeddings(nn.Module):
    """A vector of each language, added to the output of the word embeddings.

    The vectors are 0 at first, so that adding the table to a pretrained encoder changes nothing.

    Args:
        languages: codes of the languages.
        size: size of the word embeddings.

    Attributes:
        weight: shape (languages, size).
    """

    def __init__(self, languages: Sequence[str], size: int) -> None:
        super().__init__()
        self.languages = tuple(languages)
        self.weight = nn.Parameter(torch.zeros(len(languages), size))
        self._rows: torch.Tensor | None = None
        self._language = ""

    def select(self, language: str) -> None:
        """Set the language of all following rows.

        Args:
            language: code; the rows of a language without a vector get the mean of all vectors,
                because the encoder was never trained without any.
        """
        self._language = language

    @contextmanager
    def rows(self, indices: torch.Tensor) -> Iterator[None]:
        """Use the languages with these indices for each token.

        Args:
            indices: index of a language, or ``UNKNOWN``; shape (rows, tokens).
        """
        self._rows = indices
        try:
            yield
        finally:
            self._rows = None

    def add(self, module: nn.Module, inputs: Any, output: torch.Tensor) -> torch.Tensor:
        """The word embeddings with the vectors of their languages; a forward hook."""
        if self._rows is not None:
            mean = self.weight.mean(dim=0, keepdim=True)
            return output + torch.cat([self.weight, mean])[self._rows]
        if self._language in self.languages:
            return output + self.weight[self.languages.index(self._language)]
        return output + self.weight.mean(dim=0)


def add_table(encoder: nn.Module, languages: Sequence[str]) -> None:
    """Add a table of zeros to an encoder and its configuration.

    Args:
        encoder: network of transformers without a head.
        languages: codes of the languages.

    Raises:
        InputError: there are no languages, the encoder has a table already, for other languages, or
            no word embeddings.
    """
    if not languages:
        raise InputError("language embeddings: no languages are given; give those of the texts")
    if (known := table_of(encoder)) is not None:
        if set(languages) <= set(known.languages):
            return
        raise InputError(
            f"the encoder has language embeddings of {', '.join(known.languages)} and none of "
            f"{', '.join(sorted(set(languages) - set(known.languages)))}; train with these "
            "languages alone, or start from the encoder before"
        )
    words = encoder.get_input_embeddings()
    if not isinstance(words, nn.Embedding):
        raise InputError(
            f"{encoder.config.model_type} has no table of word embeddings that language "
            "embeddings could be added to; train it without them"
        )
    table = LanguageEmbeddings(languages, words.embedding_dim)
    encoder.add_module(NAME, table)
    words.register_forward_hook(table.add)
    encoder.config.language_embeddings = list(languages)


def table_of(encoder: nn.Module) -> LanguageEmbeddings | None:
    """The table of an encoder, if it has one."""
    return getattr(encoder, NAME, None)


def select_language(encoder: nn.Module, language: str) -> None:
    """Set the language of the texts that an encoder reads; no effect without a table."""
    if (table := table_of(encoder)) is not None:
        table.select(language)


def languages_of(directory: Path) -> list[str]:
    """The languages with a vector in an encoder or model directory; empty without vectors."""
    content = read_json(directory / "config.json")
    found = content.get(NAME) if isinstance(content, dict) else None
    return found if isinstance(found, list) else []


def add_configured_table(encoder: nn.Module, place: Path | str) -> None:
    """Add the table of an encoder according to its configuration; no effect without languages.

    Args:
        encoder: network without a table.
        place: path of its ``config.json``.

    Raises:
        InputError: the list of languages is malformed.
    """
    found = getattr(encoder.config, NAME, None)
    if found is None:
        return
    codes = isinstance(found, list) and all(isinstance(code, str) and code for code in found)
    if not codes or not found or len(set(found)) < len(found):
        raise InputError(f"{place}: '{NAME}' is no list of different language codes; correct it")
    add_table(encoder, found)


def load_table(encoder: nn.Module, directory: Path) -> None:
    """Add the table of an encoder with the vectors of its directory, if it has any.

    Args:
        encoder: network without a table.
        directory: directory with ``config.json`` and ``model.safetensors``.

    Raises:
        InputError: the vectors are missing or of another shape, or there are vectors but no list of
            their languages.
    """
    add_configured_table(encoder, directory / "config.json")
    path, table = directory / "model.safetensors", table_of(encoder)
    with safe_open(path, framework="pt") as file:
        names = [name for name in set(file.keys()) if f".{name}".endswith(f".{NAME}.weight")]
        if table is None and not names:
            return
        if table is None or len(names) != 1:
            raise InputError(
                f"{path}: has {len(names)} tables of language embeddings, but config.json lists "
                f"{'no' if table is None else len(table.languages)} languages; are both files of "
                "one encoder?"
            )
        found = file.get_tensor(names[0])
    if found.shape != table.weight.shape:
        raise InputError(
            f"{path}: language embeddings of shape {tuple(found.shape)}, but config.json and the "
            f"encoder ask for {tuple(table.weight.shape)}; are both files of one encoder?"
        )
    with torch.no_grad():
        table.weight.copy_(found)
