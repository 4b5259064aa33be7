"""Figures can be read without colour."""

from __future__ import annotations

import numpy as np
from matplotlib import colormaps
from xltransfer.analyses.pair_figures import SERIES, styles_of
from xltransfer.analyses.plots import HEAT_MAP
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
