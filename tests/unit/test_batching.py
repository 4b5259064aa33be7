"""Words to pieces to windows to batches, and back to words."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from encoders import ARCHITECTURES, make_encoder
from hypothesis import given, settings
from hypothesis import strategies as st
from tokenizers import Tokenizer
from xltransfer.encoders.batching import collate, make_example, plan_examples, training_batches
from xltransfer.encoders.tokenizer import WordPieces, WordTokenizer
from xltransfer.encoders.transformer import load_encoder, longest_input
from xltransfer.runtime.errors import InputError
from xltransfer.training.model import WordModel


@pytest.fixture(scope="module")
def tokenizer(tmp_path_factory: pytest.TempPathFactory) -> WordTokenizer:
    return WordTokenizer(make_encoder(tmp_path_factory.mktemp("encoder")))


def test_every_word_has_a_first_piece(tokenizer: WordTokenizer) -> None:
    words = ["the", "\x01", "unbelievable", "\u200b", "cat"]
    (sentence,) = tokenizer([words])
    assert len(sentence.first) == len(words)
    assert (np.diff(sentence.first) > 0).all()
    alone = [tokenizer([[word]])[0].pieces for word in words]
    assert np.array_equal(sentence.pieces, np.concatenate(alone))
    assert list(sentence.first) == list(np.cumsum([0, *map(len, alone[:-1])]))


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_special_tokens_and_longest_input(architecture: str, tmp_path: Path) -> None:
    directory = make_encoder(tmp_path, architecture)
    tokenizer = WordTokenizer(directory)
    assert len(tokenizer.prefix) == 1 and len(tokenizer.suffix) == 1
    expected = {"bert": 32, "xlm-roberta": 32, "distilbert": 32, "mt5": 512}
    assert longest_input(load_encoder(directory)) == expected[architecture]


def test_truncation_and_padding_inside_the_file_are_switched_off(tmp_path: Path) -> None:
    directory = make_encoder(tmp_path)
    inner = Tokenizer.from_file(str(directory / "tokenizer.json"))
    inner.enable_truncation(4)
    inner.enable_padding(length=4)
    inner.save(str(directory / "tokenizer.json"))
    (sentence,) = WordTokenizer(directory)([["the"] * 9])
    assert len(sentence.pieces) == 9


@pytest.mark.parametrize("architecture", ["bert", "xlm-roberta"])
def test_words_are_split_as_in_their_sentence(architecture: str, tmp_path: Path) -> None:
    """Distinct words alone give what the library gives for whole sentences."""
    directory = make_encoder(tmp_path, architecture)
    sentences = [["the", "cats", "the"], ["cats", "unbelievable!", "x", "the"], []]
    sentences += [[f"cat{number}" for number in range(first, 600)] for first in (0, 300)]
    library = Tokenizer.from_file(str(directory / "tokenizer.json"))
    for words, found in zip(sentences, WordTokenizer(directory)(sentences), strict=True):
        expected = library.encode(words, is_pretokenized=True, add_special_tokens=False)
        assert found.pieces.tolist() == expected.ids
        assert found.first.tolist() == list(map(expected.word_ids.index, range(len(words))))


@pytest.mark.parametrize("content", [None, "{}", "<html>"])
def test_unusable_tokenizers_are_refused(content: str | None, tmp_path: Path) -> None:
    if content is not None:
        (tmp_path / "tokenizer.json").write_text(content)
    with pytest.raises(InputError, match=r"tokenizer\.json: (no such file|not a fast tokenizer)"):
        WordTokenizer(tmp_path)


@given(st.lists(st.integers(1, 6), min_size=1, max_size=60), st.integers(8, 20))
@settings(max_examples=80, deadline=None)
def test_windows_hold_every_word_within_the_limit(
    tokenizer: WordTokenizer, word_lengths: list[int], longest: int
) -> None:
    pieces = np.arange(100, 100 + sum(word_lengths))
    first = np.cumsum([0, *word_lengths[:-1]])
    example = make_example(WordPieces(pieces, first), tokenizer, longest)
    assert all(len(row) <= longest for row in example.rows)
    assert all(list(row[:1]) == tokenizer.prefix for row in example.rows)
    assert all(list(row[-1:]) == tokenizer.suffix for row in example.rows)
    for word, start in enumerate(first):
        row = example.rows[example.word_row[word]]
        assert row[example.word_position[word]] == pieces[start]
    if len(pieces) > longest - 2:
        # Away from both ends of the sentence, a word sees a good part of a window on each side.
        room = longest - 2
        for word, start in enumerate(first):
            place = example.word_position[word] - 1
            row_pieces = len(example.rows[example.word_row[word]]) - 2
            margin = min(start, len(pieces) - 1 - start, room // 4 - 1)
            assert min(place, row_pieces - 1 - place) >= margin


def make_examples(tokenizer: WordTokenizer, lengths: list[int]):
    return [
        make_example(WordPieces(np.arange(5, 5 + n), np.arange(n)), tokenizer, 32) for n in lengths
    ]


@given(
    st.lists(st.integers(1, 90), min_size=1, max_size=50),
    st.integers(10, 300),
    st.integers(0, 5),
)
@settings(max_examples=60, deadline=None)
def test_batches_hold_everything_once_within_the_budget(
    tokenizer: WordTokenizer, lengths: list[int], budget: int, epoch: int
) -> None:
    examples = make_examples(tokenizer, lengths)
    batches = training_batches(examples, budget, seed=1, epoch=epoch)
    assert sorted(np.concatenate(batches)) == list(range(len(lengths)))
    for batch in batches:
        tensors = collate(examples, batch, 0)
        assert tensors.input_ids.numel() <= budget or len(batch) == 1
    assert len(batches) == len(training_batches(examples, budget, seed=2, epoch=epoch + 1))


def test_batch_order_depends_on_seed_and_epoch_alone(tokenizer: WordTokenizer) -> None:
    examples = make_examples(tokenizer, [3, 9, 4, 4, 7, 7, 7, 2, 30, 11] * 5)

    def order(seed: int, epoch: int) -> list[list[int]]:
        return [list(batch) for batch in training_batches(examples, 60, seed, epoch)]

    assert order(1, 0) == order(1, 0)
    assert order(1, 0) != order(1, 1)
    assert order(1, 0) != order(2, 0)


def test_sorting_leaves_little_padding(tokenizer: WordTokenizer) -> None:
    draws = np.random.default_rng(0)
    examples = make_examples(tokenizer, list(draws.integers(1, 30, size=400)))
    plan = plan_examples(examples, 400, np.arange(400))
    tensors = [collate(examples, batch, 0) for batch in plan]
    filled = sum(int(t.attention_mask.sum()) for t in tensors)
    assert filled / sum(t.attention_mask.numel() for t in tensors) > 0.95


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_word_states_do_not_depend_on_the_batch(architecture: str, tmp_path: Path) -> None:
    """Alone or padded beside longer sentences, a word has the same state."""
    directory = make_encoder(tmp_path, architecture)
    encoder = load_encoder(directory).eval()
    tokenizer, model = WordTokenizer(directory), WordModel(encoder, torch.nn.Identity())
    words = [["the", "cat"], ["a", "dog", "barked", "at", "unbelievable", "feats"], ["mat"]]
    examples = [make_example(s, tokenizer, longest_input(encoder)) for s in tokenizer(words)]
    with torch.inference_mode():
        together = model.word_states(collate(examples, np.arange(3), tokenizer.padding))
        for index, sentence in enumerate(words):
            alone = model.word_states(collate(examples, np.array([index]), tokenizer.padding))
            states = together[index, : len(sentence)]
            assert torch.allclose(states, alone[0], atol=1e-5)
