"""Figures about the similarity of representations, layer by layer."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import cycle
from typing import Any

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from ...encoders.ablations import NONE, parse
from ..pair_figures import SERIES, styles_of
from ..plots import GREY, HEAT_MAP, add_legend, panel_grid
from .headline import HEADLINE, headline_measure

COLUMNS = 5
"""Number of panels per row."""


def cka_figure(config: Mapping[str, Any], table: pd.DataFrame) -> Figure:
    """CKA by layer between the first source and every target, one panel each.

    Lines: the pretrained encoder, the fine-tuned ones (mean over seeds, one per task), the ablation
    of the lowest layers, and never-pretrained encoders, which show the chance level. The band
    around the pretrained line is its confidence interval over sentences.

    Args:
        config: configuration of the figures, with ``study``, the title.
        table: table ``cka.csv``.
    """
    table = table[headline_measure(table)]
    source, encoder = table["source"].iloc[0], table["encoder"].iloc[0]
    table = table[(table["source"] == source) & (table["encoder"] == encoder)]
    targets = list(dict.fromkeys(table["target"]))
    columns = min(COLUMNS, len(targets))
    rows = -(-len(targets) // columns)
    # At least as wide as the legend.
    size = max(5.1, 1.7 * columns), 0.9 + 1.4 * rows
    title = f"{config['study']}, {encoder}: {_measure()}"
    figure, axes = panel_grid(title, rows, columns, size, sharex=True, sharey=True)
    for ax in axes.flat[len(targets) :]:
        ax.set_visible(False)
    for ax, target in zip(axes.flat, targets, strict=False):
        _lines(ax, table[table["target"] == target])
        ax.set_title(f"{source.upper()}-{target.upper()}")
        ax.xaxis.set_major_locator(MaxNLocator(integer=True))
    for ax in axes[:, 0]:
        ax.set_ylabel("CKA")
    for ax in axes.flat[: len(targets)][-columns:]:
        ax.set_xlabel("layer (0: embeddings)")
        ax.tick_params(labelbottom=True)
    add_legend(figure, columns=3)
    return figure


def _lines(ax: Axes, part: pd.DataFrame) -> None:
    ax.axhline(0, color=GREY, linewidth=0.6)
    before = part[part["kind"] == "pretrained"].set_index("layer")
    ax.fill_between(before.index, before["cka_low"], before["cka_high"], color=GREY, alpha=0.25)
    tuned = part[part["kind"] == "fine-tuned"]
    lines = {"pretrained": before["cka"]}
    for task, own in tuned[tuned["ablation"] == NONE].groupby("task", sort=False):
        lines[f"fine-tuned: {task}"] = own.groupby("layer")["cka"].mean()
    ablated = tuned[[bool(parse(name).kind) for name in tuned["ablation"]]]
    if len(ablated):
        first = ablated.iloc[0][["task", "ablation"]]
        own = ablated[(ablated[["task", "ablation"]] == first).all(axis=1)]
        name = f"{parse(first['ablation']).description}: {first['task']}"
        lines[name] = own.groupby("layer")["cka"].mean()
    for style, (name, line) in zip(cycle(SERIES), lines.items(), strict=False):
        ax.plot(line.index, line, markersize=2.5, linewidth=1, label=name, **style)
    chance = part[part["kind"] == "never-pretrained"].groupby("layer")["cka"].mean()
    ax.plot(chance.index, chance, color="black", linestyle=":", linewidth=1,
            label="never pretrained")  # fmt: skip


def cka_heatmap_figure(config: Mapping[str, Any], table: pd.DataFrame) -> Figure:
    """CKA of every target (down) at every layer (across), one panel per source and state.

    Args:
        config: configuration of the figures, with ``study``, the title.
        table: table ``cka.csv``.
    """
    table = table[headline_measure(table)]
    table = table[(table["ablation"] == NONE) | (table["kind"] != "fine-tuned")]
    first = table.loc[table["kind"] == "fine-tuned", "task"]
    kinds = {"pretrained": "", "fine-tuned": first.iloc[0] if len(first) else "",
             "never-pretrained": ""}  # fmt: skip
    rows = list(table.groupby(["encoder", "source"], sort=False))
    targets = list(dict.fromkeys(table["target"]))
    size = 2.6 * len(kinds), (0.5 + 0.14 * len(targets)) * len(rows)
    title = f"{config['study']}: {_measure()}"
    figure, axes = panel_grid(title, len(rows), len(kinds), size)
    image = None
    for axes_row, ((encoder, source), part) in zip(axes, rows, strict=True):
        for ax, (kind, task) in zip(axes_row, kinds.items(), strict=True):
            own = part[part["kind"] == kind]
            own = own[own["task"] == task] if task else own
            wide = own.pivot_table(index="target", columns="layer", values="cka", sort=False)
            wide = wide.reindex([target for target in targets if target != source])
            image = ax.imshow(wide, cmap=HEAT_MAP, vmin=0, vmax=1, aspect="auto")
            ax.set_yticks(range(len(wide)), [name.upper() for name in wide.index], fontsize=5)
            ax.set_xticks(range(0, wide.shape[1], 2), wide.columns[::2])
            ax.tick_params(length=0)
            name = f"{kind}: {task}" if task else kind
            ax.set_title(f"{source.upper()}, {encoder}, {name}", loc="left", fontsize=6)
    for ax in axes[-1]:
        ax.set_xlabel("layer (0: embeddings)")
    figure.colorbar(image, ax=axes, label="CKA", shrink=0.6)
    return figure


def correlation_figure(config: Mapping[str, Any], table: pd.DataFrame) -> Figure:
    """ρ between similarity and cross-lingual gap by layer, one panel per encoder, task and source.

    Args:
        config: configuration of the figures, with ``study``, the title.
        table: table ``correlation.csv``.
    """
    table = table[headline_measure(table)]
    styles = styles_of(table["state"])
    rows = list(table.groupby(["encoder", "task"], sort=False))
    sources = list(dict.fromkeys(table["source"]))
    size = 0.6 + 2.3 * len(sources), 0.8 + 1.5 * len(rows)
    title = f"{config['study']}: {_measure()} against the cross-lingual gap"
    figure, axes = panel_grid(title, len(rows), len(sources), size, sharex=True, sharey=True)
    for axes_row, ((encoder, task), part) in zip(axes, rows, strict=True):
        for ax, source in zip(axes_row, sources, strict=True):
            own = part[(part["source"] == source) & part["spearman"].notna()]
            ax.axhline(0, color=GREY, linewidth=0.6)
            for state, line in own.groupby("state", sort=False):
                _correlation_line(ax, line, state, styles[state])
            ax.set_title(f"{task}, source {source.upper()}")
            ax.set_ylim(-1.05, 1.05)
            if own.empty:
                ax.text(0.5, 0.5, "too few targets", transform=ax.transAxes, ha="center")
        axes_row[0].set_ylabel(f"{encoder}\nSpearman's ρ")
    for ax in axes[-1]:
        ax.set_xlabel("layer (0: embeddings)")
        ax.xaxis.set_major_locator(MaxNLocator(integer=True))
    add_legend(figure, styles)
    return figure


def _correlation_line(ax: Axes, line: pd.DataFrame, state: str, style: dict[str, str]) -> None:
    by_layer = line[line["layer"] != "mean"]
    layers = by_layer["layer"].astype(int)
    band = {"color": style["color"], "alpha": 0.15, "linewidth": 0}
    ax.fill_between(layers, by_layer["spearman_low"], by_layer["spearman_high"], **band)
    ax.plot(layers, by_layer["spearman"], markersize=2.5, linewidth=1, label=state, **style)


def _measure() -> str:
    return f"CKA, {HEADLINE['kernel']} kernel, {HEADLINE['estimator']}"
