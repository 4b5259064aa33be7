"""The running text of a Wikipedia dump.

A dump is one XML document (https://www.mediawiki.org/wiki/Help:Export) with the wikitext of all
pages. Pages are processed one at a time.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO
from xml.etree import ElementTree

from ..runtime.errors import InputError
from .wikitext_cost import parsing_cost

FILE, CATEGORY = "6", "14"
"""Numbers of namespaces whose links embed a file or assign a category, without text."""
LONGEST_PAGE = 1 << 24
"""Maximum characters of a page; MediaWiki's default limit is 2 MiB, wikis may allow more."""
HIGHEST_COST = 3e7
"""Maximum ``wikitext_cost.parsing_cost`` of a page, about ten seconds; articles have below 1 %."""
_BLOCK = 1 << 14
_LONGEST_TAG = 1 << 20
_DEEPEST = 32
_MOST_NAMES = 1000
_MOST_ELEMENTS = 10_000
"""Maximum XML elements in or between pages; a page has twenty, the header a hundred."""
_CANONICAL = ("file", "image", "category")
_SILENT_TAGS = frozenset(
    {"ref", "references", "table", "gallery", "math", "chem", "timeline", "score", "graph"}
    | {"imagemap", "syntaxhighlight", "source", "pre", "style", "script", "templatestyles"}
    | {"mapframe", "maplink", "indicator"}
)
_LINE_TAGS = frozenset(["br", "p", "div", "li", "dd", "dt", "hr", "blockquote"])
_EMPHASIS = re.compile("'{2,}")
_SWITCH = re.compile(r"__[A-Z]+__")
_LANGUAGE_PREFIX = re.compile(r"[a-z]{2,3}(-[a-z-]+)?")


def dump_paragraphs(
    file: IO[bytes], path: Path | str, counts: Counter[str] | None = None
) -> Iterator[str]:
    """Paragraphs of all articles of a dump: pages of namespace 0 that are not redirects.

    Args:
        file: decompressed XML file.
        path: name of the file in messages.
        counts: counter of ``pages`` (before parsing), ``pages_of_other_namespaces``, ``redirects``
            and ``pages_not_parsed``. Pages with too expensive brackets and tags are not parsed
            (``wikitext_cost.parsing_cost``).

    Raises:
        InputError: the XML is malformed, truncated or not a dump; names the line or page.
    """
    counts = Counter() if counts is None else counts
    dump = _Dump(str(path))
    parser = ElementTree.XMLParser(target=dump)
    try:
        while block := file.read(_BLOCK):
            parser.feed(block)
            dump.count_silence(len(block))
            yield from _finished_pages(dump, counts)
        parser.close()
    except ElementTree.ParseError as error:
        line = error.position[0]
        raise InputError(
            f"{path}:{line}: not the XML of a dump ({error.msg}); is the download complete?"
        ) from None
    except (LookupError, ValueError) as error:
        # The XML declaration has an encoding that Python or the parser does not support.
        raise InputError(f"{path}:1: not the XML of a dump ({error}); is it in UTF-8?") from None
    yield from _finished_pages(dump, counts)


@dataclass
class _Page:
    namespace: str = ""
    redirect: bool = False
    source: str = ""


