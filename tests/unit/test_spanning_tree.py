"""Decoding against an exhaustive search."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest
from xltransfer.tasks.heads.spanning_tree import best_tree, decode_trees


def is_tree(heads: tuple[int, ...]) -> bool:
    """One root, and every word reaches it."""
    if list(heads).count(0) != 1:
        return False
    for word in range(1, len(heads) + 1):
        seen = set()
        while word:
            if word in seen:
                return False
            seen.add(word)
            word = heads[word - 1]
    return True


@cache
def all_trees(words: int) -> np.ndarray:
    """The heads of every tree with one root; shape (trees, words)."""
    heads = np.indices((words + 1,) * words, dtype=np.int8).reshape(words, -1).T
    heads = heads[(heads == 0).sum(axis=1) == 1]
    ancestors = np.pad(heads, ((0, 0), (1, 0)))
    for _ in range(words):
        ancestors = np.take_along_axis(np.pad(heads, ((0, 0), (1, 0))), ancestors, axis=1)
    return heads[(ancestors == 0).all(axis=1)]


def exhaustive(scores: np.ndarray) -> tuple[tuple[int, ...], float]:
    """The best single-root tree among all."""
    words = len(scores)
    trees = all_trees(words)
    totals = scores[np.arange(words), trees].sum(axis=1)
    return tuple(trees[totals.argmax()].tolist()), totals.max()


@pytest.mark.parametrize("words", range(1, 8))
def test_all_trees_are_as_many_as_there_are(words: int) -> None:
    """Cayley's formula: n^(n-1) rooted trees."""
    assert len(all_trees(words)) == words ** (words - 1)


@pytest.mark.parametrize("words", range(1, 8))
def test_best_tree_is_the_best_of_all(words: int) -> None:
    draws = np.random.default_rng(words)
    for _ in range(60):
        scores = draws.normal(size=(words, words + 1))
        # Make several roots tempting, which is where unconstrained decoders go wrong.
        scores[:, 0] += draws.choice([0, 3])
        scores[np.arange(words), np.arange(words) + 1] = -np.inf
        expected, expected_score = exhaustive(scores)
        found = best_tree(scores)
        assert is_tree(tuple(found))
        assert tuple(found) == expected
        score = sum(scores[d, h] for d, h in enumerate(found))
        assert score == pytest.approx(expected_score)


@pytest.mark.parametrize("words", range(1, 8))
def test_a_tree_of_equal_scores_is_one_of_the_best(words: int) -> None:
    draws = np.random.default_rng(words)
    for _ in range(60):
        scores = draws.integers(0, 3, size=(words, words + 1)).astype(float)
        found = best_tree(scores)
        assert is_tree(tuple(found))
        assert scores[np.arange(words), found].sum() == exhaustive(scores)[1]


@pytest.mark.parametrize("words", range(2, 8))
def test_forbidden_arcs_are_avoided_if_there_is_a_tree_without_them(words: int) -> None:
    draws, avoided = np.random.default_rng(words), 0
    for _ in range(60):
        scores = draws.normal(size=(words, words + 1))
        scores[draws.random(scores.shape) < 0.5] = draws.choice([-np.inf, np.nan, np.inf])
        found = best_tree(scores)
        assert is_tree(tuple(found))
        low = np.where(np.isfinite(scores), scores, -1e6)
        expected, best = exhaustive(low)
        if best > -1e5:
            avoided += 1
            assert tuple(found) == expected
    assert avoided


def test_scores_without_any_arc_give_a_tree() -> None:
    assert is_tree(tuple(best_tree(np.full((4, 5), np.nan))))


@pytest.mark.parametrize("words", [1, 2, 5, 12, 40])
def test_the_library_finds_the_same_trees(words: int) -> None:
    """If `ufal.chu_liu_edmonds`, an implementation in C++, is installed."""
    library = pytest.importorskip("ufal.chu_liu_edmonds")
    draws = np.random.default_rng(words)
    for _ in range(100):
        scores = draws.normal(size=(words, words + 1))
        scores[:, 0] += draws.choice([0, 3])
        scores[np.arange(words), np.arange(words) + 1] = np.nan
        matrix = np.full((words + 1, words + 1), np.nan)
        matrix[1:] = scores
        matrix[1:, 0] -= 1000
        assert best_tree(scores).tolist() == library.chu_liu_edmonds(matrix)[0][1:]


def test_batch_with_padding_equals_sentences_alone() -> None:
    draws = np.random.default_rng(0)
    lengths = np.array([1, 5, 3, 6, 6, 2])
    scores = np.full((6, 6, 7), -np.inf)
    for sentence, length in enumerate(lengths):
        block = draws.normal(size=(length, length + 1))
        block[np.arange(length), np.arange(length) + 1] = -np.inf
        scores[sentence, :length, : length + 1] = block
    # Padding rows may hold anything.
    scores[0, 1:] = draws.normal(size=(5, 7))
    heads = decode_trees(scores, lengths)
    for sentence, length in enumerate(lengths):
        expected, _ = exhaustive(scores[sentence, :length, : length + 1])
        assert tuple(heads[sentence, :length]) == expected
        assert not heads[sentence, length:].any()


def test_greedy_shortcut_and_search_agree() -> None:
    """A sentence whose best heads form a tree gets the same tree from the search."""
    draws = np.random.default_rng(1)
    checked = 0
    for _ in range(200):
        scores = draws.normal(size=(4, 5))
        scores[np.arange(4), np.arange(4) + 1] = -np.inf
        greedy = tuple(scores.argmax(axis=1))
        if is_tree(greedy):
            checked += 1
            assert tuple(best_tree(scores)) == greedy
            assert tuple(decode_trees(scores[None], np.array([4]))[0]) == greedy
    assert checked > 10
