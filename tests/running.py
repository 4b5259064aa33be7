"""Running Snakemake and stages the way users do."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path


def environment(**more: str) -> dict[str, str]:
    """An environment in which `python` is the one that runs the tests."""
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    return {**os.environ, "PATH": path, **more}


def snakemake(folder: Path, *arguments: str, cores: str = "2", **more: str):
    """Run Snakemake in a folder; a completed process with text."""
    command = [sys.executable, "-m", "snakemake", "--quiet", "rules", "--cores", cores, *arguments]
    return subprocess.run(
        command, cwd=folder, capture_output=True, text=True, env=environment(**more)
    )


def stage(name: str, *arguments: object, **more: str):
    """Run ``python -m xltransfer.<name>``; a completed process with text."""
    command = [sys.executable, "-m", f"xltransfer.{name}", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, env=environment(**more))
