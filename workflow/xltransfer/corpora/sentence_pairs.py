"""Files of parallel sentences: an identifier and two sentences per line, separated by tabs."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import NamedTuple

from ..runtime.errors import InputError
from .lines import Lines

PAIRS_SUFFIX = ".tsv"


class Pair(NamedTuple):
    """A sentence in two languages.

    Attributes:
        identifier: its name in the corpus, or the number of its line, row or translation unit.
        first, second: text in the first and the second language, without tabs and line ends.
    """

    identifier: str
    first: str
    second: str

    def line(self) -> str:
        """The line of a file of parallel sentences."""
        return "\t".join(self) + "\n"


@dataclass(frozen=True)
class SentencePairs:
    """The parallel sentences of a file.

    Attributes:
        path: path of the file.
    """

    path: Path

    @cached_property
    def pairs(self) -> list[Pair]:
        """All pairs in order.

        Raises:
            InputError: a line has not three fields, an empty one, or an identifier that is there
                already; names the line.
        """
        found: list[Pair] = []
        known: set[str] = set()
        for number, line in enumerate(Lines(self.path), start=1):
            fields = line.removesuffix("\r").split("\t")
            if len(fields) != 3 or not all(field.strip() for field in fields):
                raise InputError(
                    f"{self.path}:{number}: not an identifier and two sentences, separated by tabs"
                )
            if fields[0] in known:
                raise InputError(
                    f"{self.path}:{number}: the identifier '{fields[0]}' is there twice; remove one"
                )
            known.add(fields[0])
            found.append(Pair(*fields))
        return found

    def side(self, index: int) -> list[str]:
        """The first (0) or second (1) sentence of every pair."""
        return [pair[index + 1] for pair in self.pairs]
