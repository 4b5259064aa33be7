"""The one writer of tables: CSV, the same as markdown and LaTeX, and where it comes from."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from ..files import replacing, write_json

DECIMALS = 2


def write_table(path: Path, table: pd.DataFrame, provenance: Mapping[str, Any]) -> None:
    """Write a table as CSV, with ``.md``, ``.tex`` and ``.provenance.json`` beside it.

    Numbers are rounded to two decimals. In the renderings, a column and its deviation
    (``name``, ``name_sd``) become one column ``mean ± deviation``.

    Args:
        path: of the CSV file.
        table: without an index worth keeping.
        provenance: JSON content.
    """
    rounded = table.round(DECIMALS)
    # Rounding may leave −0.0, which would print as -0.00.
    numbers = rounded.select_dtypes("float").columns
    rounded[numbers] = rounded[numbers] + 0.0
    with replacing(path) as temporary:
        rounded.to_csv(temporary, index=False, float_format=f"%.{DECIMALS}f", lineterminator="\n")
    text = _as_text(rounded)
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


def _as_text(table: pd.DataFrame) -> pd.DataFrame:
    """Cells as they are read: two decimals, a real minus sign, deviations beside their means."""
    columns = {}
    for name in table.columns:
        if str(name).endswith("_sd"):
            continue
        deviations = table.get(f"{name}_sd", pd.Series(float("nan"), table.index))
        columns[name] = [
            _cell(value, deviation)
            for value, deviation in zip(table[name], deviations, strict=True)
        ]
    return pd.DataFrame(columns)


def _cell(value: object, deviation: float) -> str:
    if not isinstance(value, float):
        return str(value)
    if pd.isna(value):
        return ""
    text = f"{value:.{DECIMALS}f}".replace("-", "−")
    return text if pd.isna(deviation) else f"{text} ± {deviation:.{DECIMALS}f}"
