"""Random segmentations of words: BPE-dropout, MaxMatch-dropout, and sampling from a Unigram model.

The library ``tokenizers`` draws its BPE-dropout and its Unigram samples from a generator that
cannot be seeded, and ignores dropout for WordPiece. The segmentations here are computed from the
vocabulary in ``tokenizer.json`` with a generator of the caller. Without dropout they are those of
the library.
"""

from __future__ import annotations

import json
import math
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from functools import lru_cache
from heapq import heapify, heappop, heappush
from pathlib import Path
from typing import Any

import numpy as np
from tokenizers import Tokenizer

from ..runtime.errors import InputError

REMEMBERED = 1 << 15
"""Number of words whose possible subwords are cached."""
UNKNOWN_PENALTY = 10.0
"""The score of an unknown character is the lowest score of the vocabulary minus this, as in
SentencePiece."""


class Segmentation(ABC):
    """Segmentations of the units that a tokenizer splits into subwords, mostly words."""

    @abstractmethod
    def fixed(self, unit: str) -> list[int]:
        """The subword ids of a unit without randomness."""

    @abstractmethod
    def sampled(self, unit: str, draws: np.random.Generator) -> list[int]:
        """The subword ids of a unit in a random segmentation."""


class BPEDropout(Segmentation):
    """BPE-dropout (Provilkov, Emelianenko and Voita 2020, algorithm 1).

    In each step, every applicable merge is dropped with probability ``dropout``, and the first in
    the order of the vocabulary of those left is applied. With 1 all units are split into
    characters.

    Args:
        model: section ``model`` of ``tokenizer.json``.
        dropout: probability.
    """

    def __init__(self, model: Mapping[str, Any], dropout: float) -> None:
        self._dropout = dropout
        self._ids: dict[str, int] = model["vocab"]
        self._prefix = model.get("continuing_subword_prefix") or ""
        self._suffix = model.get("end_of_word_suffix") or ""
        self._unknown = self._ids.get(model.get("unk_token"))
        self._fuses_unknown = bool(model.get("fuse_unk"))
        self._byte_fallback = bool(model.get("byte_fallback"))
        self._whole_first = bool(model.get("ignore_merges"))
        self._merges: dict[tuple[int, int], tuple[int, int]] = {}
        for rank, merge in enumerate(model["merges"]):
            left, right = merge.split(" ") if isinstance(merge, str) else merge
            merged = left + right[len(self._prefix) :]
            pair = self._ids[left], self._ids[right]
            self._merges[pair] = rank, self._ids[merged]

    def fixed(self, unit: str) -> list[int]:
        """All merges, or the whole unit if the vocabulary puts it first (``ignore_merges``)."""
        if self._whole_first and unit in self._ids:
            return [self._ids[unit]]
        return self._merged(unit, None)

    def sampled(self, unit: str, draws: np.random.Generator) -> list[int]:
        """Merges that are not dropped. As in the library, ``ignore_merges`` has no effect here."""
        return self._merged(unit, draws) if self._dropout else self.fixed(unit)

    def _merged(self, unit: str, draws: np.random.Generator | None) -> list[int]:
        """All merges, without a generator, or those that are not dropped.

        Symbols are named by the place of their first character; ``ids`` of places within a symbol
        are ``None``.
        """
        ids: list[int | None] = list(self._characters(unit))
        following = [*range(1, len(ids)), None]
        before = [None, *range(len(ids) - 1)]
        queue = [item for place in range(len(ids)) for item in self._merge(ids, following, place)]
        heapify(queue)
        dropped = []
        while queue:
            item = heappop(queue)
            _, place, pair, merged = item
            right = following[place]
            if right is None or (ids[place], ids[right]) != pair:
                continue
            if draws is not None and draws.random() < self._dropout:
                dropped.append(item)
                continue
            ids[place], ids[right], following[place] = merged, None, following[right]
            if following[right] is not None:
                before[following[right]] = place
            new = [place] if before[place] is None else [before[place], place]
            dropped.extend(item for start in new for item in self._merge(ids, following, start))
            while dropped:
                heappush(queue, dropped.pop())
        return [index for index in ids if index is not None]

    def _merge(
        self, ids: Sequence[int | None], following: Sequence[int | None], place: int
    ) -> list[tuple[int, int, tuple[int, int], int]]:
        """Rank, place, ids and resulting id of the merge of a symbol and the next one, if any."""
        right = following[place]
        if right is None:
            return []
        found = self._merges.get((ids[place], ids[right]))
        return [] if found is None else [(found[0], place, (ids[place], ids[right]), found[1])]

    def _characters(self, unit: str) -> list[int]:
        ids: list[int] = []
        for place, character in enumerate(unit):
            written = character if place == 0 else self._prefix + character
            if place == len(unit) - 1:
                written += self._suffix
            if written in self._ids:
                ids.append(self._ids[written])
            elif fallback := _byte_ids(character, self._ids) if self._byte_fallback else None:
                ids.extend(fallback)
            elif self._unknown is not None and not (
                self._fuses_unknown and ids[-1:] == [self._unknown]
            ):
                ids.append(self._unknown)
        return ids


