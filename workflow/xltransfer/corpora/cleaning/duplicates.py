"""Finding duplicates of lines on disk, in memory that does not grow with the corpus.

What identifies a line is written to files of 64-bit keys, one key per line. Lines with equal keys
are then found a partition of the keys at a time; only marks, a byte per line in a mapped file, are
there for all lines at once.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from hashlib import blake2b
from pathlib import Path

import numpy as np

KEEP, EXACT, NEAR = 0, 1, 2
"""Marks of lines."""
KEYS_AT_ONCE = 1 << 22
"""Size of a partition; sorting one takes about 200 MB."""
PAIRS_AT_ONCE = 1 << 13
"""Pairs whose signatures are compared at once."""
SIGNED_AT_ONCE = 512
"""Lines whose signatures are made at once; their shingles fit the processor's cache."""
SHINGLE = 5
"""Characters of the substrings that two lines may have in common."""
PERMUTATIONS = 128
FILES = PERMUTATIONS // 8
"""A signature has 8 bits per permutation and lies in 64-bit parts in as many files."""
_MIX = np.uint64(0x9E3779B97F4A7C15)
_SEED = 1

Verify = Callable[[np.ndarray, np.ndarray], np.ndarray]


def line_key(line: str) -> int:
    """A hash of a line's content, 64 bits: BLAKE2b, the same on every machine."""
    return int.from_bytes(blake2b(line.encode(), digest_size=8).digest(), "little")


def line_keys(lines: Sequence[str]) -> np.ndarray:
    """``line_key`` of each line, as uint64."""
    digests = b"".join(blake2b(line.encode(), digest_size=8).digest() for line in lines)
    return np.frombuffer(digests, dtype="<u8")


