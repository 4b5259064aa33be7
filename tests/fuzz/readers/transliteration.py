"""Tables of transliteration rules."""

from __future__ import annotations

import random
import re
from pathlib import Path
from typing import Any

from xltransfer.corpora.transliteration.loading import load_scheme
from xltransfer.corpora.transliteration.transliterator import Transliterator

from ..cases import Reader, Verdict, accept, either, refuse
from ..mutation import mutated_text
from .catalogues import rows

COLUMNS = ["source", "target", "after", "before", "note"]
TABLE = (
    "\t".join(COLUMNS) + "\n{vowel}\tа U+0435\t\t\ta class\nш\tsh\t\t\t\nа\ta\t\t\t\n"
    "е\tye\t#\t\tat the start\nе\te\t\t\t\n"
    "е\tje\t{vowel}\t\t\nU+0434+0436\tj\t\t#\t\nд\td\t\t\t\nж\tzh\t\tа\t\nь\t\t\t\t\n"
)
WORDS = {"шаде": "shade", "еше": "yeshe", "ае": "aje", "ШАД": "SHAD", "адж": "aj", "жь": "ж"}
"""Words, and what the rules above make of them."""
POOL = [
    "U+D800",
    "U+110000",
    "U+04",
    "{vowel}",
    "{none}",
    "#",
    "А",
    "ш",
    "а",
    "sh",
    "a b",
    "{",
    "ь",
]


def judge(data: bytes, spoilt: bool) -> Verdict:
    """The meaning: what becomes of ``WORDS``; known where nothing was mutated."""
    found = rows(data)
    if isinstance(found, str):
        return refuse(found)
    header = data.decode("utf-8-sig").replace("\r\n", "\n").partition("\n")[0].split("\t")
    if any(header.count(column) != 1 for column in COLUMNS):
        return refuse("header")
    classes: set[str] = set()
    seen: set[tuple[str, ...]] = set()
    for row in found:
        cells = [row[column].strip() for column in COLUMNS[:4]]
        if cells[0].startswith("{"):
            classes.add(cells[0])
            continue
        items = [cells[0], cells[1], *cells[2].split(), *cells[3].split()]
        for item in items:
            if item.startswith("U+") and not _is_code_points(item):
                return refuse(f"code points {item!r:.80}")
            if item.startswith("{") and item not in (cells[1], *classes):
                return refuse(f"class {item!r:.80}")
        if not cells[0] or (cells[0] != cells[0].lower() and not cells[0].startswith("U+")):
            return refuse(f"source {cells[0]!r:.80}")
        if re.search(r"\s", cells[1]):
            return refuse(f"target {cells[1]!r:.80}")
        key = (cells[0], cells[2], cells[3])
        if key in seen:
            return refuse("two rules for one place")
        seen.add(key)
    return either() if spoilt else accept(list(WORDS.values()))


def _is_code_points(cell: str) -> bool:
    codes = cell[2:].split("+")
    if not all(re.fullmatch("[0-9A-F]{4,6}", code) for code in codes):
        return False
    return all(int(c, 16) <= 0x10FFFF and not 0xD800 <= int(c, 16) <= 0xDFFF for c in codes)


class Transliteration(Reader):
    """``load_scheme``, and words written by what it loads."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        header = "scheme\tdescription\tkind\ttables\tlanguage\treversible\tsource\n"
        text = header + "x\tx\ttable\tt.tsv\t\tno\tx\n"
        (folder / "schemes.tsv").write_text(text)

    def make(self, rng: random.Random) -> bytes:
        return mutated_text(rng, TABLE, "\t", POOL)

    def judge(self, content: bytes) -> Verdict:
        return judge(content, content != TABLE.encode())

    def read(self, content: bytes) -> Any:
        (self.folder / "t.tsv").write_bytes(content)
        write = Transliterator(load_scheme("x", self.folder)).text
        written = [write(word) for word in WORDS]
        "".join(written).encode()
        return written


SUBJECT = Transliteration
