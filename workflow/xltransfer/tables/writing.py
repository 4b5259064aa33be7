"""The one writer of tables: CSV, the same as markdown, HTML and LaTeX, and where it comes from."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
from jinja2 import Environment

from ..files import replacing, sha256_of_file, write_json
from ..provenance import Provenance
from ..records import record_path

DECIMALS = 2
NOT_DISTINGUISHABLE = "ns"
"""Marks differences in the renderings whose interval holds zero."""
_COMPANIONS = ("_sd", "_low", "_high")
_PAGE = Environment(autoescape=True, trim_blocks=True, keep_trailing_newline=True).from_string(
    """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<title>{{ name }}</title>
<style>
body { font: 14px/1.4 sans-serif; margin: 1em; color: #222; background: #fff; }
table { border-collapse: collapse; }
th, td { padding: 0.15em 0.6em; text-align: left; white-space: nowrap; }
th { position: sticky; top: 0; background: #fff; box-shadow: inset 0 -2px #222; }
td { border-bottom: 1px solid #ddd; }
.right { text-align: right; font-variant-numeric: tabular-nums; }
</style>
</head>
<body>
<table>
<thead>
<tr>
{%- for name in columns %}<th class="{{ sides[loop.index0] }}">{{ name }}</th>{% endfor -%}
</tr>
</thead>
<tbody>
{% for row in rows %}
<tr>
{%- for cell in row %}<td class="{{ sides[loop.index0] }}">{{ cell }}</td>{% endfor -%}
</tr>
{% endfor %}
</tbody>
</table>
</body>
</html>
"""
)
"""A page that needs no other file; its numbers are aligned as in the other renderings."""


def write_table(
    path: Path,
    table: pd.DataFrame,
    provenance: Provenance,
    decimals: int = DECIMALS,
    shown: pd.Series | None = None,
) -> None:
    """Write a table as CSV, with what belongs to it beside it.

    ``.md``, ``.html`` and ``.tex`` are renderings; ``.provenance.json`` says what the table depends
    on and ``.timing.json`` how long the trainings behind it took.

    In the renderings, a column with its deviation and its interval (``name``, ``name_sd``,
    ``name_low``, ``name_high``) becomes one column ``mean ± deviation``, marked ``ns`` where the
    interval holds zero.

    Args:
        path: of the CSV file.
        table: without an index worth keeping.
        provenance: where it comes from.
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
    _write_renderings(path, text, ["right" if c in numbers else "left" for c in text.columns])
    write_json(path.with_suffix(".timing.json"), dict(provenance.times))
    content = {**provenance.content, "output": sha256_of_file(path)}
    write_json(record_path(path), content)


def _write_renderings(path: Path, text: pd.DataFrame, sides: list[str]) -> None:
    with replacing(path.with_suffix(".md")) as temporary:
        markdown = text.to_markdown(index=False, disable_numparse=True, colalign=sides)
        temporary.write_text(markdown + "\n", encoding="utf-8")
    with replacing(path.with_suffix(".html")) as temporary:
        rows = text.itertuples(index=False, name=None)
        page = _PAGE.render(name=path.stem, columns=text.columns, rows=rows, sides=sides)
        temporary.write_text(page, encoding="utf-8")
    with replacing(path.with_suffix(".tex")) as temporary:
        latex = text.replace("±", "$\\\\pm$", regex=True).replace("−", "$-$", regex=True)
        latex = latex.rename(columns=lambda name: name.replace("_", " "))
        latex = latex.replace("_", r"\_", regex=True)
        alignment = "".join(side[0] for side in sides)
        temporary.write_text(
            latex.to_latex(index=False, escape=False, column_format=alignment), encoding="utf-8"
        )


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
