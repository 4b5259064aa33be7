"""How transfer grows with the encoder: scores next to the sizes of encoders."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd

from ..corpora.source_sets import members
from ..encoders.ablations import NONE
from .randominit import CROSS_LINGUAL

SIZES = ("layers", "width", "parameters", "parameters_without_embeddings")
"""Columns of the size of an encoder."""
COLUMNS = (
    *("encoder", "task", "metric", "source_target", "score", "score_sd", "gap"),
    *(*SIZES, "reference"),
)


@dataclass(frozen=True)
class PublishedScore:
    """A score from a paper.

    Attributes:
        encoder, task, metric, source_target: cells of the table.
        score: score in percent.
        layers, width, parameters, parameters_without_embeddings: size of the encoder.
        reference: paper and place.
    """

    encoder: str
    task: str
    metric: str
    source_target: str
    score: float
    layers: int
    width: int
    parameters: int
    parameters_without_embeddings: int
    reference: str


def scaling_table(
    table: pd.DataFrame,
    metrics: Mapping[str, str],
    sizes: Mapping[str, Mapping[str, int]],
    published: list[PublishedScore],
) -> pd.DataFrame:
    """Scores of the models without ablation on their own language and on the mean of all others.

    Args:
        table: table ``randominit_by_target.csv``.
        metrics: task → its main metric.
        sizes: encoder → value of each of ``SIZES``.
        published: scores from papers, which follow ours.

    Returns:
        The columns ``COLUMNS``; within a task and a source, encoders by their number of parameters.
        ``gap`` is the score less that on the source language (for a set of sources, less the mean
        over its languages). ``reference`` is empty for our rows.
    """
    table = table[(table["metric"] == table["task"].map(metrics)) & (table["ablation"] == NONE)]
    rows: list[dict[str, Any]] = []
    for (task, source), part in table.groupby(["task", "source"], sort=False):
        own = part[part["target"].isin(members(source))].groupby("encoder")["mean"].mean()
        for target in (*members(source), CROSS_LINGUAL):
            cells = part[part["target"] == target].set_index("encoder")
            for encoder in sorted(cells.index, key=lambda name: sizes[name]["parameters"]):
                rows.append(
                    {
                        "encoder": encoder,
                        "task": task,
                        "metric": metrics[task],
                        "source_target": f"{source.upper()}-{target.upper()}",
                        "score": cells.loc[encoder, "mean"],
                        "score_sd": cells.loc[encoder, "sd"],
                        "gap": cells.loc[encoder, "mean"] - own[encoder],
                        **sizes[encoder],
                        "reference": "",
                    }
                )
    rows += [{**vars(one), "score_sd": float("nan"), "gap": float("nan")} for one in published]
    return pd.DataFrame(rows, columns=list(COLUMNS))
