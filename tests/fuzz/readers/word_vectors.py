"""Word vectors in text format, plain and gzipped, and bilingual dictionaries.

Where compressed bytes themselves are mutated, both answers are right.
"""

from __future__ import annotations

import gzip
import random
import re
from dataclasses import dataclass
from typing import Any

import numpy as np
from xltransfer.corpora.dictionaries import read_dictionary, write_dictionary
from xltransfer.embeddings.vector_text import read_vector_text

from ..cases import Reader, Verdict, accept, either, refuse
from ..mutation import NUMBERS, TEXTS, mutated_bytes, mutated_text

WORDS = ["the", "gâteau", "語", "don't", "a\u2028b", "\u00a0", "</s>", "کتاب", "1,000", "-"]
VALUES = ["0", "1", "-0.25", "1e-3", "3.5E+2", ".5", "-7.", "0.123456789"]
NUMBER = re.compile(r"[-+]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][-+]?[0-9]+)?")
COUNTS = re.compile(r"([0-9]+) ([0-9]+) ?")


@dataclass(frozen=True)
class File:
    """A file, and what it was before it was compressed; ``None``: the compressed bytes changed."""

    name: str
    data: bytes
    plain: bytes | None


def vectors(rng: random.Random) -> File:
    """A file of word vectors, mutated or not."""
    words = [rng.choice(WORDS) + rng.choice(["", "", "a", "b"]) for _ in range(rng.randint(1, 5))]
    dimensions = rng.randint(1, 4)
    end = rng.choice(["", " "])
    lines = [f"{len(words)} {dimensions}{end}"]
    lines += [
        " ".join([word, *(rng.choice(VALUES) for _ in range(dimensions))]) + end for word in words
    ]
    plain = mutated_text(rng, "\n".join([*lines, ""]), " ", [*TEXTS, *NUMBERS])
    if rng.random() < 0.7:
        return File("a.vec", plain, plain)
    packed = gzip.compress(plain)
    if rng.random() < 0.4:
        return File("a.vec.gz", mutated_bytes(rng, packed), None)
    return File("a.vec.gz", packed, plain)


def dictionary(rng: random.Random) -> File:
    """A dictionary, mutated or not."""
    separator = rng.choice([" ", "\t", "  "])
    pairs = [(rng.choice(WORDS), rng.choice(WORDS)) for _ in range(rng.randint(1, 5))]
    text = "\n".join([*(separator.join(pair) for pair in pairs), ""])
    data = mutated_text(rng, text, separator, TEXTS)
    return File("a.txt", data, data)


def judge_vectors(plain: bytes) -> Verdict:
    """The meaning: the distinct words with their vectors, and the number of repetitions."""
    try:
        text = plain.decode("utf-8")
    except UnicodeDecodeError:
        return refuse("not UTF-8")
    lines = text.split("\n")
    lines = [line.removesuffix("\r") for line in (lines if lines[-1] else lines[:-1])]
    counts = COUNTS.fullmatch(lines[0]) if lines else None
    if not counts or max(len(cell) for cell in counts.groups()) > 12:
        return refuse("no header")
    number, dimensions = map(int, counts.groups())
    if not (number and dimensions) or number != len(lines) - 1:
        return refuse("another number of lines")
    found: dict[str, list[float]] = {}
    for line in lines[1:]:
        word, *values = (line[:-1] if line.endswith(" ") else line).split(" ")
        if not word or len(values) != dimensions:
            return refuse(f"no word and {dimensions} values: {line!r:.200}")
        if not all(NUMBER.fullmatch(value) for value in values):
            return refuse(f"not a number: {line!r:.200}")
        if max(abs(float(value)) for value in values) > np.finfo(np.float32).max:
            return refuse("beyond 32 bits")
        found.setdefault(word, [float(np.float32(value)) for value in values])
    return accept([found, number - len(found)])


def judge_dictionary(plain: bytes) -> Verdict:
    """The meaning: the distinct pairs."""
    try:
        text = plain.decode("utf-8").removeprefix("\ufeff")
    except UnicodeDecodeError:
        return refuse("not UTF-8")
    if "\ufeff" in text[:1]:
        return refuse("two byte-order marks")
    text = text.replace("\r\n", "\n")
    pairs: dict[tuple[str, ...], None] = {}
    for line in text.split("\n"):
        if not line.strip(" \t"):
            continue
        words = re.split("[ \t]+", line.strip(" \t"))
        if re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029]", line):
            return refuse(f"control character: {line!r:.200}")
        if len(words) != 2 or max(map(len, words)) > 1000:
            return refuse(f"no pair: {line!r:.200}")
        pairs[tuple(words)] = None
    return accept([list(pair) for pair in pairs]) if pairs else refuse("no pairs")


class VectorsAndDictionaries(Reader):
    """``read_vector_text`` and ``read_dictionary``."""

    def make(self, rng: random.Random) -> File:
        return rng.choice([vectors, dictionary])(rng)

    def judge(self, content: File) -> Verdict:
        if content.plain is None:
            return either()
        is_dictionary = content.name.endswith(".txt")
        return (judge_dictionary if is_dictionary else judge_vectors)(content.plain)

    def read(self, content: File) -> Any:
        path = self.folder / content.name
        path.write_bytes(content.data)
        if content.name.endswith(".txt"):
            pairs = read_dictionary(path)
            write_dictionary(self.folder / "again.txt", pairs)
            assert read_dictionary(self.folder / "again.txt") == pairs
            return [list(pair) for pair in pairs]
        found, repeated = read_vector_text(path, None)
        return [dict(zip(found.words, found.vectors.tolist(), strict=True)), repeated]


SUBJECT = VectorsAndDictionaries
