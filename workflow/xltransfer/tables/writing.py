"""The one writer of tables: CSV, the same as markdown and LaTeX, and where it comes from."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from ..files import replacing, write_json

DECIMALS = 2
NOT_DISTINGUISHABLE = "ns"
"""Marks differences in the renderings whose interval holds zero."""
_COMPANIONS = ("_sd", "_low", "_high")


def write_table(
    path: Path,
    table: pd.DataFrame,
    provenance: Mapping[str, Any],
    decimals: int = DECIMALS,
    shown: pd.Series | None = None,
) -> None:
    """Write a table as CSV, with ``.md``, ``.tex`` and ``.provenance.json`` beside it.

    In the renderings, a column with its deviation and its
    interval (``name``, ``name_sd``, ``name_low``, ``name_high``) becomes one column
    ``mean ± deviation``, marked ``ns`` where the interval holds zero.

    Args:
        path: of the CSV file.
        table: without an index worth keeping.
        provenance: JSON content.
        decimals: that numbers are rounded to.
        shown: which rows the renderings show, of tables that are too long to be read; all if not
            given.
    """
    rounded = table.round(decimals)
    # Rounding may leave −0.0, which would print as -0.00.
    numbers = rounded.select_dtypes("float").columns
    rounded[numbers] = rounded[numbers] + 0.0
    with replacing(path) as temporary:
        rounded.to_csv(temporary, index=False, float_format=f"%.{decimals}f", lineterminator="\n")
    rows = slice(None) if shown is None else shown
    text = _as_text(rounded[rows], table[rows], decimals)
    with replacing(path.with_suffix(".md")) as temporary:
        aligned = ["right" if column in numbers else "left" for column in text.columns]
        markdown = text.to_markdown(index=False, disable_numparse=True, colalign=aligned)
        temporary.write_text(markdown + "\n", encoding="utf-8")
    with replacing(path.with_suffix(".tex")) as temporary:
        latex = text.replace("±", "$\\\\pm$", regex=True).replace("−", "$-$", regex=True)
        latex = latex.rename(columns=lambda name: name.replace("_", " "))
        latex = latex.replace("_", r"\_", regex=True)
        alignment = "".join("r" if column in numbers else "l" for column in text.columns)
        temporary.write_text(
            latex.to_latex(index=False, escape=False, column_format=alignment), encoding="utf-8"
        )
    write_json(path.with_suffix(".provenance.json"), dict(provenance))


def p_value_text(p_value: float) -> str:
    """Two significant digits, which the decimals of tables would cut off; empty for NaN."""
    return "" if pd.isna(p_value) else f"{p_value:.2g}"


def _as_text(rounded: pd.DataFrame, exact: pd.DataFrame, decimals: int) -> pd.DataFrame:
    """Cells as they are read: a real minus sign, deviations beside their means."""
    columns = {}
    for name in rounded.columns:
        stem = str(name).rpartition("_")[0]
        if str(name).endswith(_COMPANIONS) and stem in rounded.columns:
            continue
        nothing = pd.Series(float("nan"), rounded.index)
        deviations = rounded.get(f"{name}_sd", nothing)
        holds_zero = exact.get(f"{name}_low", nothing).le(0) & exact.get(
            f"{name}_high", nothing
        ).ge(0)
        columns[name] = [
            _cell(value, deviation, decimals) + f" {NOT_DISTINGUISHABLE}" * mark
            for value, deviation, mark in zip(rounded[name], deviations, holds_zero, strict=True)
        ]
    return pd.DataFrame(columns)


def _cell(value: object, deviation: float, decimals: int) -> str:
    if not isinstance(value, float):
        return str(value)
    if pd.isna(value):
        return ""
    text = f"{value:.{decimals}f}".replace("-", "−")
    return text if pd.isna(deviation) else f"{text} ± {deviation:.{decimals}f}"
