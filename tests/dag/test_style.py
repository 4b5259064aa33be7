"""The workflow and the library are formatted and linted."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from conftest import ROOT


def run(*command: str, folder: Path = ROOT) -> str:
    done = subprocess.run(
        [sys.executable, "-m", *command], cwd=folder, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


def test_ruff() -> None:
    run("ruff", "check", ".")
    run("ruff", "format", "--check", ".")


def test_snakefmt() -> None:
    rules = sorted(str(path.relative_to(ROOT)) for path in ROOT.glob("workflow/rules/*.smk"))
    run("snakefmt.snakefmt", "--check", "--line-length", "100", "Snakefile", *rules)


def test_snakemake_lint(workspace: Path) -> None:
    run("snakemake", "--lint", folder=workspace)


@pytest.mark.parametrize("suffix", [".py", ".smk"])
def test_files_stay_readable(suffix: str) -> None:
    """No file over about 400 lines."""
    for folder in ("workflow", "tests", "envs", "benchmarks"):
        for path in (ROOT / folder).rglob(f"*{suffix}"):
            assert len(path.read_text(encoding="utf-8").splitlines()) <= 450, path


def test_locks_agree() -> None:
    """The conda environment has the versions of the requirements."""
    import yaml

    pinned = (ROOT / "envs" / "requirements.txt").read_text().split()
    conda = yaml.safe_load((ROOT / "envs" / "xltransfer.yaml").read_text())
    assert conda["dependencies"][-1]["pip"] == pinned
