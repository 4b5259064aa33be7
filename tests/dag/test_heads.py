"""Snakemake killed: the same command goes on, alone, and what was left behind has ended."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from planning import FAKE_PYTHON, install_fake_stages, snakemake, with_fake_stages

SLOW = """#!{python}
# Stands for a stage that takes its time when it trains.
import os, sys, time
if sys.argv[3] == "finetune" and not os.path.exists("quick"):
    open(f"training-{{os.getpid()}}", "w").close()
    time.sleep(300)
os.execv("{python}", ["{python}", "{stages}", *sys.argv[1:]])
"""


def wait_for(condition: Callable[[], object]) -> None:
    for _ in range(600):
        if condition():
            return
        time.sleep(0.1)
    raise TimeoutError


def alive(pid: str) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    except OSError:
        return False


@pytest.mark.skipif(not Path("/proc").exists(), reason="finds processes by way of /proc")
def test_killed_head(small: Path) -> None:
    stages = small / "stages.py"
    stages.write_text(FAKE_PYTHON.format(python=sys.executable))
    install_fake_stages(small, SLOW.replace("{stages}", str(stages)))
    path = with_fake_stages(small)["PATH"]
    target = "results/tables/randominit.csv"
    command = [sys.executable, "-m", "snakemake", "--cores", "2", "--configfile", "small.yaml"]
    first = subprocess.Popen(
        [*command, "--", target], cwd=small, env={**os.environ, "PATH": path},
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        wait_for(lambda: len(list(small.glob("training-*"))) == 2)
        second = snakemake(small, target, "--configfile", "small.yaml", PATH=path)
        assert second.returncode == 1
        errors = [line for line in second.stderr.splitlines() if line.startswith("error")]
        assert errors == [
            f"error: Snakemake runs in this folder already (process {first.pid}): wait for its "
            f"end, or end it with `kill {first.pid}`"
        ]
        planned = snakemake(small, target, "--configfile", "small.yaml", "--dry-run", PATH=path)
        assert planned.returncode == 0 and first.poll() is None
    finally:
        first.kill()
        first.wait()
    left = [place.name.removeprefix("training-") for place in small.glob("training-*")]
    assert len(left) == 2 and all(map(alive, left))
    (small / "quick").touch()
    again = snakemake(small, target, "--configfile", "small.yaml", PATH=path)
    assert again.returncode == 0, again.stderr
    assert "Ending processes of an earlier Snakemake" in again.stderr
    assert not any(map(alive, left)) and (small / target).exists()
    assert not list((small / ".snakemake" / "locks").glob("*"))
