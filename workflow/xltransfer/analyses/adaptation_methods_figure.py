"""Figure of methods for languages without training data: what each changes, by language."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from .plots import GREY, ZERO_SHOT, method_panels


def adaptation_methods_figure(config: Mapping[str, Any], table: pd.DataFrame) -> Figure:
    """The change from the baseline by each method, one panel per task and language.

    Bars are 95 % confidence intervals over seeds and test sentences. Filled marks are significant
    after correction for the methods of a panel.

    Args:
        config: configuration of the figures: ``study``, the title.
        table: table ``adaptation_methods.csv``.
    """
    methods = list(dict.fromkeys(table.loc[table["change"].notna(), "method"]))
    panels = list(table.groupby(["task", "language"], sort=False))
    figure, axes = method_panels(config["study"], len(panels), methods, "change (points)", 2.0)
    for ax, ((task, language), part) in zip(axes, panels, strict=True):
        _changes(ax, part, methods)
        baseline = part[part["change"].isna()]
        ax.set_title(
            f"{language.upper()}, {task}\n{baseline['method'].iloc[0]}: "
            f"{baseline['score'].iloc[0]:.1f}",
            loc="left",
        )
    return figure


def _changes(ax: Axes, part: pd.DataFrame, methods: list[str]) -> None:
    ax.axvline(0, color=GREY, linewidth=0.8)
    shown = part[part["change"].notna()]
    for row in shown.itertuples():
        half = (row.change_high - row.change_low) / 2
        ax.errorbar(
            row.change,
            methods.index(row.method),
            xerr=0 if pd.isna(half) else half,
            markerfacecolor=ZERO_SHOT["color"] if row.significant == "yes" else "white",
            markersize=4,
            linewidth=1,
            capsize=1.5,
            **{**ZERO_SHOT, "linestyle": "none"},
        )
    ax.set_ylim(len(methods) - 0.5, -0.5)
    ax.grid(axis="x", color="#dddddd", linewidth=0.5)
