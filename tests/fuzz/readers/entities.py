"""Named entities in every layout and tagging scheme.

The oracle knows the schemes as regular expressions over the tags of a sentence (Ramshaw & Marcus
1995 for IOB1, Tjong Kim Sang & Veenstra 1999 for IOB2), from whose matches it takes the entities.
"""

from __future__ import annotations

import random
import re
from dataclasses import dataclass
from typing import Any

from xltransfer.corpora.iob import read_entities, read_iob2, write_iob2

from ..cases import Reader, Verdict, accept, either, refuse
from ..mutation import mutated_text

ENTITIES = {
    "iob1": re.compile(r"(?P<O>O )|(?P<E>I-(?P<T>\S+) (?:I-(?P=T) )*)|(?P<B>B-(?P<U>\S+) )"),
    "iob2": re.compile(r"(?P<O>O )|(?P<E>B-(?P<T>\S+) (?:I-(?P=T) )*)"),
    "bioes": re.compile(
        r"(?P<O>O )|(?P<E>[SU]-(?P<T>\S+) )|(?P<F>B-(?P<V>\S+) (?:I-(?P=V) )*[EL]-(?P=V) )"
    ),
}
COMMENT = re.compile(r"# (?:[\w.:-]+ )+=.*|# new(?:doc|par)(?: id = .*)?")
TAG = re.compile(r"O|[BIESLU]-\S+")
POOL = [
    "O", "B-PER", "I-PER", "B-LOC", "I-LOC", "S-PER", "E-PER", "-DOCSTART-", "# x = y",
    "en:# x = y", "en:", "en: ", "en:-DOCSTART-", "en:x", "1", "2", "3", "# newpar", "",
]  # fmt: skip
FORMS = ["Ada", "Łódź", "New York", "#", "12:30", "語", "کتاب", "-", ":", "a\u00a0b"]


@dataclass(frozen=True)
class Corpus:
    """A file and what the catalogue says of it."""

    data: bytes
    layout: str
    scheme: str
    repair: bool
    encoding: str


def tags(rng: random.Random, scheme: str) -> list[str]:
    """A valid sequence of tags."""
    found: list[str] = []
    for _ in range(rng.randint(1, 4)):
        kind, length = rng.choice(["PER", "LOC"]), rng.randint(1, 3)
        follows = bool(found) and found[-1][2:] == kind
        inside = [f"I-{kind}"] * (length - 1)
        if rng.random() < 0.4:
            found.append("O")
        elif scheme == "iob1":
            found += [f"{'B' if follows else 'I'}-{kind}", *inside]
        elif scheme == "iob2":
            found += [f"B-{kind}", *inside]
        else:
            found += [f"S-{kind}"] if length == 1 else [f"B-{kind}", *inside[1:], f"E-{kind}"]
    return found


def corpus(rng: random.Random) -> Corpus:
    """A corpus, mutated or not."""
    layout = rng.choice(["columns", "columns", "wikiann", "uner"])
    scheme = rng.choice(list(ENTITIES))
    separator = "\t" if layout != "columns" or rng.random() < 0.6 else " "
    lines = ["-DOCSTART- O", ""] if rng.random() < 0.2 else []
    for sentence in range(rng.randint(1, 3)):
        lines += [f"# sent_id = {sentence}"] if rng.random() < 0.4 else []
        lines += ["# newpar"] if rng.random() < 0.1 else []
        for number, tag in enumerate(tags(rng, scheme), start=1):
            form = rng.choice(FORMS)
            if separator == " ":
                form = form.replace(" ", "_")
            middle = ["NN"] if layout == "columns" and separator == " " else []
            row = {
                "columns": [form, *middle, tag],
                "wikiann": [f"en:{form}", tag],
                "uner": [str(number), form, tag, "-", "-"],
            }[layout]
            lines.append(separator.join(row))
        lines.append("")
    data = mutated_text(rng, "\n".join(lines), separator, POOL)
    repair = rng.random() < 0.3
    return Corpus(data, layout, scheme, repair, rng.choice(["utf-8"] * 8 + ["latin-1", "utf-16"]))


