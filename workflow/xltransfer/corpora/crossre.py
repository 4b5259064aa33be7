"""Relations in the layout of CrossRE (Bassignana & Plank, Findings of EMNLP 2022).

A JSON object a line: ``doc_key``, ``sentence`` (words), ``ner`` with ``[first, last, type]`` and
``relations`` with ``[first, last, first, last, label, …]``; positions are inclusive. Only pairs
that have a relation are instances, and a pair may have several labels.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection
from pathlib import Path
from typing import Any

from ..runtime.errors import InputError
from .json_lines import is_number, list_of, read_json_lines, text_of, words_of
from .relation_sentences import Mention, Pair, RelationSentence, check_label, checked

REPEATED, REFLEXIVE = "repeated_entries_dropped", "pairs_with_themselves_dropped"
"""Names of counts."""


def read_crossre(path: Path | str, labels: Collection[str], counts: Counter) -> list:
    """All sentences of a file.

    Args:
        path: path of the file.
        labels: closed set of labels; empty for an open set.
        counts: to add to: mentions and relations that stand twice, and relations of a mention with
            itself, all of which are dropped.

    Raises:
        InputError: the file is malformed, or a relation is not between two of the mentions; names
            the line.
    """
    return [_sentence(item, place, labels, counts) for place, item in read_json_lines(path)]


def _sentence(
    item: dict[str, Any], place: str, labels: Collection[str], counts: Counter
) -> RelationSentence:
    mentions: dict[tuple[int, int], Mention] = {}
    for entry in list_of(item, "ner", place):
        first, last, kind = _entry(entry, "ner", 2, place)
        counts[REPEATED] += (first, last) in mentions
        mentions.setdefault((first, last), Mention(first, last, kind))
    numbers = {span: number for number, span in enumerate(mentions)}
    pairs: dict[Pair, None] = {}
    for entry in list_of(item, "relations", place):
        *positions, label = _entry(entry, "relations", 4, place)
        spans = tuple(positions[:2]), tuple(positions[2:])
        for span in spans:
            if span not in numbers:
                raise InputError(
                    f"{place}: a relation of {span[0]}-{span[1]}, which is no mention of 'ner'; "
                    "correct one of them"
                )
        check_label(label, labels, place)
        pair = Pair(*(numbers[span] for span in spans), label)
        if pair.first == pair.second:
            counts[REFLEXIVE] += 1
            continue
        counts[REPEATED] += pair in pairs
        pairs[pair] = None
    return checked(
        RelationSentence(
            text_of(item, "doc_key", place),
            words_of(item, "sentence", place),
            tuple(mentions.values()),
            tuple(pairs),
        ),
        place,
    )


def _entry(entry: Any, key: str, numbers: int, place: str) -> list[Any]:
    """The positions and the text of an entry; what follows them is left out."""
    if not begins_with(entry, numbers):
        raise InputError(
            f"{place}: an entry of '{key}' does not begin with {numbers} positions and a text; "
            "correct it"
        )
    return entry[: numbers + 1]


def begins_with(entry: Any, numbers: int) -> bool:
    """Whether an entry is a list that begins with so many positions and a text."""
    return (
        isinstance(entry, list)
        and len(entry) > numbers
        and all(map(is_number, entry[:numbers]))
        and isinstance(entry[numbers], str)
    )
