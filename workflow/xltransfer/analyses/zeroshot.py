"""Zero-shot transfer between languages (Pires, Schlinger & Garrette, ACL 2019, tables 1-2)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pandas as pd

from ..corpora.source_sets import members
from ..encoders.ablations import NONE
from .randominit import CROSS_LINGUAL

_MODEL = ["encoder", "task", "metric", "source"]


def matrix(
    table: pd.DataFrame, metrics: Mapping[str, str], languages: Sequence[str]
) -> pd.DataFrame:
    """Scores of the models without ablation: sources down, targets across.

    Args:
        table: table from ``randominit.by_target``.
        metrics: task → its main metric.
        languages: targets in the order of the columns.

    Returns:
        One row per encoder, task and source with ``metric`` and, for each target, the mean and the
        standard deviation over seeds (``fr``, ``fr_sd``); empty if a task lacks the target.
    """
    table = table[(table["metric"] == table["task"].map(metrics))]
    table = table[(table["ablation"] == NONE) & (table["target"] != CROSS_LINGUAL)]
    rows = []
    for key, part in table.groupby(_MODEL, sort=False):
        row = dict(zip(_MODEL, key, strict=True))
        cells = part.set_index("target")[["mean", "sd"]].reindex(languages)
        for language, mean, deviation in cells.itertuples():
            row |= {language: mean, f"{language}_sd": deviation}
        rows.append(row)
    return pd.DataFrame(rows)


def per_target(
    table: pd.DataFrame, metrics: Mapping[str, str], names: Mapping[str, str]
) -> pd.DataFrame:
    """Scores of the models without ablation, one row per source and target, ``X`` last.

    Args:
        table: table from ``randominit.by_target``.
        metrics: task → its main metric.
        names: language → its English name.

    Returns:
        ``source_target`` (``EN-FRENCH``, ``EN-X``), ``score`` with its standard deviation, and
        ``gap``: the score minus that on the source language itself (for a
        set of sources, minus the mean over its languages).
    """
    table = table[(table["metric"] == table["task"].map(metrics))]
    table = table[table["ablation"] == NONE]
    rows = []
    for (encoder, task, metric, source), part in table.groupby(_MODEL, sort=False):
        own = part.loc[part["target"].isin(members(source)), "mean"].mean()
        part = part.sort_values("target", key=lambda name: name == CROSS_LINGUAL, kind="stable")
        for target, mean, deviation in part[["target", "mean", "sd"]].itertuples(index=False):
            name = names.get(target, target).upper()
            rows.append(
                {
                    "encoder": encoder,
                    "task": task,
                    "metric": metric,
                    "source_target": f"{source.upper()}-{name}",
                    "score": mean,
                    "score_sd": deviation,
                    "gap": mean - own,
                }
            )
    return pd.DataFrame(rows)
