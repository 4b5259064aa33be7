"""Files of lines: raw text as a stream, so it need not fit into memory, and whole texts."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from ..runtime.errors import InputError
from ..runtime.files import read_text, replacing

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
                    yield decoded(line, path, number)
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror})") from None


def decoded(line: bytes, place: Path | str, number: int) -> str:
    """A line of a file in UTF-8.

    Raises:
        InputError: it is not UTF-8; names the line.
    """
    try:
        return line.decode()
    except UnicodeDecodeError as error:
        raise InputError(
            f"{place}:{number}: byte 0x{line[error.start]:02x} is not UTF-8; convert the file to "
            "UTF-8"
        ) from None


def read_text_lines(path: Path | str, encoding: str = "utf-8") -> str:
    """The text of a file; Windows line endings are converted to line feeds.

    Args:
        path: the file.
        encoding: character encoding; a byte-order mark is dropped from UTF-8.

    Raises:
        InputError: as for ``read_text``, or a carriage return is not followed by a line feed, since
            programs disagree on whether it ends a line.
    """
    text = read_text(path, encoding)
    if "\r" not in text:
        return text
    text = text.replace("\r\n", "\n")
    before, found, _ = text.partition("\r")
    if found:
        line = before.count("\n") + 1
        raise InputError(
            f"{path}:{line}: a carriage return without a line feed; end lines with line feeds"
        )
    return text


def write_lines(path: Path | str, lines: Iterable[str]) -> None:
    """Write lines, which have no line ends, to a file in UTF-8, atomically."""
    with replacing(path) as temporary, open(temporary, "w", encoding="utf-8", newline="\n") as file:
        file.writelines(f"{line}\n" for line in lines)
