"""Word translation by mapped vectors: ranks of right translations, coverage, sentence retrieval."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from ..corpora.dictionaries import Pair, by_source_word
from ..corpora.word_tokens import lowercased
from ..embeddings.csls import nearest, nearest_by_csls, unit
from ..embeddings.few_queries import nearest_by_csls_of_few
from ..embeddings.word_vectors import WordVectors
from .word_translation_names import CSLS, NEAREST_NEIGHBOUR, PRECISIONS, RETRIEVALS

LARGE = 20_000
"""Words of a vocabulary above which test words count as few."""
CLOUD = 150
"""Number of source words in a figure of the two spaces."""


@dataclass(frozen=True)
class TestWords:
    """The source words of a test dictionary and their translations, so far as they have vectors.

    Attributes:
        source_words, pairs: numbers of source words and pairs in the dictionary.
        covered_pairs: number of pairs of which both words have a vector.
        words: source words with a covered pair, in the order of the dictionary.
        translations: rows of the covered translations of each word.
    """

    source_words: int
    pairs: int
    covered_pairs: int
    words: list[str]
    translations: list[list[int]]


def covered_words(pairs: Sequence[Pair], source: WordVectors, target: WordVectors) -> TestWords:
    """The covered part of a test dictionary.

    As in MUSE, a pair is dropped if either word has no vector, and a source word if no pair
    remains; how many, is what coverage says.
    """
    by_word = by_source_word(pairs)
    known = {
        word: [target.index[other] for other in others if other in target.index]
        for word, others in by_word.items()
        if word in source.index
    }
    words = [word for word, rows in known.items() if rows]
    rows = [known[word] for word in words]
    return TestWords(len(by_word), len(pairs), sum(map(len, rows)), words, rows)


def translation_ranks(
    test: TestWords,
    source: WordVectors,
    target: WordVectors,
    mapping: np.ndarray,
    neighbours: int,
) -> dict[str, list[int]]:
    """The rank of the first right translation of each word, by both kinds of retrieval.

    All target words are candidates.

    Args:
        test: covered part of a test dictionary.
        source, target: normalised vectors of the vocabularies.
        mapping: map of the source vectors.
        neighbours: k of CSLS.

    Returns:
        Retrieval → ranks from 1; 0 if no right translation is among the ten nearest words.
    """
    mapped, candidates = unit(source.vectors @ mapping), unit(target.vectors)
    queries = mapped[[source.index[word] for word in test.words]]
    count = max(PRECISIONS)
    # Both find the same.
    search = nearest_by_csls_of_few if len(mapped) > LARGE else nearest_by_csls
    found = {
        NEAREST_NEIGHBOUR: nearest(queries, candidates, count)[1],
        CSLS: search(queries, mapped, candidates, count, neighbours)[1],
    }
    return {
        name: [_first_rank(row, right) for row, right in zip(rows, test.translations, strict=True)]
        for name, rows in found.items()
    }


def _first_rank(row: np.ndarray, right: Sequence[int]) -> int:
    places = np.flatnonzero(np.isin(row, right))
    return int(places[0]) + 1 if len(places) else 0


def sentence_accuracy(
    source: Sequence[Sequence[str]],
    target: Sequence[Sequence[str]],
    vectors: tuple[WordVectors, WordVectors],
    mapping: np.ndarray,
    neighbours: int,
) -> dict[str, float]:
    """How often the nearest sentence by mean word vectors is the translation.

    Args:
        source, target: words of parallel sentences, aligned by place.
        vectors: normalised vectors of both languages.
        mapping: map of the source vectors.
        neighbours: k of CSLS.

    Returns:
        ``sentences``, the number of sentences with a known word on both sides, and the accuracy in
        percent of each retrieval.
    """
    means = [_mean_vectors(*side) for side in zip((source, target), vectors, strict=True)]
    kept = np.flatnonzero(np.all([np.linalg.norm(side, axis=1) > 0 for side in means], axis=0))
    if not len(kept):
        return {"sentences": 0, **dict.fromkeys(RETRIEVALS, float("nan"))}
    one, other = unit(means[0][kept] @ mapping), unit(means[1][kept])
    own = np.arange(len(kept))
    found = {
        NEAREST_NEIGHBOUR: nearest(one, other, 1)[1][:, 0],
        CSLS: nearest_by_csls(one, one, other, 1, neighbours)[1][:, 0],
    }
    accuracy = {name: 100 * float((rows == own).mean()) for name, rows in found.items()}
    return {"sentences": len(kept), **accuracy}


def _mean_vectors(sentences: Sequence[Sequence[str]], vectors: WordVectors) -> np.ndarray:
    """The mean vector of the known words of each sentence; zero if there are none."""
    found = np.zeros((len(sentences), vectors.dimensions))
    for place, words in enumerate(sentences):
        rows = [
            vectors.index[form]
            for word in words
            if (form := word if word in vectors.index else lowercased(word)) in vectors.index
        ]
        if rows:
            found[place] = vectors.vectors[rows].mean(axis=0, dtype=np.float64)
    return found


def clouds(
    test: TestWords, source: WordVectors, target: WordVectors, mapping: np.ndarray
) -> list[Mapping[str, object]]:
    """Test words and their first translations in two dimensions, before and after mapping.

    The dimensions are the first two principal components of both languages' words together.

    Returns:
        ``state`` (``before`` or ``after``), ``side``, ``word``, ``x``, ``y`` and ``pair``, the
        number of the pair. Nothing before mapping if the spaces have different dimensions.
    """
    words = test.words[:CLOUD]
    own = source.vectors[[source.index[word] for word in words]]
    rows = [translations[0] for translations in test.translations[:CLOUD]]
    states = {"before": own, "after": unit(own @ mapping)}
    names = words + [target.words[row] for row in rows]
    found: list[Mapping[str, object]] = []
    for state, vectors in states.items():
        if len(words) < 2 or vectors.shape[1] != target.dimensions:
            continue
        plane = principal_plane(np.concatenate([vectors, target.vectors[rows]]))
        for place, (word, (x, y)) in enumerate(zip(names, plane.tolist(), strict=True)):
            side = "source" if place < len(words) else "target"
            pair = place % len(words)
            found.append({"state": state, "side": side, "pair": pair, "word": word, "x": x, "y": y})
    return found


def principal_plane(vectors: np.ndarray) -> np.ndarray:
    """Coordinates in the first two principal components; shape (vectors, 2).

    The sign of a component is that which makes its largest coordinate positive.
    """
    centred = vectors.astype(np.float64) - vectors.mean(axis=0, dtype=np.float64)
    left, values, _ = np.linalg.svd(centred, full_matrices=False)
    plane = (left * values)[:, :2]
    largest = plane[np.abs(plane).argmax(axis=0), np.arange(plane.shape[1])]
    return plane * np.where(largest < 0, -1, 1)
