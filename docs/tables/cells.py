"""What the tables of documents are made of: files, rows and cells."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

FOLDER = Path(__file__).parent


def read(name: str) -> pd.DataFrame:
    """A CSV file of this folder."""
    return pd.read_csv(FOLDER / f"{name}.csv", keep_default_na=False, na_values=[""])


def signed(value: float, digits: int = 1) -> str:
    """A change, with the typographic minus."""
    text = f"{value:+.{digits}f}"
    return f"{0:.{digits}f}" if float(text) == 0 else text.replace("-", "−")


def markdown(header: list[str], rows: list[list[str]]) -> str:
    """A table in Markdown."""
    lines = [header, ["---"] * len(header), *rows]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def holm(p_values: list[float]) -> list[float]:
    """P-values after Holm's correction (1979)."""
    order = sorted(range(len(p_values)), key=p_values.__getitem__)
    corrected, largest = [0.0] * len(order), 0.0
    for rank, place in enumerate(order):
        largest = max(largest, min(1.0, (len(order) - rank) * p_values[place]))
        corrected[place] = largest
    return corrected


def interval(row: pd.Series, name: str) -> str:
    """A difference ± the half-width of its 95 % confidence interval."""
    return f"{signed(row[name])} ± {(row[f'{name}_high'] - row[f'{name}_low']) / 2:.1f}"


def significant_change(cell: pd.Series) -> str:
    """A change with the half-width of its interval, and ns if it is not significant."""
    if pd.isna(cell["change"]):
        return ""
    half = (cell["change_high"] - cell["change_low"]) / 2
    mark = "" if cell["change_p"] < 0.05 else " ns"
    return f"{signed(cell['change'])} ± {half:.1f}{mark}"
