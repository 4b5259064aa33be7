"""Examples of predictions, and what models confuse.

Examples are the first short sentences of a test corpus, so that nobody chooses them by how well
they are predicted.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import Any

from .predicted_files import (
    SHOWN_KINDS,
    Annotation,
    Predicted,
    check_same_words,
    gold_file,
    predicted_files,
    read_annotations,
)

NO_ABLATION = "none"
SENTENCES = 3
SHORTEST, LONGEST = 4, 12
"""Number of words of an example."""
CONFUSIONS = 3
"""Wrong labels listed for each label."""


@dataclass(frozen=True)
class Example:
    """A sentence with its gold annotation and the predicted ones by ablation."""

    gold: Annotation
    predicted: dict[str, Annotation]


@dataclass(frozen=True)
class Confusion:
    """What a label is predicted as.

    Attributes:
        label: gold label.
        count: number of its words over all seeds.
        right: number of them with the same label.
        wrong: the most frequent wrong labels with their numbers.
    """

    label: str
    count: int
    right: int
    wrong: list[tuple[str, int]]


@dataclass(frozen=True)
class Corpus:
    """A test corpus as a model of one source annotates it.

    Attributes:
        encoder, task, source, corpus, part: what is annotated by what.
        kind: kind of the task.
        seed: seed of the models of the examples.
        seeds: number of seeds behind the confusions.
        examples: sentences.
        confusions: labels by frequency, of the models without ablation.
    """

    encoder: str
    task: str
    source: str
    corpus: str
    part: str
    kind: str
    seed: int
    seeds: int
    examples: list[Example]
    confusions: list[Confusion]


def collect_corpora(
    results: Path,
    tasks: Mapping[str, Mapping[str, Any]],
    ablations: Sequence[str],
    seeds: Collection[int],
) -> list[Corpus]:
    """Examples and confusions of every test corpus in a folder of results.

    Args:
        results: folder of results.
        tasks: settings of the tasks by name.
        ablations: ablations of the examples, besides none.
        seeds: seeds of the study; predictions of others are left from another configuration.

    Raises:
        InputError: predictions do not match their records or their corpora.
    """
    files = [
        file
        for file in predicted_files(results)
        if tasks.get(file.task, {}).get("kind") in SHOWN_KINDS
        and file.ablation in (NO_ABLATION, *ablations)
        and file.seed in seeds
        and gold_file(results, file).is_file()
    ]
    files.sort(key=_corpus_key)
    found = []
    for _, group in groupby(files, _corpus_key):
        members = list(group)
        if any(file.ablation == NO_ABLATION for file in members):
            found.append(_corpus(results, members, tasks[members[0].task]))
    return found


def _corpus_key(file: Predicted) -> tuple[str, ...]:
    return file.encoder, file.task, file.source, file.corpus, file.part


def _corpus(results: Path, files: list[Predicted], settings: Mapping[str, Any]) -> Corpus:
    gold = read_annotations(gold_file(results, files[0]), settings)
    chosen = [
        index for index, sentence in enumerate(gold) if SHORTEST <= len(sentence.forms) <= LONGEST
    ][:SENTENCES]
    whole = [file for file in files if file.ablation == NO_ABLATION]
    seed = min(file.seed for file in whole)
    counts: Counter[tuple[str, str]] = Counter()
    shown: dict[str, list[Annotation]] = {}
    # Ablated models in the order of their layers; the one without ablation first.
    for file in sorted(files, key=lambda file: (file.ablation != NO_ABLATION, file.path)):
        if file.ablation != NO_ABLATION and file.seed != seed:
            continue
        predicted = read_annotations(file.path, settings)
        check_same_words(gold, predicted, file.path)
        if file.seed == seed:
            shown[file.ablation] = [predicted[index] for index in chosen]
        if file.ablation == NO_ABLATION:
            for one, other in zip(gold, predicted, strict=True):
                counts.update(zip(one.labels, other.labels, strict=True))
    examples = [
        Example(gold[index], {name: sentences[place] for name, sentences in shown.items()})
        for place, index in enumerate(chosen)
    ]
    names = _corpus_key(files[0])
    return Corpus(*names, settings["kind"], seed, len(whole), examples, confusions(counts))


def confusions(counts: Mapping[tuple[str, str], int]) -> list[Confusion]:
    """What each gold label is predicted as, the most frequent labels first.

    Args:
        counts: number of words by gold and predicted label.
    """
    totals: Counter[str] = Counter()
    for (gold, _), count in counts.items():
        totals[gold] += count
    found = []
    for label, total in sorted(totals.items(), key=lambda item: (-item[1], item[0])):
        wrong = [(other, n) for (gold, other), n in counts.items() if gold == label != other]
        wrong.sort(key=lambda item: (-item[1], item[0]))
        right = counts.get((label, label), 0)
        found.append(Confusion(label, total, right, wrong[:CONFUSIONS]))
    return found
