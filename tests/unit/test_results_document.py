"""docs/results.md says what the files of results beside it say."""

from __future__ import annotations

import importlib
import subprocess
import sys

import pytest
from conftest import ROOT


def check() -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "docs/tables/render.py", "--check"]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True)


def test_tables_and_numbers_are_those_of_the_files() -> None:
    done = check()
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize(
    ("number", "wrong"), [("−16.2", False), ("16.2", False), ("+16.2", True), ("16.7", True)]
)
def test_other_numbers_and_signs_are_found(
    number: str, wrong: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(ROOT / "docs" / "tables")
    render = importlib.import_module("render")
    assert list(render.wrong_numbers(f"It changes by {number} points.")) == [number] * wrong
