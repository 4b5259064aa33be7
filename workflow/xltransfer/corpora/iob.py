"""Reading, validating and writing named entities: one token and tag per line.

Corpora have several layouts and tagging schemes. The workflow uses one: token, tab, IOB2 tag, and
an empty line after each sentence (Tjong Kim Sang & Veenstra, EACL 1999).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import chain, pairwise
from pathlib import Path

from ..runtime.errors import InputError
from .lines import read_text_lines, write_lines

_COMMENT = re.compile(r"# ([\w.:-]+ )+=.*|# new(doc|par)( id = .*)?")
_DOCUMENT_START = "-DOCSTART-"
_TAG = re.compile(r"O|([BIESLU])-(\S+)")
_CODE = re.compile(r"([a-z][a-z-]*:).")
_BLANKS = " \t"
_BIOES = {"S": "B", "U": "B", "E": "I", "L": "I"}


@dataclass(slots=True)
class TaggedSentence:
    """One sentence with its entities.

    Attributes:
        comments: lines that start with ``# ``, without the line end.
        forms: tokens.
        tags: IOB2 tags, one per token.
    """

    comments: list[str]
    forms: list[str]
    tags: list[str]

    @property
    def sent_id(self) -> str | None:
        """The value of the ``# sent_id`` comment."""
        prefix = "# sent_id ="
        return next((c[len(prefix) :].strip() for c in self.comments if c.startswith(prefix)), None)


def read_iob2(path: Path | str) -> list[TaggedSentence]:
    """All sentences of a file in the workflow's layout.

    Raises:
        InputError: the file cannot be read or is malformed; names the line.
    """
    return _read(path, "columns", "iob2", repair=False, encoding="utf-8")


def read_entities(
    path: Path | str,
    layout: str,
    scheme: str,
    repair: bool = False,
    encoding: str = "utf-8",
) -> list[TaggedSentence]:
    """All sentences of a corpus in any layout and scheme, with IOB2 tags.

    Args:
        path: path of the file.
        layout: layout ``columns``: fields separated by tabs or blanks, first the token and last the
            tag, as in the CoNLL-2002/2003 shared tasks and MasakhaNER; ``wikiann``: the same, with
            the language code and a colon before each token (Pan et al., ACL 2017); or ``uner``: the
            five columns of Universal NER, with comments.
        scheme: tagging scheme ``iob1`` (B only between entities of one type), ``iob2`` or ``bioes``
            (also called BILOU).
        repair: whether to interpret invalid tag sequences like ``conlleval`` (an entity starts
            where the type changes) instead of raising an error.
        encoding: character encoding of the file.

    Raises:
        InputError: the file is missing, not in this encoding, or malformed; names the line.
    """
    sentences = _read(path, layout, scheme, repair, encoding)
    codes = {_CODE.match(form) for sentence in sentences for form in sentence.forms}
    if layout == "columns" and None not in codes and len({code[1] for code in codes}) == 1:
        raise InputError(
            f"{path}:1: '{codes.pop()[1]}' is before every token; let `layout` of its row in "
            "entity_corpora.tsv be 'wikiann'"
        )
    return sentences


def _read(
    path: Path | str, layout: str, scheme: str, repair: bool, encoding: str
) -> list[TaggedSentence]:
    text = read_text_lines(path, encoding)
    sentences = list(_sentences(text, path, layout, scheme, repair))
    if not sentences:
        raise InputError(f"{path}:1: the file holds no sentence")
    return sentences


def write_iob2(path: Path | str, sentences: Iterable[TaggedSentence]) -> None:
    """Write sentences as token, tab, tag."""
    lines = (
        [*sentence.comments, *map("\t".join, zip(sentence.forms, sentence.tags, strict=True)), ""]
        for sentence in sentences
    )
    write_lines(path, chain.from_iterable(lines))


def normalised(tags: Sequence[str]) -> list[str]:
    """Any sequence of B, I and O tags as IOB2: an entity starts where a type starts or changes."""
    result = []
    for before, tag in pairwise(["O", *tags]):
        continues = tag[0] == "I" and before != "O" and before[2:] == tag[2:]
        result.append(tag if tag == "O" or continues else f"B-{tag[2:]}")
    return result


def _sentences(
    text: str, path: Path | str, layout: str, scheme: str, repair: bool
) -> Iterator[TaggedSentence]:
    split = _ROWS[layout]
    comments: list[str] = []
    rows: list[tuple[str, str]] = []
    # A missing empty line at the end is common and harmless.
    for number, line in enumerate([*text.split("\n"), ""], start=1):
        if line.strip(_BLANKS) == "":
            if rows:
                forms, tags = map(list, zip(*rows, strict=True))
                first = number - len(rows)
                yield TaggedSentence(comments, forms, _to_iob2(tags, scheme, repair, path, first))
            comments, rows = [], []
        elif _fields(line)[0] == _DOCUMENT_START:
            _check_document_start(line, bool(rows), f"{path}:{number}")
        elif not rows and _COMMENT.fullmatch(line):
            _check_comment(line, f"{path}:{number}")
            comments.append(line)
        else:
            form, tag = split(line, f"{path}:{number}", len(rows) + 1)
            _check_form(form, bool(rows), f"{path}:{number}")
            rows.append((form, tag))


