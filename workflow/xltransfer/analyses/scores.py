"""Reading scores back, complete or not at all."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np
import pandas as pd
from pyarrow import parquet

from ..runtime.errors import InputError

SENTENCE_IDS = b"sentence_ids"
"""Key of a file's metadata, as the stage ``score`` names it."""

MODEL = ["encoder", "task", "source", "ablation", "seed"]
"""Columns that name a model."""


def read_scores(paths: Iterable[Path]) -> pd.DataFrame:
    """The rows of files of scores, as one tidy frame.

    Args:
        paths: files that the stage ``score`` wrote.

    Returns:
        The columns of the files and ``sentence_ids``: for each row the array of the identifiers of
        its test sentences, which all rows of a file share. A sentence without ``sent_id`` is
        called ``<corpus>#<n>``, so that it is parallel to none of another corpus.

    Raises:
        InputError: a file cannot be read, was written before scores had identifiers, or has a value
            that is not that of its counts.
    """
    frames = []
    for path in paths:
        try:
            table = parquet.read_table(path)
            given = json.loads((table.schema.metadata or {})[SENTENCE_IDS])
        except KeyError:
            raise InputError(f"{path}: has no identifiers of sentences; score again") from None
        except (OSError, ValueError) as error:
            raise InputError(f"{path}: not a file of scores ({error}); score again") from None
        frame = table.to_pandas(ignore_metadata=True)
        _check_counts(path, frame, len(given))
        corpus = next(iter(frame["target_corpus"]), "")
        names = np.array([name or f"{corpus}#{n}" for n, name in enumerate(given, start=1)])
        frames.append(frame.assign(sentence_ids=[names] * len(frame)))
    return pd.concat(frames, ignore_index=True)


def _check_counts(path: Path, frame: pd.DataFrame, sentences: int) -> None:
    """Refuse rows whose counts are not of all sentences, or do not make their value."""
    for row in frame.itertuples():
        pair = (row.numerators, row.denominators)
        right, total = (np.zeros(0, int) if counts is None else counts for counts in pair)
        # The formula of `metrics.counts`, in the same arithmetic, so that equality is exact.
        value = 100 * int(right.sum()) / int(total.sum()) if total.any() else 0.0
        if {len(right), len(total), row.sentences} != {sentences} or value != row.value:
            raise InputError(
                f"{path}: {row.metric} of {row.ablation}, seed {row.seed}, is {row.value}, but the "
                f"counts of {len(right)} of {sentences} sentences make {value}; delete it and run "
                "the same command again"
            )


def complete(
    scores: pd.DataFrame, expected: Sequence[dict[str, object]], columns: Sequence[str]
) -> pd.DataFrame:
    """The rows that are expected, of any metric; refuses scores that lack a cell or have it twice.

    Args:
        scores: tidy rows, also of models that the study had before and has no more.
        expected: the cells that must be there, as values of ``columns``.
        columns: what names a cell, ``metric`` among it.

    Raises:
        InputError: names the first cell in question.
    """
    found = scores[list(columns)].value_counts()
    for cell in expected:
        key = tuple(cell[column] for column in columns)
        count = found.get(key, 0)
        if count != 1:
            what = "is missing" if count == 0 else f"occurs {count} times"
            raise InputError(f"scores: {', '.join(map(str, key))} {what}; score it again")
    model = [column for column in columns if column != "metric"]
    wanted = pd.DataFrame(expected)[model].drop_duplicates()
    return scores.merge(wanted, on=model)
