"""Predictions by another program, scored against gold sentences.

The oracle reads both files by the oracles of their formats and counts: heads are compared as
integers, relations by their universal part, labels as they are, entities as spans with a type.
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import Any

from pyarrow import parquet
from xltransfer.stages.score import score_models

from ..cases import Reader, Verdict, either, refuse
from ..mutation import mutated_text
from . import conllu, entities

FORMS, UPOS, HEADS, RELATIONS = 1, 2, 5, 6
"""Places in the meaning of a treebank."""
COLUMNS = ("encoder", "task", "source", "target", "source_corpus", "target_corpus", "split")


@dataclass(frozen=True)
class Prediction:
    """A task, its gold file and what was predicted."""

    kind: str
    gold: bytes
    predicted: bytes


def prediction(rng: random.Random) -> Prediction:
    """Gold sentences, and predictions for them that are mutated or not."""
    kind = rng.choice(["parsing", "parsing", "tagging", "entities"])
    if kind == "entities":
        sentences = [_tagged(rng, [rng.choice(entities.FORMS)] * 3) for _ in range(3)]
        gold = "".join(sentences)
        other = "".join(
            _tagged(rng, [row.split("\t")[0] for row in s.split("\n")[:3]]) for s in sentences
        )
        pool, columns = entities.POOL, (1,)
    else:
        gold = conllu.treebank(rng)
        other = gold if rng.random() < 0.5 else _annotated(rng, gold)
        pool, columns = conllu.POOL, (3, 6, 6, 7)
    return Prediction(kind, gold.encode(), mutated_text(rng, other, "\t", pool, columns))


def _tagged(rng: random.Random, forms: list[str]) -> str:
    tags = (entities.tags(rng, "iob2") * 3)[: len(forms)]
    if tags[0] != "O":
        tags[0] = "B" + tags[0][1:]
    return "".join(f"{form}\t{tag}\n" for form, tag in zip(forms, tags, strict=True)) + "\n"


def _annotated(rng: random.Random, gold: str) -> str:
    """The same words with other trees and labels."""
    lines = []
    for line in gold.split("\n"):
        row = line.split("\t")
        if len(row) == 10 and row[0].isdigit():
            row[3] = rng.choice(["NOUN", "VERB", "_"])
            row[7] = rng.choice(["nsubj", "nmod", "root"])
            # A chain is a tree as well.
            row[6] = str(int(row[0]) - 1)
        lines.append("\t".join(row))
    return "\n".join(lines)


def judge(case: Prediction) -> Verdict:
    """The meaning: by metric the right ones, and those counted, of each sentence."""
    if case.kind == "entities":
        verdicts = [
            entities.judge(entities.Corpus(data, "own", "iob2", False, "utf-8"))
            for data in (case.gold, case.predicted)
        ]
    else:
        verdicts = [conllu.judge(data) for data in (case.gold, case.predicted)]
    if not all(verdict.may_be_read for verdict in verdicts):
        return refuse(next(v.reason for v in verdicts if not v.may_be_read))
    gold, predicted = (verdict.meaning for verdict in verdicts)
    if gold is None or predicted is None:
        return either()
    forms = 0 if case.kind == "entities" else FORMS
    if [s[forms] for s in gold] != [s[forms] for s in predicted]:
        return refuse("other words")
    pairs = list(zip(gold, predicted, strict=True))
    counts = {"parsing": _attachments, "tagging": _labels, "entities": _entities}[case.kind](pairs)
    # A treebank without labels cannot be scored.
    if case.kind == "tagging" and not any(total for _, total in counts["accuracy"]):
        return refuse("no labels")
    clear = all(not verdict.may_be_refused for verdict in verdicts)
    return Verdict(True, not clear, counts)


def _attachments(pairs: list[tuple[Any, Any]]) -> dict[str, list[tuple[int, int]]]:
    attached, labelled = [], []
    for gold, predicted in pairs:
        heads = [a == b for a, b in zip(gold[HEADS], predicted[HEADS], strict=True)]
        relations = zip(gold[RELATIONS], predicted[RELATIONS], strict=True)
        same = [a.split(":")[0] == b.split(":")[0] for a, b in relations]
        attached.append((sum(heads), len(heads)))
        labelled.append((sum(h and s for h, s in zip(heads, same, strict=True)), len(heads)))
    return {"LAS": labelled, "UAS": attached}


def _labels(pairs: list[tuple[Any, Any]]) -> dict[str, list[tuple[int, int]]]:
    counts = []
    for gold, predicted in pairs:
        known = [(a, b) for a, b in zip(gold[UPOS], predicted[UPOS], strict=True) if a != "_"]
        counts.append((sum(a == b for a, b in known), len(known)))
    return {"accuracy": counts}


def _entities(pairs: list[tuple[Any, Any]]) -> dict[str, list[tuple[int, int]]]:
    spans = [(set(gold[1]), set(predicted[1])) for gold, predicted in pairs]
    return {
        "F1": [(2 * len(g & p), len(g) + len(p)) for g, p in spans],
        "precision": [(len(g & p), len(p)) for g, p in spans],
        "recall": [(len(g & p), len(g)) for g, p in spans],
    }


class Predictions(Reader):
    """``score``."""

    def make(self, rng: random.Random) -> Prediction:
        return prediction(rng)

    def judge(self, content: Prediction) -> Verdict:
        return judge(content)

    def read(self, content: Prediction) -> Any:
        suffix = ".iob2" if content.kind == "entities" else ".conllu"
        gold, predicted = self.folder / f"gold{suffix}", self.folder / f"predicted{suffix}"
        gold.write_bytes(content.gold)
        predicted.write_bytes(content.predicted)
        output = self.folder / "scores.parquet"
        task = {"kind": content.kind} | ({"label": "UPOS"} if content.kind == "tagging" else {})
        score_models(gold, [predicted], ["none"], [1], task, dict.fromkeys(COLUMNS, "x"), output)
        found = {}
        for row in parquet.read_table(output).to_pylist():
            right, counted = row["numerators"], row["denominators"]
            total = 100 * sum(right) / sum(counted) if sum(counted) else 0.0
            assert abs(row["value"] - total) < 1e-9
            found[row["metric"]] = list(zip(right, counted, strict=True))
        return found


SUBJECT = Predictions
