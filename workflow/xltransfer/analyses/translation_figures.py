"""Figure of what translation language modelling changes."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import cycle
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from .pair_figures import SERIES
from .plots import add_legend, panel_grid

HATCHES = ("", "////", "....", "xxxx", "----", "\\\\\\\\", "++++", "||||", "oooo", "****")


def translation_lm_figure(
    config: Mapping[str, Any], contexts: pd.DataFrame, retrieval: pd.DataFrame
) -> Figure:
    """Masked subwords predicted in each context, and translations found by layer.

    One column of panels per parallel text; values are means over both languages and over seeds.
    Error bars in the upper panels are the standard deviations over seeds, averaged over both
    languages.

    Args:
        config: configuration of the figures, with ``study``, the title.
        contexts: table ``translation_lm.csv``.
        retrieval: table ``parallel_retrieval.csv``.
    """
    texts = list(dict.fromkeys(retrieval["parallel_text"]))
    encoders = list(dict.fromkeys(retrieval["encoder"]))
    styles = dict(zip(encoders, cycle(zip(SERIES, HATCHES, strict=True)), strict=False))
    size = max(3.6, 0.6 + 2.4 * len(texts)), 4.6
    figure, axes = panel_grid(config["study"], 2, len(texts), size, sharey="row")
    for (upper, lower), text in zip(axes.T, texts, strict=True):
        _contexts(upper, contexts[contexts["parallel_text"] == text], styles)
        own = retrieval[retrieval["parallel_text"] == text]
        for encoder, part in own.groupby("encoder", sort=False):
            mean = part.groupby("layer")["accuracy"].mean()
            lower.plot(
                mean.index, mean, markersize=3, linewidth=1, label=encoder, **styles[encoder][0]
            )
        lower.set_ylim(bottom=0)
        lower.set_xlabel("layer (0: embeddings)")
        lower.xaxis.set_major_locator(MaxNLocator(integer=True))
        upper.set_title(text.replace("_", " "))
    axes[0, 0].set_ylabel("masked subwords\npredicted (percent)")
    axes[1, 0].set_ylabel("translations found\n(percent)")
    # One panel is too narrow for several names of encoders side by side.
    add_legend(figure, encoders, columns=1 if len(texts) == 1 else 2)
    return figure


def _contexts(ax: Axes, table: pd.DataFrame, styles: Mapping[str, Any]) -> None:
    """Bars by context, side by side for the encoders that have a masked language modelling head."""
    contexts = list(dict.fromkeys(table["context"]))
    encoders = list(dict.fromkeys(table["encoder"]))
    width = 0.8 / max(1, len(encoders))
    for number, encoder in enumerate(encoders):
        own = table[table["encoder"] == encoder].groupby("context", sort=False)
        heights = own["accuracy"].mean().reindex(contexts)
        spread = own["accuracy_sd"].mean().reindex(contexts)
        style, hatch = styles[encoder]
        places = np.arange(len(contexts)) + (number - (len(encoders) - 1) / 2) * width
        ax.bar(
            *(places, heights, width),
            yerr=spread if spread.notna().any() else None,
            color=style["color"],
            alpha=0.75,
            hatch=hatch,
            edgecolor="white",
            error_kw={"linewidth": 0.8},
        )
    ax.set_xticks(range(len(contexts)), contexts)
