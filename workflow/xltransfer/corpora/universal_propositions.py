"""Roles in the layout of Universal Propositions 2.0 (Jindal et al., LREC 2022).

Files are in CoNLL-U Plus without words (``ID UP:PRED UP:ARGHEADS UP:ARGSPANS``): words and trees
are those of a treebank of Universal Dependencies, sentences are found by ``sent_id``. Treebanks
change between releases; sentences whose words are numbered otherwise today are left out and
counted.

An argument is the head word of its span. Every word of a sentence but the predicate is a candidate.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from ..runtime.errors import InputError
from .conllu import DEPREL, FORM, ID, UPOS, Sentence
from .lines import read_text_lines
from .relation_sentences import NO_LABEL, Mention, Pair, RelationSentence, check_label, checked

COLUMNS = "# global.columns = ID UP:PRED UP:ARGHEADS UP:ARGSPANS"
"""First line of a file."""
OTHER_WORDS, ABSENT = "sentences_with_other_words", "sentences_not_in_the_treebank"
OWN_ARGUMENTS = "arguments_that_are_their_predicate"
"""Names of counts."""
_SENT_ID = re.compile(r"#\s*sent_id\s*=\s*(.*\S)\s*")
_ID = re.compile(r"[1-9]\d{0,5}(-[1-9]\d{0,5})?|(0|[1-9]\d{0,5})\.[1-9]\d{0,5}")
_ARGUMENT = re.compile(r"(\S+):([1-9]\d{0,5})")
_NOTHING = "_"


@dataclass(frozen=True)
class _Stand:
    """A sentence of a file: identifier, place, IDs of words and ranges, and predicates.

    Attributes:
        name: ``sent_id``.
        place: file and line, for messages.
        identifiers: IDs of words and multiword tokens, in order.
        predicates: number of the predicate word → (label, number of the word) of each argument.
    """

    name: str
    place: str
    identifiers: list[str]
    predicates: dict[int, list[tuple[str, int]]]


def read_propositions(
    path: Path | str, treebank: Sequence[Sentence], labels: Collection[str], counts: Counter
) -> list[RelationSentence]:
    """All sentences of a file that the treebank has with the same words.

    Args:
        path: path of the file.
        treebank: sentences of the same part of the treebank.
        labels: closed set of roles; empty for an open set.
        counts: to add to: sentences with other words, sentences that the treebank does not have,
            and arguments that are their own predicate (particles), all of which are left out.

    Raises:
        InputError: the file is malformed, or no sentence is in the treebank; names the line.
    """
    trees = {sentence.sent_id: sentence for sentence in treebank}
    found = []
    for stand in _stands(path, labels, counts):
        tree = trees.get(stand.name)
        if tree is None:
            counts[ABSENT] += 1
        elif [row[ID] for row in tree.rows if "." not in row[ID]] != stand.identifiers:
            counts[OTHER_WORDS] += 1
        else:
            found.append(_joined(stand, tree))
    if not found:
        raise InputError(
            f"{path}:1: no sentence is in the treebank with the same words; is it another treebank "
            "or part? Correct `treebank` of its row in relation_corpora.tsv"
        )
    return found


def _joined(stand: _Stand, tree: Sentence) -> RelationSentence:
    forms, upos, deprels = tree.columns(FORM, UPOS, DEPREL)
    mentions = tuple(Mention(place, place) for place in range(len(forms)))
    pairs = []
    for predicate, arguments in stand.predicates.items():
        roles: dict[int, dict[str, None]] = {}
        for label, word in arguments:
            roles.setdefault(word, {})[label] = None
        for word in range(1, len(forms) + 1):
            if word != predicate:
                for label in roles.get(word, [NO_LABEL]):
                    pairs.append(Pair(predicate - 1, word - 1, label))
    return checked(
        RelationSentence(
            stand.name, tuple(forms), mentions if pairs else (), tuple(pairs),
            tuple(upos), tuple(tree.heads), tuple(deprels),
        ),
        stand.place,
    )  # fmt: skip


def _stands(path: Path | str, labels: Collection[str], counts: Counter) -> Iterator[_Stand]:
    lines = read_text_lines(path).split("\n")
    if " ".join(lines[0].split()) != COLUMNS:
        raise InputError(f"{path}:1: the first line is not '{COLUMNS}'; is it another layout?")
    names: set[str] = set()
    comments: list[str] = []
    rows: list[list[str]] = []
    for number, line in enumerate([*lines, ""], start=1):
        if line.startswith("#") and not rows:
            comments.append(line)
        elif line:
            rows.append(_row(line, f"{path}:{number}"))
        elif rows:
            first = f"{path}:{number - len(rows)}"
            yield _stand(comments, rows, first, names, labels, counts)
            comments, rows = [], []


def _row(line: str, place: str) -> list[str]:
    row = line.split("\t")
    if len(row) != 4 or not _ID.fullmatch(row[0]):
        raise InputError(f"{place}: not an ID and three columns, separated by tabs; correct it")
    return row


def _stand(
    comments: Sequence[str],
    rows: Sequence[list[str]],
    place: str,
    names: set[str],
    labels: Collection[str],
    counts: Counter,
) -> _Stand:
    given = [match[1] for comment in comments if (match := _SENT_ID.fullmatch(comment))]
    if len(given) != 1 or given[0] in names:
        raise InputError(
            f"{place}: the sentence has not one `# sent_id` of its own above it; correct the "
            "comments"
        )
    names.add(given[0])
    words = [row[0] for row in rows if row[0].isdigit()]
    if words != [str(number) for number in range(1, len(words) + 1)]:
        raise InputError(f"{place}: the words are not numbered 1, 2, 3, …; correct the IDs")
    predicates: dict[int, list[tuple[str, int]]] = {}
    for row in rows:
        if row[1] == _NOTHING and row[2] == _NOTHING:
            continue
        if row[1] == _NOTHING or not row[0].isdigit():
            raise InputError(
                f"{place}: arguments at '{row[0]}', which is no predicate; correct the row"
            )
        arguments = [] if row[2] == _NOTHING else row[2].split("|")
        found = [_argument(text, len(words), place, labels) for text in arguments]
        kept = [pair for pair in found if pair[1] != int(row[0])]
        counts[OWN_ARGUMENTS] += len(found) - len(kept)
        predicates[int(row[0])] = kept
    return _Stand(given[0], place, [row[0] for row in rows if "." not in row[0]], predicates)


def _argument(text: str, words: int, place: str, labels: Collection[str]) -> tuple[str, int]:
    match = _ARGUMENT.fullmatch(text)
    if not match or int(match[2]) > words:
        raise InputError(
            f"{place}: '{text[:60]}' is no role and number of one of the {words} words (A0:3); "
            "correct it"
        )
    check_label(match[1], labels, place)
    return match[1], int(match[2])
