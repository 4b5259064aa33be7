"""Reading parts of corpora of relations and roles in any layout."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence
from pathlib import Path

from ..runtime.errors import InputError
from .conllu import read_conllu
from .crossre import read_crossre
from .dygie import read_dygie
from .relation_corpora import STAND_OFF, sentence_ranges
from .relation_sentences import RelationSentence, check_label, read_relation_sentences
from .tagged_relations import read_tagged
from .universal_propositions import read_propositions


def read_layout(
    path: Path | str,
    layout: str,
    annotation: str,
    labels: Collection[str],
    treebank: Path | None,
    counts: Counter,
) -> list[RelationSentence]:
    """All sentences of a file.

    Args:
        path: path of the file.
        layout: one of ``relation_corpora.LAYOUTS`` but ``embedded``.
        annotation: ``relations`` or ``roles``.
        labels: closed set of labels; empty for an open set.
        treebank: the same part of the treebank with the words, for Universal Propositions.
        counts: to add what was left out to, by name.

    Raises:
        InputError: the file is malformed; names the line.
    """
    if layout == "crossre":
        return read_crossre(path, labels, counts)
    if layout == "tagged":
        return read_tagged(path, labels, counts)
    if layout == "dygie":
        return read_dygie(path, annotation, labels, counts)
    if layout == STAND_OFF and treebank is not None:
        return read_propositions(path, read_conllu(treebank), labels, counts)
    if layout == "json-lines":
        sentences = read_relation_sentences(path)
        for number, sentence in enumerate(sentences, start=1):
            for pair in sentence.pairs:
                check_label(pair.label, labels, f"{path}:{number}")
        return sentences
    raise ValueError(f"no reader for files of the layout {layout}")


def selected(
    sentences: Sequence[RelationSentence], ranges: str, path: Path | str
) -> list[RelationSentence]:
    """The sentences of a file that belong to a part.

    Args:
        sentences: all sentences of the file.
        ranges: ``sentences`` of its row in ``relation_files.tsv``.
        path: path of the file, for messages.

    Raises:
        InputError: a range ends beyond the last sentence.
    """
    if not ranges:
        return list(sentences)
    found: list[RelationSentence] = []
    for first, last in sentence_ranges(ranges):
        if last > len(sentences):
            raise InputError(
                f"{path}: {len(sentences)} sentences, but relation_files.tsv takes those up to "
                f"{last}; correct `sentences` of its row"
            )
        found += sentences[first - 1 : last]
    return found


def joined(parts: Sequence[Sequence[RelationSentence]], path: Path | str) -> list:
    """The sentences of several files as one part.

    Raises:
        InputError: two sentences have one name, or there is none.
    """
    found = [sentence for part in parts for sentence in part]
    names = Counter(sentence.name for sentence in found)
    if not found:
        raise InputError(f"{path}:1: the file holds no sentence")
    name, number = names.most_common(1)[0]
    if number > 1:
        raise InputError(f"{path}: {number} sentences of the part are named '{name}'; rename them")
    return found
