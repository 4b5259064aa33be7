"""Raw text in pieces: packing keeps each once, batches fit, languages come in their proportion."""

from __future__ import annotations

import hashlib
from collections import Counter
from itertools import product
from pathlib import Path

import numpy as np
import pytest
from encoders import make_encoder
from hypothesis import given
from hypothesis import strategies as st
from xltransfer.corpora.language_sampling import (
    SampledLines,
    apportion,
    sampling_probabilities,
    stretch,
)
from xltransfer.corpora.lines import Lines
from xltransfer.encoders.batch_plan import plan_batches
from xltransfer.encoders.text_tokenizer import TextTokenizer
from xltransfer.encoders.vocabulary import SPECIAL_TOKENS, train_wordpiece
from xltransfer.records.verification import verified_checksums
from xltransfer.runtime.errors import InputError
from xltransfer.training.pretraining import checksums
from xltransfer.training.tokenised_text import TokenisedText

TEXT = ["the cat sat on the mat", "unbelievable", "a dog barked at the other dog", "", "cats"]
PADDING, CLS, SEP, MASK = 0, 2, 3, 4


@pytest.fixture(scope="module")
def tokenizer(tmp_path_factory: pytest.TempPathFactory) -> TextTokenizer:
    return TextTokenizer(make_encoder(tmp_path_factory.mktemp("encoder")))


class FakeTokenizer:
    """A word is as many pieces as it has letters; ids count up through the whole text."""

    prefix, suffix, padding = [CLS], [SEP], PADDING

    def __init__(self) -> None:
        self.next = 10

    def encode(self, lines):
        return [self._encode(line.split()) for line in lines]

    def _encode(self, words):
        word_ids = [number for number, word in enumerate(words) for _ in word]
        first, self.next = self.next, self.next + len(word_ids)
        return FakeEncoding(list(range(first, self.next)), word_ids)


class FakeEncoding:
    def __init__(self, ids, word_ids) -> None:
        self.ids, self.word_ids = ids, word_ids

    def __len__(self) -> int:
        return len(self.ids)


def bodies(text: TokenisedText, rows) -> list[list[int]]:
    """Rows without padding, checked to have their special tokens where they belong."""
    ids, mask, _ = text.collate(rows)
    found = []
    for row, keep in zip(ids.tolist(), mask.tolist(), strict=True):
        length = sum(keep)
        assert keep == [1] * length + [0] * (len(keep) - length)
        assert row[0] == CLS and row[length - 1] == SEP and set(row[length:]) <= {PADDING}
        found.append(row[1 : length - 1])
    return found


def test_rows_by_line_by_hand() -> None:
    text = TokenisedText(["ab c", "", "defgh", "i"], FakeTokenizer(), False, True)
    assert text.pieces.tolist() == list(range(10, 19)) and text.pieces.dtype == np.int32
    assert text.word_starts.tolist() == [True, False, True, True, *[False] * 4, True]
    assert text.lines == 4
    rows = text.rows_by_line(longest=5)
    assert bodies(text, rows) == [[10, 11, 12], [13, 14, 15], [16, 17], [18]]
    _, _, words = text.collate(rows)
    assert words.tolist() == [
        [True, True, False, True, True],
        [True, True, False, False, True],
        [True, True, False, True, True],  # begins in the middle of a word; then [SEP], padding
        [True, True, True, True, True],
    ]


def test_rows_by_block_by_hand() -> None:
    text = TokenisedText(["abc", "de"], FakeTokenizer(), True, True)
    assert text.pieces.tolist() == [10, 11, 12, SEP, 13, 14, SEP]
    assert text.word_starts.tolist() == [True, False, False, True, True, False, True]
    assert bodies(text, text.rows_by_block(5, 0)) == [[10, 11, 12], [SEP, 13, 14], [SEP]]
    assert bodies(text, text.rows_by_block(5, 5)) == [[14, SEP, 10], [11, 12, SEP], [13]]


