"""Decoding against an exhaustive search."""

from __future__ import annotations

from itertools import product

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


def exhaustive(scores: np.ndarray) -> tuple[tuple[int, ...], float]:
    """The best single-root tree among all."""
    words = len(scores)
    best, best_score = (), -np.inf
    for heads in product(range(words + 1), repeat=words):
        if is_tree(heads):
            score = sum(scores[d, h] for d, h in enumerate(heads))
            if score > best_score:
                best, best_score = heads, score
    return best, best_score


@pytest.mark.parametrize("words", range(1, 7))
def test_best_tree_is_the_best_of_all(words: int) -> None:
    draws = np.random.default_rng(words)
    for _ in range(8 if words == 6 else 40):
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
