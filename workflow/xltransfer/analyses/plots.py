"""Figures: legible in print, in greyscale and for colour-blind readers; reproducible files."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import matplotlib

matplotlib.use("Agg")

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from ..corpora.source_sets import members
from ..encoders.ablations import published_columns
from ..runtime.files import replacing
from .randominit import CROSS_LINGUAL

# Okabe & Ito's palette; series also differ in marker and line style.
SAME_LANGUAGE = {"color": "#0072B2", "marker": "o", "linestyle": "-"}
ZERO_SHOT = {"color": "#D55E00", "marker": "s", "linestyle": "--"}
GREY = "#777777"
HEAT_MAP = "cividis"
"""Colours of heat maps, whose lightness rises with the value."""
MOST_COLUMNS = 4
"""Number of panels beside each other."""

plt.rcParams.update(
    {
        "font.size": 8,
        "axes.spines.top": False,
        "axes.spines.right": False,
        "axes.titlesize": 8,
        "legend.frameon": False,
        "pdf.fonttype": 42,
        "svg.hashsalt": "xltransfer",
    }
)


def panel_grid(
    title: str, rows: int, columns: int, size: tuple[float, float], **options: Any
) -> tuple[Figure, np.ndarray]:
    """A figure with a title and a grid of panels.

    Args:
        title: title of the figure.
        rows, columns: numbers of panels.
        size: width and height in inches.
        options: further arguments of ``plt.subplots``.
    """
    options |= {"figsize": size, "squeeze": False, "layout": "constrained"}
    figure, axes = plt.subplots(rows, columns, **options)
    figure.suptitle(title, fontsize=9)
    return figure, axes


def add_legend(figure: Figure, names: Iterable[str] | None = None, columns: int = 4) -> None:
    """Add a legend below a figure: of these names, or of all in the order in which they appear."""
    handles: dict[str, Any] = {}
    for ax in figure.axes:
        for handle, name in zip(*ax.get_legend_handles_labels(), strict=True):
            handles.setdefault(name, handle)
    drawn = [name for name in (handles if names is None else names) if name in handles]
    figure.legend(
        [handles[name] for name in drawn], drawn, loc="outside lower center", ncols=columns
    )


def randominit_figure(config: Mapping[str, Any], table: pd.DataFrame) -> Figure:
    """Change of the score for each re-initialised pair of layers, one panel per source.

    Bars are 95 % confidence intervals.

    Args:
        config: configuration of the figures: ``study``, the title; ``tasks`` with their main
            ``metric``; ``ablations`` to show, lowest layers first.
        table: table ``randominit_by_target.csv``.
    """
    pairs = published_columns(config["ablations"])
    metrics = {task: data["metric"] for task, data in config["tasks"].items()}
    table = table[table["metric"] == table["task"].map(metrics)]
    table = table[table["ablation"].isin(pairs)]
    rows = list(table.groupby(["encoder", "task"], sort=False))
    sources = list(dict.fromkeys(table["source"]))
    # At least as wide as the legend.
    size = max(4.6, 0.6 + 2.1 * len(sources)), 0.7 + 2.1 * len(rows)
    options = {"sharex": True, "sharey": "row"}
    figure, axes = panel_grid(config["study"], len(rows), len(sources), size, **options)
    lowest: dict[str, Axes] = {}
    for axes_row, ((encoder, task), part) in zip(axes, rows, strict=True):
        for ax, source in zip(axes_row, sources, strict=True):
            own = part[part["source"] == source]
            if own["delta"].notna().any():
                _panel(ax, own, source, pairs)
                lowest[source] = ax
            else:
                ax.set_visible(False)
        axes_row[0].set_ylabel(f"{task}, {encoder}\nchange of {part['metric'].iloc[0]} (points)")
    for ax in lowest.values():
        ax.set_xlabel("re-initialised layers")
        ax.tick_params(labelbottom=True)
    add_legend(figure, columns=3)
    return figure


def zeroshot_figure(config: Mapping[str, Any], matrix: pd.DataFrame) -> Figure:
    """A heat map of scores, one panel per encoder and task: sources down, targets across.

    Args:
        config: configuration of the figures: ``study``, the title, and ``languages``, the columns
            of the targets.
        matrix: table ``zeroshot.csv``.
    """
    languages = list(config["languages"])
    groups = list(matrix.groupby(["encoder", "task", "metric"], sort=False))
    rows = sum(len(part) for _, part in groups)
    size = 1.5 + 0.36 * len(languages), 0.6 + 0.7 * len(groups) + 0.3 * rows
    heights = [len(part) for _, part in groups]
    figure, axes = panel_grid(config["study"], len(groups), 1, size, height_ratios=heights)
    for ax, ((encoder, task, metric), part) in zip(axes[:, 0], groups, strict=True):
        present = [name for name in languages if part[name].notna().any()]
        values = part[present].to_numpy(float)
        ax.imshow(values, cmap=HEAT_MAP, vmin=0, vmax=100, aspect="auto")
        for (row, column), value in np.ndenumerate(values):
            shade = "black" if value > 55 else "white"
            ax.text(column, row, f"{value:.0f}", ha="center", va="center", color=shade, fontsize=7)
        ax.set_xticks(range(len(present)), [name.upper() for name in present])
        ax.set_yticks(range(len(part)), [source.upper() for source in part["source"]])
        ax.set_ylabel("source")
        ax.tick_params(length=0)
        ax.spines[:].set_visible(False)
        ax.set_title(f"{task}, {encoder}: {metric} in percent", loc="left")
    axes[-1, 0].set_xlabel("target")
    return figure


def _panel(ax: Axes, part: pd.DataFrame, source: str, pairs: dict[str, str]) -> None:
    positions = {ablation: place for place, ablation in enumerate(pairs)}
    ax.axhline(0, color=GREY, linewidth=0.6)
    own = members(source)
    others = part[~part["target"].isin([*own, CROSS_LINGUAL])]
    ax.scatter(
        others["ablation"].map(positions) + 0.12,
        others["delta"],
        s=4,
        color=GREY,
        alpha=0.5,
        linewidths=0,
        label="each target",
    )
    lines = [(target, SAME_LANGUAGE, "same language", -0.06) for target in own]
    lines += [(CROSS_LINGUAL, ZERO_SHOT, "cross-lingual (mean of targets)", 0.06)]
    for number, (target, style, label, shift) in enumerate(lines):
        line = part[part["target"] == target]
        ax.errorbar(
            line["ablation"].map(positions) + shift,
            line["delta"],
            yerr=(line["delta_high"] - line["delta"]).fillna(0),
            markersize=3.5,
            linewidth=1,
            capsize=2,
            # A set of sources has a line for each of its languages, and one entry in the legend.
            label="" if 0 < number < len(own) else label,
            **style,
        )
    ax.set_title(f"source {source.upper()}")
    ax.set_xticks(range(len(pairs)), list(pairs.values()))


def method_panels(
    title: str, panels: int, methods: Sequence[str], axis_label: str, left: float
) -> tuple[Figure, list[Axes]]:
    """Panels whose rows are methods, in a grid with the axis label below the lowest ones.

    Args:
        title: title of the figure.
        panels: number of panels, at least 1.
        methods: names of the rows, from the top.
        axis_label: label of the horizontal axis.
        left: inches for the names.

    Returns:
        The figure and its visible axes, in reading order.
    """
    columns = min(panels, MOST_COLUMNS)
    rows = -(-panels // columns)
    size = left + 1.7 * columns, 0.8 + rows * (0.6 + 0.2 * len(methods))
    figure, grid = panel_grid(title, rows, columns, size, sharex=True, sharey=True)
    axes = list(grid.flat)
    for ax in axes[panels:]:
        ax.set_visible(False)
    axes[0].set_yticks(range(len(methods)), methods)
    axes[0].invert_yaxis()
    for ax in axes[max(0, panels - columns) : panels]:
        ax.set_xlabel(axis_label)
        ax.tick_params(labelbottom=True)
    return figure, axes[:panels]


def save_figure(figure: Figure, path: Path) -> None:
    """Write a figure in the format of the suffix, without a timestamp."""
    kind = path.suffix.removeprefix(".")
    metadata = {"pdf": {"CreationDate": None}, "svg": {"Date": None}}.get(kind)
    with replacing(path) as temporary:
        figure.savefig(temporary, format=kind, dpi=200, metadata=metadata)
