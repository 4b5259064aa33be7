"""Text without annotation as sentences: raw text, tokens, CoNLL-U without trees.

Raw text is split into sentences by sentencex, and into words at the word boundaries of Unicode
(UAX #29) by the library regex. These boundaries suit most scripts with spaces between words. They
do not split clitics as Universal Dependencies does, and they split scripts without spaces (Chinese,
Japanese, Thai) into characters. For those, give the tokens of a tokeniser.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

import regex

from ..runtime.errors import InputError
from ..runtime.safe_values import printable
from .cleaning.identification import standard_code
from .conllu import DEPREL, HEAD, ID, Sentence
from .conllu_rows import check_sentence

_BOUNDARY = regex.compile(r"\b", regex.VERSION1 | regex.WORD)
_CONTROL = regex.compile(r"[\p{Cc}\p{Cs}--\t]", regex.VERSION1)
_COLUMNS = 10


def sentences_of_text(text: str, language: str, place: str = "input") -> list[Sentence]:
    """The sentences of raw text; an empty line or a line end also ends a sentence.

    Args:
        text: text without markup.
        language: code of the language, which decides about abbreviations.
        place: name of the text in messages.

    Raises:
        InputError: the text has control characters, or no words.
    """
    from sentencex import segment

    try:
        code = standard_code(language) if language else "en"
    except ValueError:
        raise InputError(f"language '{language[:40]}': no code of a language, like en") from None
    _refuse_control(text, place)
    lines = (line.replace("\t", " ") for line in text.splitlines())
    parts = [part.strip() for line in lines for part in segment(code, line)]
    return _numbered((part, _words(part)) for part in parts if part) or _refuse_empty(place)


def sentences_of_tokens(text: str, place: str = "input") -> list[Sentence]:
    """The sentences of tokenised text: one per line, tokens separated by blanks.

    Raises:
        InputError: there is no token, or one has control characters.
    """
    _refuse_control(text, place)
    lines = [line.split() for line in text.splitlines()]
    pairs = ((" ".join(tokens), [(token, True) for token in tokens]) for tokens in lines if tokens)
    return _numbered(pairs) or _refuse_empty(place)


def sentences_of_conllu(text: str, place: str = "input") -> list[Sentence]:
    """The sentences of CoNLL-U in which HEAD may be ``_`` everywhere in a sentence.

    Args:
        text: file in CoNLL-U; the empty line at its end may be missing.
        place: name of the file in messages.

    Raises:
        InputError: a line is malformed; names it.
    """
    sentences: list[Sentence] = []
    lines: list[str] = []
    for number, line in enumerate([*text.replace("\r\n", "\n").split("\n"), ""], start=1):
        if "\r" in line:
            raise InputError(f"{place}:{number}: a carriage return inside a line; remove it")
        if line:
            lines.append(line)
        elif lines:
            check_sentence(_with_chain(lines), place, number - len(lines))
            sentences.append(Sentence.of_lines("\n".join(lines)))
            lines = []
    return sentences or _refuse_empty(place)


def _with_chain(lines: list[str]) -> list[str]:
    """The lines with a tree in place of none, so that all other columns can be checked."""
    rows = [line.split("\t") for line in lines if not line.startswith("#")]
    words = [row for row in rows if len(row) == _COLUMNS and row[ID].isdigit()]
    if any(row[HEAD] != "_" for row in words):
        return lines
    heads = {row[ID]: str(number) for number, row in enumerate(words)}
    found = []
    for line in lines:
        row = line.split("\t")
        if len(row) == _COLUMNS and row[ID] in heads:
            row[HEAD], row[DEPREL] = heads[row[ID]], "dep"
        found.append("\t".join(row))
    return found


def _words(line: str) -> list[tuple[str, bool]]:
    """The words of a sentence, and whether a space follows each."""
    places = [match.start() for match in _BOUNDARY.finditer(line)]
    places = sorted({0, *places, len(line)})
    parts = [line[start:end] for start, end in pairwise(places)]
    words: list[tuple[str, bool]] = []
    for part in parts:
        pieces = part.split()
        if (not pieces or part[0].isspace()) and words:
            words[-1] = words[-1][0], True
        words += [(piece, True) for piece in pieces[:-1]]
        words += [(piece, part[-1].isspace()) for piece in pieces[-1:]]
    return words


def _refuse_control(text: str, place: str) -> None:
    """Raise an error for the first line with a control character other than a tab."""
    for number, line in enumerate(text.splitlines(), start=1):
        if found := _CONTROL.search(line):
            shown = printable(found[0])
            raise InputError(f"{place}:{number}: control character '{shown}'; remove it")


def _numbered(pairs: Iterator[tuple[str, list[tuple[str, bool]]]]) -> list[Sentence]:
    sentences = []
    for number, (text, words) in enumerate(pairs, start=1):
        rows = [
            [str(place), form, *"_" * 7, "_" if spaced or place == len(words) else "SpaceAfter=No"]
            for place, (form, spaced) in enumerate(words, start=1)
        ]
        sentences.append(Sentence([f"# sent_id = {number}", f"# text = {text}"], rows, rows))
    return sentences


def _refuse_empty(place: str) -> list[Sentence]:
    raise InputError(f"{place}: holds no words; give text, one sentence or paragraph a line")
