"""Parallel corpora of all layouts.

Where the compressed or binary file itself is mutated, both answers are right; so they are for TMX,
whose mutations change what is XML.
"""

from __future__ import annotations

import gzip
import io
import json
import random
import re
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

from xltransfer.corpora.parallel_text import Layout, read_pairs

from ..cases import Reader, Verdict, accept, either, refuse
from ..mutation import TEXTS, json_bytes, mutated_bytes, mutated_json, mutated_text

FIRST = ["Bonjour", "Ça va ?", "un deux", "x" * 200, "a\u2028b", "12:30"]
SECOND = ["Salaam", "Nanga def?", "benn ñaar", "语言", "&", "<b>"]
NAMES = ["a", "MAT.1.1", "7000001", "é", "x y"]
CODES = {"first": ("fr", "fra"), "second": ("wo", "wol")}
COLUMNS = [("first", "second"), ("identifier", "first", "second"), ("second", "-", "first")]
UNIT = '<tu><tuv xml:lang="{}"><seg>{}</seg></tuv><tuv xml:lang="{}"><seg>{}</seg></tuv></tu>\n'


@dataclass(frozen=True)
class Files:
    """The files of a part, how they are laid out, and what they were before they were compressed.

    ``plain`` is ``None`` where compressed bytes were mutated.
    """

    layout: Layout
    data: dict[str, bytes]
    plain: list[bytes] | None


def files(rng: random.Random) -> Files:
    """Files of any layout, mutated or not."""
    made = rng.choice([_tsv, _tsv, _identifiers, _moses, _zip, _tmx, _dataset])(rng)
    if rng.random() < 0.15:
        name = rng.choice(list(made.data))
        changed = mutated_bytes(rng, made.data[name])
        return Files(made.layout, {**made.data, name: changed}, None)
    return made


def _packed(rng: random.Random, layout: Layout, plain: dict[str, bytes]) -> Files:
    data = {
        name + suffix: gzip.compress(content) if suffix else content
        for name, content in plain.items()
        for suffix in [rng.choice(["", "", ".gz"])]
    }
    return Files(layout, data, list(plain.values()))


def _lines(rng: random.Random, *columns: list[str]) -> bytes:
    rows = [[rng.choice(column) for column in columns] for _ in range(rng.randint(1, 4))]
    if columns[0] is NAMES:
        for row, name in zip(rows, rng.sample(NAMES, len(rows)), strict=True):
            row[0] = name
    text = "".join("\t".join(row) + "\n" for row in rows)
    return mutated_text(rng, text, "\t", [*TEXTS, *NAMES])


def _tsv(rng: random.Random) -> Files:
    columns = rng.choice(COLUMNS)
    layout = Layout("tsv", **CODES, columns=columns, header=rng.random() < 0.3)
    cells = {"identifier": NAMES, "first": FIRST, "second": SECOND, "-": SECOND}
    return _packed(rng, layout, {"a.tsv": _lines(rng, *(cells[name] for name in columns))})


def _identifiers(rng: random.Random) -> Files:
    plain = {"a.tsv": _lines(rng, NAMES, FIRST), "b.tsv": _lines(rng, NAMES, SECOND)}
    return _packed(rng, Layout("identifiers", **CODES), plain)


def _moses(rng: random.Random) -> Files:
    plain = _aligned(rng)
    return _packed(rng, Layout("moses", **CODES), {"a.fr": plain[0], "a.wo": plain[1]})


def _aligned(rng: random.Random) -> list[bytes]:
    number = rng.randint(1, 4)
    sides = ["".join(f"{rng.choice(own)}\n" for _ in range(number)) for own in (FIRST, SECOND)]
    changed = rng.randrange(3)
    return [
        mutated_text(rng, side, " ", TEXTS) if place == changed else side.encode()
        for place, side in enumerate(sides)
    ]


def _zip(rng: random.Random) -> Files:
    plain = _aligned(rng)
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in zip(("README", "x.fr", "x.wol"), [b"free\n", *plain], strict=True):
            archive.writestr(name, content)
    return Files(Layout("moses", **CODES), {"a.zip": file.getvalue()}, plain)


def _tmx(rng: random.Random) -> Files:
    units = [
        UNIT.format(rng.choice(["fr", "fr-CA", "FRA"]), rng.choice(FIRST), "wo", rng.choice(SECOND))
        for _ in range(rng.randint(1, 3))
    ]
    units = [unit.replace("<b>", "b").replace("&", "&amp;") for unit in units]
    text = f'<tmx version="1.4"><header/><body>\n{"".join(units)}</body></tmx>\n'
    return _packed(rng, Layout("tmx", **CODES), {"a.tmx": mutated_text(rng, text, '"', TEXTS)})


def _dataset(rng: random.Random) -> Files:
    rows: list[bytes] = []
    for number in range(rng.randint(1, 3)):
        texts = {rng.choice(["fr", "fra"]): rng.choice(FIRST), "wo": rng.choice(SECOND)}
        row: Any = {"id": number, "translation": texts}
        if rng.random() < 0.3:
            row = mutated_json(rng, row, [*TEXTS, "\ud800", "a\ud834b"])
        rows.append(re.sub(rb"\n *", b" ", json_bytes(rng, row)))
    return _packed(rng, Layout("dataset", **CODES), {"a.jsonl": b"\n".join([*rows, b""])})


