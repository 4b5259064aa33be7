"""Raw text with one sentence per line, read as a stream, so it need not fit into memory."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from ..runtime.errors import InputError

_BYTE_ORDER_MARK = b"\xef\xbb\xbf"


@dataclass(frozen=True)
class Lines:
    """The non-empty lines of a file; can be iterated repeatedly.

    Attributes:
        path: path of a UTF-8 file; a byte-order mark is dropped.
        first, last: range of these lines, as in a slice.
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
        """Number of lines."""
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
