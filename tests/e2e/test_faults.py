"""A sample of the trials of `tests/slurm/fault_matrix.py`: disturbed at random, the same files."""

from __future__ import annotations

from pathlib import Path

import pytest
from faults.local import KINDS, LocalTrials, why_not
from faults.results import REFUSED, RIGHT
from faults.run import run_missing
from faults.study import References

SAMPLE = ("local-sigint-group", "local-disk-full", "local-stale-node")


def test_faults_at_random_moments_end_in_the_files_of_an_undisturbed_run(tmp_path: Path) -> None:
    if reason := why_not():
        pytest.skip(reason)
    kinds = {name: KINDS[name] for name in SAMPLE if not KINDS[name].why_not()}
    found = run_missing(
        kinds, {"local": lambda: LocalTrials(References(tmp_path))}, 1, tmp_path / "file", tmp_path
    )
    assert [result for result in found if result.outcome not in (RIGHT, REFUSED)] == []
    assert len(found) == len(kinds)
    disk = [result for result in found if result.kind == "local-disk-full"]
    assert all("make room there" in result.detail for result in disk if result.outcome == REFUSED)
