"""Reading scores back, complete or not at all."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

import pandas as pd

from ..errors import InputError

MODEL = ["encoder", "task", "source", "ablation", "seed"]
"""Columns that name a model."""


def read_scores(paths: Iterable[Path]) -> pd.DataFrame:
    """The rows of files of scores, as one tidy frame."""
    frames = []
    for path in paths:
        try:
            frames.append(pd.read_parquet(path))
        except (OSError, ValueError) as error:
            raise InputError(f"{path}: not a file of scores ({error}); score again") from None
    return pd.concat(frames, ignore_index=True)


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
            what = "is missing" if count == 0 else f"stands there {count} times"
            raise InputError(f"scores: {', '.join(map(str, key))} {what}; score it again")
    model = [column for column in columns if column != "metric"]
    wanted = pd.DataFrame(expected)[model].drop_duplicates()
    return scores.merge(wanted, on=model)
