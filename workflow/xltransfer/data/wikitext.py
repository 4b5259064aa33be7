"""The running text of a Wikipedia dump.

A dump is one XML document (https://www.mediawiki.org/wiki/Help:Export) with a page's source in
wikitext. Pages are read one at a time and forgotten.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import IO
from xml.etree import ElementTree

from ..errors import InputError

FILE, CATEGORY = "6", "14"
"""Numbers of the namespaces whose links show or file a page instead of being read."""
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
        file: the XML, decompressed.
        path: to name in messages.
        counts: ``pages``, ``pages_of_other_namespaces`` and ``redirects`` are counted here.

    Raises:
        InputError: the XML is broken or ends too early; names the line.
    """
    counts = Counter() if counts is None else counts
    namespaces = set(_CANONICAL)
    root: ElementTree.Element | None = None
    try:
        for event, element in ElementTree.iterparse(file, events=("start", "end")):
            if event == "start":
                root = element if root is None else root
                continue
            tag = element.tag.rpartition("}")[2]
            if tag == "namespace" and element.get("key") in (FILE, CATEGORY):
                namespaces.add((element.text or "").casefold())
            elif tag == "page":
                yield from _page(element, namespaces, counts)
                # Without this the tree of all pages read so far would grow below the root.
                root.clear()
    except ElementTree.ParseError as error:
        line = error.position[0]
        raise InputError(
            f"{path}:{line}: not the XML of a dump ({error.msg}); is the download complete?"
        ) from None
    except (LookupError, ValueError) as error:
        # An XML declaration with an encoding that Python or the parser does not know.
        raise InputError(f"{path}:1: not the XML of a dump ({error}); is it in UTF-8?") from None


def _page(page: ElementTree.Element, namespaces: set[str], counts: Counter[str]) -> Iterator[str]:
    counts["pages"] += 1
    if page.findtext("{*}ns") != "0":
        counts["pages_of_other_namespaces"] += 1
    elif page.find("{*}redirect") is not None:
        counts["redirects"] += 1
    else:
        source = page.findtext("{*}revision/{*}text") or ""
        for line in wikitext_to_text(source, namespaces).split("\n"):
            if line := line.strip():
                yield line


def wikitext_to_text(source: str, namespaces: set[str] | frozenset[str] = frozenset()) -> str:
    """The text that a reader would see, without what is no running text.

    Templates, tables, references, headings, galleries, formulas, comments, files and categories
    are left out; links become their labels, lists their items.

    Args:
        source: wikitext.
        namespaces: casefolded names of the file and category namespaces in the wiki's language.

    Returns:
        Paragraphs, each on a line of its own.
    """
    import mwparserfromhell

    # Apostrophes that do not pair up would otherwise swallow links and templates.
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
    """The character that an entity stands for; none for surrogates and numbers beyond the last."""
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
        # A link to the same article in another language stands beside the text, not in it.
        elsewhere = link.text is None and _LANGUAGE_PREFIX.fullmatch(prefix)
        if prefix in namespaces or elsewhere:
            return
    if link.text is None:
        yield title.removeprefix(":")
    else:
        yield from _texts(link.text, namespaces)
