"""The translation units of a file in Translation Memory eXchange (TMX 1.4b) as a stream.

A unit (``tu``) has variants (``tuv``), each with a language and a segment (``seg``). Units are
processed one at a time, and nothing that they contain is expanded: a document type is refused,
because it may declare entities.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import IO
from xml.parsers import expat

from ..runtime.errors import InputError

LONGEST_SEGMENT = 1 << 20
"""Maximum characters of a unit's segments; units are sentences or paragraphs."""
_BLOCK = 1 << 14
_LONGEST_TAG = 1 << 20
_DEEPEST = 32
_MOST_VARIANTS = 1000
_CODES = frozenset(["bpt", "ept", "it", "ph", "ut"])
"""Elements in segments that hold codes of another format, not text."""
_LANGUAGE = ("xml:lang", "lang")
"""Attribute with the language in TMX 1.4 and 1.1."""

Unit = tuple[int, list[tuple[str, str]]]
"""Number of a unit in its file, from 1, and the language code and text of its variants."""


def translation_units(file: IO[bytes], place: str) -> Iterator[Unit]:
    """The units of a file in order.

    Args:
        file: decompressed XML file.
        place: name of the file in messages.

    Raises:
        InputError: the XML is malformed, truncated, declares a document type or is not TMX; names
            the line.
    """
    reader = _Reader(place)
    try:
        for block in iter(partial(file.read, _BLOCK), b""):
            reader.feed(block)
            yield from reader.finished()
        reader.feed(b"", last=True)
    except expat.ExpatError as error:
        reason = expat.ErrorString(error.code)
        raise InputError(
            f"{place}:{error.lineno}: not XML ({reason}); is the download complete?"
        ) from None
    except (LookupError, ValueError) as error:
        # The XML declaration has an encoding that Python or the parser does not support.
        raise InputError(f"{place}:1: not XML ({error}); is it in UTF-8 or UTF-16?") from None
    yield from reader.finished()


class _Reader:
    """Handlers of the XML parser, which keep only complete units."""

    def __init__(self, place: str) -> None:
        self._place = place
        self._units: list[Unit] = []
        self._number = 0
        self._variants: list[tuple[str, str]] | None = None
        self._language: str | None = None
        self._text: list[str] | None = None
        self._length = self._silence = 0
        self._open: list[str] = []
        self._parser = parser = expat.ParserCreate()
        parser.buffer_text = True
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._end
        parser.CharacterDataHandler = self._data
        parser.StartDoctypeDeclHandler = self._doctype

    def feed(self, block: bytes, last: bool = False) -> None:
        """Parse the next bytes."""
        self._silence += len(block)
        if self._silence > _LONGEST_TAG:
            # The parser buffers them.
            self._refuse(f"a tag or comment of more than {_LONGEST_TAG:,} bytes")
        self._parser.Parse(block, last)

    def finished(self) -> list[Unit]:
        """The units that have been completed since the last call."""
        units, self._units = self._units, []
        return units

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        self._silence = 0
        if not self._open and name != "tmx":
            self._refuse(f"the first element is '{name[:60]}', not tmx")
        self._open.append(name)
        if len(self._open) > _DEEPEST:
            self._refuse("elements in elements, deeper than in any TMX")
        if name == "tu":
            if self._variants is not None:
                self._refuse("a tu in a tu")
            self._variants, self._number, self._length = [], self._number + 1, 0
        elif name == "tuv" and self._variants is not None:
            self._language = next((attributes[key] for key in _LANGUAGE if key in attributes), None)
            if not self._language:
                self._refuse("a tuv without xml:lang")
        elif name == "seg" and self._language is not None:
            if self._text is not None:
                self._refuse("a seg in a seg")
            self._text = []

    def _data(self, text: str) -> None:
        self._silence = 0
        if self._text is None or not _CODES.isdisjoint(self._open):
            return
        self._text.append(text)
        self._length += len(text)
        if self._length > LONGEST_SEGMENT:
            self._refuse(f"a unit of more than {LONGEST_SEGMENT:,} characters")

    def _end(self, name: str) -> None:
        self._silence = 0
        self._open.pop()
        if name == "seg" and self._text is not None and self._variants is not None:
            if len(self._variants) == _MOST_VARIANTS:
                self._refuse(f"a tu with more than {_MOST_VARIANTS} variants")
            self._variants.append((self._language or "", "".join(self._text)))
            self._text = None
        elif name == "tuv":
            self._language = None
        elif name == "tu" and self._variants is not None:
            self._units.append((self._number, self._variants))
            self._variants = None

    def _doctype(self, *_: object) -> None:
        self._refuse("a document type, which could declare entities; remove <!DOCTYPE …>")

    def _refuse(self, what: str) -> None:
        raise InputError(
            f"{self._place}:{self._parser.CurrentLineNumber}: not TMX that can be read: {what}; "
            "correct the file"
        )
