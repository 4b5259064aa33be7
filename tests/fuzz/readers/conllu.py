"""Treebanks in CoNLL-U.

The oracle restates the format (https://universaldependencies.org/format.html) and the checks of the
CoNLL 2018 evaluator, with regular expressions over whole lines and heads as integers.
"""

from __future__ import annotations

import random
import re
from typing import Any

from xltransfer.corpora.conllu import DEPREL, FEATS, UPOS, XPOS, read_conllu, write_conllu

from ..cases import Reader, Verdict, accept, either, refuse
from ..mutation import mutated_text

NUMBER = "(?:0|[1-9][0-9]{0,8})"
WORD = re.compile(f"{NUMBER}(?:\t[^\t]+){{9}}")
RANGE = re.compile(f"({NUMBER})-({NUMBER})(?:\t[^\t]+){{9}}")
EMPTY = re.compile(f"({NUMBER})\\.({NUMBER})(?:\t[^\t]+){{9}}")
POOL = [
    "nsubj", "nsubj:pass", "", "root", "_", "NOUN", "1-2", "2-3", "1-9", "3-2", "1.1", "0.1", "2.1",
    "0", "1", "2", "3", "4", "Number=Sing|Case=Nom", "a b", " nsubj", "5-5",
]  # fmt: skip


def sentence(rng: random.Random, number: int) -> str:
    """A valid sentence with multiword tokens, empty nodes and comments."""
    count = rng.randint(1, 7)
    order = rng.sample(range(1, count + 1), count)
    heads = {word: rng.choice(order[:place]) for place, word in enumerate(order) if place}
    heads[order[0]] = 0
    lines = [f"# sent_id = s-{number}"] if rng.random() < 0.7 else []
    lines += ["# text = a\tb"] * (rng.random() < 0.2)
    covered = 0
    for word in range(1, count + 1):
        if word > covered and word < count and rng.random() < 0.2:
            covered = rng.randint(word + 1, count)
            lines.append(f"{word}-{covered}\t{form(rng)}" + "\t_" * 8)
        relation = "root" if not heads[word] else rng.choice(["nsubj", "obj", "nmod:poss", "punct"])
        tags = f"{rng.choice(['NOUN', 'VERB', 'X'])}\t{rng.choice(['_', 'NN'])}"
        features = rng.choice(["_", "Number=Sing", "Case=Nom|Number=Plur"])
        lines.append(f"{word}\t{form(rng)}\t_\t{tags}\t{features}\t{heads[word]}\t{relation}\t_\t_")
        if rng.random() < 0.1:
            lines.append(f"{word}.1\t{form(rng)}" + "\t_" * 8)
    return "\n".join(lines) + "\n\n"


def form(rng: random.Random) -> str:
    """A form; some languages have spaces in theirs."""
    return rng.choice(["the", "dog", "gâteau", "語", "New York", "کتاب", "_", "12", "🙂"])


def treebank(rng: random.Random) -> str:
    """A valid treebank."""
    return "".join(sentence(rng, number) for number in range(rng.randint(1, 4)))


def judge(data: bytes) -> Verdict:
    """The meaning: of each sentence its identifier, forms, UPOS, XPOS, FEATS, heads, relations."""
    try:
        text = data.decode("utf-8").removeprefix("\ufeff").replace("\r\n", "\n")
    except UnicodeDecodeError:
        return refuse("not UTF-8")
    if "\r" in text:
        return refuse("carriage return")
    if not text.endswith("\n\n"):
        return refuse("the last sentence is not ended")
    meaning = []
    unclear = False
    for block in text[:-2].split("\n\n"):
        lines = block.split("\n")
        comments = []
        while lines and lines[0].startswith("#"):
            comments.append(lines.pop(0))
        problem = _problem(lines)
        if problem:
            return refuse(f"{problem}: {block[:300]!r}")
        words = [line.split("\t") for line in lines if WORD.fullmatch(line)]
        unclear |= any(re.search(r"[\x00-\x1f\x7f-\x9f]", cell) for word in words for cell in word)
        unclear |= any(re.search(r"\s", cell) for word in words for cell in word[3:9])
        unclear |= any(word[1] != word[1].strip() for word in words)
        columns = [[word[column] for word in words] for column in (1, UPOS, XPOS, FEATS)]
        heads = [int(word[6]) for word in words]
        meaning.append([_identifier(comments), *columns, heads, [word[DEPREL] for word in words]])
    return either(meaning) if unclear else accept(meaning)


def _identifier(comments: list[str]) -> str | None:
    found = [re.fullmatch(r"#\s*sent_id\s*=(.*)", comment) for comment in comments]
    return next((match[1].strip() for match in found if match), None)


def _problem(lines: list[str]) -> str:
    """Why the lines of a sentence, without comments, are no tree; ``""`` if they are one."""
    if not lines:
        return "no words"
    words: list[list[str]] = []
    covered = empty = 0
    for line in lines:
        if any(not cell.strip() for cell in line.split("\t")):
            return "empty or blank cell"
        if any(cell[0].isspace() for cell in line.split("\t")[3:9]):
            return "white space before a value"
        if WORD.fullmatch(line):
            words.append(line.split("\t"))
            empty = 0
            if int(words[-1][0]) != len(words):
                return "number of a word"
        elif match := RANGE.fullmatch(line):
            first, last = int(match[1]), int(match[2])
            if first != len(words) + 1 or last < first or first <= covered:
                return "range"
            covered = last
        elif match := EMPTY.fullmatch(line):
            if int(match[1]) != len(words) or int(match[2]) != empty + 1:
                return "empty node"
            empty += 1
        else:
            return "no row"
    if covered > len(words):
        return "range beyond the last word"
    return _no_tree([word[6] for word in words])


def _no_tree(heads: list[str]) -> str:
    if not heads:
        return "no words"
    if not all(re.fullmatch(NUMBER, head) for head in heads):
        return "HEAD is no number"
    parents = [int(head) for head in heads]
    if max(parents) > len(heads):
        return "HEAD beyond the last word"
    if parents.count(0) != 1:
        return "roots"
    # All words of a tree are reached from its root.
    reached, found = {0}, {0}
    while found:
        found = {w for w, parent in enumerate(parents, start=1) if parent in found} - reached
        reached |= found
    return "" if len(reached) == len(heads) + 1 else "cycle"


class Treebanks(Reader):
    """``read_conllu``, and what it reads written and read again."""

    def make(self, rng: random.Random) -> bytes:
        return mutated_text(rng, treebank(rng), "\t", POOL, (0, 6, 6, 7))

    def judge(self, content: bytes) -> Verdict:
        return judge(content)

    def read(self, content: bytes) -> Any:
        path, copy = self.folder / "in.conllu", self.folder / "out.conllu"
        path.write_bytes(content)
        sentences = read_conllu(path)
        # What is written is read again as the same, both from lines and from rows.
        found = [_meaning(sentence) for sentence in sentences]
        write_conllu(copy, sentences)
        assert [_meaning(sentence) for sentence in read_conllu(copy)] == found
        assert [[row[1] for row in sentence.words] for sentence in sentences] == [
            columns[1] for columns in found
        ]
        return found


def _meaning(sentence: Any) -> list[Any]:
    columns = (sentence.column(column) for column in (1, UPOS, XPOS, FEATS))
    return [sentence.sent_id, *columns, sentence.heads, sentence.column(DEPREL)]


SUBJECT = Treebanks
