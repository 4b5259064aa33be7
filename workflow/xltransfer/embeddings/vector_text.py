"""Word vectors as text: the format of word2vec, which fastText's ``.vec`` files share.

The first line has the numbers of words and dimensions; every other line has a word and its values,
separated by spaces. Vectors of GloVe lack the first line; add it.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import IO

import numpy as np

from ..corpora.raw_text import decompressed, explained, text_lines
from ..runtime.errors import InputError
from ..runtime.files import replacing
from .word_vectors import WordVectors

MOST_DIMENSIONS = 1 << 14
MOST_WORDS = 1 << 26
_NUMBERS = re.compile(r"([0-9]{1,12}) ([0-9]{1,12}) ?")
_VALUES = re.compile(r"(?: [-+]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][-+]?[0-9]+)?)+")
_HEADER = "the number of words and the number of dimensions"


def read_vector_text(path: Path | str, maximum_words: int | None) -> tuple[WordVectors, int]:
    """The first words of a file of word vectors, and the number of repeated words among them.

    Of a repeated word, the first vector is kept. A word may contain any character but a space and
    the end of the line.

    Args:
        path: UTF-8 text; compressed files (``.gz``) are decompressed while reading.
        maximum_words: number of words to keep; ``None`` keeps all.

    Raises:
        InputError: the file cannot be read or decompressed; the header is not two numbers; a line
            is not UTF-8, has another number of values or a value that is no finite number; or the
            file has other lines than its header says. The message names the line.
    """
    path = Path(path)
    with explained(path), decompressed(path) as file:
        return _read(file, path, maximum_words)


def _read(file: IO[bytes], path: Path, maximum_words: int | None) -> tuple[WordVectors, int]:
    lines = enumerate(text_lines(file, str(path)), start=1)
    number, dimensions = _header(next(lines, (1, ""))[1], path)
    words: dict[str, None] = {}
    rows: list[np.ndarray] = []
    lines_read = 0
    for place, line in lines:
        if len(words) == maximum_words:
            break
        if lines_read == number:
            raise InputError(
                f"{path}:{place}: more lines than the {number} of the first line; correct it"
            )
        lines_read += 1
        word, values = _word_and_values(line, dimensions, f"{path}:{place}")
        if word not in words:
            words[word] = None
            rows.append(values)
    else:
        if lines_read < number:
            raise InputError(
                f"{path}: {lines_read} vectors, but its first line says {number}; is the download "
                "complete?"
            )
    return WordVectors(list(words), np.stack(rows)), lines_read - len(words)


def _header(line: str, path: Path) -> tuple[int, int]:
    found = _NUMBERS.fullmatch(line)
    if not found:
        raise InputError(
            f"{path}:1: not {_HEADER}: '{line[:60]}'; write this line first if it is missing"
        )
    number, dimensions = map(int, found.groups())
    if not 1 <= number <= MOST_WORDS or not 1 <= dimensions <= MOST_DIMENSIONS:
        raise InputError(
            f"{path}:1: {number} words of {dimensions} dimensions; at least 1, at most "
            f"{MOST_WORDS} and {MOST_DIMENSIONS} are possible"
        )
    return number, dimensions


def _word_and_values(line: str, dimensions: int, place: str) -> tuple[str, np.ndarray]:
    # fastText writes a space after the last value.
    word, *cells = line.removesuffix(" ").split(" ")
    if len(cells) != dimensions:
        raise InputError(f"{place}: {len(cells)} values, not {dimensions} as in the first line")
    if not word:
        raise InputError(f"{place}: the word is missing; remove the line")
    if not _VALUES.fullmatch(line, len(word), len(line.removesuffix(" "))):
        wrong = next(cell for cell in cells if not _VALUES.fullmatch(f" {cell}"))
        raise InputError(f"{place}: '{wrong[:60]}' is not a finite number; correct the line")
    with np.errstate(over="ignore"):
        found = np.array([float(cell) for cell in cells]).astype(np.float32)
    if not np.isfinite(found).all():
        raise InputError(f"{place}: a value beyond the range of 32 bits; correct the line")
    return word, found


def write_vector_text(path: Path | str, vectors: WordVectors) -> None:
    """Write word vectors in the text format of word2vec, with nine significant digits.

    Nine digits determine a float32, so that reading the file gives equal vectors.
    """
    with replacing(path) as temporary, open(temporary, "w", encoding="utf-8", newline="\n") as file:
        file.write(f"{len(vectors.words)} {vectors.dimensions}\n")
        for word, values in zip(vectors.words, vectors.vectors, strict=True):
            file.write(f"{word} {' '.join(f'{value:.9g}' for value in values.tolist())}\n")