def mark_repeats(
    keys: Path,
    marks: np.ndarray,
    mark: int,
    transform: Callable[[np.ndarray], np.ndarray] | None = None,
    verify: Verify | None = None,
) -> None:
    """Mark each line whose key an earlier line has, too.

    Lines that are marked ``EXACT`` already are passed over.

    Args:
        keys: file of uint64, one per line in order.
        marks: uint8 per line, changed in place.
        mark: what to set.
        transform: of the keys, before they are compared.
        verify: says for places of lines and the places of the first lines with the same key
            whether the pairs count; all do if there is none.
    """
    partitions = -(-len(marks) // KEYS_AT_ONCE)
    for partition in range(partitions):
        places, values = _partition(keys, marks, transform, partition, partitions)
        order = np.argsort(values, kind="stable")
        values, places = values[order], places[order]
        is_first = np.ones(len(values), dtype=bool)
        np.not_equal(values[1:], values[:-1], out=is_first[1:])
        first = np.maximum.accumulate(np.where(is_first, np.arange(len(values)), 0))
        repeats, originals = places[~is_first], places[first[~is_first]]
        for start in range(0, len(repeats), PAIRS_AT_ONCE):
            some = repeats[start : start + PAIRS_AT_ONCE]
            if verify is not None:
                some = some[verify(some, originals[start : start + PAIRS_AT_ONCE])]
            marks[some] = mark


def _partition(
    keys: Path,
    marks: np.ndarray,
    transform: Callable[[np.ndarray], np.ndarray] | None,
    partition: int,
    partitions: int,
) -> tuple[np.ndarray, np.ndarray]:
    """Places and keys of the lines of one partition, in order."""
    places, values = [], []
    for start, block in _blocks(keys):
        if transform is not None:
            block = transform(block)
        chosen = marks[start : start + len(block)] != EXACT
        if partitions > 1:
            chosen &= ((block * _MIX) >> np.uint64(40)) % np.uint64(partitions) == partition
        own = np.flatnonzero(chosen)
        places.append(own + start)
        values.append(block[own])
    return np.concatenate(places), np.concatenate(values)


def _blocks(keys: Path) -> Iterator[tuple[int, np.ndarray]]:
    start = 0
    with open(keys, "rb") as file:
        while len(block := np.fromfile(file, dtype="<u8", count=1 << 18)):
            yield start, block
            start += len(block)


def shingles(lines: Sequence[str]) -> tuple[np.ndarray, np.ndarray]:
    """Hashes of the substrings of ``SHINGLE`` characters of each line, case aside.

    A substring starts at every character; at the end of a line it is filled up with blanks.

    Returns:
        All hashes as uint64, and where the hashes of each line start, with the end of the last.
    """
    padding = " " * (SHINGLE - 1)
    lowered = [line.lower() for line in lines]
    text = padding.join(lowered) + padding
    points = np.frombuffer(text.encode("utf-32-le"), dtype="<u4").astype(np.uint64)
    # Rolling by multiples of an odd number keeps substrings apart, which one more product mixes.
    hashes = np.zeros(len(points) - SHINGLE + 1, dtype=np.uint64)
    for shift in range(SHINGLE):
        hashes = hashes * _MIX + points[shift : shift + len(hashes)]
    hashes ^= hashes >> np.uint64(29)
    hashes *= np.uint64(0xBF58476D1CE4E5B9)
    hashes ^= hashes >> np.uint64(32)
    lengths = np.fromiter(map(len, lowered), dtype=np.int64, count=len(lowered))
    starts = np.concatenate([[0], np.cumsum(lengths + SHINGLE - 1)])[:-1]
    offsets = np.concatenate([[0], np.cumsum(lengths)])
    inside = np.arange(offsets[-1]) + np.repeat(starts - offsets[:-1], lengths)
    return hashes[inside], offsets.astype(np.uint64)


def signatures(lines: Sequence[str]) -> np.ndarray:
    """MinHash signatures of lines (Broder 1997), 8 bits of each minimum (Li & König 2010).

    Returns:
        uint8, lines × ``PERMUTATIONS``.
    """
    from rensa import RMinHash

    if not lines:
        return np.empty((0, PERMUTATIONS), dtype=np.uint8)
    hashes, offsets = shingles(lines)
    matrix = RMinHash.digest_matrix_from_flat_token_hashes(hashes, offsets, PERMUTATIONS, _SEED)
    return np.array(matrix.to_rows(), dtype=np.uint32).astype(np.uint8)


def similarities(left: np.ndarray, right: np.ndarray) -> np.ndarray:
    """Estimated Jaccard similarity of lines by their signatures, row by row.

    Two unrelated 8-bit values agree once in 256, which is taken off.
    """
    agreement = (left == right).mean(axis=-1)
    return (agreement - 1 / 256) / (1 - 1 / 256)


class NearDuplicates:
    """Signatures of all lines on disk, and the search for lines that are nearly the same.

    Lines are compared if their signatures agree in one of several bands (locality-sensitive
    hashing; Leskovec, Rajaraman & Ullman, Mining of Massive Datasets, 3.4), and each only with the
    first line that has the same band.

    Args:
        folder: for the files.
        similarity: least Jaccard similarity of two lines that count as duplicates.
    """

    def __init__(self, folder: Path, similarity: float) -> None:
        self._paths = [folder / f"signatures-{number}" for number in range(FILES)]
        self._similarity = similarity

    def add(self, lines: Sequence[str]) -> None:
        """The next lines of the corpus."""
        starts = range(0, len(lines), SIGNED_AT_ONCE)
        values = [signatures(lines[start : start + SIGNED_AT_ONCE]) for start in starts]
        parts = np.concatenate(values or [signatures([])]).view("<u8")
        for number, path in enumerate(self._paths):
            with open(path, "ab") as file:
                file.write(parts[:, number].tobytes())

    def mark(self, marks: np.ndarray) -> None:
        """Mark the near-duplicates ``NEAR``; lines marked ``EXACT`` are not looked at."""
        for path in self._paths:
            for transform in _bands(self._similarity):
                mark_repeats(path, marks, NEAR, transform, self._verify)

    def _verify(self, places: np.ndarray, originals: np.ndarray) -> np.ndarray:
        agreement = np.zeros(len(places))
        for path in self._paths:
            # Mapped anew each time, so that pages looked at once do not stay.
            parts = np.memmap(path, dtype=np.uint8, mode="r").reshape(-1, 8)
            agreement += similarities(parts[places], parts[originals])
        return agreement / FILES >= self._similarity


def _bands(similarity: float) -> list[Callable[[np.ndarray], np.ndarray] | None]:
    """Which bits of a 64-bit part are a band.

    Bands of 8 values find 95 % of the pairs of similarity 0.8, 61 % of those of 0.7; bands of 4
    find 99 % of those of 0.6, 87 % of those of 0.5: 1 - (1 - s^rows)^bands.
    """
    if similarity >= 0.8:
        return [None]
    low = np.uint64(0xFFFFFFFF)
    return [lambda keys: keys & low, lambda keys: keys >> np.uint64(32)]
