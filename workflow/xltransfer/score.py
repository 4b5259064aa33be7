"""Score predictions against their gold file: tidy rows, one per model and metric."""

from __future__ import annotations

import json
from argparse import Namespace
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
from pyarrow import parquet

from .command import run, stage_parser
from .data.conllu import FORM, Sentence, read_conllu
from .errors import InputError
from .files import replacing
from .metrics import METRICS

COLUMNS = pa.schema(
    [
        ("encoder", pa.string()),
        ("task", pa.string()),
        ("source", pa.string()),
        ("target", pa.string()),
        ("source_treebank", pa.string()),
        ("target_treebank", pa.string()),
        ("split", pa.string()),
        ("ablation", pa.string()),
        ("seed", pa.int64()),
        ("metric", pa.string()),
        ("value", pa.float64()),
        ("sentences", pa.int64()),
        ("words", pa.int64()),
    ]
)
"""Of every file of scores; ``value`` is in percent."""


def score(
    gold: Path,
    predictions: Sequence[Path],
    ablations: Sequence[str],
    seeds: Sequence[int],
    common: Mapping[str, Any],
    output: Path,
) -> None:
    """Score the predictions of all models of one source on one treebank.

    Args:
        gold: the treebank.
        predictions: a file for each model.
        ablations, seeds: of each model.
        common: values of the columns that all rows share; ``task`` decides the metrics.
        output: parquet file with the columns ``COLUMNS``.

    Raises:
        InputError: a file is malformed, or predictions are not of the gold sentences.
    """
    gold_sentences = read_conllu(gold)
    words = sum(len(sentence.words) for sentence in gold_sentences)
    rows = []
    for path, ablation, seed in zip(predictions, ablations, seeds, strict=True):
        sentences = read_conllu(path)
        _check_same_words(gold, gold_sentences, path, sentences)
        for metric, value in METRICS[common["task"]](gold_sentences, sentences).items():
            rows.append(
                {
                    **common,
                    "ablation": ablation,
                    "seed": seed,
                    "metric": metric,
                    "value": value,
                    "sentences": len(gold_sentences),
                    "words": words,
                }
            )
    with replacing(output) as temporary:
        parquet.write_table(pa.Table.from_pylist(rows, COLUMNS), temporary)


def _check_same_words(
    gold: Path, gold_sentences: list[Sentence], path: Path, sentences: list[Sentence]
) -> None:
    if len(sentences) != len(gold_sentences):
        raise InputError(
            f"{path}: {len(sentences)} sentences, but {gold} has {len(gold_sentences)}; "
            "predict it again"
        )
    for number, (expected, found) in enumerate(
        zip(gold_sentences, sentences, strict=True), start=1
    ):
        if expected.column(FORM) != found.column(FORM):
            raise InputError(
                f"{path}: sentence {number} does not have the words of {gold}; predict it again"
            )


def main() -> None:
    """Command line."""
    parser = stage_parser("xltransfer.score", __doc__)
    parser.add_argument("--gold", type=Path, required=True)
    parser.add_argument("--predictions", type=Path, nargs="+", required=True)
    parser.add_argument("--ablations", nargs="+", required=True, help="one per prediction")
    parser.add_argument("--seeds", type=int, nargs="+", required=True, help="one per prediction")
    parser.add_argument("--common", type=json.loads, required=True, help="shared columns, JSON")
    parser.add_argument("--output", type=Path, required=True)
    run(parser, _stage)


def _stage(arguments: Namespace) -> None:
    score(
        arguments.gold,
        arguments.predictions,
        arguments.ablations,
        arguments.seeds,
        arguments.common,
        arguments.output,
    )


if __name__ == "__main__":
    main()