class Wrong(Exception):
    """What must be refused."""


def judge(content: Files) -> Verdict:
    """The meaning: the pairs."""
    if content.plain is None:
        return either()
    if content.layout.name == "tmx":
        return _judge_tmx(content.plain[0])
    try:
        texts = [plain.decode("utf-8").removeprefix("\ufeff") for plain in content.plain]
    except UnicodeDecodeError:
        return refuse("not UTF-8")
    sides = []
    for text in texts:
        lines = text.split("\n")
        lines = lines if lines[-1] else lines[:-1]
        sides.append([line.removesuffix("\r") for line in lines])
    meanings = {
        "tsv": _table, "identifiers": _joined, "moses": _pairs_of_lines, "dataset": _rows
    }  # fmt: skip
    try:
        return accept(meanings[content.layout.name](content.layout, *sides))
    except Wrong as reason:
        return refuse(str(reason))


def _name(name: str, known: list[str]) -> str:
    if not name or len(name) > 200 or not name.isprintable() or name in known:
        raise Wrong(f"identifier {name!r:.80}")
    known.append(name)
    return name


def _table(layout: Layout, lines: list[str]) -> list[list[str]]:
    known: list[str] = []
    found = []
    for number, line in enumerate(lines, start=1):
        cells = line.split("\t")
        if len(cells) != len(layout.columns):
            raise Wrong(f"{len(cells)} cells")
        if number == 1 and layout.header:
            continue
        row = dict(zip(layout.columns, cells, strict=True))
        name = _name(row["identifier"], known) if "identifier" in row else str(number)
        found.append([name, row["first"], row["second"]])
    return found


def _joined(layout: Layout, first: list[str], second: list[str]) -> list[list[str]]:
    sides: list[dict[str, str]] = []
    for lines in (first, second):
        known: list[str] = []
        cells = [line.split("\t") for line in lines]
        if any(len(row) != 2 for row in cells):
            raise Wrong("not an identifier and a text")
        sides.append({_name(name, known): text for name, text in cells})
    found = [[name, text, sides[1][name]] for name, text in sides[0].items() if name in sides[1]]
    if not found:
        raise Wrong("no common identifier")
    return found


def _pairs_of_lines(layout: Layout, first: list[str], second: list[str]) -> list[list[str]]:
    if len(first) != len(second):
        raise Wrong("other numbers of lines")
    pairs = enumerate(zip(first, second, strict=True), start=1)
    return [[str(number), *texts] for number, texts in pairs]


def _rows(layout: Layout, lines: list[str]) -> list[list[str]]:
    found = []
    for number, line in enumerate(lines, start=1):
        try:
            row = json.loads(line)
            texts = row["translation"]
            pairs = {code: text for code, text in texts.items() if _side(code) is not None}
        except (ValueError, RecursionError, LookupError, TypeError, AttributeError):
            raise Wrong(f"no row: {line!r:.200}") from None
        if not all(isinstance(text, str) for text in pairs.values()):
            raise Wrong("no text")
        sides: dict[int, str] = {}
        for code, text in pairs.items():
            if re.search("[\ud800-\udfff]", text):
                raise Wrong("half of a surrogate pair")
            sides.setdefault(_side(code), text)
        if len(sides) < 2:
            raise Wrong("a language is missing")
        found.append([str(number), sides[0], sides[1]])
    return found


def _side(code: str) -> int | None:
    language = re.split("[-_]", code)[0].lower()
    return 0 if language in CODES["first"] else 1 if language in CODES["second"] else None


def _judge_tmx(plain: bytes) -> Verdict:
    """What another parser finds; it also reads document types and wrong structures."""
    try:
        root = ElementTree.fromstring(plain)
    except (ElementTree.ParseError, LookupError, ValueError):
        return refuse("no XML")
    found = []
    for number, unit in enumerate(root.iter("tu"), start=1):
        texts: dict[int, str] = {}
        for variant in unit.iter("tuv"):
            code = variant.get("{http://www.w3.org/XML/1998/namespace}lang") or variant.get("lang")
            segment = variant.find("seg")
            side = _side(code or "")
            if side is not None and segment is not None:
                texts.setdefault(side, "".join(segment.itertext()))
        if len(texts) == 2:
            found.append([str(number), texts[0], texts[1]])
    return either(found) if found else refuse("no pair")


class ParallelText(Reader):
    """``read_pairs``."""

    def make(self, rng: random.Random) -> Files:
        return files(rng)

    def judge(self, content: Files) -> Verdict:
        return judge(content)

    def read(self, content: Files) -> Any:
        paths: list[Path] = []
        for name, data in content.data.items():
            paths.append(self.folder / name)
            paths[-1].write_bytes(data)
        pairs = [list(pair) for pair in read_pairs(paths, content.layout)]
        # They are written to files later.
        json.dumps(pairs, ensure_ascii=False).encode()
        return pairs


SUBJECT = ParallelText
