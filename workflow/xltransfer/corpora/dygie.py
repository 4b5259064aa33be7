"""Relations and events in the JSON to which ACE 2005 is usually converted (DyGIE++).

A JSON object a line for each document (Wadden et al., EMNLP 2019): ``doc_key``, ``sentences``
(lists of words) and, for each sentence, ``ner`` with ``[first, last, type]``, ``relations`` with
``[first, last, first, last, label]``, and ``events`` with a trigger ``[word, type]`` or ``[first,
last, type]`` and arguments ``[first, last, role]``. Positions are inclusive and count the words of
the document.

As in Subburathinam et al. (EMNLP 2019), the mentions and triggers are given, and all ordered pairs
of mentions (relations) or of trigger and mention (roles) are instances, most without a label.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Any

from ..runtime.errors import InputError
from .crossre import REFLEXIVE, begins_with
from .json_lines import list_of, read_json_lines, text_of, words_of
from .relation_corpora import RELATIONS
from .relation_sentences import NO_LABEL, Mention, Pair, RelationSentence, check_label, checked

Labels = dict[tuple[int, int], dict[str, None]]
"""The labels of each pair of mentions, in order, each once."""


def read_dygie(
    path: Path | str, annotation: str, labels: Collection[str], counts: Counter
) -> list[RelationSentence]:
    """All sentences of a file.

    Args:
        path: path of the file.
        annotation: ``relations``, or ``roles`` for the arguments of events.
        labels: closed set of labels; empty for an open set.
        counts: to add to: labels of a mention with itself, which are left out.

    Raises:
        InputError: the file is malformed, or an entry is not within its sentence or not between
            mentions; names the line.
    """
    return [
        sentence
        for place, item in read_json_lines(path)
        for sentence in _sentences(item, place, annotation, labels, counts)
    ]


def _sentences(
    item: dict[str, Any], place: str, annotation: str, labels: Collection[str], counts: Counter
) -> Iterator[RelationSentence]:
    name = text_of(item, "doc_key", place)
    texts = list_of(item, "sentences", place)
    key = "relations" if annotation == RELATIONS else "events"
    layers = {layer: list_of(item, layer, place) for layer in ("ner", key)}
    for layer, found in layers.items():
        if len(found) != len(texts) or not all(isinstance(part, list) for part in found):
            raise InputError(
                f"{place}: '{layer}' is not a list for each of the {len(texts)} sentences; correct "
                "it"
            )
    start = 0
    for number, text in enumerate(texts):
        words = words_of({"sentences": text}, "sentences", place)
        mentions: dict[tuple[int, int], int] = {}
        spans: list[Mention] = []
        for entry in layers["ner"][number]:
            first, last, kind = _span(entry, start, place)
            if (first, last) not in mentions:
                mentions[first, last] = len(spans)
                spans.append(Mention(first, last, kind))
        read = _relations if annotation == RELATIONS else _events
        pairs = read(layers[key][number], mentions, spans, start, place, counts)
        for pair in pairs:
            check_label(pair.label, labels, place)
        found = RelationSentence(f"{name}-{number + 1}", words, tuple(spans), tuple(pairs))
        yield checked(found, place)
        start += len(words)


def _relations(
    entries: list[Any],
    mentions: dict[tuple[int, int], int],
    spans: list[Mention],
    start: int,
    place: str,
    counts: Counter,
) -> list[Pair]:
    """All ordered pairs of mentions."""
    labels: Labels = {}
    for entry in entries:
        if not isinstance(entry, list) or len(entry) < 5:
            raise InputError(f"{place}: a relation is not four positions and a label; correct it")
        first, last, label = _span([*entry[:2], entry[4]], start, place)
        *second, _ = _span([*entry[2:4], entry[4]], start, place)
        both = [_number(mentions, span, place) for span in ((first, last), tuple(second))]
        labels.setdefault((both[0], both[1]), {})[label] = None
    return _pairs(range(len(spans)), range(len(spans)), labels, counts)


def _events(
    entries: list[Any],
    mentions: dict[tuple[int, int], int],
    spans: list[Mention],
    start: int,
    place: str,
    counts: Counter,
) -> list[Pair]:
    """All pairs of a trigger and a mention; triggers are added to the mentions."""
    labels: Labels = {}
    candidates = range(len(spans))
    triggers: dict[Mention, int] = {}
    for event in entries:
        if not isinstance(event, list) or not event or not isinstance(event[0], list):
            raise InputError(f"{place}: an event is no list of a trigger and arguments; correct it")
        head = event[0] if len(event[0]) == 3 else [*event[0][:1], *event[0]]
        trigger = Mention(*_span(head, start, place))
        if trigger not in triggers:
            triggers[trigger] = spans.index(trigger) if trigger in spans else len(spans)
            spans += [trigger] if trigger not in spans else []
        for argument in event[1:]:
            first, last, role = _span(argument, start, place)
            pair = triggers[trigger], _number(mentions, (first, last), place)
            labels.setdefault(pair, {})[role] = None
    return _pairs(triggers.values(), candidates, labels, counts)


def _pairs(
    firsts: Collection[int], seconds: Collection[int], labels: Labels, counts: Counter
) -> list[Pair]:
    """All pairs of two mentions with their labels."""
    counts[REFLEXIVE] += sum(len(found) for (a, b), found in labels.items() if a == b)
    return [
        Pair(a, b, label)
        for a in firsts
        for b in seconds
        if a != b
        for label in labels.get((a, b), [NO_LABEL])
    ]


def _span(entry: Any, start: int, place: str) -> tuple[int, int, str]:
    """First and last word within the sentence, and the label, of an entry."""
    if not begins_with(entry, 2):
        raise InputError(f"{place}: an entry does not begin with [first, last, label]; correct it")
    return entry[0] - start, entry[1] - start, entry[2]


def _number(mentions: dict[tuple[int, int], int], span: tuple[int, ...], place: str) -> int:
    number = mentions.get((span[0], span[1]))
    if number is None:
        raise InputError(
            f"{place}: a relation or argument has words {span[0]}-{span[1]} of its sentence, which "
            "are no mention of 'ner'; correct one of them"
        )
    return number
