"""Figures of language pairs: overlap, word order, retrieval."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import cycle
from typing import Any

import pandas as pd
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from .plots import GREY, SAME_LANGUAGE, ZERO_SHOT, add_legend, panel_grid
from .similarity.headline import OVER_SOURCES

SERIES = (
    SAME_LANGUAGE,
    ZERO_SHOT,
    {"color": "#009E73", "marker": "^", "linestyle": "-."},
    {"color": "#CC79A7", "marker": "D", "linestyle": ":"},
    {"color": "#E69F00", "marker": "v", "linestyle": "--"},
    {"color": "#56B4E9", "marker": "P", "linestyle": "-"},
    {"color": "#000000", "marker": "X", "linestyle": "-."},
    {"color": "#0072B2", "marker": "<", "linestyle": ":"},
    {"color": "#D55E00", "marker": ">", "linestyle": "-"},
    {"color": "#009E73", "marker": "*", "linestyle": "--"},
)
"""Okabe & Ito's palette without its yellow. Every series has a marker of its own, so that they can
be told apart in greyscale."""


def overlap_figure(
    config: Mapping[str, Any], table: pd.DataFrame, correlation: pd.DataFrame
) -> Figure:
    """Score against the share of common subwords, one panel per task, one series per encoder.

    Legends show the within-source correlation, averaged over sources.

    Args:
        config: configuration of the figures, with ``study``, the title.
        table: table ``overlap.csv``.
        correlation: table ``overlap_correlation.csv``.
    """
    label = "subwords in common (percent of all)"
    return _scatter(table, correlation, "overlap", label, config["study"])


def word_order_figure(
    config: Mapping[str, Any], table: pd.DataFrame, correlation: pd.DataFrame
) -> Figure:
    """Score against the number of shared word-order features, with the mean for each number.

    Args:
        config: configuration of the figures, with ``study``, the title.
        table: table ``word_order.csv``; pairs without values for all features are excluded.
        correlation: table ``word_order_correlation.csv``.
    """
    complete = table[table["comparable"] == table["features"]]
    label = f"word-order features in common (of {table['features'].max()})"
    figure = _scatter(complete, correlation, "shared", label, config["study"])
    for ax, (_, part) in zip(figure.axes, complete.groupby("task", sort=False), strict=False):
        for encoder, style in styles_of(part["encoder"]).items():
            means = part[part["encoder"] == encoder].groupby("shared")["score"].mean()
            ax.plot(means.index, means, color=style["color"], linestyle=style["linestyle"])
    return figure


def _scatter(
    table: pd.DataFrame, correlation: pd.DataFrame, column: str, label: str, title: str
) -> Figure:
    tasks = list(dict.fromkeys(table["task"])) or [""]
    figure, axes = panel_grid(title, 1, len(tasks), (0.6 + 2.4 * len(tasks), 2.8))
    over_sources = correlation[correlation["source"] == OVER_SOURCES]
    rho = over_sources.set_index(["encoder", "task"])["spearman"]
    for ax, task in zip(axes[0], tasks, strict=True):
        part = table[table["task"] == task]
        for encoder, style in styles_of(part["encoder"]).items():
            own = part[part["encoder"] == encoder]
            value = rho.get((encoder, task), float("nan"))
            number = f"{value:.2f}".replace("-", "−")
            text = f"{encoder}: mean ρ = {number}" if pd.notna(value) else str(encoder)
            ax.scatter(
                own[column],
                own["score"],
                s=10,
                alpha=0.6,
                linewidths=0,
                color=style["color"],
                marker=style["marker"],
                label=text,
            )
        ax.set_title(task)
        ax.set_xlabel(label)
        # Inside the panel, its marker could be taken for a language.
        ax.legend(loc="upper center", bbox_to_anchor=(0.5, -0.22), handletextpad=0.2)
        if len(part):
            ax.set_ylabel(f"zero-shot {part['metric'].iloc[0]} (percent)")
    return figure


def retrieval_figure(config: Mapping[str, Any], table: pd.DataFrame) -> Figure:
    """Accuracy of retrieval by layer, one panel per source language, one line per state.

    Lines are means over all targets; grey lines are single targets of the pretrained encoder.

    Args:
        config: configuration of the figures, with ``study``, the title.
        table: table ``retrieval.csv``.
    """
    sources = list(dict.fromkeys(table["source"]))
    encoders = list(dict.fromkeys(table["encoder"]))
    styles = styles_of(map(_state_name, table["state"]))
    size = 0.6 + 2.3 * len(sources), 0.8 + 2.1 * len(encoders)
    figure, axes = panel_grid(config["study"], len(encoders), len(sources), size, sharey=True)
    for axes_row, encoder in zip(axes, encoders, strict=True):
        for ax, source in zip(axes_row, sources, strict=True):
            part = table[(table["encoder"] == encoder) & (table["source"] == source)]
            single = part[part["state"] == "pretrained"]
            for _, line in single.groupby("target", sort=False):
                ax.plot(line["layer"], line["accuracy"], color=GREY, linewidth=0.5, alpha=0.5)
            for state, own in part.groupby("state", sort=False):
                mean, name = own.groupby("layer")["accuracy"].mean(), _state_name(state)
                ax.plot(mean.index, mean, markersize=3, linewidth=1, label=name, **styles[name])
            ax.set_title(f"source {source.upper()}")
        axes_row[0].set_ylabel(f"{encoder}\ntranslations found (percent)")
    for ax in axes[-1]:
        ax.set_xlabel("layer (0: embeddings)")
        ax.xaxis.set_major_locator(MaxNLocator(integer=True))
    add_legend(figure, styles)
    return figure


def _state_name(state: str) -> str:
    name = state.partition("/")[0]
    return name if name == "pretrained" else f"fine-tuned: {name}"


def styles_of(names: Iterable[str]) -> dict[str, dict[str, str]]:
    """A style for each distinct name, the same in all panels of a figure."""
    return dict(zip(dict.fromkeys(names), cycle(SERIES), strict=False))
