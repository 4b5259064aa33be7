"""Figures about languages that an encoder has not seen."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import cycle
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from ..pair_figures import SERIES
from ..plots import GREY

_STEP = 0.14
"""Distance between the arms of a language, relative to that between languages."""


def _styles(table: pd.DataFrame) -> dict[str, Mapping[str, str]]:
    """Arm → its style, the same in every panel."""
    return dict(zip(dict.fromkeys(table["arm"]), cycle(SERIES), strict=False))


def _legend(figure: Figure, columns: int) -> None:
    """Add one legend of the arms of all panels, since not every task has all arms."""
    labelled = (zip(*ax.get_legend_handles_labels(), strict=True) for ax in figure.axes)
    handles = {label: handle for pairs in labelled for handle, label in pairs}
    figure.legend(handles.values(), handles.keys(), loc="outside lower center", ncols=columns)


def unseen_figure(config: Mapping[str, Any], table: pd.DataFrame, verdicts: pd.DataFrame) -> Figure:
    """Every arm's score on every variety, one panel per task, verdicts below the names.

    Args:
        config: configuration of the figures, with ``study``, the title.
        table: table ``unseen.csv``.
        verdicts: table ``verdicts.csv``.
    """
    tasks = list(dict.fromkeys(table["task"]))
    varieties = list(dict.fromkeys(table["variety"]))
    arms = _styles(table)
    figure, axes = plt.subplots(
        len(tasks),
        1,
        # At least as wide as the legend.
        figsize=(max(5.4, 1.2 + 0.85 * len(varieties)), 0.9 + 2.0 * len(tasks)),
        squeeze=False,
        layout="constrained",
    )
    for ax, task in zip(axes[:, 0], tasks, strict=True):
        part = table[table["task"] == task]
        own = verdicts[verdicts["task"] == task].set_index("variety")
        present = [code for code in varieties if code in own.index]
        places = {code: place for place, code in enumerate(present)}
        for number, (arm, style) in enumerate(arms.items()):
            rows = part[part["arm"] == arm]
            ax.errorbar(
                rows["variety"].map(places) + _STEP * (number - (len(arms) - 1) / 2),
                rows["score"],
                yerr=rows["score_sd"].fillna(0),
                linestyle="none",
                color=style["color"],
                marker=style["marker"],
                markersize=4,
                capsize=2,
                label=arm,
            )
        names = [f"{code}\n{own.loc[code, 'verdict']}" for code in present]
        ax.set_xticks(range(len(present)), names)
        ax.set_xlim(-0.6, len(present) - 0.4)
        for place in range(len(present) - 1):
            ax.axvline(place + 0.5, color=GREY, linewidth=0.3)
        ax.tick_params(axis="x", length=0)
        ax.set_ylabel(f"{task}: {part['metric'].iloc[0]} (percent)")
    _legend(figure, 3)
    figure.suptitle(config["study"], fontsize=9)
    return figure


def transliteration_figure(config: Mapping[str, Any], table: pd.DataFrame) -> Figure:
    """Change by transliteration for each arm: one panel per task, one group per variety.

    Args:
        config: configuration of the figures, with ``study``, the title.
        table: table ``unseen.csv``; varieties that are not transliterated are omitted.
    """
    table = table[table["less_original"].notna()]
    tasks = list(dict.fromkeys(table["task"]))
    arms = _styles(table)
    figure, axes = plt.subplots(
        1,
        len(tasks),
        figsize=(0.8 + 2.4 * len(tasks), 2.8),
        sharey=True,
        squeeze=False,
        layout="constrained",
    )
    for ax, task in zip(axes[0], tasks, strict=True):
        part = table[table["task"] == task]
        varieties = list(dict.fromkeys(part["variety"]))
        width = 0.8 / len(arms)
        ax.axhline(0, color=GREY, linewidth=0.6)
        for number, (arm, style) in enumerate(arms.items()):
            rows = part[part["arm"] == arm]
            means = rows["less_original"].to_numpy()
            bounds = np.stack(
                [means - rows["less_original_low"], rows["less_original_high"] - means]
            )
            ax.errorbar(
                rows["variety"].map(varieties.index) + width * (number - (len(arms) - 1) / 2),
                means,
                yerr=bounds.clip(min=0),
                linestyle="none",
                color=style["color"],
                marker=style["marker"],
                markersize=4,
                capsize=2,
                label=arm,
            )
        ax.set_xticks(range(len(varieties)), varieties)
        ax.set_xlim(-0.6, len(varieties) - 0.4)
        ax.set_title(f"{task}: {part['metric'].iloc[0]}")
    axes[0][0].set_ylabel("gain by transliteration (points)")
    _legend(figure, 2)
    figure.suptitle(config["study"], fontsize=9)
    return figure