def judge(corpus: Corpus) -> Verdict:
    """The meaning: of each sentence the forms and the spans of its entities with their types."""
    try:
        text = corpus.data.decode("utf-8-sig" if corpus.encoding == "utf-8" else corpus.encoding)
    except UnicodeError:
        return refuse("encoding")
    if text.startswith("\ufeff"):
        return refuse("byte-order mark")
    text = text.replace("\r\n", "\n")
    if "\r" in text:
        return refuse("carriage return")
    sentences: list[list[tuple[str, str]]] = [[]]
    for line in text.split("\n"):
        if not line.strip(" \t"):
            sentences.append([])
            continue
        problem = _read_line(line, corpus.layout, sentences[-1])
        if problem:
            return refuse(f"{problem}: {line[:200]!r}")
    sentences = [sentence for sentence in sentences if sentence]
    if not sentences:
        return refuse("no sentence")
    forms = [form for sentence in sentences for form, _ in sentence]
    if corpus.layout == "columns":
        codes = {re.match(r"([a-z][a-z-]*):.", form) for form in forms}
        if None not in codes and len({code[1] for code in codes}) == 1:
            return refuse("the layout is wikiann")
    meaning = []
    for sentence in sentences:
        found = _entities([tag for _, tag in sentence], corpus)
        if found is None:
            return refuse(f"scheme: {sentence!r:.200}")
        meaning.append(([form for form, _ in sentence], found))
    unclear = any(re.search(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]|^\s|\s$", form) for form in forms)
    unclear |= corpus.repair and corpus.scheme != "bioes" and _has_other_letters(sentences)
    return either() if unclear else accept(meaning)


def _has_other_letters(sentences: list[list[tuple[str, str]]]) -> bool:
    return any(tag[0] not in "OBI" for sentence in sentences for _, tag in sentence)


def _read_line(line: str, layout: str, rows: list[tuple[str, str]]) -> str:
    """Add the token of a line to the rows before it, or say what is wrong."""
    fields = line.split("\t") if "\t" in line else re.split(" +", line.strip(" "))
    if fields[0] == "-DOCSTART-":
        if rows:
            return "document start within a sentence"
        return "" if fields[-1] in ("O", "-DOCSTART-") else "annotated document start"
    if not rows and COMMENT.fullmatch(line):
        is_row = "\t" in line and TAG.fullmatch(fields[-1].strip())
        return "comment or token" if is_row else ""
    if layout == "uner":
        if "\t" not in line or len(fields) != 5 or fields[0] != str(len(rows) + 1):
            return "number or columns"
        form, tag = fields[1], fields[2]
    else:
        if len(fields) < 2:
            return "columns"
        form, tag = fields[0], fields[-1].strip()
    if layout == "wikiann":
        match = re.fullmatch(r"[A-Za-z-]*[A-Za-z][A-Za-z-]*:(.+)", form, re.DOTALL)
        if not match:
            return "no language"
        form = match[1]
    if not form.strip() or not TAG.fullmatch(tag):
        return "token or tag"
    if form == "-DOCSTART-" or (not rows and COMMENT.fullmatch(form)):
        return "a token that is read as something else"
    rows.append((form, tag))
    return ""


def _entities(tags: list[str], corpus: Corpus) -> list[tuple[int, int, str]] | None:
    """Start, end and type of the entities; ``None`` if the tags break the scheme."""
    if corpus.repair:
        return _repaired(tags)
    found, place, token, before = [], 0, 0, ""
    text = "".join(f"{tag} " for tag in tags)
    while place < len(text):
        match = ENTITIES[corpus.scheme].match(text, place)
        if not match:
            return None
        groups = match.groupdict()
        kind = groups["T"] or groups.get("U") or groups.get("V") or ""
        if groups.get("B") and kind != before:
            return None
        if groups.get("B"):
            # An entity of IOB1 that divides: the rest of it follows as I.
            rest = re.compile(f"(?:I-{re.escape(kind)} )*").match(text, match.end())
            length, place = 1 + rest[0].count(" "), rest.end()
        else:
            length, place = match[0].count(" "), match.end()
        if kind:
            found.append((token, token + length, kind))
        token, before = token + length, kind
    return found


def _repaired(tags: list[str]) -> list[tuple[int, int, str]]:
    """As ``conlleval`` has it: an entity starts with B (or S, U) and wherever the type changes."""
    found: list[tuple[int, int, str]] = []
    for place, tag in enumerate(tags):
        continues = found and found[-1][1:] == (place, tag[2:]) and tag[0] in "IEL"
        if tag != "O" and continues:
            found[-1] = (found[-1][0], place + 1, tag[2:])
        elif tag != "O":
            found.append((place, place + 1, tag[2:]))
    return found


class Entities(Reader):
    """``read_entities``; what it reads is written in the project's layout and read again."""

    def make(self, rng: random.Random) -> Corpus:
        return corpus(rng)

    def judge(self, content: Corpus) -> Verdict:
        return judge(content)

    def read(self, content: Corpus) -> Any:
        path, copy = self.folder / "in.txt", self.folder / "out.iob2"
        path.write_bytes(content.data)
        sentences = read_entities(
            path, content.layout, content.scheme, content.repair, content.encoding
        )
        write_iob2(copy, sentences)
        assert read_iob2(copy) == sentences
        return [(s.forms, _repaired(s.tags)) for s in sentences]


SUBJECT = Entities
