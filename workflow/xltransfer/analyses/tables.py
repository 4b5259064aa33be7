"""The writer of tables: CSV, renderings in Markdown, HTML and LaTeX, and provenance."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd
from jinja2 import Environment

from ..records.record import output_identity, record_path
from ..records.trace import Provenance
from ..runtime.files import replacing, write_json

DECIMALS = 2
NOT_SIGNIFICANT = "ns"
"""Mark of changes in the renderings that are not significant at ``ALPHA``."""
ALPHA = 0.05
_COMPANIONS = ("_sd", "_low", "_high", "_p")
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
p { max-width: 60em; font-size: 12px; color: #555; }
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
{% for note in notes %}
<p>{{ note }}</p>
{% endfor %}
</body>
</html>
"""
)
"""Template of a self-contained page; its numbers are aligned as in the other renderings."""


def write_table(
    path: Path,
    table: pd.DataFrame,
    provenance: Provenance,
    decimals: int = DECIMALS,
    shown: pd.Series | None = None,
    notes: Sequence[str] = (),
    corrected: Mapping[str, pd.Series] | None = None,
    csv_only: Sequence[str] = (),
    seeds: int | None = None,
) -> None:
    """Write a table as CSV, with renderings and provenance next to it.

    ``.md``, ``.html`` and ``.tex`` are renderings; ``.provenance.json`` lists everything the table
    depends on, and ``.timing.json`` the durations of the trainings behind it.

    In the renderings a column and its companions become one column:

    ==============================  =======================================================
    ``x``, ``x_sd``                 ``mean (standard deviation)``; ``sd`` belongs to ``mean``
    ``x``, ``x_low``, ``x_high``    ``value [low, high]``
    the same and ``x_p``            a change with a symmetric interval: ``change ± half-width``,
                                    followed by ``ns`` where it is not significant
    ==============================  =======================================================

    Columns of p-values (``p_value``, ``x_p``) have two significant digits. With a single seed no
    change is marked, because the confidence interval does not cover seed noise.

    Args:
        path: path of the CSV file.
        table: data frame; its index is not written.
        provenance: provenance of the table.
        decimals: number of decimals.
        shown: mask of the rows in the renderings of long tables; all by default.
        notes: paragraphs below the renderings.
        corrected: p-values adjusted for multiple tests, by column of changes; used for the marks
            instead of ``x_p``.
        csv_only: columns omitted from the renderings.
        seeds: number of seeds behind the changes; by default that of the provenance.
    """
    rounded = table.round(decimals)
    # Rounding may give −0.0, which prints as -0.00.
    numbers = rounded.select_dtypes("float").columns
    rounded[numbers] = rounded[numbers] + 0.0
    tests = [name for name in numbers if name == "p_value" or str(name).endswith("_p")]
    for name in tests:
        rounded[name] = table[name].map(p_value_text)
    with replacing(path) as temporary:
        rounded.to_csv(temporary, index=False, float_format=f"%.{decimals}f", lineterminator="\n")
    rows = slice(None) if shown is None else shown
    adjusted = {name: values[rows] for name, values in (corrected or {}).items()}
    number = len(provenance.content.get("seeds", ())) if seeds is None else seeds
    marks = {} if number == 1 else _not_significant(table[rows], adjusted)
    text = _as_text(rounded[rows], table[rows], decimals, marks).drop(columns=list(csv_only))
    sides = ["right" if name in numbers else "left" for name in text.columns]
    _write_renderings(path, text, sides, notes)
    write_json(path.with_suffix(".timing.json"), dict(provenance.times))
    write_json(record_path(path), {**provenance.content, **output_identity(path)})


ONE_SEED = (
    "Changes are followed by ± the half-width of their 95 % confidence interval: one seed; "
    "intervals cover sentences only, and no change is marked as significant or not."
)


def study_note(config: Mapping[str, Any]) -> str:
    """A note on the study of a table and its number of seeds.

    Args:
        config: configuration of the table with ``study`` and ``seeds``.
    """
    seeds = len(config["seeds"])
    return f"Study: {config['study']}; {seeds} seed{'s' if seeds > 1 else ''}."


def reading_note(config: Mapping[str, Any], changes: str = "", bounds: bool = False) -> str:
    """The note below a table over seeds: study, number of seeds, and explanation of the marks.

    Args:
        config: configuration of the table with ``study`` and ``seeds``.
        changes: text after "ns: not significant at the 5 % level"; empty for a table without
            changes.
        bounds: whether scores have confidence intervals instead of standard deviations.
    """
    seeds = len(config["seeds"])
    note = study_note(config)
    if seeds > 1 and bounds:
        note += (
            " Scores are means over seeds, with 95 % confidence intervals over seeds and test "
            "sentences in brackets."
        )
    elif seeds > 1:
        note += " Scores are means over seeds, with the standard deviation in parentheses."
    if not changes:
        return note
    if seeds == 1:
        return f"{note} {ONE_SEED}"
    return (
        f"{note} Changes are followed by ± the half-width of their 95 % confidence interval over "
        f"seeds and test sentences. ns: not significant at the 5 % level{changes}. ns is not "
        "evidence of no effect; the half-width says which change could have been seen."
    )


