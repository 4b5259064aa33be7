"""Figures of word translation: P@1 by method and pair; both spaces before and after mapping."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from .plots import GREY, SAME_LANGUAGE, ZERO_SHOT, add_legend, method_panels, panel_grid
from .word_translation_names import CSLS, NEAREST_NEIGHBOUR

STYLES = {
    NEAREST_NEIGHBOUR: {**SAME_LANGUAGE, "linestyle": "none"},
    CSLS: {**ZERO_SHOT, "linestyle": "none"},
}
LINES = 40
"""Number of pairs whose words are joined by a line."""


def word_translation_figure(config: Mapping[str, Any], table: pd.DataFrame) -> Figure:
    """P@1 of each method, one panel per embeddings and dictionary.

    Bars are 95 % confidence intervals over source words.

    Args:
        config: configuration of the figures: ``study``, the title.
        table: table ``word_translation.csv``.
    """
    methods = list(dict.fromkeys(table["method"]))
    panels = list(table.groupby(["embeddings", "dictionary"], sort=False))
    figure, axes = method_panels(config["study"], len(panels), methods, "P@1 (%)", 1.8)
    for ax, ((embeddings, _), part) in zip(axes, panels, strict=True):
        _methods(ax, part, methods)
        pair = f"{part['source'].iloc[0].upper()}-{part['target'].iloc[0].upper()}"
        ax.set_title(f"{pair}, {embeddings}", loc="left")
    add_legend(figure, columns=2)
    return figure


def _methods(ax: Axes, part: pd.DataFrame, methods: list[str]) -> None:
    for shift, (retrieval, style) in zip((-0.12, 0.12), STYLES.items(), strict=True):
        line = part[part["retrieval"] == retrieval]
        middle = line["p_at_1"].to_numpy(float)
        ax.errorbar(
            middle,
            [methods.index(method) + shift for method in line["method"]],
            xerr=[middle - line["p_at_1_low"], line["p_at_1_high"] - middle],
            markersize=3,
            linewidth=1,
            capsize=1.5,
            label=retrieval.replace("-", " ").replace("csls", "CSLS"),
            **style,
        )
    ax.set_xlim(-2, 102)
    ax.grid(axis="x", color="#dddddd", linewidth=0.5)


def word_clouds_figure(config: Mapping[str, Any], points: pd.DataFrame) -> Figure:
    """The test words of both languages in two dimensions, before and after mapping.

    Lines join some pairs of translations.

    Args:
        config: configuration of the figures: ``study``, the title.
        points: table ``word_clouds.csv``.
    """
    panels = list(points.groupby(["embeddings", "dictionary"], sort=False))
    figure, axes = panel_grid(config["study"], len(panels), 2, (5.2, 0.6 + 2.3 * len(panels)))
    styles = {"source": SAME_LANGUAGE, "target": ZERO_SHOT}
    for row, ((embeddings, _), part) in zip(axes, panels, strict=True):
        source, target = part["source"].iloc[0].upper(), part["target"].iloc[0].upper()
        for ax, state in zip(row, ("before", "after"), strict=True):
            shown = part[part["state"] == state]
            if shown.empty:
                ax.set_visible(False)
                continue
            _join(ax, shown)
            for side, style in styles.items():
                own = shown[shown["side"] == side]
                marker, color = style["marker"], style["color"]
                ax.scatter(own["x"], own["y"], s=7, marker=marker, c=color, linewidths=0)
            ax.set_title(f"{source}-{target}, {embeddings}: {state} mapping", loc="left")
            ax.set_xticks([])
            ax.set_yticks([])
    handles = [
        Line2D([], [], marker=style["marker"], color=style["color"], linestyle="none", label=side)
        for side, style in styles.items()
    ]
    figure.legend(handles=handles, loc="outside lower center", ncols=2)
    return figure


def _join(ax: Axes, shown: pd.DataFrame) -> None:
    sides = [
        shown[shown["side"] == side].set_index("pair")[["x", "y"]] for side in ("source", "target")
    ]
    for pair in sides[0].index[:LINES]:
        ends = np.array([side.loc[pair] for side in sides])
        ax.plot(*ends.T, color=GREY, linewidth=0.4, alpha=0.6, zorder=0)
