"""Character noise: its rate, each operation by hand, and the alphabets."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from xltransfer.corpora.noise import (
    DELETE,
    INSERT,
    OPERATIONS,
    PUBLISHED,
    REPLACE,
    SWAP,
    CharacterNoise,
    read_alphabet,
)
from xltransfer.runtime.errors import InputError


class Scripted:
    """A source of randomness that gives the integers of a script, each below its limit."""

    def __init__(self, *numbers: int) -> None:
        self._numbers: Iterator[int] = iter(numbers)

    def integers(self, limit: int) -> int:
        number = next(self._numbers)
        assert 0 <= number < limit
        return number


@pytest.mark.parametrize(
    ("operation", "numbers", "expected"),
    [
        (INSERT, (0, 1), "yword"),
        (INSERT, (4, 2), "wordz"),
        (INSERT, (2, 0), "woxrd"),
        (DELETE, (0,), "ord"),
        (DELETE, (3,), "wor"),
        (REPLACE, (1, 2), "wzrd"),
        (SWAP, (0,), "owrd"),
        (SWAP, (2,), "wodr"),
    ],
)
def test_operations_by_hand(operation: str, numbers: tuple[int, ...], expected: str) -> None:
    """The place is drawn first, then the letter of the alphabet."""
    noise = CharacterNoise(1, OPERATIONS, "xyz")
    assert noise.changed(operation, "word", Scripted(*numbers)) == expected


def test_a_letter_is_never_replaced_by_itself() -> None:
    noise = CharacterNoise(1, [REPLACE], "abc")
    assert noise.changed(REPLACE, "b", Scripted(0, 1)) == "c"
    only = CharacterNoise(1, [REPLACE], "a")
    assert not only.is_possible(REPLACE, "aaa")
    assert only.changed(REPLACE, "aba", Scripted(0, 0)) == "aaa"


def test_neighbours_that_are_equal_are_not_swapped() -> None:
    noise = CharacterNoise(1, [SWAP], "")
    assert not noise.is_possible(SWAP, "aa") and not noise.is_possible(SWAP, "a")
    assert noise.changed(SWAP, "aab", Scripted(0)) == "aba"


def test_no_word_becomes_empty() -> None:
    noise = CharacterNoise(1, [DELETE], "x")
    assert noise(["a", "ab", "1", "."], np.random.default_rng(1))[0] == "a"
    many = CharacterNoise(1, PUBLISHED, "x")
    words = ["a"] * 1000
    found = many(words, np.random.default_rng(1))
    assert set(found) == {"x", "ax", "xa"}


def corpus(words: int) -> list[list[str]]:
    """Sentences of 5 to 40 words, of which some are numbers and punctuation."""
    draws = np.random.default_rng(5)
    vocabulary = ["der", "Hund", "Haus", "übt", "x", "1984", ",", "so-genannt"]
    sentences = []
    while words > 0:
        size = min(words, int(draws.integers(5, 41)))
        sentences.append([vocabulary[i] for i in draws.integers(len(vocabulary), size=size)])
        words -= size
    return sentences


@pytest.mark.parametrize("share", [0.15, 0.35, 0.75])
def test_the_rate_over_100_000_words(share: float) -> None:
    """Of the words with a letter, in each sentence to the nearest word; over all within 1 %."""
    noise = CharacterNoise(share, PUBLISHED, "abcü")
    sentences = corpus(100_000)
    made: Counter[str] = Counter()
    changed = letters = 0
    for number, words in enumerate(sentences):
        found = noise(words, np.random.default_rng([1, number]), made)
        assert len(found) == len(words)
        assert all(a == b for a, b in zip(words, found, strict=True) if a in ("1984", ","))
        with_letter = sum(word not in ("1984", ",") for word in words)
        differing = sum(a != b for a, b in zip(words, found, strict=True))
        assert differing == round(share * with_letter)
        changed, letters = changed + differing, letters + with_letter
    assert changed / letters == pytest.approx(share, rel=0.01)
    assert sum(made.values()) == changed
    # "x" is one word in six and cannot be shortened.
    one_letter = 1 / 6
    expected = {DELETE: (1 - one_letter) / 3, INSERT: (1 - one_letter) / 3 + one_letter / 2}
    for name, part in (*expected.items(), (REPLACE, expected[INSERT])):
        assert made[name] / changed == pytest.approx(part, rel=0.05), name


def test_places_and_letters_are_equally_likely() -> None:
    noise = CharacterNoise(1, [REPLACE], "xy")
    found = Counter(noise(["abc"] * 12_000, np.random.default_rng(3)))
    assert sorted(found) == ["abx", "aby", "axc", "ayc", "xbc", "ybc"]
    assert all(abs(count - 2000) < 4 * np.sqrt(2000) for count in found.values())


@given(
    st.lists(st.text(min_size=1, max_size=6), max_size=12),
    st.floats(0, 1),
    st.sets(st.sampled_from(OPERATIONS), min_size=1),
    st.integers(0, 9),
)
def test_sentences_keep_their_words(
    words: list[str], share: float, operations: set[str], seed: int
) -> None:
    noise = CharacterNoise(share, sorted(operations), "ab")
    found = noise(words, np.random.default_rng(seed))
    assert len(found) == len(words) and all(found)
    assert found == noise(words, np.random.default_rng(seed))
    assert all(abs(len(a) - len(b)) <= 1 for a, b in zip(words, found, strict=True))


def test_the_order_of_operations_has_no_effect() -> None:
    words = ["word"] * 50
    one, other = (CharacterNoise(1, names, "xyz") for names in (OPERATIONS, OPERATIONS[::-1]))
    assert one(words, np.random.default_rng(1)) == other(words, np.random.default_rng(1))


def test_an_unknown_operation_is_refused() -> None:
    with pytest.raises(InputError, match="'drop' is none of insert, delete, replace, swap"):
        CharacterNoise(0.1, ["drop"], "a")


def test_alphabets(tmp_path: Path) -> None:
    """The letters of raw text and of the words of a treebank; not digits, not rare letters."""
    text = tmp_path / "training.txt"
    text.write_text("Äpfel, 12 €\n" + "abc " * 4000 + "\nж\n", encoding="utf-8")
    # 12,006 letters: those that occur once are rarer than one in 10,000.
    assert read_alphabet(text) == "abc"
    text.write_text("Äpfel, 12 €\nabc\nж\n", encoding="utf-8")
    assert read_alphabet(text) == "abceflpÄж"
    treebank = tmp_path / "train.conllu"
    row = "{}\t{}\tlemma\tNOUN\t_\t_\t{}\t{}\t_\t_\n"
    treebank.write_text(
        "# text = zz Ki\n" + row.format(1, "Ki", 0, "root") + row.format(2, "2a", 1, "dep") + "\n"
    )
    assert read_alphabet(treebank) == "Kai"
    text.write_text("12 13\n")
    with pytest.raises(InputError, match="has no letters for noise"):
        read_alphabet(text)
