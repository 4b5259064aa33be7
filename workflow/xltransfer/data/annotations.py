"""Annotated sentences in files; the suffix says how they are written."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

from .conllu import read_conllu, write_conllu
from .iob import read_iob2, write_iob2


class AnnotatedSentence(Protocol):
    """What stages that know nothing of a task ask of a sentence."""

    @property
    def forms(self) -> list[str]:
        """The words."""

    @property
    def sent_id(self) -> str | None:
        """Its identifier, which parallel sentences share."""


_READERS = {".conllu": read_conllu, ".iob2": read_iob2}
_WRITERS = {".conllu": write_conllu, ".iob2": write_iob2}


def read_sentences(path: Path | str) -> list:
    """All sentences of a ``.conllu`` or ``.iob2`` file.

    Raises:
        InputError: the file cannot be read or breaks its format; names the line.
    """
    return _READERS[Path(path).suffix](path)


def write_sentences(path: Path | str, sentences: Sequence) -> None:
    """Write sentences in the format that the suffix asks for."""
    _WRITERS[Path(path).suffix](path, sentences)
