"""Detection of duplicate lines on disk, with bounded memory.

Each line has 64-bit keys, which are written to files. Lines with equal keys are then found in one
partition of the keys at a time. Only the marks, one byte per line in a memory-mapped file, exist
for all lines at once.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from hashlib import blake2b
from pathlib import Path

import numpy as np

KEEP, EXACT, NEAR = 0, 1, 2
"""Marks of lines."""
KEYS_AT_ONCE = 1 << 22
"""Number of keys per partition; sorting one takes about 200 MB."""
PAIRS_AT_ONCE = 1 << 13
"""Number of pairs whose signatures are compared at once."""
SIGNED_AT_ONCE = 512
"""Number of lines whose signatures are computed at once; their shingles fit the CPU cache."""
SHINGLE = 5
"""Length of shingles in characters."""
PERMUTATIONS = 128
FILES = PERMUTATIONS // 8
"""Number of files: signatures, 8 bits per permutation, are stored in 64-bit parts, one per file."""
_MIX = np.uint64(0x9E3779B97F4A7C15)
_SEED = 1

Verify = Callable[[np.ndarray, np.ndarray], np.ndarray]


def line_key(line: str) -> int:
    """A 64-bit hash of a line (BLAKE2b), the same on every machine."""
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
    """Mark each line with the same key as an earlier line.

    Lines that are already marked ``EXACT`` are skipped.

    Args:
        keys: file of uint64, one per line in order.
        marks: array of uint8 per line, changed in place.
        mark: value to set.
        transform: function applied to keys before comparison.
        verify: function of line indices and the indices of the first lines with the same key;
            returns which pairs count. By default all pairs count.
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
    """Indices and keys of the lines of one partition, in order."""
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
    """Hashes of the shingles (``SHINGLE`` characters) of each line, ignoring case.

    A shingle starts at every character and is padded with blanks at the end of the line.

    Returns:
        All hashes as uint64, and the offsets of the hashes of each line, including the final one.
    """
    padding = " " * (SHINGLE - 1)
    lowered = [line.lower() for line in lines]
    text = padding.join(lowered) + padding
    points = np.frombuffer(text.encode("utf-32-le"), dtype="<u4").astype(np.uint64)
    # The rolling hash with an odd multiplier separates shingles; a final product mixes the bits.
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

    The estimate is corrected for chance: unrelated 8-bit values agree with probability 1/256.
    """
    agreement = (left == right).mean(axis=-1)
    return (agreement - 1 / 256) / (1 - 1 / 256)


class NearDuplicates:
    """Signatures of all lines on disk, and the search for near-duplicates.

    Lines are compared if their signatures agree in one of several bands (locality-sensitive
    hashing; Leskovec, Rajaraman & Ullman, Mining of Massive Datasets, 3.4), and only with the first
    line that has the same band.

    Args:
        folder: folder for the files.
        similarity: minimum Jaccard similarity of near-duplicates.
    """

    def __init__(self, folder: Path, similarity: float) -> None:
        self._paths = [folder / f"signatures-{number}" for number in range(FILES)]
        self._similarity = similarity

    def add(self, lines: Sequence[str]) -> None:
        """Add the next lines of the corpus."""
        starts = range(0, len(lines), SIGNED_AT_ONCE)
        values = [signatures(lines[start : start + SIGNED_AT_ONCE]) for start in starts]
        parts = np.concatenate(values or [signatures([])]).view("<u8")
        for number, path in enumerate(self._paths):
            with open(path, "ab") as file:
                file.write(parts[:, number].tobytes())

    def mark(self, marks: np.ndarray) -> None:
        """Mark near-duplicates ``NEAR``; lines marked ``EXACT`` are skipped."""
        for path in self._paths:
            for transform in _bands(self._similarity):
                mark_repeats(path, marks, NEAR, transform, self._verify)

    def _verify(self, places: np.ndarray, originals: np.ndarray) -> np.ndarray:
        agreement = np.zeros(len(places))
        for path in self._paths:
            # A new mapping each time releases pages that are no longer needed.
            parts = np.memmap(path, dtype=np.uint8, mode="r").reshape(-1, 8)
            agreement += similarities(parts[places], parts[originals])
        return agreement / FILES >= self._similarity


def _bands(similarity: float) -> list[Callable[[np.ndarray], np.ndarray] | None]:
    """Functions that extract the bands of a 64-bit part.

    Bands of 8 values find 95 % of the pairs with similarity 0.8, 61 % of those with 0.7; bands of 4
    find 99 % of those with 0.6, 87 % of those with 0.5: 1 - (1 - s^rows)^bands.
    """
    if similarity >= 0.8:
        return [None]
    low = np.uint64(0xFFFFFFFF)
    return [lambda keys: keys & low, lambda keys: keys >> np.uint64(32)]
