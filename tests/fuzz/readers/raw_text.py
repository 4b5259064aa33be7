"""Raw corpora but for Wikipedia: plain and compressed text, Leipzig archives, datasets.

Where the compressed or binary file itself is mutated, both answers are right.
"""

from __future__ import annotations

import bz2
import gzip
import io
import json
import lzma
import random
import re
import tarfile
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
from pyarrow import parquet
from xltransfer.corpora.raw_text import read_lines

from ..cases import Reader, Verdict, accept, either, refuse
from ..mutation import LONG, TEXTS, json_bytes, mutated_bytes, mutated_json, mutated_text

SENTENCES = ["Nanga def?", "Mangi fi rekk.", "Ñaata la?", "语言", "a\u2028b", "x" * 200, "12:30"]
COMPRESSED = {".gz": gzip.compress, ".bz2": bz2.compress, ".xz": lzma.compress}
SUFFIXES = ["", "", ".gz", ".bz2", ".xz"]


@dataclass(frozen=True)
class Corpus:
    """A file, what the catalogue calls its kind, and what it was before it was compressed.

    ``plain`` is ``None`` where the compressed bytes themselves were mutated.
    """

    name: str
    kind: str
    data: bytes
    plain: Any


def corpus(rng: random.Random) -> Corpus:
    """A corpus of any kind, mutated or not."""
    maker = rng.choice([_text, _leipzig, _json_lines, _json_lines, _parquet])
    made = maker(rng)
    if rng.random() < 0.25:
        return Corpus(made.name, made.kind, mutated_bytes(rng, made.data), None)
    return made


def _compressed(rng: random.Random, name: str, kind: str, plain: bytes) -> Corpus:
    suffix = rng.choice(SUFFIXES)
    return Corpus(name + suffix, kind, COMPRESSED.get(suffix, bytes)(plain), plain)


def _text(rng: random.Random) -> Corpus:
    lines = [rng.choice(SENTENCES) for _ in range(rng.randint(0, 5))]
    return _compressed(rng, "a.txt", "text", mutated_text(rng, "\n".join([*lines, ""]), " ", TEXTS))


def _leipzig(rng: random.Random) -> Corpus:
    lines = [f"{n}\t{rng.choice(SENTENCES)}" for n in range(1, rng.randint(2, 6))]
    plain = mutated_text(rng, "\n".join([*lines, ""]), "\t", TEXTS)
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w:gz", compresslevel=1) as archive:
        for name, content in (("wol/words.txt", b"1\ta\n"), ("wol/wol-sentences.txt", plain)):
            member = tarfile.TarInfo(name)
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    return Corpus("a.tar.gz", "leipzig", file.getvalue(), plain)


def _json_lines(rng: random.Random) -> Corpus:
    rows: list[bytes] = []
    for number in range(rng.randint(1, 4)):
        field = rng.choice(["text", "content"])
        row: Any = {"id": number, field: "\n".join(rng.sample(SENTENCES, 2)), "meta": {"a": [1]}}
        if rng.random() < 0.3:
            row = mutated_json(rng, row, [*TEXTS, "\ud800", "a\ud834b", LONG[0]])
        rows.append(re.sub(rb"\n *", b" ", json_bytes(rng, row)))
    return _compressed(rng, "a.jsonl", rng.choice(["oscar", "hub"]), b"\n".join([*rows, b""]))


def _parquet(rng: random.Random) -> Corpus:
    texts: list[Any] = [rng.choice(SENTENCES) for _ in range(4)]
    kind = rng.choice(["string", "large_string", "int64", "list", "binary", "null", "struct"])
    if kind in ("string", "large_string"):
        texts[0] = rng.choice([None, "a\nb", texts[0]])
        array = pa.array(texts, getattr(pa, kind)())
    elif kind == "binary":
        array = pa.array([b"a", b"\xff"], pa.binary())
    else:
        values = {"int64": [1, 2], "list": [["a"], []], "null": [None], "struct": [{"a": 1}]}
        array = pa.array(values[kind])
    file = io.BytesIO()
    name = rng.choice(["text", "text", "content", "other"])
    parquet.write_table(pa.table({name: array, "id": pa.array(range(len(array)))}), file)
    known = texts if kind.endswith("string") and name != "other" else "not text"
    return Corpus("a.parquet", "hub", file.getvalue(), known)


def judge(corpus: Corpus) -> Verdict:
    """The meaning: the lines."""
    if corpus.plain is None:
        return either()
    if corpus.name.endswith(".parquet"):
        if corpus.plain == "not text":
            return refuse("no column of text")
        return accept([line for text in corpus.plain if text for line in text.splitlines()])
    try:
        text = corpus.plain.decode("utf-8")
    except UnicodeDecodeError:
        return refuse("not UTF-8")
    lines = text.split("\n")
    lines = [line.removesuffix("\r") for line in (lines if lines[-1] else lines[:-1])]
    if corpus.kind == "text":
        return accept(lines)
    found: list[str] = []
    for line in lines:
        problem = (_add_sentence if corpus.kind == "leipzig" else _add_document)(line, found)
        if problem:
            return refuse(problem)
    return accept(found)


def _add_sentence(line: str, found: list[str]) -> str:
    match = re.fullmatch(r"([0-9]+)\t(.*)", line, re.DOTALL)
    if not match:
        return f"no number and sentence: {line!r:.200}"
    found.append(match[2])
    return ""


def _add_document(line: str, found: list[str]) -> str:
    try:
        row = json.loads(line)
    except (ValueError, RecursionError):
        return f"no JSON: {line!r:.200}"
    text = row.get("text", row.get("content")) if isinstance(row, dict) else None
    if not isinstance(text, str):
        return f"no text: {line!r:.200}"
    try:
        text.encode()
    except UnicodeEncodeError:
        return "half of a surrogate pair"
    found += text.splitlines()
    return ""


class RawText(Reader):
    """``read_lines``."""

    def make(self, rng: random.Random) -> Corpus:
        return corpus(rng)

    def judge(self, content: Corpus) -> Verdict:
        return judge(content)

    def read(self, content: Corpus) -> Any:
        path = self.folder / content.name
        path.write_bytes(content.data)
        lines = list(read_lines(path, content.kind))
        # They are written to files later.
        "\n".join(lines).encode()
        return lines


SUBJECT = RawText
