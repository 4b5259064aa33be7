"""Zero-shot scores beside what two languages have in common: pieces, or typological features."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import pandas as pd

from ..analysis.correlation import spearman
from ..analysis.overlap import overlap
from ..analysis.typology import shared_features
from .writing import p_value_text

LEAST = 4
"""Pairs of languages below which no correlation is computed."""


def overlap_table(
    scores: pd.DataFrame, pieces: Callable[[str, str, str, str], set[str]]
) -> pd.DataFrame:
    """Overlap of the pieces of source training and target test data, against the score.

    Args:
        scores: from ``zeroshot_scores``.
        pieces: of an encoder, task, language and split (``train`` or ``test``).

    Returns:
        The scores with ``overlap`` in percent.
    """
    values = [
        overlap(
            pieces(row.encoder, row.task, row.source, "train"),
            pieces(row.encoder, row.task, row.target, "test"),
        )
        for row in scores.itertuples()
    ]
    return scores.assign(overlap=values)


def word_order_table(
    scores: pd.DataFrame, features: Mapping[str, Mapping[str, str]], names: Sequence[str]
) -> pd.DataFrame:
    """Number of features that source and target share, against the score.

    Args:
        scores: from ``zeroshot_scores``.
        features: language → feature → value.
        names: which features.

    Returns:
        The scores with ``shared``, ``comparable`` (features with a value in both languages) and
        ``features`` (of all): a language without values stands there with 0 comparable ones.
    """
    pairs = [
        shared_features(features.get(row.source, {}), features.get(row.target, {}), names)
        for row in scores.itertuples()
    ]
    return scores.assign(
        shared=[shared for shared, _ in pairs],
        comparable=[comparable for _, comparable in pairs],
        features=len(names),
    )


def zeroshot_scores(table: pd.DataFrame, metrics: Mapping[str, str]) -> pd.DataFrame:
    """Mean scores without ablation of every source on every other language.

    Args:
        table: ``randominit_by_target.csv``.
        metrics: task → its main metric.

    Returns:
        ``encoder``, ``task``, ``metric``, ``source``, ``target``, ``score``.
    """
    chosen = table[
        (table["metric"] == table["task"].map(metrics))
        & (table["ablation"] == "none")
        & (table["target"] != "X")
        & (table["target"] != table["source"])
    ]
    columns = ["encoder", "task", "metric", "source", "target", "mean"]
    return chosen[columns].rename(columns={"mean": "score"}).reset_index(drop=True)


def correlations(table: pd.DataFrame, column: str) -> pd.DataFrame:
    """Spearman's ρ between a column and the score, for each encoder and task.

    Args:
        table: with ``score`` and the column; rows in which it is empty are left out.
        column: which one.

    Returns:
        ``spearman``, ``p_value`` and ``pairs``; below ``LEAST`` pairs, or where one side does not
        vary, ρ is empty.
    """
    rows = []
    for (encoder, task, metric), part in table.groupby(["encoder", "task", "metric"], sort=False):
        part = part[part[column].notna()]
        rho = p_value = float("nan")
        if len(part) >= LEAST and part[column].nunique() > 1 and part["score"].nunique() > 1:
            rho, p_value = spearman(part[column].to_numpy(), part["score"].to_numpy())
        rows.append(
            {"encoder": encoder, "task": task, "metric": metric, "against": column,
             "spearman": float(rho), "p_value": p_value_text(p_value), "pairs": len(part)}
        )  # fmt: skip
    return pd.DataFrame(rows)