class MaxMatchDropout(Segmentation):
    """MaxMatch-dropout for WordPiece (Hiraoka 2022).

    WordPiece takes the longest subword of the vocabulary again and again, from left to right. Here
    each candidate is dropped with probability ``dropout``; the longest of the others is taken. The
    shortest candidate, mostly a single character, is never dropped. Only subwords after which the
    rest of the unit can be split are candidates, so that dropout makes no unit unknown. A unit that
    is unknown to WordPiece stays so.

    Args:
        model: section ``model`` of ``tokenizer.json``.
        dropout: probability.
    """

    def __init__(self, model: Mapping[str, Any], dropout: float) -> None:
        self._dropout = dropout
        self._ids: dict[str, int] = model["vocab"]
        self._prefix: str = model["continuing_subword_prefix"]
        self._unknown = self._ids[model["unk_token"]]
        self._longest_unit: int = model["max_input_chars_per_word"]
        self._longest_piece = max(map(len, self._ids), default=0)
        self._candidates_of = lru_cache(REMEMBERED)(self._candidates)

    def fixed(self, unit: str) -> list[int]:
        """The longest subword again and again; the unknown subword if there is none somewhere."""
        if len(unit) > self._longest_unit:
            return [self._unknown]
        ids, start = [], 0
        while start < len(unit):
            matches = self._matches(unit, start)
            if not matches:
                return [self._unknown]
            start, found = matches[-1]
            ids.append(found)
        return ids

    def sampled(self, unit: str, draws: np.random.Generator) -> list[int]:
        """The longest candidate that is not dropped, again and again."""
        candidates = self._candidates_of(unit)
        if candidates is None:
            return [self._unknown]
        ids, start = [], 0
        while start < len(unit):
            shortest, *others = candidates[start]
            chosen = next(
                (end for end in reversed(others) if draws.random() >= self._dropout), shortest
            )
            start, found = chosen
            ids.append(found)
        return ids

    def _candidates(self, unit: str) -> list[list[tuple[int, int]]] | None:
        """End and id of the candidates at each place, shortest first; ``None``: unknown unit."""
        if self.fixed(unit) == [self._unknown]:
            return None
        found: list[list[tuple[int, int]]] = [[] for _ in unit]
        splits = [False] * len(unit) + [True]
        for start in reversed(range(len(unit))):
            matches = self._matches(unit, start)
            found[start] = [(end, piece) for end, piece in matches if splits[end]]
            splits[start] = bool(found[start])
        return found

    def _matches(self, unit: str, start: int) -> list[tuple[int, int]]:
        """End and id of the subwords of the vocabulary at a place, shortest first."""
        before = self._prefix if start else ""
        ends = range(start + 1, min(len(unit), start + self._longest_piece) + 1)
        pieces = ((end, self._ids.get(before + unit[start:end])) for end in ends)
        return [(end, piece) for end, piece in pieces if piece is not None]


Arc = tuple[int, int, float, int]
"""Start, end, score and id of a subword in a unit."""
_UNKNOWN = -1
"""Id of an unknown character among arcs."""