class _Dump:
    """Target of the XML parser, which stores only complete pages.

    An element tree would grow without bound with repeated elements, and so would element names and
    document type declarations.
    """

    def __init__(self, path: str) -> None:
        self.path = path
        self.namespaces = set(_CANONICAL)
        self.pages: list[_Page] = []
        self.number = 0
        self._page: _Page | None = None
        self._open: list[str] = []
        self._names: set[str] = set()
        self._text: list[str] | None = None
        self._length = self._silence = self._elements = 0

    def start(self, name: str, attributes: dict[str, str]) -> None:
        self._silence = 0
        tag = name.rpartition("}")[2]
        self._open.append(tag)
        self._names.add(name)
        self._elements += 1
        if len(self._open) > _DEEPEST or len(self._names) > _MOST_NAMES:
            self._refuse("elements in elements, or more kinds of them than any dump has")
        if self._elements > _MOST_ELEMENTS:
            self._refuse(f"more than {_MOST_ELEMENTS:,} elements in a page or between two")
        inside = self._open[-3:-1]
        if tag == "page" and self._page is None:
            self._page, self.number = _Page(), self.number + 1
        elif self._page is not None and tag == "redirect" and inside[-1:] == ["page"]:
            self._page.redirect = True
        elif (
            (tag == "namespace" and attributes.get("key") in (FILE, CATEGORY))
            or (tag == "ns" and inside[-1:] == ["page"])
            or (tag == "text" and inside == ["page", "revision"])
        ):
            self._text, self._length = [], 0

    def data(self, text: str) -> None:
        self._silence = 0
        if self._text is not None:
            self._text.append(text)
            self._length += len(text)
            if self._length > LONGEST_PAGE:
                self._refuse(f"a text of more than {LONGEST_PAGE:,} characters")

    def end(self, name: str) -> None:
        tag = self._open.pop()
        text = "".join(self._text or ())
        if tag == "page" and self._page is not None and "page" not in self._open:
            self.pages.append(self._page)
            self._page, self._elements = None, 0
        elif self._text is None:
            return
        elif tag == "namespace":
            self.namespaces.add(text.casefold())
        elif self._page is not None and tag == "ns":
            self._page.namespace = text
        elif self._page is not None and tag == "text" and not self._page.source:
            self._page.source = text
        self._text = None

    def doctype(self, name: str, public: str | None, system: str | None) -> None:
        self._refuse("a document type, in which entities could be declared")

    def count_silence(self, count: int) -> None:
        """Count bytes without any event, because the parser buffers them."""
        self._silence += count
        if self._silence > _LONGEST_TAG:
            self._refuse(f"a tag or comment of more than {_LONGEST_TAG:,} bytes")

    def _refuse(self, what: str) -> None:
        raise InputError(
            f"{self.path}: page {self.number}: not the XML of a dump ({what}); is it the right "
            "file?"
        )

    def close(self) -> None:
        pass


def _finished_pages(dump: _Dump, counts: Counter[str]) -> Iterator[str]:
    """The paragraphs of the pages that have been completed since the last call."""
    pages, dump.pages = dump.pages, []
    for page in pages:
        counts["pages"] += 1
        if page.namespace != "0":
            counts["pages_of_other_namespaces"] += 1
        elif page.redirect:
            counts["redirects"] += 1
        elif parsing_cost(page.source) > HIGHEST_COST:
            counts["pages_not_parsed"] += 1
        else:
            try:
                text = wikitext_to_text(page.source, dump.namespaces)
            except RecursionError:
                # The brackets are nested deeper than in any article.
                counts["pages_not_parsed"] += 1
                continue
            yield from filter(None, map(str.strip, text.split("\n")))


def wikitext_to_text(source: str, namespaces: set[str] | frozenset[str] = frozenset()) -> str:
    """The running text of a page as displayed.

    Templates, tables, references, headings, galleries, formulas, comments, files and categories are
    omitted; links are replaced by their labels, lists by their items.

    Args:
        source: wikitext of a page.
        namespaces: casefolded names of the file and category namespaces in the wiki's language.

    Returns:
        Paragraphs, one per line.
    """
    import mwparserfromhell

    # Otherwise unbalanced apostrophes would hide links and templates.
    code = mwparserfromhell.parse(source, skip_style_tags=True)
    text = "".join(_texts(code, namespaces | set(_CANONICAL)))
    return _SWITCH.sub("", _EMPHASIS.sub("", text))


def _texts(code, namespaces: set[str]) -> Iterator[str]:
    from mwparserfromhell import nodes

    for node in code.nodes:
        if isinstance(node, nodes.Text):
            yield node.value
        elif isinstance(node, nodes.Wikilink):
            yield from _link(node, namespaces)
        elif isinstance(node, nodes.ExternalLink):
            if node.title is not None:
                yield from _texts(node.title, namespaces)
        elif isinstance(node, nodes.HTMLEntity):
            yield _character(node)
        elif isinstance(node, nodes.Heading):
            yield "\n"
        elif isinstance(node, nodes.Tag):
            name = str(node.tag).strip().lower()
            if name in _LINE_TAGS:
                yield "\n"
            if name not in _SILENT_TAGS and node.contents is not None:
                yield from _texts(node.contents, namespaces)


def _character(entity) -> str:
    """The character of an entity; empty for surrogates and invalid code points."""
    try:
        character = entity.normalize()
    except (ValueError, OverflowError):
        return ""
    return "" if any("\ud800" <= c <= "\udfff" for c in character) else character


def _link(link, namespaces: set[str]) -> Iterator[str]:
    title = str(link.title).strip()
    prefix, colon, _ = title.partition(":")
    if colon and prefix:
        prefix = prefix.strip().casefold()
        # An interlanguage link is not displayed in the text.
        elsewhere = link.text is None and _LANGUAGE_PREFIX.fullmatch(prefix)
        if prefix in namespaces or elsewhere:
            return
    if link.text is None:
        yield title.removeprefix(":")
    else:
        yield from _texts(link.text, namespaces)