def _write_renderings(
    path: Path, text: pd.DataFrame, sides: list[str], notes: Sequence[str]
) -> None:
    with replacing(path.with_suffix(".md")) as temporary:
        markdown = text.to_markdown(index=False, disable_numparse=True, colalign=sides)
        paragraphs = "".join(f"\n{note}\n" for note in notes)
        temporary.write_text(f"{markdown}\n{paragraphs}", encoding="utf-8")
    with replacing(path.with_suffix(".html")) as temporary:
        rows = text.itertuples(index=False, name=None)
        page = _PAGE.render(
            name=path.stem, columns=text.columns, rows=rows, sides=sides, notes=notes
        )
        temporary.write_text(page, encoding="utf-8")
    with replacing(path.with_suffix(".tex")) as temporary:
        latex = text.replace("±", "$\\\\pm$", regex=True).replace("−", "$-$", regex=True)
        latex = latex.rename(columns=lambda name: name.replace("_", " "))
        latex = latex.replace("_", r"\_", regex=True)
        alignment = "".join(side[0] for side in sides)
        table = latex.to_latex(index=False, escape=False, column_format=alignment)
        paragraphs = "".join(f"\n{{\\footnotesize {_as_latex(note)}\\par}}\n" for note in notes)
        temporary.write_text(table + paragraphs, encoding="utf-8")


_LATEX = {"±": "$\\pm$", "−": "$-$", "ρ": "$\\rho$", "×": "$\\times$", "≥": "$\\geq$"}


def _as_latex(text: str) -> str:
    """Plain text as LaTeX: special characters escaped, signs in math mode."""
    escaped = re.sub(r"[%_&#]", r"\\\g<0>", text)
    for sign, command in _LATEX.items():
        escaped = escaped.replace(sign, command)
    return escaped


def p_value_text(p_value: float) -> str:
    """A p-value with two significant digits, independent of ``decimals``; empty for NaN."""
    return "" if pd.isna(p_value) else f"{p_value:.2g}"


def _not_significant(
    table: pd.DataFrame, corrected: Mapping[str, pd.Series]
) -> dict[str, pd.Series]:
    """For each column of changes, a mask of those that are not significant."""
    columns = [str(name) for name in table.columns]
    tested = [name for name in columns if f"{name}_p" in columns]
    return {name: corrected.get(name, table[f"{name}_p"]).gt(ALPHA) for name in tested}


def _as_text(
    rounded: pd.DataFrame, exact: pd.DataFrame, decimals: int, marks: Mapping[str, pd.Series]
) -> pd.DataFrame:
    """Formatted cells, merged with their companions."""
    columns = {}
    names = list(map(str, rounded.columns))
    for name in names:
        if name == "sd" or name.endswith(_COMPANIONS):
            stem = "mean" if name == "sd" else name.rpartition("_")[0]
            if stem in names:
                continue
        nothing = pd.Series(float("nan"), rounded.index)
        if f"{name}_p" in names:
            pattern, values = " ± {}", [(exact[f"{name}_high"] - exact[f"{name}_low"]) / 2]
        elif f"{name}_low" in names:
            pattern, values = " [{}, {}]", [rounded[f"{name}_low"], rounded[f"{name}_high"]]
        else:
            deviation = "sd" if name == "mean" else f"{name}_sd"
            pattern, values = " ({})", [rounded.get(deviation, nothing)]
        companions = (_suffix(pattern, decimals, *row) for row in zip(*values, strict=True))
        mark = marks.get(name, pd.Series(False, rounded.index))
        columns[name] = [
            _cell(value, decimals) + companion + f" {NOT_SIGNIFICANT}" * bool(ns)
            for value, companion, ns in zip(rounded[name], companions, mark, strict=True)
        ]
    return pd.DataFrame(columns)


def _suffix(pattern: str, decimals: int, *values: float) -> str:
    """The formatted companions of a number; empty if one is missing."""
    if any(pd.isna(value) for value in values):
        return ""
    return pattern.format(*(_cell(float(value), decimals) for value in values))


def _cell(value: object, decimals: int) -> str:
    """A formatted value, with a Unicode minus sign."""
    if not isinstance(value, float):
        return str(value)
    return "" if pd.isna(value) else f"{value:.{decimals}f}".replace("-", "−")
