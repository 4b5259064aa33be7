"""``tokenizer.json`` of an encoder, of a BiLSTM, and ``tokenizer_config.json``.

What a mutated tokenizer means only its library knows; whatever it accepts, every word must have a
piece and every piece a row among the encoder's embeddings.
"""

from __future__ import annotations

import json
import random
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from encoders import make_encoder
from tokenizers import Tokenizer, models, pre_tokenizers, processors, trainers
from xltransfer.analyses.tokenizers.tokenizer_statistics import CountingTokenizer
from xltransfer.encoders.kinds import kind_of
from xltransfer.encoders.text_tokenizer import TextTokenizer
from xltransfer.encoders.word_characters import WordCharacters

from ..cases import Reader, Verdict, accept, either, refuse
from ..mutation import json_bytes, mutated_json

WORDS = [["the", "cat", "sat", "cats"], ["unbelievable", "語", "a\u00a0b", "\u0007", "x" * 300]]
LINES = ["the cat sat on the mat", "", "語 \u0007"]
VALUES: list[Any] = [
    "WordPiece", "BPE", "Unigram", "WordLevel", "[UNK]", "[MASK]", "[PAD]", "##", "Ġ", 2**31,
    2**32 - 1,
    {"String": "a"}, {"Regex": "("}, {"Regex": "(a+)+$"}, {"Regex": ""}, {"type": "BertNormalizer"},
    {"type": "Replace", "pattern": {"Regex": "("}, "content": "x"}, {"type": "ByteLevel"},
    {"type": "Precompiled", "precompiled_charsmap": "AAAA"}, {"type": "Fuse"}, {"type": "Strip"},
    {"type": "Split", "pattern": {"String": ""}, "behavior": "Isolated", "invert": False},
    {"direction": "Right", "max_length": 0, "strategy": "LongestFirst", "stride": 5},
    {"type": "Prepend", "prepend": ""}, {"type": "Metaspace", "replacement": "▁▁"},
]  # fmt: skip


@dataclass(frozen=True)
class Files:
    """The files of a directory, and whether they are as they were made."""

    kind: str
    files: dict[str, bytes]
    original: bool