lines = st.lists(st.lists(st.integers(1, 9), max_size=5), min_size=1, max_size=8)


@given(lines=lines, size=st.integers(3, 12), offset=st.integers(0, 1000))
def test_packing_keeps_every_piece_once_and_in_order(lines, size, offset) -> None:
    written = [" ".join("x" * letters for letters in words) for words in lines]
    count = sum(map(sum, lines))
    text = TokenisedText(written, FakeTokenizer(), False, False)
    found = bodies(text, text.rows_by_line(size)) if count else []
    assert [piece for row in found for piece in row] == list(range(10, 10 + count))
    assert all(0 < len(row) <= size - 2 for row in found)
    assert len(text.rows_by_line(size)) == sum(-(-sum(words) // (size - 2)) for words in lines)

    text = TokenisedText(written, FakeTokenizer(), True, False)
    total = count + len(lines)
    offset %= total
    rows = text.rows_by_block(size, offset)
    found = bodies(text, rows)
    assert [piece for row in found for piece in row] == np.roll(text.pieces, -offset).tolist()
    assert all(len(row) == size - 2 for row in found[:-1])
    assert len(rows) == len(text.rows_by_block(size, 0))


def test_pieces_are_those_of_the_tokenizer(tokenizer: TextTokenizer) -> None:
    text = TokenisedText(TEXT, tokenizer, False, False)
    expected = [row.tolist() for row in tokenizer.rows(TEXT, 32) if len(row) > 2]
    assert [[CLS, *body, SEP] for body in bodies(text, text.rows_by_line(32))] == expected
    assert tokenizer.mask == MASK
    assert tokenizer.ordinary.tolist() == list(range(5, tokenizer.vocabulary_size))


def plan_slowly(lengths, rows, budget, order) -> list[list[int]]:
    """What is planned, one example after the other."""
    by_length = sorted(order.tolist(), key=lambda index: (lengths[index], rows[index]))
    batches: list[list[int]] = []
    held = 0
    for index in by_length:
        if not batches or (held + rows[index]) * lengths[index] > budget:
            batches.append([])
            held = 0
        batches[-1].append(index)
        held += rows[index]
    return batches


@given(
    sizes=st.lists(st.tuples(st.integers(1, 20), st.integers(1, 4)), min_size=1, max_size=60),
    budget=st.integers(1, 80),
    seed=st.integers(0, 5),
)
def test_batches_are_planned_as_one_would_by_hand(sizes, budget, seed) -> None:
    order = np.random.default_rng(seed).permutation(len(sizes))
    lengths, rows = np.array(sizes).T
    found = plan_batches(lengths, budget, order, rows)
    assert [batch.tolist() for batch in found] == plan_slowly(lengths, rows, budget, order)
    ones = np.ones_like(rows)
    found = plan_batches(lengths, budget, order)
    assert [batch.tolist() for batch in found] == plan_slowly(lengths, ones, budget, order)


def test_sampling_probabilities_by_hand() -> None:
    """Sizes 900 and 100: 0.9^0.5 = 0.9487, 0.1^0.5 = 0.3162."""
    assert sampling_probabilities([900, 100], 0.5) == pytest.approx([0.75, 0.25])
    assert sampling_probabilities([900, 100], 0.7) == pytest.approx([0.8232, 0.1768], abs=1e-4)
    assert sampling_probabilities([900, 100], 1.0) == pytest.approx([0.9, 0.1])
    assert sampling_probabilities([5, 900, 100], 0.0) == pytest.approx([1 / 3] * 3)


def test_apportioned_by_hand() -> None:
    """7 × (0.5, 0.3, 0.2) = (3.5, 2.1, 1.4): the one left goes to the first."""
    assert apportion(np.array([0.5, 0.3, 0.2]), 7).tolist() == [4, 2, 1]
    assert apportion(np.array([0.97, 0.02, 0.01]), 5).tolist() == [3, 1, 1]


@given(sizes=st.lists(st.integers(1, 10_000), min_size=1, max_size=9), more=st.integers(0, 500))
def test_apportioned_numbers_add_up(sizes, more) -> None:
    counts = apportion(sampling_probabilities(sizes, 0.7), len(sizes) + more)
    assert counts.sum() == len(sizes) + more and counts.min() >= 1


@given(size=st.integers(1, 7), first=st.integers(0, 30), count=st.integers(0, 30))
def test_stretches_of_rounds_join(size, first, count) -> None:
    endless = [(number, place) for number in range(70) for place in range(size)]
    found = stretch(lambda n: [(n, place) for place in range(size)], size, first, count)
    assert found == endless[first : first + count]


def test_sampled_lines_repeat_evenly() -> None:
    texts = [[f"a{n}" for n in range(10)], ["b0", "b1", "b2"]]
    sampled = SampledLines(texts, [10, 3], [6, 7], seed=1)
    assert list(sampled) == list(sampled)
    times = Counter(sampled)
    assert sorted(times[line] for line in texts[0]) == [0] * 4 + [1] * 6
    assert sorted(times[line] for line in texts[1]) == [2, 2, 3]
    assert list(sampled) != list(SampledLines(texts, [10, 3], [6, 7], seed=2))


def test_sampling_changes_the_vocabulary() -> None:
    many = ["".join(letters) for letters in product("abcd", repeat=3)] * 4
    texts = [many, ["xyxyxy"]]
    plain = train_wordpiece(SampledLines(texts, [256, 1], [256, 1], 1), 44)
    level = train_wordpiece(SampledLines(texts, [256, 1], [129, 128], 1), 44)
    assert level.encode("xyxyxy").tokens[1:-1] == ["xyxyxy"]
    assert len(plain.encode("xyxyxy").tokens[1:-1]) > 1


def test_vocabulary_of_a_small_text_is_small() -> None:
    assert train_wordpiece(["ab ab"], 100).get_vocab_size() < 20


def test_rare_characters_leave_room_for_pieces() -> None:
    rare = [chr(0x4E00 + number) for number in range(200)]
    tokenizer = train_wordpiece(["banana bandana"] * 300 + rare + [f"x{c}" for c in rare], 60)
    assert tokenizer.get_vocab_size() <= 60
    assert len(tokenizer.encode("banana").tokens) == 3
    assert SPECIAL_TOKENS[1] in tokenizer.encode(rare[-1]).tokens
    assert train_wordpiece(iter(TEXT), 60).get_vocab() == train_wordpiece(TEXT, 60).get_vocab()


def test_lines_stream(tmp_path: Path) -> None:
    path = tmp_path / "text.txt"
    path.write_bytes("\ufeffä b\n\nc\r\n\nd".encode())
    assert list(Lines(path)) == ["ä b", "c\r", "d"]
    assert list(Lines(path, 1)) == ["c\r", "d"] and list(Lines(path, 0, 2)) == ["ä b", "c\r"]
    assert Lines(path, 1, 2).count() == 1


def test_broken_text_is_refused_with_its_line(tmp_path: Path) -> None:
    path = tmp_path / "text.txt"
    path.write_bytes(b"fine\nnot \xff fine\n")
    with pytest.raises(InputError, match=r"text\.txt:2: byte 0xff is not UTF-8"):
        list(Lines(path))
    with pytest.raises(InputError, match=r"none\.txt: cannot be read"):
        list(Lines(tmp_path / "none.txt"))


def test_checksums_tell_files_of_one_name_apart(tmp_path: Path) -> None:
    paths = [tmp_path / name / "text.txt" for name in ("a", "b")]
    for path in paths:
        path.parent.mkdir()
        path.write_text(path.parent.name)
    read = verified_checksums(paths)
    one, two = (hashlib.sha256(name).hexdigest() for name in (b"a", b"b"))
    assert checksums(paths, read) == {"a/text.txt": one, "b/text.txt": two}
    assert checksums(paths[:1], read) == {"text.txt": one}
