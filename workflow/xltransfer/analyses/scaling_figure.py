"""Figure of scores against the sizes of encoders."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd
from matplotlib import pyplot as plt
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import EngFormatter, LogLocator, NullFormatter

from .plots import GREY, SAME_LANGUAGE, ZERO_SHOT
from .randominit import CROSS_LINGUAL

SIZE = "parameters_without_embeddings"


def scaling_figure(config: Mapping[str, Any], table: pd.DataFrame) -> Figure:
    """Scores against parameters without embeddings, one panel per task and source.

    Error bars are standard deviations over seeds. Published scores have a panel of their own, for
    they are about other encoders and data.

    Args:
        config: configuration of the figures, with ``study``, the title.
        table: table ``scaling.csv``.
    """
    reference = table["reference"].fillna("") != ""
    sources = table["source_target"].str.partition("-")[0]
    panels = list(table[~reference].groupby(["task", sources[~reference]], sort=False))
    panels += list(table[reference].groupby(["task", "source_target"], sort=False))
    figure, axes = plt.subplots(
        *(1, len(panels)),
        figsize=(max(4.6, 0.6 + 2.2 * len(panels)), 2.9),
        squeeze=False,
        layout="constrained",
    )
    for ax, ((task, which), part) in zip(axes[0], panels, strict=True):
        if (part["reference"].fillna("") != "").any():
            _published(ax, part)
            ax.set_title(f"published: {which}")
        else:
            _ours(ax, part)
            ax.set_title(f"{task}, {which}")
        ax.set_xscale("log")
        ax.xaxis.set_major_locator(LogLocator(subs=(1, 3)))
        ax.xaxis.set_major_formatter(EngFormatter(sep=""))
        # Sizes of less than a decade would have a label at every minor tick.
        ax.xaxis.set_minor_formatter(NullFormatter())
        ax.set_xlabel("parameters without embeddings")
        ax.set_ylabel(f"{part['metric'].iloc[0]} in percent")
    handles, labels = axes[0][0].get_legend_handles_labels()
    named = dict(zip(labels, handles, strict=True))
    figure.legend(named.values(), named.keys(), loc="outside lower center", ncols=2)
    figure.suptitle(config["study"], fontsize=9)
    return figure


def _ours(ax: Axes, part: pd.DataFrame) -> None:
    # A set of sources has a line for each of its languages.
    for pair, rows in part.groupby("source_target", sort=False):
        style, label = SAME_LANGUAGE, "same language"
        if pair.endswith(f"-{CROSS_LINGUAL}"):
            style, label = ZERO_SHOT, "cross-lingual (mean of targets)"
        spread = rows["score_sd"] if rows["score_sd"].notna().any() else None
        ax.errorbar(
            *(rows[SIZE], rows["score"], spread),
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
