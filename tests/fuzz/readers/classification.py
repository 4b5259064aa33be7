"""Sentences with labels: the workflow's own tables and those of PAWS-X, as mutated text.

The oracle splits lines and columns on its own. Only the texts of PAWS-X are normalised.
"""

from __future__ import annotations

import random
import re
from typing import Any

from xltransfer.corpora.classification_layouts import read_layout
from xltransfer.corpora.classified_sentences import read_classified, write_classified

from ..cases import Reader, Verdict, accept, refuse
from ..mutation import mutated_text

OWN = "id\tsentence1\tsentence2\tlabel"
NAMES = {"0": "different", "1": "paraphrase"}
TEXTS = ["Ada wrote it.", "語の 文", 'a "b', "كتاب جديد", "x"]
POOL = ["", " ", "a  b", "a\u00a0b", "0", "1", "2", "-1", "p-1", "x" * 101, "\x07", "\u2028"]
_BREAKS = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029]")


def table(rng: random.Random, labels: list[str]) -> str:
    """A valid table of pairs or, unless labels are numbers, of single sentences."""
    pairs = rng.random() < 0.5 or "0" in labels
    lines = [OWN]
    for number in range(rng.randint(1, 4)):
        second = rng.choice(TEXTS) if pairs else ""
        lines.append(f"p-{number}\t{rng.choice(TEXTS)}\t{second}\t{rng.choice(labels)}")
    return "\n".join(lines) + "\n"


def normal(text: str) -> str:
    """Words separated by single blanks; control characters separate words too."""
    return " ".join(part for part in re.split(r"\s+", _BREAKS.sub(" ", text)) if part)


def judge(data: bytes, published: bool) -> Verdict:
    """Whether the bytes are a table of sentences, and which."""
    try:
        text = data.decode("utf-8-sig").replace("\r\n", "\n")
    except UnicodeDecodeError:
        return refuse("not UTF-8")
    if "\r" in text:
        return refuse("carriage return")
    header, *lines = text.removesuffix("\n").split("\n")
    columns = header.split("\t")
    if published and any(columns.count(name) != 1 for name in OWN.split("\t")):
        return refuse("header")
    if not published and header != OWN:
        return refuse("header")
    found: list[tuple[str, str, str, str]] = []
    for line in lines:
        cells = line.split("\t")
        needed = 1 + max(columns.index(name) for name in OWN.split("\t"))
        if not needed <= len(cells) <= len(columns):
            return refuse("number of columns")
        row = dict(zip(columns, cells, strict=False))
        values = [row[name] for name in OWN.split("\t")]
        if not published and values != [normal(value) for value in values]:
            return refuse("white space")
        name, first, second, label = map(normal, values)
        if published and (label not in NAMES or not second):
            return refuse("label or text")
        if not name or not first or not label or len(label) > 100:
            return refuse("empty or long cell")
        found.append((name, first, second, NAMES[label] if published else label))
    if not found or len({one[0] for one in found}) < len(found):
        return refuse("no sentence, or an identifier twice")
    if len({bool(one[2]) for one in found}) > 1:
        return refuse("sentences and pairs")
    return accept(found)


class Classification(Reader):
    """``read_classified`` and ``read_layout``; what they read is written and read again."""

    def make(self, rng: random.Random) -> tuple[bool, bytes]:
        published = rng.random() < 0.5
        text = table(rng, ["0", "1"] if published else ["x", "science/technology"])
        if rng.random() < 0.15:
            return published, text.encode()
        return published, mutated_text(rng, text, "\t", POOL)

    def judge(self, content: tuple[bool, bytes]) -> Verdict:
        return judge(content[1], content[0])

    def read(self, content: tuple[bool, bytes]) -> Any:
        published, data = content
        path, copied = self.folder / "in.tsv", self.folder / "out.tsv"
        path.write_bytes(data)
        found = read_layout(path, "paws-x", "de") if published else read_classified(path)
        write_classified(copied, found)
        assert read_classified(copied) == found
        return [(one.identifier, one.first, one.second, one.label) for one in found]


SUBJECT = Classification
