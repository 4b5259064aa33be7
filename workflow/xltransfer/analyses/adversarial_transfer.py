"""Transfer with and without a discriminator of languages, and how well languages are told apart."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from ..encoders.ablations import NONE
from .randominit import Cell, cells_of
from .statistics.significance import change_columns, influence_values, mean_difference

METHODS = {
    (False, False): "plain",
    (True, False): "word level",
    (False, True): "sentence level",
    (True, True): "both levels",
}
"""Names by whether word vectors are mapped, and whether the training had an adversary.

Encoders without word vectors have no word level."""


def adversarial_table(
    rows: Sequence[Mapping[str, Any]],
    scores: pd.DataFrame,
    measured: Mapping[str, Mapping[str, Any]],
) -> pd.DataFrame:
    """Scores, their change by the adversary, the accuracy of a fresh discriminator, and CKA.

    Args:
        rows: ``encoder``, ``task``, ``source``, ``target``, ``metric``, ``word_level`` (method that
            maps the word vectors, or ``None``), ``sentence_level`` (method of the adversary, or
            ``None``), ``labelled`` (number of target sentences with labels), ``reference`` (task
            without adversary, or ``None``) and ``measured``, a key of that argument.
        scores: tidy rows from ``analyses.scores.read_scores``.
        measured: output of the stage ``discriminate`` by file.

    Returns:
        One row per row: ``score``, its change from the reference, with 95 % intervals over seeds
        and test sentences (``statistics.significance``), ``discriminator`` (accuracy in percent)
        with an interval of the same kind, ``chance``, and ``cka``, the mean over seeds.
    """
    cells = cells_of(scores[scores["ablation"] == NONE])
    return pd.DataFrame([_row(row, cells, measured[row["measured"]]) for row in rows])


def _row(
    row: Mapping[str, Any], cells: Mapping[tuple[str, ...], Cell], measured: Mapping[str, Any]
) -> dict[str, object]:
    tested = row["metric"], row["source"], row["target"], NONE
    own = cells[row["encoder"], row["task"], *tested]
    score = mean_difference(own.values.to_numpy(float), own.influences)
    change = None
    if row["reference"] is not None:
        plain = cells[row["encoder"], row["reference"], *tested]
        differences = (own.values - plain.values).to_numpy(float)
        change = mean_difference(differences, own.influences - plain.influences)
    models = sorted(measured["models"], key=lambda one: one["seed"])
    right = np.array([one["right"] for one in models], dtype=float)
    accuracy = mean_difference(
        100 * right.mean(axis=1), influence_values(right, np.ones_like(right))
    )
    similar = [np.nan if one["cka"] is None else one["cka"] for one in models]
    return {
        "encoder": row["encoder"],
        "task": row["task"],
        "method": METHODS[bool(row["word_level"]), bool(row["sentence_level"])],
        "word_level": row["word_level"] or "",
        "sentence_level": row["sentence_level"] or "",
        "labelled": row["labelled"],
        "source": row["source"],
        "target": row["target"],
        "metric": row["metric"],
        "score": score.mean,
        "score_low": score.percentages[0],
        "score_high": score.percentages[1],
        **change_columns("change", change),
        "discriminator": accuracy.mean,
        "discriminator_low": accuracy.percentages[0],
        "discriminator_high": accuracy.percentages[1],
        "chance": measured["chance"],
        "cka": float(np.mean(similar)),
        "seeds": len(models),
    }
