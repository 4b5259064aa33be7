"""Slurm jobs of dead heads, and answers of Slurm that make the executor lose jobs."""

from __future__ import annotations

import asyncio
import logging
import os
from collections.abc import AsyncIterator
from pathlib import Path
from types import SimpleNamespace

import pytest
from xltransfer.runtime import slurm
from xltransfer.runtime.errors import InputError
from xltransfer.runtime.slurm import JobStates, end_orphans

RUN = "0a1b2c3d-0000-4000-8000-0123456789ab"


@pytest.fixture
def commands(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a squeue that prints `queue` and a scancel that empties it."""
    folder = tmp_path / "commands"
    folder.mkdir()
    (folder / "squeue").write_text(f"#!/bin/sh\nexec cat {folder}/queue\n")
    (folder / "scancel").write_text(
        f'#!/bin/sh\necho "$@" >> {folder}/cancelled\nexec cp {folder}/after {folder}/queue\n'
    )
    for name in ("squeue", "scancel"):
        (folder / name).chmod(0o755)
    (folder / "after").write_text("")
    monkeypatch.setenv("PATH", f"{folder}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setattr(slurm, "PATIENCE_SECONDS", 2)
    return folder


def test_only_jobs_of_heads_in_this_folder(
    commands: Path, tmp_path: Path, capfd: pytest.CaptureFixture
) -> None:
    study, other = tmp_path / "a study", tmp_path / "other"
    study.mkdir()
    (tmp_path / "link").symlink_to(study)
    (commands / "queue").write_text(
        f"1|xltransfer_{RUN}|{study}\n2|{RUN}|{tmp_path}/link\n3_7|xltransfer_{RUN}|{study}\n"
        f"4|xltransfer_{RUN}|{other}\n5|notebook|{study}\n6|x{RUN}|{study}\n"
    )
    (commands / "after").write_text(f"4|xltransfer_{RUN}|{other}\n")
    end_orphans(study, needed=True)
    assert (commands / "cancelled").read_text() == "1 2 3_7\n"
    assert capfd.readouterr().err == "Slurm: Cancelling jobs of an earlier run: 1 2 3_7\n"


def test_jobs_that_do_not_end(commands: Path, tmp_path: Path) -> None:
    for name in ("queue", "after"):
        (commands / name).write_text(f"17|{RUN}|{tmp_path}\n")
    with pytest.raises(InputError, match=r"do not end \(17\)"):
        end_orphans(tmp_path, needed=False)


def test_silence_matters_where_there_may_be_jobs(commands: Path, tmp_path: Path) -> None:
    end_orphans(tmp_path, needed=False)
    with pytest.raises(InputError, match="has not answered"):
        end_orphans(tmp_path, needed=True)


def test_machine_without_slurm(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    end_orphans(tmp_path, needed=True)


def answers(*given: dict[str, str] | None, final_preemption: bool = True) -> list[dict[str, str]]:
    """What the executor hears when Slurm gives these answers one after another."""
    left = list(given)

    async def query(command: str, logger: logging.Logger):
        answer = left.pop(0)
        return (None, None) if answer is None else (answer, 0.1)

    ask = JobStates(query, final_preemption)
    return [asyncio.run(ask("squeue", logging.getLogger()))[0] for _ in given]


def test_no_answer_is_no_news() -> None:
    running = {"1": "RUNNING"}
    assert answers(running, None, None, running) == [running, {}, {}, running]


def test_cancelled_and_preempted_jobs_have_ended() -> None:
    states = {"1": "CANCELLED by 0", "2": "PREEMPTED", "3": "COMPLETED"}
    ended = {"1": "CANCELLED", "2": "CANCELLED", "3": "COMPLETED"}
    assert answers(states) == [ended]
    assert answers({"2": "PREEMPTED"}, final_preemption=False) == [{"2": "PREEMPTED"}]


def test_forgotten_jobs_have_ended() -> None:
    """After two answers without a job that was there; silence in between is none of them."""
    both, one = {"1": "RUNNING", "2": "PENDING"}, {"2": "RUNNING"}
    forgotten = {"1": "UNKNOWN", "2": "RUNNING"}
    assert answers(both, one, None, one, one) == [both, one, {}, forgotten, forgotten]
    assert answers(both, one, both, one) == [both, one, both, one]


def test_jobs_that_slurm_never_knew_have_ended() -> None:
    """The controller was killed right after their submission, before it had saved its state."""
    now, left = [0.0], [{"2": "PENDING"}] * 3

    async def query(command: str, logger: logging.Logger) -> tuple[dict, float]:
        return left.pop(), 0.1

    states = JobStates(query, True, clock=lambda: now[0])
    states.submitted(["1", "2", "3_1"])
    for seconds, lost in ((0, {}), (200, {}), (60, {"1": "UNKNOWN"})):
        now[0] += seconds
        # Each cycle of the executor names all jobs that it waits for.
        states.submitted(["1", "2", "3_1"])
        found = asyncio.run(states("squeue", logging.getLogger()))[0]
        assert found == {"2": "PENDING", **lost}


def test_the_executor_polls_with_the_jobs_that_it_waits_for(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    executor = pytest.importorskip("snakemake_executor_plugin_slurm")
    monkeypatch.setattr(slurm, "UNSEEN_SECONDS", -1)

    async def query(command: str, logger: logging.Logger) -> tuple[dict, float]:
        return {}, 0.1

    async def check(self: object, active_jobs: list) -> AsyncIterator[object]:
        states, _ = await executor.query_job_status("squeue", logging.getLogger())
        for job in active_jobs:
            yield job.external_jobid, states.get(job.external_jobid)

    monkeypatch.setattr(executor, "query_job_status", query)
    monkeypatch.setattr(executor.Executor, "check_active_jobs", check)
    monkeypatch.setattr(
        executor.Executor, "next_seconds_between_status_checks", None, raising=False
    )
    slurm.keep_sight_of_jobs(SimpleNamespace(no_requeue=False, init_seconds_before_status_checks=7))

    async def poll() -> list[object]:
        jobs = [SimpleNamespace(external_jobid="1")]
        return [found async for found in executor.Executor.check_active_jobs(None, jobs)]

    assert asyncio.run(poll()) == [("1", "UNKNOWN")]