def _fields(line: str) -> list[str]:
    # Only spaces separate fields, because other white space (no-break space) is part of tokens.
    return line.split("\t") if "\t" in line else re.split(" +", line.strip(_BLANKS))


def _check_document_start(line: str, inside: bool, place: str) -> None:
    tag = _fields(line)[-1]
    if inside:
        raise InputError(
            f"{place}: {_DOCUMENT_START} within a sentence; write an empty line before it"
        )
    if tag not in ("O", _DOCUMENT_START):
        raise InputError(
            f"{place}: {_DOCUMENT_START} is no token and cannot be tagged '{tag}'; write O"
        )


def _check_comment(line: str, place: str) -> None:
    if "\t" in line and _TAG.fullmatch(_fields(line)[-1].strip()):
        raise InputError(
            f"{place}: a token with a tag that is read as a comment: '{line}'; rename the token"
        )


def _check_form(form: str, inside: bool, place: str) -> None:
    """Raise an error for tokens that the workflow's layout cannot represent."""
    if form == _DOCUMENT_START or (not inside and _COMMENT.fullmatch(form)):
        raise InputError(
            f"{place}: the token '{form}' is read as a comment or document start; rename it"
        )


def _columns_row(line: str, place: str, expected: int) -> tuple[str, str]:
    fields = _fields(line)
    if len(fields) < 2 or not fields[0].strip():
        raise InputError(f"{place}: not a token and a tag: '{line[:60]}'")
    return fields[0], _checked(fields[-1].strip(), place)


def _wikiann_row(line: str, place: str, expected: int) -> tuple[str, str]:
    token, tag = _columns_row(line, place, expected)
    code, _, form = token.partition(":")
    if not (form.strip() and code.isascii() and code.replace("-", "").isalpha()):
        raise InputError(
            f"{place}: no language and colon before a token in '{token[:40]}', as WikiANN has "
            "them; if they have been removed, let `layout` of its row in entity_corpora.tsv be "
            "'columns'"
        )
    return form, tag


def _uner_row(line: str, place: str, expected: int) -> tuple[str, str]:
    fields = line.split("\t")
    if len(fields) != 5 or not fields[1].strip():
        raise InputError(
            f"{place}: not the five columns of Universal NER (number, token, tag, two more): "
            f"'{line[:60]}'"
        )
    if fields[0] != str(expected):
        raise InputError(
            f"{place}: number {fields[0]} where {expected} should come; is a token missing?"
        )
    return fields[1], _checked(fields[2], place)


def _checked(tag: str, place: str) -> str:
    if not _TAG.fullmatch(tag):
        raise InputError(f"{place}: '{tag[:40]}' is no tag like O, B-PER or I-PER")
    return tag


def _to_iob2(tags: list[str], scheme: str, repair: bool, path: Path | str, first: int) -> list[str]:
    if not repair:
        broken = _RULES[scheme](tags)
        if broken is not None:
            before = tags[broken - 1] if broken else "the start of the sentence"
            raise InputError(
                f"{path}:{first + broken}: '{tags[broken]}' after {before} breaks the scheme "
                f"{scheme}; correct the file, or let `broken_tags` of its row in "
                "entity_corpora.tsv be 'repair'"
            )
    if scheme == "bioes":
        tags = [_BIOES.get(tag[0], tag[0]) + tag[1:] for tag in tags]
    return normalised(tags)


def _broken_iob(after_own_type: str, tags: Sequence[str]) -> int | None:
    """Index of the first tag that breaks IOB1 or IOB2.

    Args:
        after_own_type: what must have a preceding tag of its type: ``B``, which separates two
            entities (IOB1), or ``I`` (IOB2).
        tags: tags of a sentence.
    """
    for place, (before, tag) in enumerate(pairwise(["O", *tags])):
        if tag[0] not in "OBI" or (tag[0] == after_own_type and before[2:] != tag[2:]):
            return place
    return None


def _broken_bioes(tags: Sequence[str]) -> int | None:
    """Index of the first tag of an invalid transition; an invalid end has that of the last tag."""
    for place, (before, tag) in enumerate(pairwise(["O", *tags])):
        is_open = before[0] in "BI"
        inside = tag[0] in "IEL"
        if is_open != inside or (inside and before[2:] != tag[2:]):
            return place
    return len(tags) - 1 if tags and tags[-1][0] in "BI" else None


_ROWS = {"columns": _columns_row, "wikiann": _wikiann_row, "uner": _uner_row}

_RULES: dict[str, Callable[[Sequence[str]], int | None]] = {
    "iob1": partial(_broken_iob, "B"),
    "iob2": partial(_broken_iob, "I"),
    "bioes": _broken_bioes,
}
