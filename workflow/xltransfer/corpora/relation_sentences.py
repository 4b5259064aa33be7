"""Sentences with mentions and labelled pairs of them: one format for relations and roles.

A file has a JSON object for each sentence, one a line (``.jsonl``):

    {"name": "s1", "words": ["Ada", "met", "Bo"], "mentions": [[0, 0, "PER"], [2, 2, "PER"]],
     "pairs": [[0, 1, "met"]], "upos": [...], "heads": [2, 0, 2], "deprels": [...]}

In a corpus of relations, mentions are typed names or nouns. In a corpus of roles, every word is a
mention without type, and a pair is a predicate with a word that may be its argument. A pair without
a relation or role has the label ``NO_LABEL``. Several labels of a pair are several entries.

``upos``, ``heads`` and ``deprels`` are optional: the tree of the sentence, gold or predicted.
"""

from __future__ import annotations

import difflib
import json
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..runtime.errors import InputError
from .conllu_rows import check_tree
from .json_lines import is_number, is_word, list_of, read_json_lines, text_of, words_of
from .lines import write_lines

NO_LABEL = "none"
"""Label of a pair without a relation or role: the null class."""
_REQUIRED = ("name", "words", "mentions", "pairs")
_OPTIONAL = ("upos", "heads", "deprels")


@dataclass(frozen=True, slots=True)
class Mention:
    """A span of words.

    Attributes:
        first, last: positions of its first and last word, from 0, inclusive.
        kind: type of the entity; ``""`` if there is none.
    """

    first: int
    last: int
    kind: str = ""


@dataclass(frozen=True, slots=True)
class Pair:
    """A directed pair of mentions with a label.

    Attributes:
        first, second: positions among the mentions of the sentence, from 0; in roles, ``first`` is
            the predicate.
        label: relation or role, or ``NO_LABEL``.
    """

    first: int
    second: int
    label: str


@dataclass(frozen=True, slots=True)
class RelationSentence:
    """A sentence with mentions and labelled pairs of them.

    Attributes:
        name: identifier, unique within a file.
        words: words.
        mentions: mentions, without repetition.
        pairs: pairs in the order of the file; a pair with several labels occurs several times.
        upos: universal part of speech of each word, or ``None``.
        heads: head of each word as in CoNLL-U, 1-based and 0 for the root, or ``None``.
        deprels: dependency relation of each word; ``None`` if ``heads`` is.
    """

    name: str
    words: tuple[str, ...]
    mentions: tuple[Mention, ...]
    pairs: tuple[Pair, ...]
    upos: tuple[str, ...] | None = None
    heads: tuple[int, ...] | None = None
    deprels: tuple[str, ...] | None = None

    @property
    def forms(self) -> list[str]:
        """The words."""
        return list(self.words)

    @property
    def comments(self) -> list[str]:
        """No lines: the format has no comments."""
        return []

    @property
    def sent_id(self) -> str:
        """The identifier."""
        return self.name

    def gold_labels(self) -> dict[tuple[int, int], list[str]]:
        """The labels of each pair, in the order of the file."""
        found: dict[tuple[int, int], list[str]] = {}
        for pair in self.pairs:
            found.setdefault((pair.first, pair.second), []).append(pair.label)
        return found


def read_relation_sentences(path: Path | str) -> list[RelationSentence]:
    """All sentences of a file.

    Raises:
        InputError: the file cannot be read, or a line is malformed: a span or pair is outside the
            sentence, an entry is repeated, or the heads do not form a tree; names the line.
    """
    sentences: list[RelationSentence] = []
    names: dict[str, str] = {}
    for place, item in read_json_lines(path):
        sentence = _sentence(item, place)
        if sentence.name in names:
            raise InputError(
                f"{place}: '{sentence.name}' is the name of {names[sentence.name]} too; rename one"
            )
        names[sentence.name] = f"line {place.rpartition(':')[2]}"
        sentences.append(sentence)
    if not sentences:
        raise InputError(f"{path}:1: the file holds no sentence")
    return sentences


def write_relation_sentences(path: Path | str, sentences: Iterable[RelationSentence]) -> None:
    """Write sentences, one a line, with the keys in a fixed order."""
    write_lines(path, map(_line, sentences))


