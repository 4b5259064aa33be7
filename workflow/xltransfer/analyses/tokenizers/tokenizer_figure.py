"""The figure of tokenizer statistics."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from ..pair_figures import styles_of
from ..plots import GREY, panel_grid

PANELS = {
    "fertility": ("words", "fertility (pieces per word)"),
    "unknown_words": ("words", "words with an unknown piece (percent)"),
}
"""Column → weight of its mean over files, and the axis label."""
Styles = Mapping[str, Mapping[str, str]]
"""Encoder → its style."""


def tokenizer_stats_figure(config: Mapping[str, Any], table: pd.DataFrame) -> Figure:
    """Fertility and unknown words: one row per language, one colour and marker per tokenizer.

    Filled markers are the original script, open ones a transliteration, with a line between the
    two. Kinds of corpora (treebanks, named entities, raw text) have separate panels, because their
    words differ; files of one kind are averaged.

    Args:
        config: configuration of the figures, with ``study``, the title.
        table: table ``tokenizer_stats.csv``.
    """
    table = table.assign(original=table["original"].fillna(""))
    styles = styles_of(table["encoder"])
    kinds = list(dict.fromkeys(table["kind"]))
    languages = [_languages(table[table["kind"] == kind]) for kind in kinds]
    lines = [len(names) * (1 + len(styles)) for names in languages]
    size = 3.4 * len(PANELS), 0.9 + 0.45 * len(kinds) + 0.11 * sum(lines)
    options = {"height_ratios": lines, "sharey": "row", "sharex": "col"}
    figure, axes = panel_grid(config["study"], len(kinds), len(PANELS), size, **options)
    for axes_row, kind, names in zip(axes, kinds, languages, strict=True):
        part = table[table["kind"] == kind]
        for ax, (column, (weight, label)) in zip(axes_row, PANELS.items(), strict=True):
            means = _means(part, column, weight)
            _panel(ax, part, means, styles, list(names))
            ax.set_xlabel(label)
            ax.tick_params(labelbottom=True, left=False)
        axes_row[0].set_yticks(range(len(names)), list(names.values()))
        axes_row[0].set_ylim(len(names) - 0.5, -0.5)
        axes_row[0].set_title(kind, loc="left")
    # Without unknown words the axis would otherwise extend below zero.
    highest = max(1.0, table["unknown_words"].max())
    axes[0][list(PANELS).index("unknown_words")].set_xlim(-0.04 * highest, 1.04 * highest)
    figure.legend(handles=_legend(table, styles), loc="outside lower center", ncols=3)
    return figure


def _languages(part: pd.DataFrame) -> dict[str, str]:
    """Codes and labels of the original varieties."""
    of_original = part["original"].where(part["original"] != "", part["variety"])
    names = dict(zip(part["variety"], part["language"], strict=True))
    return {code: names.get(code, code.upper()) for code in dict.fromkeys(of_original)}


def _means(part: pd.DataFrame, column: str, weight: str) -> pd.Series:
    """The mean over the files of each variety and encoder."""
    sums = part.assign(product=part[column] * part[weight])
    sums = sums.groupby(["variety", "encoder"], sort=False)[["product", weight]].sum()
    return sums["product"] / sums[weight]


def _panel(
    ax: Axes, part: pd.DataFrame, means: pd.Series, styles: Styles, languages: list[str]
) -> None:
    originals = dict(zip(part["variety"], part["original"], strict=True))
    heights = {code: place for place, code in enumerate(languages)}
    for (variety, encoder), value in means.items():
        style, rank = styles[encoder], list(styles).index(encoder)
        original = originals[variety]
        height = heights[original or variety] + 0.8 * (rank + 0.5) / len(styles) - 0.4
        before = means.get((original, encoder))
        if before is not None:
            ax.plot([before, value], [height] * 2, color=style["color"], linewidth=0.8, zorder=1)
        face = "white" if original else style["color"]
        mark = {"color": style["color"], "marker": style["marker"], "markerfacecolor": face}
        ax.plot(value, height, linestyle="none", markersize=4, zorder=2 + bool(original), **mark)
    for place in range(1, len(languages)):
        ax.axhline(place - 0.5, color=GREY, linewidth=0.3)
    ax.margins(x=0.06)


def _legend(table: pd.DataFrame, styles: Styles) -> list[Line2D]:
    handles = [
        Line2D([], [], markersize=4, label=encoder, **{**style, "linestyle": "none"})
        for encoder, style in styles.items()
    ]
    if (table["original"] != "").any():
        style = {"color": "black", "marker": "o", "linestyle": "none", "markersize": 4}
        handles.append(Line2D([], [], label="original script", **style))
        handles.append(Line2D([], [], label="transliterated", markerfacecolor="white", **style))
    return handles
