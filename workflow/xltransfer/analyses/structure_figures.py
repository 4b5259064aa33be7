"""Figure of structure transfer: scores of contexts and features on each target language."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from ..corpora.source_sets import members
from .plots import SAME_LANGUAGE, ZERO_SHOT, add_legend, panel_grid
from .randominit import CROSS_LINGUAL

_HEIGHT = 0.11
"""Inches for a language, whose code is 5 points high."""


def structure_figure(config: Mapping[str, Any], table: pd.DataFrame) -> Figure:
    """The score of each task and encoder on each language, one panel per source.

    Bars are 95 % confidence intervals, cut at 0 and 100. The source language has another marker.

    Args:
        config: configuration of the figures: ``study``, the title.
        table: table ``structure.csv``.
    """
    shown = table[table["target"] != CROSS_LINGUAL]
    panels = list(shown.groupby("source", sort=False))
    models = list(dict.fromkeys(zip(shown["task"], shown["encoder"], strict=True)))
    several = shown["encoder"].nunique() > 1
    most = max(part["target"].nunique() for _, part in panels)
    size = 2.6 + 2.3 * len(panels), 1.2 + (0.12 + _HEIGHT * most) * len(models)
    figure, axes = panel_grid(config["study"], 1, len(panels), size, sharex=True, sharey=True)
    for ax, (source, part) in zip(axes[0], panels, strict=True):
        _panel(ax, part, models)
        ax.set_title(
            f"from {source.upper()}" + ("" if several else f", {models[0][1]}"), loc="left"
        )
        ax.set_xlabel("F1 (%)")
    names = [f"{task}, {encoder}" if several else task for task, encoder in models]
    axes[0][0].set_yticks(range(len(models)), names)
    axes[0][0].set_ylim(len(models) - 0.4, -0.6)
    axes[0][0].set_xlim(0, 112)
    add_legend(figure, columns=2)
    return figure


def _panel(ax: Axes, part: pd.DataFrame, models: list[tuple[str, str]]) -> None:
    for row in part.itertuples():
        same = (part["task"] == row.task) & (part["encoder"] == row.encoder)
        targets = list(dict.fromkeys(part[same]["target"]))
        own = row.target in members(row.source)
        style = {**(SAME_LANGUAGE if own else ZERO_SHOT), "linestyle": "none"}
        place = targets.index(row.target) - (len(targets) - 1) / 2
        height = models.index((row.task, row.encoder)) + 0.8 * place / len(targets)
        ax.errorbar(
            [row.score],
            [height],
            xerr=[[row.score - row.score_low], [row.score_high - row.score]],
            markersize=3,
            linewidth=1,
            capsize=1.5,
            label="source language" if own else "other languages",
            **style,
        )
        ax.annotate(
            row.target.upper(),
            (row.score_high, height),
            xytext=(2, 0),
            textcoords="offset points",
            fontsize=5,
            va="center",
        )
    ax.grid(axis="x", color="#dddddd", linewidth=0.5)
