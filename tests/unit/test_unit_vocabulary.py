"""Vocabularies of bytes and characters: ids, words, and an encoder pretrained with them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch
from xltransfer.encoders.text_tokenizer import TextTokenizer
from xltransfer.encoders.tokenizer import WordTokenizer
from xltransfer.encoders.unit_vocabulary import unit_vocabulary
from xltransfer.encoders.vocabulary import save_tokenizer
from xltransfer.runtime.errors import InputError
from xltransfer.stages.count_pieces import count_pieces
from xltransfer.stages.pretrain import pretrain
from xltransfer.training.tokenised_text import TokenisedText

TEXTS = ["a b", "Grüße, Welt!", "中文 test", "  x  y ", "مرحبا بك", "é e\u0301"]
KINDS = [{"kind": "bytes"}, {"kind": "characters", "minimum_count": 1}]
TRAINING = {
    "epochs": 6,
    "minimum_steps": 0,
    "patience": None,
    "batch_pieces": 400,
    "learning_rate": 0.01,
    "warmup_share": 0.1,
    "weight_decay": 0.01,
    "adam_beta2": 0.98,
    "gradient_clip": 1.0,
    "precision": "float32",
    "packing": "lines",
    "block_size": None,
    "whole_word_masking": True,
}
SMALL = {
    "hidden_size": 16,
    "num_hidden_layers": 1,
    "num_attention_heads": 2,
    "intermediate_size": 16,
    "max_position_embeddings": 64,
}


def saved(settings: dict, folder: Path) -> Path:
    folder.mkdir(exist_ok=True)
    save_tokenizer(unit_vocabulary(settings, TEXTS), folder, 64)
    return folder


@pytest.mark.parametrize("text", TEXTS)
def test_bytes_have_the_ids_of_byt5(text: str) -> None:
    from transformers import ByT5Tokenizer

    published = ByT5Tokenizer()
    found = unit_vocabulary({"kind": "bytes"}, [])
    assert found.encode(text).ids == published(text).input_ids
    assert found.token_to_id("<mask>") == published.convert_tokens_to_ids("<extra_id_0>")


def test_characters_are_those_of_the_text() -> None:
    """By hand: five special tokens, then the characters in order; a rare one is unknown."""
    found = unit_vocabulary({"kind": "characters", "minimum_count": 2}, ["ab ab", "b ac"])
    assert found.get_vocab_size() == 5 + 3
    assert found.encode("ba c").tokens == ["[CLS]", "b", "a", " ", "[UNK]", "[SEP]"]
    assert found.encode("a").ids == [2, 6, 3]


@pytest.mark.parametrize("settings", KINDS, ids=["bytes", "characters"])
def test_words_and_masks(settings: dict, tmp_path: Path) -> None:
    """A word in a line, for whole-word masking, is a blank and what follows it."""
    tokenizer = TextTokenizer(saved(settings, tmp_path / "encoder"))
    text = TokenisedText(["ab b"], tokenizer, separated=False, words=True)
    assert text.word_starts.tolist() == [True, False, True, False]
    assert tokenizer.mask not in tokenizer.ordinary


@pytest.mark.parametrize("settings", KINDS, ids=["bytes", "characters"])
def test_the_content_of_a_word_starts_after_the_blank(settings: dict, tmp_path: Path) -> None:
    """A sentence in words has the pieces of its text after a blank."""
    folder = saved(settings, tmp_path / "encoder")
    (pieces,) = WordTokenizer(folder)([["ab", "b", "a"]])
    whole = TextTokenizer(folder).encode([" ab b a"])[0].ids
    assert pieces.pieces.tolist() == whole
    assert pieces.first.tolist() == [0, 3, 5]
    assert pieces.content.tolist() == [1, 4, 6]


@pytest.mark.parametrize("settings", KINDS, ids=["bytes", "characters"])
def test_an_encoder_is_pretrained(settings: dict, tmp_path: Path) -> None:
    """Some steps; few letters remain possible, and transformers opens what is written."""
    from transformers import AutoModelForMaskedLM, AutoTokenizer

    text, held_out, output = tmp_path / "a.txt", tmp_path / "b.txt", tmp_path / "encoder"
    text.write_text("banana bandana ban\nada anda ana\n" * 60)
    held_out.write_text("ban anda banana\n")
    config = {"seed": 1, "vocabulary": settings, "architecture": SMALL, "training": TRAINING}
    pretrain(config, output, tmp_path / "checkpoints", corpora=[text], held_out=[held_out])
    history = json.loads((output / "pretraining.json").read_text())["history"]
    size = TextTokenizer(output).vocabulary_size
    assert history[-1]["perplexity"] < 7.5
    model = AutoModelForMaskedLM.from_pretrained(output)
    assert model.config.vocab_size == size
    ids = AutoTokenizer.from_pretrained(output)("ban ada", return_tensors="pt")["input_ids"]
    assert ids[0].tolist()[-1] in TextTokenizer(output).suffix
    assert torch.isfinite(model(input_ids=ids).logits).all()


@pytest.mark.parametrize(
    ("config", "problem"),
    [
        ({"vocabulary": {"kind": "letters"}}, "kind 'letters' is none of bytes, characters"),
        ({"vocabulary": {"kind": "characters", "minimum_count": 999}}, "lower minimum_count"),
        ({"vocabulary": {"kind": "bytes"}, "vocabulary_size": 60}, "write either"),
        ({}, "write either"),
    ],
    ids=["unknown", "too rare", "two vocabularies", "none"],
)
def test_contradictions_are_refused(config: dict, problem: str, tmp_path: Path) -> None:
    text = tmp_path / "a.txt"
    text.write_text("one line\ntwo lines\n")
    given = {"seed": 1, "architecture": SMALL, "training": TRAINING, "held_out_lines": 1, **config}
    with pytest.raises(InputError, match=problem):
        pretrain(given, tmp_path / "e", tmp_path / "c", corpora=[text])


def test_fertility_of_bytes_by_hand(tmp_path: Path) -> None:
    """``ab`` and ``né`` have a blank and two or three bytes each, and no word is unknown."""
    text, output = tmp_path / "text.txt", tmp_path / "statistics.json"
    text.write_text("ab né\n", encoding="utf-8")
    count_pieces(saved({"kind": "bytes"}, tmp_path / "encoder"), text, {}, output)
    found = json.loads(output.read_text())
    assert found["fertility"] == 3.5
    assert found["unknown_words"] == 0