def checked(sentence: RelationSentence, place: str) -> RelationSentence:
    """The sentence, after the checks of the reader: for readers of other layouts.

    Raises:
        InputError: as for ``read_relation_sentences``.
    """
    if not is_word(sentence.name):
        raise InputError(f"{place}: the name is blank or has control characters; rename it")
    if unreadable := [word for word in sentence.words if not is_word(word)]:
        raise InputError(
            f"{place}: the word '{unreadable[0][:40]}' has control characters; remove them"
        )
    for mention in sentence.mentions:
        if not 0 <= mention.first <= mention.last < len(sentence.words):
            raise InputError(
                f"{place}: the mention {mention.first}-{mention.last} is not within the "
                f"{len(sentence.words)} words (0 to the last position, inclusive); correct it"
            )
        if mention.kind and not is_word(mention.kind):
            raise InputError(
                f"{place}: a mention's type is blank or has control characters; rename it"
            )
    _check_once(sentence.mentions, "mention", place)
    mentions = len(sentence.mentions)
    for pair in sentence.pairs:
        if not (0 <= pair.first < mentions and 0 <= pair.second < mentions):
            raise InputError(
                f"{place}: the pair {pair.first}, {pair.second} is not within the "
                f"{mentions} mentions, which are numbered from 0; correct it"
            )
        if pair.first == pair.second:
            raise InputError(
                f"{place}: mention {pair.first} is paired with itself; remove the pair"
            )
    for label in {pair.label for pair in sentence.pairs}:
        if not is_word(label):
            raise InputError(f"{place}: a label is blank or has control characters; rename it")
    labels = sentence.gold_labels()
    if len(labels) < len(sentence.pairs):
        _check_once(sentence.pairs, "pair", place)
        for found in labels.values():
            if NO_LABEL in found and len(found) > 1:
                raise InputError(
                    f"{place}: a pair has the labels {', '.join(found)}; keep '{NO_LABEL}' or the "
                    "rest"
                )
    _check_tree(sentence, place)
    return sentence


def check_label(label: str, known: Collection[str], place: str) -> None:
    """Raise an error for a label that is not in a closed set.

    Args:
        label: label of a pair; the null class is always known.
        known: closed set of labels; empty for an open set.
        place: file and line, for the message.
    """
    if known and label not in known and label != NO_LABEL:
        near = difflib.get_close_matches(label, known, 1)
        remedy = f"did you mean '{near[0]}'?" if near else "correct it, or add it there"
        raise InputError(
            f"{place}: '{label[:60]}' is not in the corpus's set of labels (relation_labels.tsv); "
            f"{remedy}"
        )


def _line(sentence: RelationSentence) -> str:
    content: dict[str, Any] = {
        "name": sentence.name,
        "words": sentence.words,
        "mentions": [[m.first, m.last, m.kind] for m in sentence.mentions],
        "pairs": [[p.first, p.second, p.label] for p in sentence.pairs],
    }
    content |= {k: v for k in _OPTIONAL if (v := getattr(sentence, k)) is not None}
    return json.dumps(content, ensure_ascii=False, separators=(",", ":"))


def _sentence(item: dict[str, Any], place: str) -> RelationSentence:
    for key in item:
        if key not in (*_REQUIRED, *_OPTIONAL):
            raise InputError(f"{place}: unknown key '{key[:40]}'; remove it")
    heads = list_of(item, "heads", place) if "heads" in item else None
    sentence = RelationSentence(
        text_of(item, "name", place),
        words_of(item, "words", place),
        tuple(Mention(*_triple(m, "mentions", place)) for m in list_of(item, "mentions", place)),
        tuple(Pair(*_triple(p, "pairs", place)) for p in list_of(item, "pairs", place)),
        words_of(item, "upos", place) if "upos" in item else None,
        None if heads is None else tuple(heads),
        words_of(item, "deprels", place) if "deprels" in item else None,
    )
    return checked(sentence, place)


def _triple(value: Any, key: str, place: str) -> tuple[int, int, str]:
    # Exact types, because a file of roles has a million entries, and True is an integer.
    if type(value) is not list or list(map(type, value)) != [int, int, str]:
        raise InputError(f"{place}: an entry of '{key}' is not [number, number, text]; correct it")
    return value[0], value[1], value[2]


def _check_once(entries: Sequence[Any], name: str, place: str) -> None:
    if len(set(entries)) < len(entries):
        twice = next(entry for entry in entries if entries.count(entry) > 1)
        raise InputError(f"{place}: the {name} {twice} stands twice; remove one")


def _check_tree(sentence: RelationSentence, place: str) -> None:
    """Check that the columns have a value for each word, and that the heads form a tree."""
    count = len(sentence.words)
    if (sentence.heads is None) != (sentence.deprels is None):
        raise InputError(f"{place}: 'heads' and 'deprels' belong together; write both or neither")
    for key in _OPTIONAL:
        column = getattr(sentence, key)
        if column is not None and len(column) != count:
            raise InputError(
                f"{place}: '{key}' has {len(column)} values for {count} words; write one for each"
            )
    if sentence.heads is None:
        return
    if not all(map(is_number, sentence.heads)):
        raise InputError(f"{place}: 'heads' are not numbers; correct the line")
    path, _, line = place.rpartition(":")
    number = int(line)
    check_tree([(number, str(head)) for head in sentence.heads], path, [(number, [])])