def byte_level() -> Tokenizer:
    """A small tokenizer like RoBERTa's."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    special = ["<s>", "<pad>", "</s>", "<unk>", "<mask>"]
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    trainer = trainers.BpeTrainer(
        vocab_size=300, special_tokens=special, initial_alphabet=alphabet, show_progress=False
    )
    tokenizer.train_from_iterator(["the cat sat on the mat", "unbelievable cats"], trainer)
    tokenizer.post_processor = processors.RobertaProcessing(("</s>", 2), ("<s>", 0))
    return tokenizer


class Tokenizers(Reader):
    """Readers of encoders and ``TextTokenizer``, and what they make of some words and lines."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        torch.set_num_threads(1)
        self.base: dict[str, dict[str, Any]] = {}
        for kind in ("bert", "xlm-roberta"):
            make_encoder(folder / kind, kind)
            text = (folder / kind / "tokenizer.json").read_text(encoding="utf-8")
            self.base[kind] = json.loads(text)
        self.base["roberta"] = json.loads(byte_level().to_str())
        self.base["text"] = self.base["bert"]
        characters = WordCharacters.learn([["the", "cat"], ["the", "語"]], 1, 10)
        self.base["bilstm"] = {
            "characters": characters.characters, "words": characters.words, "longest_word": 10
        }  # fmt: skip

    def make(self, rng: random.Random) -> Files:
        kind = rng.choice(["bert", "bert", "xlm-roberta", "roberta", "text", "bilstm"])
        content: Any = self.base[kind]
        settings: Any = {
            "mask_token": rng.choice(["[MASK]", {"content": "[MASK]", "lstrip": False}])
        }
        changes = rng.choice([0, 1, 1, 1, 2, 3])
        for _ in range(changes):
            if kind == "text" and rng.random() < 0.4:
                settings = mutated_json(rng, settings, VALUES) or None
                if not isinstance(settings, dict):
                    break
            elif content:
                content = mutated_json(rng, _small(rng, content), VALUES)
        first = json_bytes(rng, content) if changes else json.dumps(content).encode()
        files = {"tokenizer.json": first, "config.json": self._config(kind)}
        if rng.random() < 0.05:
            files["config.json"] = json_bytes(rng, {"vocab_size": rng.choice([None, "x", 5, 1e9])})
        if kind == "text":
            files["tokenizer_config.json"] = json.dumps(settings).encode("utf-8", "surrogatepass")
        return Files(kind, files, not changes and files["config.json"] == self._config(kind))

    def _config(self, kind: str) -> bytes:
        if kind == "bilstm":
            return b'{"model_type": "xltransfer-bilstm"}'
        return json.dumps({"model_type": "bert", "vocab_size": self._size(kind)}).encode()

    def _size(self, kind: str) -> int:
        return Tokenizer.from_str(json.dumps(self.base[kind])).get_vocab_size()

    def _limit(self, content: Files) -> int:
        """How many pieces the encoder embeds, as far as its configuration says so."""
        is_whole = content.files["config.json"] == self._config(content.kind)
        return self._size(content.kind) if is_whole else 1 << 24

    def judge(self, content: Files) -> Verdict:
        if content.original:
            return accept()
        try:
            found = json.loads(content.files["tokenizer.json"].decode("utf-8-sig"))
        except (ValueError, RecursionError):
            return refuse("no JSON")
        if not isinstance(found, dict):
            return refuse("no object")
        if content.kind == "bilstm":
            verdict = _judge_characters(found)
            # Without its config.json, it is taken for a tokenizer of another kind.
            is_whole = content.files["config.json"] == self._config("bilstm")
            return verdict if is_whole else either()
        return either() if "model" in found else refuse("no model")

    def read(self, content: Files) -> Any:
        directory = self.folder / "encoder"
        directory.mkdir(exist_ok=True)
        (directory / "tokenizer_config.json").unlink(missing_ok=True)
        for name, data in content.files.items():
            (directory / name).write_bytes(data)
        if content.kind == "text":
            return _read_text(directory, self._limit(content))
        tokenizer = kind_of(directory).reader(directory)
        size = tokenizer.vocabulary_size if content.kind == "bilstm" else self._limit(content)
        sentences = tokenizer(WORDS)
        ids = [*tokenizer.prefix, *tokenizer.suffix, tokenizer.padding]
        for words, sentence in zip(WORDS, sentences, strict=True):
            ids += sentence.pieces.tolist()
            assert len(sentence.first) == len(words)
            assert sentence.first.tolist() == sorted(set(sentence.first.tolist()))
            assert sentence.first[-1] < len(sentence.pieces)
        if content.kind != "bilstm":
            ids += [index for row in tokenizer.rows(LINES, 20) for index in row.tolist()]
            tokenizer.piece_types(WORDS)
            counting = CountingTokenizer(directory)
            counting.count([word for words in WORDS for word in words])
            assert 0 <= counting.coverage <= 1
        assert all(0 <= index < size for index in ids), f"{max(ids)} of {size}"
        return None


def _read_text(directory: Path, size: int) -> None:
    tokenizer = TextTokenizer(directory)
    ids = [tokenizer.mask, *tokenizer.prefix, *tokenizer.suffix, *tokenizer.ordinary.tolist()]
    ids += [index for encoding in tokenizer.encode(LINES) for index in encoding.ids]
    assert all(0 <= index < size for index in ids), f"{max(ids)} of {size}"


def _judge_characters(found: dict[str, Any]) -> Verdict:
    if set(found) != {"characters", "longest_word", "words"}:
        return refuse("keys")
    for name in ("characters", "words"):
        values = found[name]
        if not isinstance(values, list) or not all(isinstance(value, str) for value in values):
            return refuse(name)
        if len(set(values)) != len(values):
            return refuse(f"{name} twice")
        if any("\ud800" <= c <= "\udfff" for value in values for c in value):
            return refuse("half of a surrogate pair")
    if any(len(value) != 1 for value in found["characters"]) or "" in found["words"]:
        return refuse("no character, or an empty word")
    longest = found["longest_word"]
    if not isinstance(longest, int) or isinstance(longest, bool) or not 1 <= longest <= 1000:
        return refuse("longest word")
    return accept()


def _small(rng: random.Random, content: Any) -> Any:
    """The content with a shorter vocabulary now and then, so that other keys are hit more often."""
    vocabulary = content.get("model", {}) if isinstance(content, dict) else {}
    if rng.random() < 0.5 or not isinstance(vocabulary, dict) or "vocab" not in vocabulary:
        return content
    # Mutations pick a place among all; a vocabulary has most of them.
    part = vocabulary["vocab"]
    kept = dict(list(part.items())[:8]) if isinstance(part, dict) else part
    if isinstance(part, list):
        kept = part[:8]
    merges = {"merges": []} if "merges" in vocabulary else {}
    return {**content, "model": {**vocabulary, "vocab": kept, **merges}}


SUBJECT = Tokenizers
