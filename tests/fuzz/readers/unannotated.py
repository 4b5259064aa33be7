"""CoNLL-U in which sentences may have no trees, as `xltransfer annotate` reads it.

The oracle writes a tree where there is none, and asks the oracle of treebanks; empty lines may be
repeated or missing at the end.
"""

from __future__ import annotations

import random
import re
from dataclasses import replace
from typing import Any

from xltransfer.corpora.conllu import FEATS, UPOS, XPOS
from xltransfer.corpora.unannotated import sentences_of_conllu
from xltransfer.runtime.files import read_text

from ..cases import Reader, Verdict, refuse
from ..mutation import mutated_text
from . import conllu


def without_trees(text: str, rng: random.Random) -> str:
    """A treebank of which some sentences lose their heads and relations."""
    blocks = []
    for block in text[:-2].split("\n\n"):
        if rng.random() < 0.6:
            block = re.sub(r"(?m)^((?:[^\t\n]+\t){6})[^\t\n]+\t[^\t\n]+", r"\1_\t_", block)
        blocks.append(block)
    return "\n\n".join(blocks) + "\n" * rng.randint(0, 3)


def with_trees(block: str) -> str:
    lines = block.split("\n")
    words = [
        cells for line in lines if len(cells := line.split("\t")) == 10 and cells[0].isdecimal()
    ]
    if any(cells[6] != "_" for cells in words):
        return block
    heads = {id(cells): number for number, cells in enumerate(words)}
    by_line = iter(words)
    written = []
    for line in lines:
        cells = line.split("\t")
        if len(cells) == 10 and cells[0].isdecimal():
            own = next(by_line)
            line = "\t".join([*own[:6], str(heads[id(own)]), "dep", *own[8:]])
        written.append(line)
    return "\n".join(written)


class Unannotated(Reader):
    """``sentences_of_conllu``."""

    def make(self, rng: random.Random) -> bytes:
        text = without_trees(conllu.treebank(rng), rng)
        return mutated_text(rng, text, "\t", ["_", *conllu.POOL], (0, 6, 6, 7))

    def judge(self, content: bytes) -> Verdict:
        try:
            text = content.decode("utf-8").removeprefix("\ufeff").replace("\r\n", "\n")
        except UnicodeDecodeError:
            return refuse("not UTF-8")
        if text.startswith("\ufeff"):
            return refuse("a second byte-order mark")
        if "\r" in text:
            return refuse("carriage return")
        blocks = [block for block in re.split("\n{2,}", text.strip("\n")) if block]
        if not blocks:
            return refuse("no sentence")
        whole = "\n\n".join(map(with_trees, blocks)) + "\n\n"
        verdict = conllu.judge(whole.encode())
        if verdict.meaning is None:
            return verdict
        return replace(verdict, meaning=[sentence[:5] for sentence in verdict.meaning])

    def read(self, content: bytes) -> Any:
        path = self.folder / "in.conllu"
        path.write_bytes(content)
        sentences = sentences_of_conllu(read_text(path), str(path))
        return [
            [one.sent_id, *(one.column(column) for column in (1, UPOS, XPOS, FEATS))]
            for one in sentences
        ]


SUBJECT = Unannotated
