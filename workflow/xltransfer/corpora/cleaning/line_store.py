"""Lines on disk between the passes of cleaning, in bounded memory, and the outputs of cleaning."""

from __future__ import annotations

import logging
import shutil
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import IO, TypeVar

import numpy as np
from tqdm import tqdm

from ...runtime.errors import InputError
from ...runtime.files import explain_no_room, replacing
from .duplicates import EXACT, NearDuplicates, line_keys, mark_repeats

log = logging.getLogger(__name__)

LINES_AT_ONCE = 4096
CHARACTERS_AT_ONCE = 1 << 20
_MARKS_AT_ONCE = 1 << 20
Item = TypeVar("Item")


@contextmanager
def workplace(training: Path) -> Iterator[Path]:
    """An empty folder next to an output; a folder left by a killed run is cleared first."""
    folder = training.with_name(f".cleaning-{training.name}")
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    try:
        yield folder
    except OSError as error:
        if explanation := explain_no_room(folder, error):
            raise InputError(explanation) from error
        raise
    finally:
        shutil.rmtree(folder)


class Progress:
    """A progress bar on a terminal; elsewhere a line every minute."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.lines = 0
        self.said = time.monotonic()

    def __enter__(self) -> Progress:
        self.bar = tqdm(desc=self.name, unit=" lines", unit_scale=True, disable=None)
        return self

    def __exit__(self, *error: object) -> None:
        self.bar.close()

    def advance(self, lines: int) -> None:
        """Report the number of lines read since the last call."""
        self.lines += lines
        self.bar.update(lines)
        if self.bar.disable and time.monotonic() - self.said > 60:
            self.said = time.monotonic()
            log.info("%s: %d lines read", self.name, self.lines)


class LineStore:
    """Lines on disk, with the keys for duplicates.

    Args:
        folder: folder for the files.
        similarity: minimum similarity of near-duplicates, or ``None`` to keep them.
    """

    def __init__(self, folder: Path, similarity: float | None = None) -> None:
        self._folder = folder
        self._near = None if similarity is None else NearDuplicates(folder, similarity)
        self._count = 0

    def add(self, lines: Sequence[str], compared: Sequence[str] | None = None) -> None:
        """Add the next lines.

        Args:
            lines: the lines.
            compared: what is compared to find duplicates; by default the lines.
        """
        compared = lines if compared is None else compared
        with open(self._folder / "lines", "a", encoding="utf-8", newline="\n") as file:
            file.writelines(f"{line}\n" for line in lines)
        with open(self._folder / "keys", "ab") as file:
            file.write(line_keys(compared).tobytes())
        if self._near:
            self._near.add(compared)
        self._count += len(lines)

    def marks(self) -> np.ndarray:
        """One mark per line; called after the last line has been added."""
        if not self._count:
            return np.empty(0, dtype=np.uint8)
        # Written before mapping, because a full disk would kill a process that uses mapped memory.
        with open(self._folder / "marks", "wb") as file:
            for first in range(0, self._count, _MARKS_AT_ONCE):
                file.write(bytes(min(_MARKS_AT_ONCE, self._count - first)))
        marks = np.memmap(self._folder / "marks", dtype=np.uint8, mode="r+")
        mark_repeats(self._folder / "keys", marks, EXACT)
        if self._near:
            self._near.mark(marks)
        return marks

    def marked_lines(self, marks: np.ndarray) -> Iterator[tuple[int, str]]:
        """Each line with its mark, in order."""
        if not self._count:
            return
        with open(self._folder / "lines", encoding="utf-8", newline="\n") as file:
            for mark, line in zip(_values(marks), file, strict=True):
                yield mark, line.removesuffix("\n")


class Output:
    """An output of cleaning, and the counts of what it has.

    Args:
        file: file to write to.
        texts: number of texts of an item: 1 of a line, 2 of a pair.

    Attributes:
        items: number of items.
        characters, words: those of each text.
    """

    def __init__(self, file: IO[str], texts: int) -> None:
        self._file = file
        self.items = 0
        self.characters, self.words = [0] * texts, [0] * texts

    def write(self, line: str, *texts: str) -> None:
        """Write the line of an item, with its end, and count its texts."""
        self._file.write(line)
        self.items += 1
        for side, text in enumerate(texts):
            self.characters[side] += len(text)
            self.words[side] += text.count(" ") + 1


@contextmanager
def outputs(paths: Sequence[Path], texts: int) -> Iterator[list[Output]]:
    """Outputs that are written together, each of them atomically."""
    with ExitStack() as stack:
        found = []
        for path in paths:
            temporary = stack.enter_context(replacing(path))
            file = stack.enter_context(open(temporary, "w", encoding="utf-8", newline="\n"))
            found.append(Output(file, texts))
        yield found


def batches(items: Iterable[Item], characters: Callable[[Item], int]) -> Iterator[list[Item]]:
    """Items in batches of limited number and size.

    Args:
        items: lines or pairs of lines.
        characters: function that returns the number of characters of an item.
    """
    batch: list[Item] = []
    size = 0
    for item in items:
        batch.append(item)
        size += characters(item)
        if len(batch) == LINES_AT_ONCE or size >= CHARACTERS_AT_ONCE:
            yield batch
            batch, size = [], 0
    if batch:
        yield batch


def _values(marks: np.ndarray) -> Iterator[int]:
    """The marks as Python integers, read in blocks, because mapped arrays are slow one by one."""
    for start in range(0, len(marks), LINES_AT_ONCE):
        yield from marks[start : start + LINES_AT_ONCE].tolist()
