"""Renderings of tables: half-widths, marks, notes, and the same cells in every format."""

from __future__ import annotations

import json
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from xltransfer.analyses.tables import reading_note, write_table
from xltransfer.records.trace import Provenance
from xltransfer.runtime.files import sha256_of_file


def changes() -> pd.DataFrame:
    """A change that is not significant, one that is, and one only without correction."""
    return pd.DataFrame(
        {"source_target": ["EN-EN", "EN-X", "FR-X"], "1-2": [-0.9, -9.0, -2.0],
         "1-2_sd": [0.5, 0.5, 0.5], "1-2_low": [-1.91, -9.9, -3.9], "1-2_high": [0.11, -8.1, -0.1],
         "1-2_p": [0.0721, 0.00000123, 0.0399]}
    )  # fmt: skip


def test_changes_have_half_widths_and_marks(tmp_path: Path) -> None:
    write_table(tmp_path / "t.csv", changes(), Provenance({}, {}))
    assert (tmp_path / "t.csv").read_text().splitlines()[1:3] == [
        "EN-EN,-0.90,0.50,-1.91,0.11,0.072", "EN-X,-9.00,0.50,-9.90,-8.10,1.2e-06"
    ]  # fmt: skip
    markdown = (tmp_path / "t.md").read_text()
    assert "−0.90 ± 1.01 ns |" in markdown and "−9.00 ± 0.90 |" in markdown
    assert "−2.00 ± 1.90 |" in markdown
    assert r"$-$9.00 $\pm$ 0.90" in (tmp_path / "t.tex").read_text()
    assert "low" not in markdown and "1-2_p" not in markdown and "0.50" not in markdown


def test_marks_are_corrected_and_p_values_are_not(tmp_path: Path) -> None:
    corrected = {"1-2": pd.Series([0.2, 0.000004, 0.12])}
    write_table(tmp_path / "t.csv", changes(), Provenance({}, {}), corrected=corrected)
    markdown = (tmp_path / "t.md").read_text()
    assert "−0.90 ± 1.01 ns |" in markdown and "−9.00 ± 0.90 |" in markdown
    assert "−2.00 ± 1.90 ns |" in markdown
    assert "0.04" in (tmp_path / "t.csv").read_text().splitlines()[3]


def test_one_seed_has_no_marks(tmp_path: Path) -> None:
    """Also where the p-value over sentences is large: noise of seeds cannot be seen."""
    write_table(tmp_path / "t.csv", changes(), Provenance({"seeds": [7]}, {}))
    markdown = (tmp_path / "t.md").read_text()
    assert "ns" not in markdown and "−0.90 ± 1.01 |" in markdown


def test_intervals_of_other_values_are_written_out(tmp_path: Path) -> None:
    table = pd.DataFrame(
        {"rho": [0.5, np.nan], "rho_low": [-0.31, np.nan], "rho_high": [0.9, np.nan],
         "p_value": [0.0421, np.nan]}
    )  # fmt: skip
    write_table(tmp_path / "t.csv", table, Provenance({}, {}))
    assert (tmp_path / "t.csv").read_text().splitlines()[1:] == ["0.50,-0.31,0.90,0.042", ",,,"]
    assert "0.50 [−0.31, 0.90] |     0.042 |" in (tmp_path / "t.md").read_text()


@pytest.mark.parametrize("seeds", [[1], [1, 2, 3]])
def test_notes_say_how_to_read(seeds: list[int], tmp_path: Path) -> None:
    config = {"study": "a_study & more", "seeds": seeds}
    note = reading_note(config, " (Holm)")
    write_table(tmp_path / "t.csv", changes(), Provenance({"seeds": seeds}, {}), notes=[note])
    assert note not in (tmp_path / "t.csv").read_text()
    page = (tmp_path / "t.html").read_text()
    latex = (tmp_path / "t.tex").read_text()
    assert (tmp_path / "t.md").read_text().endswith(f"\n\n{note}\n")
    assert page.count("<p>") == 1 and "a_study &amp; more" in page
    assert r"a\_study \& more" in latex and r"95 \%" in latex and "±" not in latex
    if len(seeds) == 1:
        assert "one seed; intervals cover sentences only" in note and " ns" not in note
    else:
        assert "3 seeds" in note and "ns is not evidence of no effect" in note
        assert "the standard deviation in parentheses" in note
        with_bounds = reading_note(config, " (Holm)", bounds=True)
        assert "intervals over seeds and test sentences in brackets" in with_bounds
        assert "parentheses" not in with_bounds


def test_renderings(tmp_path: Path) -> None:
    table = pd.DataFrame(
        {"source_target": ["EN-EN", "EN-X"], "REF": [88.981, 53.2], "REF_sd": [0.5, float("nan")],
         "1-2": [-0.964, -0.001], "1-2_sd": [0.04, 0.2]}
    )  # fmt: skip
    write_table(tmp_path / "t.csv", table, Provenance({"a": 1}, {"b": 2}))
    assert (tmp_path / "t.csv").read_text() == (
        "source_target,REF,REF_sd,1-2,1-2_sd\nEN-EN,88.98,0.50,-0.96,0.04\nEN-X,53.20,,0.00,0.20\n"
    )
    markdown = (tmp_path / "t.md").read_text()
    assert "88.98 (0.50)" in markdown and "−0.96 (0.04)" in markdown and "REF_sd" not in markdown
    latex = (tmp_path / "t.tex").read_text()
    assert "88.98 (0.50)" in latex and "$-$0.96 (0.04)" in latex
    assert "source target" in latex and r"\toprule" in latex
    content = {"a": 1, "output": sha256_of_file(tmp_path / "t.csv"), "path": "t.csv"}
    assert json.loads((tmp_path / "t.provenance.json").read_text()) == content
    assert json.loads((tmp_path / "t.timing.json").read_text()) == {"b": 2}


def test_page_has_the_cells_of_the_markdown(tmp_path: Path) -> None:
    """Every cell, in order, and nothing of it read as markup."""
    table = pd.DataFrame(
        {"name": ["a<b&c", "x"], "REF": [88.981, -53.2], "REF_sd": [0.5, float("nan")]}
    )
    write_table(tmp_path / "t.csv", table, Provenance({}, {}))
    cells: list[str] = []

    class Cells(HTMLParser):
        def handle_starttag(self, tag: str, attributes: list) -> None:
            if tag in ("td", "th"):
                cells.append("")

        def handle_data(self, data: str) -> None:
            if cells:
                cells[-1] += data.strip()

    Cells().feed((tmp_path / "t.html").read_text(encoding="utf-8"))
    lines = (tmp_path / "t.md").read_text(encoding="utf-8").splitlines()
    del lines[1]
    assert cells == [cell.strip() for line in lines for cell in line.strip("|").split("|")]
    assert cells == ["name", "REF", "a<b&c", "88.98 (0.50)", "x", "−53.20"]
