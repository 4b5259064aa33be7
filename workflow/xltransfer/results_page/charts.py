"""Charts with their values as text: changes by re-initialised layers, and a matrix of scores."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass

import pandas as pd

_LAYERS = re.compile(r"\d+-\d+")
_WIDTH, _HEIGHT, _LEFT, _TOP = 620.0, 240.0, 60.0, 16.0


@dataclass(frozen=True)
class Point:
    """A change with its 95 % confidence interval, in pixels and in words."""

    x: float
    y: float
    low: float
    high: float
    words: str


@dataclass(frozen=True)
class LayerChart:
    """The changes of a row of the table of ablations.

    Attributes:
        title: encoder, task, source and targets.
        width, height: size in pixels.
        zero: height of the line of no change.
        points: changes by layers.
        ticks: label and x of each pair of layers.
        scale: label and y of the horizontal lines.
    """

    title: str
    width: float
    height: float
    zero: float
    points: list[Point]
    ticks: list[tuple[str, float]]
    scale: list[tuple[str, float]]


def layer_charts(randominit: pd.DataFrame) -> list[LayerChart]:
    """A chart for each row of the table ``randominit`` with changes, all with one scale."""
    layers = [name for name in randominit.columns if _LAYERS.fullmatch(str(name))]
    values = [randominit[name + end] for name in layers for end in ("_low", "_high")]
    numbers = [value for column in values for value in column.dropna()]
    if not layers or not numbers:
        return []
    lowest, highest = min(0.0, *numbers), max(0.0, *numbers)
    step = 10 ** math.floor(math.log10(highest - lowest or 1.0))
    if (highest - lowest) / step < 3:
        step /= 2
    bottom, top = math.floor(lowest / step) * step, math.ceil(highest / step) * step

    def height(value: float) -> float:
        return _TOP + (top - value) / (top - bottom) * (_HEIGHT - 2 * _TOP - 24)

    ticks = [
        (name, _LEFT + (_WIDTH - _LEFT) * (place + 0.5) / len(layers))
        for place, name in enumerate(layers)
    ]
    lines = [bottom + step * n for n in range(round((top - bottom) / step) + 1)]
    scale = [(_signed(value), height(value)) for value in lines]
    charts = []
    for row in randominit.to_dict("records"):
        points = []
        for name, x in ticks:
            change, low, high = (row[name + end] for end in ("", "_low", "_high"))
            if pd.isna(change) or pd.isna(low):
                continue
            words = (
                f"{row['source_target']}, layers {name}: {_signed(change)}, 95 % confidence "
                f"interval {_signed(low)} to {_signed(high)}"
            )
            points.append(Point(x, height(change), height(low), height(high), words))
        # Ablations are run for some of the sources alone.
        if points:
            title = f"{row['encoder']}, {row['task']}, {row['source_target']}"
            charts.append(LayerChart(title, _WIDTH, _HEIGHT, height(0.0), points, ticks, scale))
    return charts


def _signed(value: float) -> str:
    text = f"{value:.2f}".rstrip("0").rstrip(".")
    return text.replace("-", "−") if text != "-0" else "0"


@dataclass(frozen=True)
class MatrixCell:
    """A score and its background: share of the scale from 0 (lowest) to 1."""

    score: str
    share: float


@dataclass(frozen=True)
class Matrix:
    """Scores of sources on targets for one encoder, task and metric."""

    title: str
    targets: list[str]
    rows: list[tuple[str, list[MatrixCell]]]


def score_matrices(zeroshot: pd.DataFrame) -> list[Matrix]:
    """A matrix for each encoder, task and metric of the table ``zeroshot``."""
    keys = ["encoder", "task", "metric"]
    names = [str(name) for name in zeroshot.columns]
    targets = [name for name in names if name not in (*keys, "source") and not name.endswith("_sd")]
    found = []
    for key, group in zeroshot.groupby(keys, sort=False):
        scores = group[targets].to_numpy(dtype=float)
        known = scores[~pd.isna(scores)]
        if not known.size:
            continue
        low, spread = known.min(), float(known.max() - known.min()) or 1.0
        rows = [
            (source, [_cell(value, low, spread) for value in line])
            for source, line in zip(group["source"], scores, strict=True)
        ]
        found.append(Matrix(", ".join(map(str, key)), targets, rows))
    return found


def _cell(value: float, low: float, spread: float) -> MatrixCell:
    if math.isnan(value):
        return MatrixCell("", 0.0)
    return MatrixCell(f"{value:.1f}", (value - low) / spread)
