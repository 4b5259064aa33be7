"""Encoders, treebanks and text made on the spot: the duration of work depends on sizes alone."""

from __future__ import annotations

import random
import string
from collections.abc import Iterator
from itertools import islice, product
from pathlib import Path

import torch
from tokenizers import Tokenizer, models, pre_tokenizers, processors
from transformers import BertConfig, BertModel
from xltransfer.corpora.conllu import Sentence, write_conllu

SPECIAL = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
LETTERS = string.ascii_lowercase
RELATIONS = [
    "nsubj",
    "obj",
    "iobj",
    "obl",
    "advmod",
    "amod",
    "det",
    "case",
    "mark",
    "punct",
    "conj",
]
TAGS = ["NOUN", "VERB", "ADJ", "ADP", "DET", "PUNCT"]
CONTINUED = 0.3
"""Share of words of two subwords, about that of English in multilingual BERT."""

WORDS = (5, 40)
"""Words of the shortest and the longest sentence, drawn uniformly."""


def write_encoder(directory: Path, configuration: dict[str, int]) -> Path:
    """A BERT that was never pretrained, with a WordPiece vocabulary of invented words.

    Args:
        directory: to write to.
        configuration: of BERT.
    """
    directory.mkdir(parents=True)
    _tokenizer(configuration["vocab_size"]).save(str(directory / "tokenizer.json"))
    torch.manual_seed(1)
    BertModel(BertConfig(**configuration), add_pooling_layer=False).save_pretrained(directory)
    return directory


def _tokenizer(size: int) -> Tokenizer:
    endings = [f"##{letter}" for letter in LETTERS]
    words = islice(_words(), size - len(SPECIAL) - len(endings))
    vocabulary = {piece: number for number, piece in enumerate([*SPECIAL, *endings, *words])}
    tokenizer = Tokenizer(models.WordPiece(vocabulary, unk_token="[UNK]"))
    tokenizer.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    tokenizer.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]", special_tokens=[("[CLS]", 2), ("[SEP]", 3)]
    )
    return tokenizer


def _words() -> Iterator[str]:
    """Words of two letters, then of three, and so on."""
    length = 2
    while True:
        yield from map("".join, product(LETTERS, repeat=length))
        length += 1


class Sentences:
    """Draws sentences of the words of a vocabulary.

    Args:
        vocabulary: its size.
        seed: of the draws.
    """

    def __init__(self, vocabulary: int, seed: int) -> None:
        self._draw = random.Random(seed)
        ordinary = vocabulary - len(SPECIAL) - len(LETTERS)
        self._words = list(islice(_words(), ordinary))

    def words(self) -> list[str]:
        """The words of a sentence."""
        draw = self._draw
        number = draw.randint(*WORDS)
        words = draw.choices(self._words, k=number)
        return [word + LETTERS[-1] if draw.random() < CONTINUED else word for word in words]

    def tree(self, name: str) -> Sentence:
        """A sentence whose words depend on earlier ones."""
        words, draw = self.words(), self._draw
        rows = [
            [
                str(place), word, word, draw.choice(TAGS), "_", "_",
                str(draw.randint(1, place - 1) if place > 1 else 0),
                draw.choice(RELATIONS) if place > 1 else "root", "_", "_",
            ]
            for place, word in enumerate(words, start=1)
        ]  # fmt: skip
        comments = [f"# sent_id = {name}", f"# text = {' '.join(words)}"]
        return Sentence(comments, rows, rows)


def write_treebank(path: Path, sentences: int, vocabulary: int, seed: int) -> Path:
    """A treebank of so many sentences."""
    drawn = Sentences(vocabulary, seed)
    path.parent.mkdir(parents=True, exist_ok=True)
    write_conllu(path, [drawn.tree(f"s{number}") for number in range(sentences)])
    return path


def write_text(path: Path, lines: int, vocabulary: int, seed: int) -> Path:
    """A text of so many lines."""
    drawn = Sentences(vocabulary, seed)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(" ".join(drawn.words()) + "\n" for _ in range(lines)))
    return path
