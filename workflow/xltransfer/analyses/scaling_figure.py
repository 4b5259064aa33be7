"""Figure of scores against the sizes of encoders and the compute of fine-tuning."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.figure import Figure
from matplotlib.ticker import EngFormatter, LogLocator, NullFormatter

from .plots import GREY, SAME_LANGUAGE, ZERO_SHOT, add_legend, panel_grid
from .randominit import CROSS_LINGUAL

SIZE = "parameters_without_embeddings"
COMPUTE = "training_gigaflops"
LABELS = {SIZE: "parameters without embeddings", COMPUTE: "FLOPs of a fine-tuning"}
SAME = 1e-3
"""Relative difference up to which numbers of the table, which are rounded, count as equal."""


def scaling_figure(config: Mapping[str, Any], table: pd.DataFrame) -> Figure:
    """Scores against parameters without embeddings, one panel per task and source.

    If all fine-tunings of a panel read as many subwords, their compute is proportional to these
    parameters and has an axis at the top; otherwise it has a panel beside. Error bars are standard
    deviations over seeds. Published scores have a panel of their own, for they are about other
    encoders and data.

    Args:
        config: configuration of the figures, with ``study``, the title.
        table: table ``scaling.csv``.
    """
    reference = table["reference"].fillna("") != ""
    sources = table["source_target"].str.partition("-")[0]
    panels = [
        (f"{task}, {source}", part, column)
        for (task, source), part in table[~reference].groupby(["task", sources], sort=False)
        for column in ((SIZE,) if _operations_per_weight(part) else (SIZE, COMPUTE))
    ]
    published = table[reference].groupby("source_target", sort=False)
    panels += [(f"published: {which}", part, SIZE) for which, part in published]
    size = max(4.6, 0.6 + 2.2 * len(panels)), 3.1
    figure, axes = panel_grid(config["study"], 1, len(panels), size)
    for ax, (title, part, column) in zip(axes[0], panels, strict=True):
        ax.set_title(title)
        ax.set_ylabel(f"{part['metric'].iloc[0]} in percent")
        ax.set_xscale("log")
        _name_sizes(ax.xaxis, column)
        if (part["reference"].fillna("") != "").any():
            _published(ax, part)
            continue
        _ours(ax, part, column)
        if each := _operations_per_weight(part):
            _add_compute(ax, each)
    add_legend(figure, columns=2)
    return figure


def _operations_per_weight(part: pd.DataFrame) -> float | None:
    """FLOPs of a fine-tuning per parameter; ``None`` if encoders differ in them."""
    each = part[COMPUTE] * 1e9 / part[SIZE]
    return each.mean() if each.max() <= each.min() * (1 + SAME) else None


def _name_sizes(axis: Axis, column: str) -> None:
    axis.set_major_locator(LogLocator(subs=(1, 3)))
    axis.set_major_formatter(EngFormatter(sep=""))
    # Sizes of less than a decade would have a label at every minor tick.
    axis.set_minor_formatter(NullFormatter())
    axis.set_label_text(LABELS[column])


def _add_compute(ax: Axes, each: float) -> None:
    """Add an axis at the top with the FLOPs of a fine-tuning."""
    functions = (lambda weights: weights * each, lambda flops: flops / each)
    top = ax.secondary_xaxis("top", functions=functions)
    _name_sizes(top.xaxis, COMPUTE)
    top.spines["top"].set_visible(True)


def _ours(ax: Axes, part: pd.DataFrame, column: str) -> None:
    scale = 1e9 if column == COMPUTE else 1
    # A set of sources has a line for each of its languages.
    for pair, rows in part.groupby("source_target", sort=False):
        style, label = SAME_LANGUAGE, "same language"
        if pair.endswith(f"-{CROSS_LINGUAL}"):
            style, label = ZERO_SHOT, "cross-lingual (mean of targets)"
        spread = rows["score_sd"] if rows["score_sd"].notna().any() else None
        ax.errorbar(
            *(rows[column] * scale, rows["score"], spread),
            **style,
            linewidth=1,
            markersize=4,
            capsize=2,
            label=label,
        )


def _published(ax: Axes, part: pd.DataFrame) -> None:
    ax.scatter(part[SIZE], part["score"], s=14, color=GREY, marker="D")
    for row in part.itertuples():
        ax.annotate(
            row.encoder,
            (getattr(row, SIZE), row.score),
            xytext=(0, 5),
            textcoords="offset points",
            ha="center",
            fontsize=6,
        )
    ax.margins(0.18)
