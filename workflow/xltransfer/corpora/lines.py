"""Raw text, a sentence a line: read as a stream, so that a corpus never has to fit in memory."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from ..runtime.errors import InputError

_BYTE_ORDER_MARK = b"\xef\xbb\xbf"


@dataclass(frozen=True)
class Lines:
    """The lines of a file that are not empty; can be walked through any number of times.

    Attributes:
        path: UTF-8; a byte-order mark is dropped.
        first, last: which of these lines, as in a slice.
    """

    path: Path
    first: int = 0
    last: int | None = None

    def __iter__(self) -> Iterator[str]:
        """The lines, without line ends.

        Raises:
            InputError: the file is missing, unreadable or, with the line, not UTF-8.
        """
        return islice(_lines(self.path), self.first, self.last)

    def count(self) -> int:
        """How many lines there are."""
        return sum(1 for _ in self)


def _lines(path: Path) -> Iterator[str]:
    try:
        with open(path, "rb") as file:
            for number, line in enumerate(file, start=1):
                line = line.removesuffix(b"\n")
                if number == 1:
                    line = line.removeprefix(_BYTE_ORDER_MARK)
                if line:
                    yield _decode(line, path, number)
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror})") from None


def _decode(line: bytes, path: Path, number: int) -> str:
    try:
        return line.decode()
    except UnicodeDecodeError as error:
        raise InputError(
            f"{path}:{number}: byte 0x{line[error.start]:02x} is not UTF-8; convert the file to "
            "UTF-8"
        ) from None
