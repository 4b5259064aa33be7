"""The predictions in a folder of results, with the sentences that they annotate."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..corpora.conllu import DEPREL
from ..corpora.formats import format_of, read_sentences
from ..records.verification import verified_checksums
from ..runtime.errors import InputError
from ..tasks.metrics.attachment import universal
from ..tasks.metrics.labels import word_labels

_SEED = re.compile(r"seed-(\d+)")


SHOWN_KINDS = ("parsing", "tagging", "entities")
"""Kinds of tasks whose predictions are annotations of words."""


@dataclass(frozen=True, order=True)
class Predicted:
    """A file of predictions.

    Attributes:
        encoder, task, source, ablation, seed: the model.
        corpus, part: the corpus that it annotates, e.g. ``en_pud`` and ``test``.
        path: the file.
    """

    encoder: str
    task: str
    source: str
    ablation: str
    seed: int
    corpus: str
    part: str
    path: Path


@dataclass(frozen=True)
class Annotation:
    """The annotation of a sentence.

    Attributes:
        forms: words.
        labels: label of each word: relation, tag, or entity tag.
        heads: 1-based heads, 0 for the root; ``None`` for tasks without trees.
    """

    forms: list[str]
    labels: list[str]
    heads: list[int] | None = None


def predicted_files(results: Path) -> list[Predicted]:
    """The files of predictions of words: trees, tags and entities, in the order of their names."""
    found = []
    for path in sorted((results / "predictions").glob("*/*/*/*/*/*")):
        *model, seed, name = path.parts[-6:]
        number = _SEED.fullmatch(seed)
        corpus, _, part = path.stem.rpartition("-")
        kind = format_of(name)
        if number and corpus and kind is not None and kind.functions:
            found.append(Predicted(*model, int(number[1]), corpus, part, path))
    return sorted(found)


def gold_file(results: Path, predicted: Predicted) -> Path:
    """The annotated corpus behind a file of predictions."""
    kind = format_of(predicted.path)
    assert kind is not None, predicted.path
    return results / kind.folder / predicted.corpus / f"{predicted.part}{kind.suffix}"


def read_annotations(path: Path, settings: Mapping[str, Any]) -> list[Annotation]:
    """The annotation that a task predicts, of every sentence of a file.

    Args:
        path: file of a corpus or of predictions.
        settings: the task's section of the configuration; ``kind`` and ``label`` matter.

    Raises:
        InputError: the file does not match its record or is malformed.
    """
    verified_checksums([path])
    sentences = read_sentences(path)
    if settings["kind"] == "parsing":
        return [
            Annotation(s.forms, [*map(universal, s.column(DEPREL))], s.heads) for s in sentences
        ]
    if settings["kind"] == "tagging":
        return [Annotation(s.forms, word_labels(s, settings["label"])) for s in sentences]
    return [Annotation(s.forms, list(s.tags)) for s in sentences]


def check_same_words(gold: list[Annotation], predicted: list[Annotation], path: Path) -> None:
    """Raise an error if predictions are not about these sentences.

    Raises:
        InputError: a sentence has other words.
    """
    if [item.forms for item in gold] != [item.forms for item in predicted]:
        raise InputError(
            f"{path}: not the sentences of its corpus; delete it and run the study again"
        )
