"""docs/results.md says what the files of results beside it say."""

from __future__ import annotations

import subprocess
import sys

from conftest import ROOT


def check() -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "docs/tables/render.py", "--check"]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True)


def test_tables_and_numbers_are_those_of_the_files() -> None:
    done = check()
    assert done.returncode == 0, done.stderr
