"""Which of its pieces a word's state is read from."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from encoders import make_encoder
from tokenizers import Regex, Tokenizer, decoders, models, pre_tokenizers, processors
from xltransfer.encoders.batching import WORD_STATES, collate, make_example
from xltransfer.encoders.tokenizer import WordTokenizer
from xltransfer.encoders.transformer import load_encoder
from xltransfer.encoders.unit_tokenizers import byte_tokenizer, character_tokenizer
from xltransfer.training.dataset import Dataset
from xltransfer.training.model import WordModel

SCORES = {"<s>": 0, "<pad>": 0, "</s>": 0, "<unk>": 0, "▁": -3, "▁dog": -2, "dog": -4}
SCORES |= {"▁s": -2.5, "s": -3, "狗": -3, "好": -3, "▁a": -2, "a": -4}
VOCABULARY = list(SCORES)


@pytest.fixture
def sentencepiece(tmp_path: Path) -> WordTokenizer:
    """A vocabulary in which Chinese characters have no piece with the word marker."""
    tokenizer = Tokenizer(models.Unigram(list(SCORES.items()), unk_id=3))
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace()
    tokenizer.decoder = decoders.Metaspace()
    tokenizer.post_processor = processors.TemplateProcessing(
        single="<s> $A </s>", special_tokens=[("<s>", 0), ("</s>", 2)]
    )
    tokenizer.save(str(tmp_path / "tokenizer.json"))
    return WordTokenizer(tmp_path)


def pieces_of(found: np.ndarray) -> list[str]:
    return [VOCABULARY[index] for index in found]


def test_the_bare_marker_has_no_content(sentencepiece: WordTokenizer) -> None:
    (found,) = sentencepiece([["dogs", "狗", "好狗", "▁", "a"]])
    assert pieces_of(found.pieces) == ["▁dog", "s", "▁", "狗", "▁", "好", "狗", "▁", "▁a"]
    assert found.first.tolist() == [0, 2, 4, 7, 8]
    assert found.content is not None
    # A word that is the marker and nothing else has no other piece.
    assert found.content.tolist() == [0, 3, 5, 7, 8]


READ = {
    "first": ["▁dog", "▁", "▁", "▁a"],
    "first-content": ["▁dog", "狗", "好", "▁a"],
    "last": ["s", "狗", "狗", "▁a"],
}


@pytest.mark.parametrize("word_state", READ)
def test_the_piece_that_is_read(word_state: str, sentencepiece: WordTokenizer) -> None:
    (found,) = sentencepiece([["dogs", "狗", "好狗", "a"]])
    example = make_example(found, sentencepiece, 32, word_state)
    (row,) = example.rows
    assert pieces_of(row[example.word_position]) == READ[word_state]


@pytest.mark.parametrize("longest", [32, 6])
def test_states_of_words(longest: int, sentencepiece: WordTokenizer) -> None:
    """Against the pieces themselves as states, in one row and in windows."""
    sentences = [["dogs", "狗", "好狗", "a"], ["狗狗", "a"], ["dogs"]]
    found = sentencepiece(sentences)
    expected = []
    for sentence in found:
        ends = [*sentence.first[1:], len(sentence.pieces)]
        words = [sentence.pieces[s:e] for s, e in zip(sentence.first, ends, strict=True)]
        content = [[p for p in word if VOCABULARY[p] != "▁"] or word for word in words]
        expected.append(
            {
                "first": [word[0] for word in words],
                "first-content": [word[0] for word in content],
                "mean": [np.mean(word) for word in words],
                "last": [word[-1] for word in words],
            }
        )
    for word_state in WORD_STATES:
        examples = [make_example(s, sentencepiece, longest, word_state) for s in found]
        assert longest == 32 or len(examples[0].rows) > 1
        batch = collate(examples, np.arange(3), sentencepiece.padding)
        states = batch.states(batch.input_ids[..., None].double())[..., 0]
        assert states.shape == batch.word_mask.shape
        for row, mask, of_sentence in zip(states, batch.word_mask, expected, strict=True):
            if longest == 32 or word_state != "mean":
                assert row[mask].tolist() == pytest.approx(of_sentence[word_state])


def test_a_mean_at_the_edge_of_a_window_is_over_what_is_in_it(
    sentencepiece: WordTokenizer,
) -> None:
    (found,) = sentencepiece([["a", "狗" * 9]])
    example = make_example(found, sentencepiece, 6, "mean")
    batch = collate([example], np.arange(1), sentencepiece.padding)
    last = example.word_position[1] + example.word_length[1]
    assert example.word_length[1] < 10 and last <= len(example.rows[example.word_row[1]]) - 1
    states = batch.states(batch.input_ids[..., None].double())
    assert torch.isfinite(states).all()


@pytest.mark.parametrize("architecture", ["bert", "distilbert"])
def test_without_markers_the_default_is_the_first_piece(architecture: str, tmp_path: Path) -> None:
    """Bit for bit."""
    directory = make_encoder(tmp_path, architecture)
    encoder, tokenizer = load_encoder(directory).eval(), WordTokenizer(directory)
    model = WordModel(encoder, torch.nn.Identity())
    sentences = tokenizer([["the", "cat", "sat"], ["dogs"]])
    states = {}
    for word_state in ("first", "first-content"):
        examples = [make_example(s, tokenizer, 32, word_state) for s in sentences]
        with torch.inference_mode():
            batch = collate(examples, np.arange(2), tokenizer.padding)
            states[word_state] = model.word_states(batch)
    assert torch.equal(states["first"], states["first-content"])
    assert all(sentence.content is None for sentence in sentences)


def test_byte_level_spaces_are_markers(tmp_path: Path) -> None:
    vocabulary = {"<s>": 0, "<pad>": 1, "</s>": 2, "Ġ": 3, "a": 4, "Ġa": 5, "b": 6}
    tokenizer = Tokenizer(models.BPE(vocabulary, [("Ġ", "a")]))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=True)
    tokenizer.save(str(tmp_path / "tokenizer.json"))
    (found,) = WordTokenizer(tmp_path)([["a", "b"]])
    assert found.pieces.tolist() == [5, 3, 6] and found.first.tolist() == [0, 1]
    assert found.content is not None and found.content.tolist() == [0, 2]


def test_spaces_of_a_sequence_of_steps_are_markers(tmp_path: Path) -> None:
    """As in the tokenizers of Llama 3, Qwen and EuroBERT."""
    vocabulary = {"<s>": 0, "<pad>": 1, "</s>": 2, "Ġ": 3, "a": 4, "Ġa": 5, "b": 6}
    tokenizer = Tokenizer(models.BPE(vocabulary, [("Ġ", "a")]))
    split = pre_tokenizers.Split(Regex(r" ?\p{L}+"), "isolated")
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence([split, pre_tokenizers.ByteLevel(False)])
    tokenizer.save(str(tmp_path / "tokenizer.json"))
    (found,) = WordTokenizer(tmp_path)([["a", "b"]])
    assert found.pieces.tolist() == [5, 3, 6] and found.first.tolist() == [0, 1]
    assert found.content is not None and found.content.tolist() == [0, 2]


@pytest.mark.parametrize("make", [character_tokenizer, byte_tokenizer])
def test_the_space_of_characters_and_bytes_is_a_marker(
    make: Callable[[], Tokenizer], tmp_path: Path
) -> None:
    """CANINE and ByT5 read the space before a word as a unit."""
    make().save(str(tmp_path / "tokenizer.json"))
    (found,) = WordTokenizer(tmp_path)([["ab", "c"]])
    assert len(found.pieces) == 5 and found.first.tolist() == [0, 3]
    assert found.content is not None and found.content.tolist() == [1, 4]


def test_words_of_a_bilstm_have_one_state(tmp_path: Path) -> None:
    from xltransfer.corpora.conllu import Sentence
    from xltransfer.encoders.word_characters import WordCharacters

    rows = [["1", "dogs", "_", "NOUN", "_", "_", "0", "root", "_", "_"]]
    vocabulary = WordCharacters.learn([["dogs"]], 1, 30)
    for word_state in WORD_STATES:
        (example,) = Dataset([Sentence([], rows, rows)], vocabulary, 100, word_state).examples
        assert example.word_position.tolist() == [0] and example.word_length is None


def test_an_unknown_word_state_is_refused(sentencepiece: WordTokenizer) -> None:
    with pytest.raises(ValueError, match="'middle' is none of first, first-content, mean, last"):
        make_example(sentencepiece([["a"]])[0], sentencepiece, 32, "middle")
