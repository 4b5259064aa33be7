"""Word vectors of a fastText model (``.bin``), read without fastText.

The vector of a word is the mean of its own row and the rows of its character n-grams, which are
found by a hash (Bojanowski, Grave, Joulin & Mikolov, TACL 2017); it is what fastText writes into
its ``.vec`` file. The format is that of fastText 0.9: numbers are little-endian.
"""

from __future__ import annotations

import mmap
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ..runtime.errors import InputError
from .word_vectors import WordVectors

MAGIC, VERSION = 793712314, 12
END_OF_SENTENCE = "</s>"
_CONVERT = (
    "write its vectors as text (`fasttext print-word-vectors`, or `save_word2vec_format` of "
    "gensim) and name that file"
)
_FNV_OFFSET, _FNV_PRIME, _MASK = 2166136261, 16777619, 0xFFFFFFFF


@dataclass(frozen=True)
class _Header:
    dimensions: int
    buckets: int
    shortest: int
    longest: int
    entries: int
    words: int
    kept: int


def read_fasttext_model(path: Path | str, maximum_words: int | None) -> tuple[WordVectors, int]:
    """The vectors of the first words of a fastText model, and the number of repeated words.

    Args:
        path: unquantised model of fastText, ``.bin``.
        maximum_words: number of words to keep; ``None`` keeps all.

    Raises:
        InputError: the file cannot be read, is no such model, is quantised or truncated.
    """
    path = Path(path)
    try:
        with open(path, "rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
            return _read(data, path, maximum_words)
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror or error})") from None
    except (ValueError, struct.error):
        # Empty, or shorter than a number that is due.
        raise InputError(
            f"{path}: a fastText model that ends too early; is the download complete?"
        ) from None


def _read(data: mmap.mmap, path: Path, maximum_words: int | None) -> tuple[WordVectors, int]:
    header, place = _header(data, path)
    words, place = _words(data, header, place, path)
    if header.kept > 0:
        raise InputError(f"{path}: a pruned model, whose n-grams are renumbered; {_CONVERT}")
    if struct.unpack_from("<B", data, place)[0]:
        raise InputError(f"{path}: a quantised model; {_CONVERT}")
    rows, columns = struct.unpack_from("<qq", data, place + 1)
    expected = header.words + header.buckets
    if columns != header.dimensions or rows not in (expected, header.words):
        raise InputError(
            f"{path}: a matrix of {rows} × {columns}, not {expected} × {header.dimensions} as its "
            f"header says; is the download complete?"
        )
    start = place + struct.calcsize("<Bqq")
    if start + 4 * rows * columns > len(data):
        raise InputError(f"{path}: its matrix ends too early; is the download complete?")
    matrix = np.frombuffer(data, dtype="<f4", count=rows * columns, offset=start)
    try:
        return _vectors(words, matrix.reshape(rows, columns), header, path, maximum_words)
    finally:
        # The file cannot be closed while an array refers to it.
        del matrix


def _header(data: mmap.mmap, path: Path) -> tuple[_Header, int]:
    magic, version = struct.unpack_from("<ii", data, 0)
    if magic != MAGIC or version != VERSION:
        raise InputError(
            f"{path}: not a model of fastText 0.9 or the like (the binary format of word2vec is "
            f"another); {_CONVERT}"
        )
    # dim, ws, epoch, minCount, neg, wordNgrams, loss, model, bucket, minn, maxn, lrUpdateRate, t
    settings = struct.unpack_from("<12id", data, 8)
    place = 8 + struct.calcsize("<12id")
    entries, words, _, _, kept = struct.unpack_from("<iiiqq", data, place)
    found = _Header(settings[0], settings[8], settings[9], settings[10], entries, words, kept)
    if not (0 < found.dimensions <= 1 << 14 and 0 < words <= entries and found.buckets >= 0):
        raise InputError(f"{path}: impossible numbers in the header; is the file damaged?")
    return found, place + struct.calcsize("<iiiqq")


def _words(data: mmap.mmap, header: _Header, place: int, path: Path) -> tuple[list[bytes], int]:
    """The words of the vocabulary, and where the entries end."""
    words = []
    for _ in range(header.entries):
        end = data.find(b"\0", place)
        if end < 0:
            raise InputError(f"{path}: its vocabulary ends too early; is the download complete?")
        words.append(data[place:end])
        place = end + 1 + struct.calcsize("<qb")
    return words[: header.words], place + max(header.kept, 0) * struct.calcsize("<ii")


def _vectors(
    words: list[bytes], matrix: np.ndarray, header: _Header, path: Path, maximum_words: int | None
) -> tuple[WordVectors, int]:
    found: dict[str, np.ndarray] = {}
    repeated = 0
    for number, raw in enumerate(words):
        if maximum_words is not None and len(found) == maximum_words:
            break
        try:
            word = raw.decode("utf-8")
        except UnicodeDecodeError:
            raise InputError(f"{path}: word {number + 1} is not UTF-8; {_CONVERT}") from None
        if word in found:
            repeated += 1
            continue
        rows = [number]
        if header.longest > 0 and header.buckets > 0 and word != END_OF_SENTENCE:
            rows += [header.words + place for place in ngram_buckets(raw, header)]
        if rows[-1] >= len(matrix) or max(rows) >= len(matrix):
            raise InputError(f"{path}: n-grams without rows; is the file damaged?")
        found[word] = matrix[rows].mean(axis=0, dtype=np.float64).astype(np.float32)
    vectors = np.stack(list(found.values()))
    if not np.isfinite(vectors).all():
        raise InputError(f"{path}: values that are infinite or not numbers; is the file damaged?")
    return WordVectors(list(found), vectors), repeated


def ngram_buckets(word: bytes, header: _Header) -> Iterator[int]:
    """The buckets of the character n-grams of a word, in fastText's order.

    The word is put between ``<`` and ``>``; the brackets alone are no n-grams. The hash is FNV-1a
    over bytes that are taken as signed, as in fastText.
    """
    text = b"<" + word + b">"
    starts = [place for place, byte in enumerate(text) if byte & 0xC0 != 0x80]
    ends = [*starts[1:], len(text)]
    for first, start in enumerate(starts):
        value, place = _FNV_OFFSET, start
        for length, end in enumerate(ends[first : first + header.longest], start=1):
            for byte in text[place:end]:
                signed = byte if byte < 128 else byte | 0xFFFFFF00
                value = ((value ^ signed) * _FNV_PRIME) & _MASK
            place = end
            bracket = length == 1 and (start == 0 or end == len(text))
            if length >= header.shortest and not bracket:
                yield value % header.buckets
