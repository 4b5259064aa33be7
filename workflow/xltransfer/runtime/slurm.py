"""Slurm jobs: cancelling those of an earlier head, and polling the states of current ones."""

from __future__ import annotations

import getpass
import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from .errors import InputError

# The executor names all jobs of a run by a UUID, behind a prefix if there is one.
RUN = re.compile(r"(?:.*_)?[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")

PATIENCE_SECONDS = 900
"""Maximum wait for an answer from Slurm, or for jobs to end."""

UNSEEN_SECONDS = 240
"""Time until a submitted job that Slurm has never reported counts as lost; accounting may lag."""

Query = Callable[[str, Any], Awaitable[tuple[dict[str, str] | None, float | None]]]


def end_orphans(folder: Path, needed: bool) -> None:
    """Cancel the jobs of earlier heads in a folder, and wait until they have ended.

    Args:
        folder: working directory of the heads.
        needed: whether such jobs may exist; if not, a missing answer from Slurm is ignored.

    Raises:
        InputError: Slurm does not answer, or the jobs do not end.
    """
    if shutil.which("squeue") is None:
        return
    deadline = time.monotonic() + PATIENCE_SECONDS
    told: set[str] = set()
    while (jobs := _jobs_in(folder)) != []:
        if jobs is None and not needed:
            return
        if time.monotonic() > deadline:
            raise InputError(_complaint(jobs, folder))
        # Cancelling a job twice is harmless.
        if jobs and _ask("scancel", *jobs) is None:
            jobs = None
        message = f"Cancelling jobs of an earlier run: {' '.join(jobs)}" if jobs else "No answer"
        if message not in told:
            print(f"Slurm: {message}", file=sys.stderr)
            told.add(message)
        time.sleep(1)


def _complaint(jobs: list[str] | None, folder: Path) -> str:
    if jobs is None:
        return (
            f"squeue: Slurm has not answered for {PATIENCE_SECONDS // 60} minutes and may run jobs "
            f"in {folder}; give the command again when it does"
        )
    return (
        f"{folder}: Slurm jobs of an earlier run do not end ({' '.join(jobs)}); give the command "
        "again when squeue does not show them any more"
    )


def _jobs_in(folder: Path) -> list[str] | None:
    """Ids of unfinished jobs of heads in a folder; None if Slurm does not answer."""
    lines = _ask("squeue", "--noheader", "--user", getpass.getuser(), "--format", "%i|%j|%Z")
    if lines is None:
        return None
    jobs = [line.split("|", 2) for line in lines.splitlines()]
    place = os.path.realpath(folder)
    return [
        number
        for number, name, where in jobs
        if RUN.fullmatch(name) and os.path.realpath(where) == place
    ]


def _ask(*command: str) -> str | None:
    """The output of a Slurm command; None if it fails."""
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=120)
    except subprocess.TimeoutExpired:
        return None
    return done.stdout if done.returncode == 0 else None


def keep_sight_of_jobs(settings: Any) -> None:
    """Patch how the executor polls the states of its jobs, in this process.

    Args:
        settings: settings of the executor.
    """
    import snakemake_executor_plugin_slurm as executor

    states = JobStates(executor.query_job_status, settings.no_requeue)
    executor.query_job_status = states
    check = executor.Executor.check_active_jobs

    async def check_submitted(self: Any, active_jobs: Sequence[Any]) -> AsyncIterator[Any]:
        states.submitted(job.external_jobid for job in active_jobs)
        async for job in check(self, active_jobs):
            yield job

    executor.Executor.check_active_jobs = check_submitted
    # By default the executor increases its polling interval up to three minutes. During that time
    # it submits nothing, and squeue may forget jobs.
    interval = settings.init_seconds_before_status_checks
    executor.Executor.next_seconds_between_status_checks = property(
        lambda self: interval, lambda self, seconds: None
    )


class JobStates:
    """A query for the states of jobs with which the executor does not lose any job.

    The executor forgets all jobs if Slurm does not answer. It waits forever for jobs that sacct
    reports as `CANCELLED by 0`, that are preempted without requeueing, that squeue has forgotten
    (`MinJobAge`), or that the controller lost when it was killed right after their submission.

    Args:
        query: function that polls once; returns states by job (None without an answer) and its
            duration in seconds.
        final_preemption: whether Slurm does not requeue preempted jobs.
        clock: seconds that pass.
    """

    def __init__(
        self,
        query: Query,
        final_preemption: bool,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._query = query
        self._final_preemption = final_preemption
        self._clock = clock
        self._missed: dict[str, int] = {}
        self._unseen: dict[str, float] = {}
        self._failures = 0

    def submitted(self, jobs: Iterable[str]) -> None:
        """Note jobs that the next answer should contain."""
        for job in jobs:
            # Slurm reports tasks of an array under the number of the array, too.
            if "_" not in job and job not in self._missed:
                self._unseen.setdefault(job, self._clock())

    async def __call__(self, command: str, logger: Any) -> tuple[dict[str, str], float]:
        """Poll once.

        Args:
            command: command that asks Slurm.
            logger: Snakemake's logger.

        Returns:
            states by job, and the duration of the query in seconds.
        """
        states, seconds = await self._query(command, logger)
        if states is None or seconds is None:
            self._failures += 1
            if self._failures % 5 == 1:
                logger.warning("Slurm does not say how its jobs are; asking again and again.")
            # The executor treats jobs that are not in the answer as pending.
            return {}, 0.0
        self._failures = 0
        states = {job: _state(state, self._final_preemption) for job, state in states.items()}
        forgotten = [*self._lost(states), *self._never_seen(states)]
        # The jobs count as ended; their outputs show whether they succeeded.
        return states | dict.fromkeys(forgotten, "UNKNOWN"), seconds

    def _lost(self, states: Mapping[str, str]) -> list[str]:
        """Jobs that Slurm has known, but not in the last two answers."""
        lost = [job for job in self._missed if job not in states]
        for job in lost:
            self._missed[job] += 1
        self._missed.update(dict.fromkeys(states, 0))
        return [job for job in lost if self._missed[job] > 1]

    def _never_seen(self, states: Mapping[str, str]) -> list[str]:
        """Submitted jobs that Slurm has not known for minutes."""
        self._unseen = {job: since for job, since in self._unseen.items() if job not in states}
        patience = self._clock() - UNSEEN_SECONDS
        return [job for job, since in self._unseen.items() if since < patience]


def _state(state: str, final_preemption: bool) -> str:
    if state.startswith("CANCELLED") or (state == "PREEMPTED" and final_preemption):
        return "CANCELLED"
    return state
