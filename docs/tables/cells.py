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


def interval(row: pd.Series, name: str) -> str:
    """A difference ± the half-width of its 95 % confidence interval."""
    return f"{signed(row[name])} ± {(row[f'{name}_high'] - row[f'{name}_low']) / 2:.1f}"


def marked(row: pd.Series, name: str, p_value: float) -> str:
    """A difference with its interval, and ns if it is not significant."""
    return interval(row, name) + ("" if p_value < 0.05 else " ns")


def significant_change(cell: pd.Series) -> str:
    """The column ``change``, or nothing."""
    return "" if pd.isna(cell["change"]) else marked(cell, "change", cell["change_p"])