class UnigramSampling(Segmentation):
    """Subword regularisation with a unigram language model (Kudo 2018, section 3.3).

    The probability of a segmentation x is proportional to P(x)**alpha, where P(x) is the product of
    the probabilities of its subwords. It is drawn from the ``nbest_size`` most probable ones, or by
    forward filtering and backward sampling from all.

    Args:
        model: section ``model`` of ``tokenizer.json``.
        alpha: exponent; 0 makes all segmentations equally likely.
        nbest_size: number of segmentations to draw from; 1 is no sampling, ``None`` all.
    """

    def __init__(self, model: Mapping[str, Any], alpha: float, nbest_size: int | None) -> None:
        self._alpha, self._nbest_size = alpha, nbest_size
        vocabulary = model["vocab"]
        self._pieces = {p: (index, score) for index, (p, score) in enumerate(vocabulary)}
        self._longest_piece = max((len(piece) for piece, _ in vocabulary), default=0)
        self._unknown = model.get("unk_id")
        self._unknown_score = min((s for _, s in vocabulary), default=0.0) - UNKNOWN_PENALTY
        self._ids = {p: i for p, (i, _) in self._pieces.items()}
        self._byte_fallback = bool(model.get("byte_fallback"))
        self._lattice_of = lru_cache(REMEMBERED)(self._lattice)
        self._best_of = lru_cache(REMEMBERED)(self._best)

    def fixed(self, unit: str) -> list[int]:
        """The most probable segmentation."""
        return self._with_unknown(unit, self._best(unit, 1)[0][1]) if unit else []

    def sampled(self, unit: str, draws: np.random.Generator) -> list[int]:
        """A segmentation, drawn."""
        if not unit:
            return []
        if self._nbest_size is None:
            return self._with_unknown(unit, self._sampled_backward(unit, draws))
        best = self._best_of(unit, self._nbest_size)
        weights = np.exp(self._alpha * (np.array([score for score, _ in best]) - best[0][0]))
        return self._with_unknown(unit, best[_index(weights, draws)][1])

    def _lattice(self, unit: str) -> tuple[list[list[Arc]], list[float]]:
        """The arcs that end at each place, and for sampling the sum over all paths to it.

        Sums are logarithms of the sums of P(x)**alpha.
        """
        arcs: list[list[Arc]] = [[] for _ in range(len(unit) + 1)]
        for start in range(len(unit)):
            furthest = min(len(unit), start + self._longest_piece)
            for end in range(start + 1, max(furthest, start + 1) + 1):
                found = self._pieces.get(unit[start:end])
                if found is not None:
                    arcs[end].append((start, end, found[1], found[0]))
                elif end == start + 1:
                    arcs[end].append((start, end, self._unknown_score, _UNKNOWN))
        sums = [0.0]
        for end in range(1, len(unit) + 1):
            logs = [sums[start] + self._alpha * score for start, _, score, _ in arcs[end]]
            greatest = max(logs)
            sums.append(greatest + math.log(sum(math.exp(x - greatest) for x in logs)))
        return arcs, sums

    def _best(self, unit: str, number: int) -> list[tuple[float, list[Arc]]]:
        """The most probable segmentations, best first; of equals that of the earlier arcs."""
        arcs, _ = self._lattice_of(unit)
        best: list[list[tuple[float, list[Arc]]]] = [[(0.0, [])]]
        for end in range(1, len(unit) + 1):
            paths = [
                (total + arc[2], [*path, arc]) for arc in arcs[end] for total, path in best[arc[0]]
            ]
            paths.sort(key=lambda found: -found[0])
            best.append(paths[:number])
        return best[-1]

    def _sampled_backward(self, unit: str, draws: np.random.Generator) -> list[Arc]:
        arcs, sums = self._lattice_of(unit)
        path: list[Arc] = []
        end = len(unit)
        while end:
            weights = [math.exp(sums[a[0]] + self._alpha * a[2] - sums[end]) for a in arcs[end]]
            path.append(arcs[end][_index(weights, draws)])
            end = path[-1][0]
        return path[::-1]

    def _with_unknown(self, unit: str, path: Sequence[Arc]) -> list[int]:
        """The ids of a path; consecutive unknown characters are one unknown subword, or bytes."""
        ids: list[int] = []
        before = None
        for place, (start, end, _, piece) in enumerate(path):
            if piece != _UNKNOWN:
                ids.append(piece)
            elif before != _UNKNOWN:
                run = next((a[0] for a in path[place:] if a[3] != _UNKNOWN), len(unit))
                text = unit[start : max(run, end)]
                found = _byte_ids(text, self._ids) if self._byte_fallback else None
                ids.extend(found or ([] if self._unknown is None else [self._unknown]))
            before = piece
        return ids


def _index(weights: Sequence[float], draws: np.random.Generator) -> int:
    """An index with a probability in proportion to its weight."""
    sums = np.cumsum(weights)
    return int(min(np.searchsorted(sums, draws.random() * sums[-1], "right"), len(sums) - 1))


def _byte_ids(text: str, ids: Mapping[str, int]) -> list[int] | None:
    """The ids of the bytes of a text, or ``None`` if the vocabulary lacks one of them."""
    found = [ids.get(f"<0x{byte:02X}>") for byte in text.encode()]
    return None if None in found else found


def segmentation_of(
    tokenizer: Tokenizer, settings: Mapping[str, Any], path: Path | str
) -> Segmentation:
    """The random segmentations that fit a vocabulary.

    Args:
        tokenizer: tokenizer of the encoder.
        settings: ``dropout`` for BPE and WordPiece, ``alpha`` and ``nbest_size`` for Unigram.
        path: its ``tokenizer.json``, for messages.

    Raises:
        InputError: the vocabulary has one segmentation of each word only, or is of another kind
            than the settings.
    """
    model = json.loads(tokenizer.to_str())["model"]
    kind = model["type"]
    if kind not in ("BPE", "WordPiece", "Unigram") or (kind == "BPE" and not model["merges"]):
        units = "characters or bytes" if kind == "BPE" else f"the kind {kind}"
        raise InputError(
            f"{path}: a vocabulary of {units}, in which each word has one segmentation; remove "
            "`noise.subwords`, which is for BPE, WordPiece and Unigram"
        )
    given, needed = sorted(settings), ["alpha", "nbest_size"] if kind == "Unigram" else ["dropout"]
    if given != needed:
        raise InputError(
            f"{path}: a vocabulary of the kind {kind}; `noise.subwords` has {' and '.join(given)} "
            f"where it needs {' and '.join(needed)}"
        )
    if kind == "Unigram":
        return UnigramSampling(model, settings["alpha"], settings["nbest_size"])
    of_kind = BPEDropout if kind == "BPE" else MaxMatchDropout
    return of_kind(model, settings["dropout"])
