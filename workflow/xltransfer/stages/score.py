"""Score predictions against the gold file: one row per model and metric."""

from __future__ import annotations

import io
import json
from collections.abc import Mapping, Sequence
from itertools import islice
from pathlib import Path
from typing import Annotated, Any

import pyarrow as pa
from pyarrow import parquet
from pyarrow.json import ParseOptions, ReadOptions, read_json

from ..corpora.formats import read_predictions, read_sentences
from ..corpora.sentences import AnnotatedSentence
from ..records.record import write_record
from ..records.verification import verified_checksums
from ..runtime.errors import InputError
from ..runtime.files import replacing
from ..runtime.signatures import Keys
from ..tasks.metrics import METRICS, check_gold

COLUMNS = pa.schema(
    [
        ("encoder", pa.string()),
        ("task", pa.string()),
        ("source", pa.string()),
        ("target", pa.string()),
        ("source_corpus", pa.string()),
        ("target_corpus", pa.string()),
        ("split", pa.string()),
        ("ablation", pa.string()),
        ("seed", pa.int64()),
        ("metric", pa.string()),
        ("value", pa.float64()),
        ("sentences", pa.int64()),
        ("words", pa.int64()),
        ("numerators", pa.list_(pa.int32())),
        ("denominators", pa.list_(pa.int32())),
    ]
)
"""Columns of files of scores. ``value`` is in percent: 100 times the sum of ``numerators`` divided
by the sum of ``denominators``; both have one entry per sentence. The value of a macro F1 is the
mean of several such ratios, whose counts follow each other (``tasks.metrics.counts``)."""
SENTENCE_IDS = "sentence_ids"
"""Metadata key of the file for the ``sent_id`` of each sentence, or null, as JSON."""


def score(
    config: Annotated[Mapping[str, Any], Keys("task", "files")],
    gold: Path,
    predictions: Sequence[Path],
    outputs: Sequence[Path],
) -> None:
    """Score the predictions of all models of several sources on one corpus.

    Args:
        config: ``task``, the settings that determine the metrics; and ``files``, each with the
            values of its ``columns`` and its ``models`` (ablation and seed each).
        gold: gold corpus.
        predictions: predictions of all models of all files.
        outputs: output files.

    Raises:
        InputError: a file is malformed, or the predictions are not in the order of the models.
    """
    waiting = iter(predictions)
    for file, output in zip(config["files"], outputs, strict=True):
        of_models = list(islice(waiting, len(file["models"])))
        _check_models(of_models, file["models"])
        ablations, seeds = zip(*file["models"], strict=True)
        score_models(gold, of_models, ablations, seeds, config["task"], file["columns"], output)


def score_models(
    gold: Path,
    predictions: Sequence[Path],
    ablations: Sequence[str],
    seeds: Sequence[int],
    task: Mapping[str, Any],
    common: Mapping[str, Any],
    output: Path,
) -> None:
    """Score the predictions of all models of one source on one corpus.

    Args:
        gold: gold corpus.
        predictions: files of predictions, one per model.
        ablations, seeds: ablation and seed of each model.
        task: ``kind`` of the task and the other settings that determine the metrics.
        common: values of the columns that all rows share.
        output: Parquet file with the columns ``COLUMNS``, and the identifiers of the sentences in
            the metadata of its schema.

    Raises:
        InputError: a file is malformed, the corpus lacks the task's annotation, or predictions do
            not match the gold sentences.
    """
    read = verified_checksums([gold, *predictions])
    gold_sentences = read_sentences(gold)
    check_gold(gold, gold_sentences, task)
    gold_forms = [sentence.forms for sentence in gold_sentences]
    words = sum(map(len, gold_forms))
    rows = []
    for path, ablation, seed in zip(predictions, ablations, seeds, strict=True):
        sentences = read_predictions(path, gold_sentences)
        _check_same_words(gold, gold_forms, path, sentences)
        found = METRICS[task["kind"]](gold_sentences, sentences, task)
        for metric, counts in found.items():
            rows.append(
                {
                    **common,
                    "ablation": ablation,
                    "seed": seed,
                    "metric": metric,
                    "value": counts.percent,
                    "sentences": len(gold_sentences),
                    "words": words,
                    "numerators": counts.numerators.tolist(),
                    "denominators": counts.denominators.tolist(),
                }
            )
    with replacing(output) as temporary:
        table = with_sentence_ids(_table(rows), [sentence.sent_id for sentence in gold_sentences])
        parquet.write_table(table, temporary)
    write_record(output, "score", read, config=dict(task))


def _table(rows: Sequence[Mapping[str, Any]]) -> pa.Table:
    # Converted via JSON, because pyarrow imports pandas for Python objects, which takes longer than
    # scoring.
    lines = "".join(f"{json.dumps(row)}\n" for row in rows).encode()
    return read_json(
        io.BytesIO(lines),
        ReadOptions(use_threads=False, block_size=len(lines) + 1),
        ParseOptions(explicit_schema=COLUMNS, unexpected_field_behavior="error"),
    )


def with_sentence_ids(table: pa.Table, identifiers: Sequence[str | None]) -> pa.Table:
    """The table with the ``sent_id`` of each sentence, which aligns parallel test sets.

    Args:
        table: table with the columns ``COLUMNS``.
        identifiers: identifiers in the order of the counts; ``None`` for a sentence without one.
    """
    return table.replace_schema_metadata({SENTENCE_IDS: json.dumps(identifiers)})


def _check_same_words(
    gold: Path,
    gold_forms: Sequence[Sequence[str]],
    path: Path,
    sentences: Sequence[AnnotatedSentence],
) -> None:
    if len(sentences) != len(gold_forms):
        raise InputError(
            f"{path}: {len(sentences)} sentences, but {gold} has {len(gold_forms)}; "
            "predict it again"
        )
    for number, (expected, found) in enumerate(zip(gold_forms, sentences, strict=True), start=1):
        if expected != found.forms:
            raise InputError(
                f"{path}: sentence {number} does not have the words of {gold}; predict it again"
            )


def _check_models(predictions: Sequence[Path], models: Sequence[tuple[str, int]]) -> None:
    """Reject predictions that are not in the order of the models."""
    for path, (ablation, seed) in zip(predictions, models, strict=True):
        if path.parts[-3:-1] != (ablation, f"seed-{seed}"):
            raise InputError(f"{path}: not predicted by {ablation}, seed {seed}; score it again")
