"""Some changed files of a small study; ``make integrity`` tries more of them."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from . import trials as module
from .jobs import Job
from .many_trials import run_trials
from .small import make_study
from .trials import DAMAGES, Trials, kind_of

TRIALS = 120
"""Every damage of every kind of file, of each stage that reads it, once."""


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[Job]]:
    folder = tmp_path_factory.mktemp("study")
    return folder, make_study(folder)


def test_a_changed_file_is_refused(study: tuple[Path, list[Job]], tmp_path: Path) -> None:
    folder, jobs = study
    found = list(run_trials(Trials(folder, tmp_path / "copy"), jobs, TRIALS, seed=2))
    assert not [trial for trial in found if trial.outcome not in ("refused", "same")]
    kinds = {kind_of(path) for job in jobs for path in job.inputs}
    assert {kind_of(trial.file) for trial in found} == kinds and len(kinds) > 10
    assert set(Counter(trial.damage for trial in found)) == set(DAMAGES)


def test_the_harness_notices_other_outcomes(
    study: tuple[Path, list[Job]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A record that is written for the changed file makes stages accept it, or fail."""
    folder, jobs = study
    trials = Trials(folder, tmp_path / "copy")
    job = next(job for job in jobs if job.stage == "count_pieces")
    (file,) = job.inputs
    other = "results/raw_text/aa/held_out.txt"
    monkeypatch.chdir(folder)
    record = Path(file).with_suffix(".provenance.json")
    assert trials.try_out(job, file, "swap", [other], 1).outcome == "refused"
    record.rename("kept")
    try:
        changed = Path("kept").read_text().replace(_checksum(file), _checksum(other))
        (trials.copy / record).write_text(changed)
        trial = trials.try_out(job, file, "swap", [other], 1)
    finally:
        Path("kept").rename(record)
    assert trial.outcome == "ACCEPTED"
    monkeypatch.setattr(module, "run", lambda *_: 1)
    assert trials.try_out(job, file, "flip", [other], 1).outcome == "CRASHED"


def _checksum(path: str) -> str:
    from xltransfer.runtime.files import sha256_of_file

    return sha256_of_file(path)
