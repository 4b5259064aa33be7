"""Snakemake looks at waiting jobs when something has happened, not over and over again."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest
from snakemake.settings.types import MaxJobsPerTimespan, SchedulingSettings
from xltransfer.runtime.start_rate import without_useless_limit

SNAKEFILE = """
import threading, time
from snakemake.scheduling.job_scheduler import JobScheduler
from xltransfer.runtime.start_rate import without_useless_limit

workflow.execute = without_useless_limit(workflow.execute, workflow)
rounds, select = [], JobScheduler.job_selector
JobScheduler.job_selector = lambda *values: rounds.append(1) or select(*values)

rule all:
    input: expand("{number}.txt", number=range(3))

rule one:
    output: "{number}.txt"
    shell: "sleep 1; touch {output}"

onsuccess:
    waiting = [one for one in threading.enumerate() if isinstance(one, threading.Timer)]
    print("rounds", len(rounds), "timers", len(waiting))
"""


@pytest.mark.parametrize(
    ("limit", "kept"),
    [("100/1s", False), ("1000/4s", False), ("99/1s", True), ("5/1m", True), (None, False)],
)
def test_only_limits_that_jobs_can_reach_are_kept(limit: str | None, kept: bool) -> None:
    given = MaxJobsPerTimespan.parse_choice(limit) if limit else None
    workflow = SimpleNamespace(scheduling_settings=SchedulingSettings(max_jobs_per_timespan=given))
    seen = []
    execute = without_useless_limit(
        lambda *values, **named: seen.append((values, named)) or "done", workflow
    )
    assert execute(1, two=2) == "done" and seen == [((1,), {"two": 2})]
    assert workflow.scheduling_settings.max_jobs_per_timespan is (given if kept else None)


def test_snakemake_looks_at_waiting_jobs_once_for_each_job(tmp_path: Path) -> None:
    """With its own limit it would look again every second, and wait for the last look."""
    (tmp_path / "Snakefile").write_text(SNAKEFILE)
    done = subprocess.run(
        [sys.executable, "-m", "snakemake", "--cores", "1"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    assert "rounds 4 timers 0" in done.stdout + done.stderr
