"""Encoders from anywhere: configurations and tokenizers that no model can have, in one line."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import torch
from encoders import make_encoder
from xltransfer.analyses.tokenizers.tokenizer_statistics import CountingTokenizer
from xltransfer.encoders.bilstm import MODEL_TYPE, read_architecture
from xltransfer.encoders.masked_lm_head import new_masked_lm
from xltransfer.encoders.text_tokenizer import TextTokenizer
from xltransfer.encoders.tokenizer import WordTokenizer
from xltransfer.encoders.transformer import empty_encoder, load_encoder
from xltransfer.encoders.vocabulary import train_wordpiece
from xltransfer.encoders.word_characters import WordCharacters
from xltransfer.runtime.errors import InputError


@pytest.fixture(scope="module")
def encoder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_encoder(tmp_path_factory.mktemp("encoder"))


def change(directory: Path, name: str, copy: Path, **changes: Any) -> Path:
    """A copy of an encoder in which one file has other values; ``...`` drops a key."""
    copy.mkdir()
    for path in directory.iterdir():
        (copy / path.name).write_bytes(path.read_bytes())
    content = {**json.loads((directory / name).read_text(encoding="utf-8")), **changes}
    content = {key: value for key, value in content.items() if value is not ...}
    (copy / name).write_text(json.dumps(content), encoding="utf-8")
    return copy


CONFIGS: dict[str, tuple[dict[str, Any], str]] = {
    "a text for a number": ({"hidden_size": "x"}, "hidden_size"),
    "a list for a number": ({"num_attention_heads": [2]}, "num_attention_heads"),
    "no such activation": ({"hidden_act": "x"}, "x"),
    "a text for a truth value": ({"use_cache": ""}, "use_cache"),
    "layers without end": (
        {"num_hidden_layers": 10**9},
        "'num_hidden_layers' is 1000000000, which",
    ),
    "a giant": ({"vocab_size": 10**30}, "'vocab_size' is 1"),
    "no layers": ({"num_hidden_layers": 0}, "'num_hidden_layers' is 0, which"),
    "fewer layers than the weights": ({"num_hidden_layers": 3}, "weights of a layer beyond the 3"),
    "no architecture": ({"model_type": ...}, "no model_type"),
    "a list for an architecture": ({"model_type": ["bert"]}, "no model_type"),
    "quantized": ({"quantization_config": {"quant_method": "gptq"}}, ""),
    "padding beyond the pieces": ({"pad_token_id": 10**6}, "adding_idx"),
}


@pytest.mark.parametrize("name", CONFIGS)
def test_configurations_that_no_model_has(name: str, encoder: Path, tmp_path: Path) -> None:
    changes, reason = CONFIGS[name]
    directory = change(encoder, "config.json", tmp_path / "x", **changes)
    with pytest.raises(InputError) as caught:
        load_encoder(directory)
    message = str(caught.value)
    assert message.startswith(str(directory)) and message.isprintable()
    assert reason in message, message


def test_chunks_restrict_no_lengths(encoder: Path, tmp_path: Path) -> None:
    """They only save memory; transformers fails at lengths that are no multiples of their size."""
    chunked = change(encoder, "config.json", tmp_path / "x", chunk_size_feed_forward=4)
    pieces = torch.arange(6)[None]
    states = [
        load_encoder(directory).eval()(pieces).last_hidden_state for directory in (encoder, chunked)
    ]
    assert torch.equal(*states)


@pytest.mark.parametrize(
    "content", ["[]", "1", "null", "[" * 100_000, '{"model_type": ' + "1" * 5000]
)
def test_configurations_that_are_none(content: str, encoder: Path, tmp_path: Path) -> None:
    directory = change(encoder, "config.json", tmp_path / "x")
    (directory / "config.json").write_text(content)
    for reader in (load_encoder, empty_encoder):
        with pytest.raises(InputError, match=r"config\.json"):
            reader(directory)


def test_architectures_of_new_encoders() -> None:
    tokenizer = train_wordpiece(["the cat sat"], 20)
    for architecture in ({"num_hidden_layers": 10**9}, {"hidden_act": "x"}, {"hidden_size": "x"}):
        with pytest.raises(InputError, match=r"architecture: .*(num_hid|x)"):
            new_masked_lm(architecture, tokenizer)


POSTPROCESSOR = {
    "type": "TemplateProcessing",
    "single": [
        {"SpecialToken": {"id": "[CLS]", "type_id": 0}},
        {"Sequence": {"id": "A", "type_id": 0}},
    ],
    "pair": [],
    "special_tokens": {},
}


def test_panics_of_the_library_are_errors_of_the_file(encoder: Path, tmp_path: Path) -> None:
    """They derive from ``BaseException``, as a keyboard interrupt does."""
    directory = change(encoder, "tokenizer.json", tmp_path / "x", post_processor=POSTPROCESSOR)
    with pytest.raises(InputError, match=r"x/tokenizer\.json: not a fast tokenizer \(no entry"):
        WordTokenizer(directory)


def test_words_that_the_tokenizer_fails_at(encoder: Path, tmp_path: Path) -> None:
    content = json.loads((encoder / "tokenizer.json").read_text(encoding="utf-8"))
    model = {**content["model"], "unk_token": "[NONE]"}
    directory = change(encoder, "tokenizer.json", tmp_path / "x", model=model)
    for tokenizer in (WordTokenizer(directory), TextTokenizer(directory)):
        with pytest.raises(InputError, match=r"x/tokenizer\.json: a tokenizer that fails \(.*UNK"):
            tokenizer([["語"]])


def test_pieces_beyond_the_embeddings(encoder: Path, tmp_path: Path) -> None:
    size = json.loads((encoder / "config.json").read_text())["vocab_size"]
    directory = change(encoder, "config.json", tmp_path / "x", vocab_size=size - 1)
    with pytest.raises(
        InputError, match=rf"has a piece with the id {size - 1}, but the encoder embeds {size - 1}"
    ):
        WordTokenizer(directory)
    content = json.loads((encoder / "tokenizer.json").read_text(encoding="utf-8"))
    model = {**content["model"], "vocab": {**content["model"]["vocab"], "zebra": 2**32 - 1}}
    directory = change(encoder, "tokenizer.json", tmp_path / "y", model=model)
    (directory / "config.json").unlink()
    with pytest.raises(InputError, match="has a piece with the id 4294967295"):
        CountingTokenizer(directory)


@pytest.mark.parametrize("content", ["[]", '{"mask_token": 3}', '{"mask_token": {"content": []}}'])
def test_settings_of_tokenizers(content: str, encoder: Path, tmp_path: Path) -> None:
    directory = change(encoder, "config.json", tmp_path / "x")
    (directory / "tokenizer_config.json").write_text(content)
    with pytest.raises(InputError, match=r"tokenizer_config\.json: 'mask_token' is no text"):
        TextTokenizer(directory)


@pytest.mark.parametrize(
    "changes",
    [
        {"longest_word": True},
        {"longest_word": 10**9},
        {"characters": ["ab"]},
        {"words": [""]},
        {"words": ["\ud800"]},
    ],
)
def test_vocabularies_of_words_and_characters(changes: dict[str, Any], tmp_path: Path) -> None:
    content = {"characters": ["a"], "words": ["a"], "longest_word": 10}
    (tmp_path / "tokenizer.json").write_text(json.dumps(content))
    assert WordCharacters.load(tmp_path).vocabulary_size == 5
    (tmp_path / "tokenizer.json").write_text(json.dumps({**content, **changes}))
    with pytest.raises(InputError, match=r"tokenizer\.json:1: not a vocabulary of words"):
        WordCharacters.load(tmp_path)


@pytest.mark.parametrize("key", ["hidden_units", "layers", "longest_word"])
def test_sizes_of_a_bilstm_fit_into_memory(key: str, tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text(json.dumps({"model_type": MODEL_TYPE, key: 10**9}))
    with pytest.raises(InputError, match=f"'{key}' must be a whole number from 1 to"):
        read_architecture(tmp_path)
