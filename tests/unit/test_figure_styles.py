"""Figures can be read: without colour, and their labels."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib import colormaps
from matplotlib import pyplot as plt
from xltransfer.analyses.pair_figures import SERIES, overlap_figure, styles_of
from xltransfer.analyses.plots import HEAT_MAP, add_legend, panel_grid
from xltransfer.analyses.similarity.headline import OVER_SOURCES
from xltransfer.analyses.translation_figures import HATCHES


def test_series_can_be_told_apart_without_colour() -> None:
    """By their markers, or by their hatches where there are bars; heat maps by their lightness."""
    assert len(SERIES) == len(HATCHES) == 10
    assert len({style["marker"] for style in SERIES}) == len(SERIES)
    assert len(set(HATCHES)) == len(HATCHES)
    styles = styles_of(f"encoder-{number}" for number in range(10))
    assert len({(style["marker"], style["linestyle"]) for style in styles.values()}) == 10
    colours = colormaps[HEAT_MAP](np.linspace(0, 1, 101))[:, :3]
    lightness = colours @ [0.299, 0.587, 0.114]
    assert (np.diff(lightness) > 0).all()


def test_names_of_encoders_keep_their_hyphens() -> None:
    """Only a negative correlation has a minus."""
    table = pd.DataFrame(
        {"task": "pos", "encoder": "local-trimmed", "metric": "accuracy", "overlap": [1.0, 2.0],
         "score": [60.0, 50.0]}
    )  # fmt: skip
    correlation = pd.DataFrame(
        {"task": ["pos"], "encoder": "local-trimmed", "source": OVER_SOURCES, "spearman": -0.5}
    )
    figure = overlap_figure({"study": "two"}, table, correlation)
    [text] = figure.axes[0].get_legend().get_texts()
    assert text.get_text() == "local-trimmed: mean ρ = −0.50"
    plt.close(figure)


def test_legends_name_what_any_panel_shows() -> None:
    figure, axes = panel_grid("study", 1, 2, (3, 2))
    axes[0, 0].plot([1], [1], label="first")
    for name in ("second", "first"):
        axes[0, 1].plot([1], [1], label=name)
    add_legend(figure)
    add_legend(figure, ["third", "second"])
    shown = [[text.get_text() for text in legend.get_texts()] for legend in figure.legends]
    assert shown == [["first", "second"], ["second"]]
