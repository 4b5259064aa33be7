"""Dumps of Wikipedia.

Every text is wikitext, so that pages are mutated before they are put into the XML and must be read
then. Where the XML itself is mutated, both answers are right.
"""

from __future__ import annotations

import bz2
import random
from dataclasses import dataclass
from typing import Any
from xml.sax.saxutils import escape

import mwparserfromhell
from xltransfer.corpora.raw_text import read_lines

from ..cases import Reader, Verdict, accept, either
from ..mutation import TEXTS, mutated_bytes

assert mwparserfromhell.parse("a") == "a"  # imported before the clock runs
PARTS = [
    "{{", "}}", "[[", "]]", "{|", "|}", "|", "<ref>", "</ref>", "<b>", "</b>", "<br/>", "<!--",
    "-->",
    "'''", "''", "==", "\n", "\n* ", "[http://x.org ", "]", "&nbsp;", "&#xD800;", "&#x110000;",
    "&#99999999999;", "&lt;", "<nowiki>", "</nowiki>", "<math>", "[[File:a.jpg|", "[[Category:",
    "__TOC__", "<ref name=", "{{{", "}}}", "#REDIRECT", "word", " ",
]  # fmt: skip
PLAIN = "Wolof la ñu koy wax ci Senegaal."
HEAD = (
    '<mediawiki xmlns="http://www.mediawiki.org/xml/export-0.11/" xml:lang="wo"><siteinfo>'
    '<namespaces><namespace key="0"/><namespace key="6">Dencukaay</namespace></namespaces>'
    "</siteinfo>"
)
DECLARATIONS = [
    "", "", "", '<?xml version="1.0" encoding="utf-8"?>', '<?xml version="1.0" encoding="utf-99"?>',
    '<?xml version="1.0" encoding="utf-16"?>', '<?xml version="1.1"?>',
    '<!DOCTYPE a [<!ENTITY a "b">]>', '<!DOCTYPE a SYSTEM "file:///etc/passwd">',
]  # fmt: skip


@dataclass(frozen=True)
class Dump:
    """A dump, and what it must give: its lines, any lines, or any answer."""

    data: bytes
    expected: Verdict


def page(title: str, text: str, namespace: str = "0") -> str:
    """A page of a dump."""
    return (
        f"<page><title>{escape(title)}</title><ns>{namespace}</ns><revision>"
        f'<text xml:space="preserve">{escape(text)}</text></revision></page>'
    )


def wikitext(rng: random.Random) -> str:
    """Markup in any order, now and then the same many times over."""
    parts = [rng.choice(PARTS) for _ in range(rng.randint(1, 30))]
    if rng.random() < 0.2:
        parts.insert(rng.randint(0, len(parts)), rng.choice(PARTS) * rng.choice([20, 100, 300]))
    if rng.random() < 0.3:
        cell = rng.choice(TEXTS)
        parts.append("".join(c for c in cell if c >= " " or c in "\t\n"))
    return "".join(parts)


def dump(rng: random.Random) -> Dump:
    """A dump with one page in plain text and one of markup."""
    declaration = rng.choice(DECLARATIONS)
    other = wikitext(rng) if rng.random() < 0.8 else ""
    text = HEAD + page("A", PLAIN) + page("B", other) + page("Dencukaay:a", "x", "6")
    text += "</mediawiki>"
    data = text.encode()
    if rng.random() < 0.3:
        return Dump(mutated_bytes(rng, (declaration + text).encode()), either())
    if declaration and "utf-8" not in declaration:
        return Dump((declaration + text).encode(), either())
    return Dump(declaration.encode() + data, accept() if other else accept([PLAIN]))


class Wikitext(Reader):
    """``read_lines`` of a dump."""

    def make(self, rng: random.Random) -> Dump:
        return dump(rng)

    def judge(self, content: Dump) -> Verdict:
        return content.expected

    def read(self, content: Dump) -> Any:
        path = self.folder / "dump.xml.bz2"
        path.write_bytes(bz2.compress(content.data))
        lines = list(read_lines(path, "wikipedia"))
        "\n".join(lines).encode()
        return lines


SUBJECT = Wikitext
