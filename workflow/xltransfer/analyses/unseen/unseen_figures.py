"""Figures about languages that an encoder has not seen."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from ..pair_figures import styles_of
from ..plots import GREY, add_legend, panel_grid

_STEP = 0.14
"""Distance between the arms of a language, relative to that between languages."""


def unseen_figure(config: Mapping[str, Any], table: pd.DataFrame, verdicts: pd.DataFrame) -> Figure:
    """Every arm's score on every variety, one panel per task, verdicts below the names.

    Args:
        config: configuration of the figures, with ``study``, the title.
        table: table ``unseen.csv``.
        verdicts: table ``verdicts.csv``.
    """
    tasks = list(dict.fromkeys(table["task"]))
    varieties = list(dict.fromkeys(table["variety"]))
    arms = styles_of(table["arm"])
    # At least as wide as the legend.
    size = max(5.4, 1.2 + 0.85 * len(varieties)), 0.9 + 2.0 * len(tasks)
    figure, axes = panel_grid(config["study"], len(tasks), 1, size)
    for ax, task in zip(axes[:, 0], tasks, strict=True):
        part = table[table["task"] == task]
        own = verdicts[verdicts["task"] == task].set_index("variety")
        present = [code for code in varieties if code in own.index]
        places = {code: place for place, code in enumerate(present)}
        for number, (arm, style) in enumerate(arms.items()):
            rows = part[part["arm"] == arm]
            x = _places(rows, places) + _STEP * (number - (len(arms) - 1) / 2)
            _draw_arm(ax, arm, style, x, rows["score"], rows["score_sd"].fillna(0))
        names = [f"{code}\n{own.loc[code, 'verdict']}" for code in present]
        ax.set_xticks(range(len(present)), names)
        ax.set_xlim(-0.6, len(present) - 0.4)
        for place in range(len(present) - 1):
            ax.axvline(place + 0.5, color=GREY, linewidth=0.3)
        ax.tick_params(axis="x", length=0)
        ax.set_ylabel(f"{task}: {part['metric'].iloc[0]} (percent)")
    add_legend(figure, arms, columns=3)
    return figure


def _places(rows: pd.DataFrame, places: Mapping[str, int]) -> np.ndarray:
    """The places of the varieties of some rows; a task may have none of an arm."""
    return np.array([places[code] for code in rows["variety"]], dtype=float)


def _draw_arm(ax: Axes, arm: str, style: Mapping[str, str], x: Any, y: Any, errors: Any) -> None:
    look = {**style, "linestyle": "none", "markersize": 4, "capsize": 2}
    ax.errorbar(x, y, yerr=errors, label=arm, **look)


def transliteration_figure(config: Mapping[str, Any], table: pd.DataFrame) -> Figure:
    """Change by transliteration for each arm: one panel per task, one group per variety.

    Args:
        config: configuration of the figures, with ``study``, the title.
        table: table ``unseen.csv``; varieties that are not transliterated are omitted.
    """
    table = table[table["less_original"].notna()]
    tasks = list(dict.fromkeys(table["task"]))
    arms = styles_of(table["arm"])
    size = 0.8 + 2.4 * len(tasks), 2.8
    figure, axes = panel_grid(config["study"], 1, len(tasks), size, sharey=True)
    for ax, task in zip(axes[0], tasks, strict=True):
        part = table[table["task"] == task]
        varieties = list(dict.fromkeys(part["variety"]))
        places = {code: place for place, code in enumerate(varieties)}
        width = 0.8 / len(arms)
        ax.axhline(0, color=GREY, linewidth=0.6)
        for number, (arm, style) in enumerate(arms.items()):
            rows = part[part["arm"] == arm]
            means = rows["less_original"].to_numpy()
            bounds = np.stack(
                [means - rows["less_original_low"], rows["less_original_high"] - means]
            )
            x = _places(rows, places) + width * (number - (len(arms) - 1) / 2)
            _draw_arm(ax, arm, style, x, means, bounds.clip(min=0))
        ax.set_xticks(range(len(varieties)), varieties)
        ax.set_xlim(-0.6, len(varieties) - 0.4)
        ax.set_title(f"{task}: {part['metric'].iloc[0]}")
    axes[0][0].set_ylabel("gain by transliteration (points)")
    add_legend(figure, arms, columns=2)
    return figure
