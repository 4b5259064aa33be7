"""Formats of corpora within the workflow: a table that rules and the study also use.

A new format needs an entry in ``FORMATS`` and a module that reads and writes it. Imports are local,
because Snakemake imports this module whenever it parses a study.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

Read = Callable[[Path | str], list]
Write = Callable[[Path | str, Sequence[Any]], None]


def _conllu() -> tuple[Read, Write]:
    from .conllu import read_conllu, write_conllu

    return read_conllu, write_conllu


def _iob2() -> tuple[Read, Write]:
    from .iob import read_iob2, write_iob2

    return read_iob2, write_iob2


def _squad() -> tuple[Read, Write]:
    from .questions import read_squad, write_squad

    return read_squad, write_squad


def _answers() -> tuple[Callable[[Path | str, Sequence[Any]], list], Write]:
    from .questions import read_answers, write_answers

    return read_answers, write_answers


def _relations() -> tuple[Read, Write]:
    from .relation_sentences import read_relation_sentences, write_relation_sentences

    return read_relation_sentences, write_relation_sentences


def _classified() -> tuple[Read, Write]:
    from .classified_sentences import read_classified, write_classified

    return read_classified, write_classified


@dataclass(frozen=True)
class Format:
    """A format of corpora.

    Attributes:
        folder: folder of the corpora below the results; also their name in the catalogue.
        suffix: suffix of the files.
        label: label of the corpora in tables.
        catalogue: table with a row for each corpus.
        checked_by: stage that validates a downloaded corpus.
        functions: function that returns the reader and writer; ``None`` for raw text.
        has_lemmas: whether words have lemmas.
        predictions: function that returns the reader and writer of predictions, if they are not
            in the format of the corpus; the reader also takes the gold sentences.
        has_varieties: whether the workflow makes corpora of it for unseen languages, by
            transliteration and splits.
    """

    folder: str
    suffix: str
    label: str
    catalogue: str
    checked_by: str
    functions: Callable[[], tuple[Read, Write]] | None = None
    has_lemmas: bool = False
    predictions: Callable[[], tuple[Callable[..., list], Write]] | None = None
    has_varieties: bool = True


FORMATS = {
    item.folder: item
    for item in (
        Format(
            "treebanks", ".conllu", "treebank", "treebanks.tsv", "check_treebank", _conllu,
            has_lemmas=True,
        ),
        Format("entities", ".iob2", "entities", "entity_corpora.tsv", "check_entities", _iob2),
        Format(
            "questions", ".json", "questions", "question_corpora.tsv", "check_questions", _squad,
            predictions=_answers,
            has_varieties=False,
        ),
        Format(
            "relations", ".jsonl", "relations", "relation_corpora.tsv", "check_relations",
            _relations, has_varieties=False,
        ),
        Format(
            "roles", ".jsonl", "roles", "relation_corpora.tsv", "check_relations",
            _relations, has_varieties=False,
        ),
        Format(
            "classification", ".tsv", "sentences with labels", "classification_corpora.tsv",
            "check_classification", _classified, has_varieties=False,
        ),
        Format("raw_text", ".txt", "raw text", "raw_corpora.tsv", "clean"),
    )
}  # fmt: skip
"""Formats by folder."""
ANNOTATED = {folder: item for folder, item in FORMATS.items() if item.functions}
"""Formats of annotated sentences, by folder."""
WITH_VARIETIES = {folder: item for folder, item in FORMATS.items() if item.has_varieties}
"""Formats of the corpora of unseen languages, by folder."""


def format_of(path: Path | str) -> Format | None:
    """The format of a file, by its suffix; among several, by the folder that the file is in."""
    path = Path(path)
    found = [item for item in FORMATS.values() if item.suffix == path.suffix]
    return next((item for item in found if item.folder in path.parts), next(iter(found), None))


def read_sentences(path: Path | str) -> list:
    """All sentences of a file in a format of annotated sentences, by its suffix.

    Raises:
        InputError: the file cannot be read or is malformed; names the line.
    """
    return _functions(path)[0](path)


def write_sentences(path: Path | str, sentences: Sequence) -> None:
    """Write sentences in the format of the suffix."""
    _functions(path)[1](path, sentences)


def read_predictions(path: Path | str, gold: Sequence) -> list:
    """The sentences of a file of predictions; ``gold`` are those of the corpus.

    Raises:
        InputError: the file cannot be read or is malformed, or is about other sentences.
    """
    found = format_of(path)
    if found is None or found.predictions is None:
        return read_sentences(path)
    return found.predictions()[0](path, gold)


def write_predictions(path: Path | str, sentences: Sequence) -> None:
    """Write predicted sentences in the format of the suffix."""
    found = format_of(path)
    if found is None or found.predictions is None:
        write_sentences(path, sentences)
    else:
        found.predictions()[1](path, sentences)


def _functions(path: Path | str) -> tuple[Read, Write]:
    found = format_of(path)
    if found is None or found.functions is None:
        suffixes = ", ".join(item.suffix for item in ANNOTATED.values())
        raise ValueError(f"{path}: annotated sentences are in files with {suffixes}")
    return found.functions()
