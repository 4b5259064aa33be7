"""Relations in tagged sentences: SemEval-2010 task 8, KBP37 and RELX.

    1<TAB>"The <e1>child</e1> was wrapped into the <e2>cradle</e2>."
    Entity-Destination(e1,e2)
    Comment: optional

Empty lines separate the items. Each item is one pair, always from ``e1`` to ``e2``: the direction
of the relation is part of its label, since a system has to find it (Hendrickx et al., SemEval
2010; Köksal & Özgür, Findings of EMNLP 2020).
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Collection, Iterator
from pathlib import Path

from ..runtime.errors import InputError
from .lines import read_text_lines
from .relation_sentences import NO_LABEL, Mention, Pair, RelationSentence, check_label, checked

NULL_CLASSES = ("Other", "no_relation")
"""Labels of pairs without a relation."""
EMPTY = "mentions_without_words"
"""Name of a count."""
_LABEL = re.compile(r"[^\s()]+\((?:e1,e2|e2,e1)\)")
_TAG = re.compile(r"</?e[12]>")
_FIRST = re.compile(r"([^\s\t]+)\t(.*\S)\s*")


def read_tagged(path: Path | str, labels: Collection[str], counts: Counter) -> list:
    """All sentences of a file, with the words of ``split_words``.

    Args:
        path: path of the file.
        labels: closed set of labels; empty for an open set.
        counts: to add to: mentions without words, which get the word that follows.

    Raises:
        InputError: the file is malformed; names the line.
    """
    return [
        _sentence(f"{path}:{number}", item, labels, counts)
        for number, item in _items(read_text_lines(path).split("\n"))
    ]


def split_words(text: str) -> list[str]:
    """Words: characters between white space, with punctuation and symbols at both ends apart.

    Within a word they stay (``well-known``, ``don't``, ``3.5``).
    """
    words = []
    for chunk in text.split():
        start, end = 0, len(chunk)
        while start < end and _is_punctuation(chunk[start]):
            start += 1
        while end > start and _is_punctuation(chunk[end - 1]):
            end -= 1
        middle = [chunk[start:end]] if end > start else []
        words += [*chunk[:start], *middle, *chunk[end:]]
    return words


def _is_punctuation(character: str) -> bool:
    return unicodedata.category(character)[0] in "PS"


def _items(lines: list[str]) -> Iterator[tuple[int, list[str]]]:
    """The lines of each item and the number of the first one."""
    item: list[str] = []
    for number, line in enumerate([*lines, ""], start=1):
        if line.strip():
            item.append(line)
        elif item:
            yield number - len(item), item
            item = []


def _sentence(
    place: str, item: list[str], labels: Collection[str], counts: Counter
) -> RelationSentence:
    found = _FIRST.fullmatch(item[0])
    if not found or len(item) not in (2, 3) or not all(c.startswith("Comment") for c in item[2:]):
        raise InputError(
            f"{place}: no item of a number, a tab and a sentence, a line with the label and "
            "optionally 'Comment: …', then an empty line; correct it"
        )
    text = found[2]
    if len(text) > 1 and text[0] == text[-1] == '"':
        text = text[1:-1]
    words, spans = _tagged_words(text, place, counts)
    label = item[1].strip()
    if label in NULL_CLASSES:
        label = NO_LABEL
    elif not _LABEL.fullmatch(label):
        raise InputError(
            f"{place}: the label '{label[:60]}' is neither {' nor '.join(NULL_CLASSES)} and does "
            "not end in (e1,e2) or (e2,e1); correct it"
        )
    check_label(label, labels, place)
    mentions = (Mention(*spans["e1"]), Mention(*spans["e2"]))
    return checked(RelationSentence(found[1], tuple(words), mentions, (Pair(0, 1, label),)), place)


def _tagged_words(
    text: str, place: str, counts: Counter
) -> tuple[list[str], dict[str, tuple[int, int]]]:
    """The words, and the first and last word between the tags of each mention."""
    tags = _TAG.findall(text)
    if tags not in (
        ["<e1>", "</e1>", "<e2>", "</e2>"],
        ["<e2>", "</e2>", "<e1>", "</e1>"],
    ):
        raise InputError(
            f"{place}: not one <e1>…</e1> and one <e2>…</e2>, apart from each other; correct the "
            "tags"
        )
    words: list[str] = []
    ends = []
    for segment in _TAG.split(text):
        words += split_words(segment)
        ends.append(len(words))
    if not words:
        raise InputError(f"{place}: the sentence has no words; correct it")
    spans = {}
    for tag, (first, after) in ((tags[0], ends[:2]), (tags[2], ends[2:4])):
        counts[EMPTY] += first == after
        # The tags of one item of RELX enclose nothing in four of its five languages.
        first = min(first, len(words) - 1)
        spans[tag[1:3]] = (first, max(first, after - 1))
    return words, spans
