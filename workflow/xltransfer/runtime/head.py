"""The head: the Snakemake that runs a study in a folder, of which there may be one at a time.

A head writes a record of itself. After a head was killed, its lock remains, and its processes and
Slurm jobs continue. The next head sees from the record that the earlier one is dead. It removes the
lock and ends these processes and jobs before it starts anything, so no output has two writers.
"""

from __future__ import annotations

import fcntl
import json
import logging
import os
import platform
import shutil
import signal
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from . import fork_server, slurm
from .errors import InputError
from .files import explain_denied, explain_no_room, write_json
from .folders import explain_full_disk, explain_missing_folder, refuse_read_only
from .gpus import SLURM_JOB

RECORD = "xltransfer-head.json"
SHARED = ".xltransfer"
"""Folder inside a shared folder of results for the record of its head."""
MARK = "XLTRANSFER_HEAD"
"""Environment variable that identifies the processes of a head."""

GRACE_SECONDS = 120
"""Time for processes to save a checkpoint before they are killed."""


@dataclass(frozen=True)
class Head:
    """A Snakemake that runs, or ran, a study.

    Process ids are reused, and restart after a reboot; hence `started` and `boot`.
    """

    host: str
    boot: str
    pid: int
    started: str
    executor: str
    ended: bool = False
    folder: str = ""

    @property
    def mark(self) -> str:
        """Unique identifier of the head, inherited by its processes."""
        return f"{self.host}:{self.boot}:{self.pid}:{self.started}"


def alone(
    execute: Callable[..., Any], folder: Path | str = ".snakemake", results: str = "results"
) -> Callable[..., Any]:
    """`Workflow.execute`, but only one head at a time, after cleaning up after the last one.

    Dry runs change nothing and may run at the same time as a head.

    Args:
        execute: function that runs a workflow; it takes `executor_plugin` and `executor_settings`.
        folder: folder of Snakemake's state.
        results: folder of results. If it is outside the working directory, studies in several
            folders may share it; then one head may run for all of them.
    """
    folders = [Path(folder)]
    if not Path(results).resolve().is_relative_to(Path.cwd().resolve()):
        folders.append(Path(results) / SHARED)

    def guarded(*arguments: Any, executor_plugin: Any, **named: Any) -> Any:
        if executor_plugin.common_settings.dryrun_exec:
            return execute(*arguments, executor_plugin=executor_plugin, **named)
        executor = executor_plugin.name
        # If the disk is full, writing to Snakemake's log file fails and prints a traceback on the
        # terminal, where the message appears anyway.
        logging.raiseExceptions = False
        try:
            refuse_read_only([folder, results])
            with ExitStack() as claims:
                for claim in folders:
                    last = claims.enter_context(claimed(claim, executor))
                    if last:
                        end_processes(last)
                    where = Path(last.folder) if last and last.folder else Path.cwd()
                    slurm.end_orphans(where, "slurm" in (executor, last.executor if last else None))
                if executor == "slurm":
                    slurm.keep_sight_of_jobs(named["executor_settings"])
                claims.enter_context(fork_server.offered(executor))
                return execute(*arguments, executor_plugin=executor_plugin, **named)
        except InputError as error:
            sys.exit(f"error: {error}")
        except OSError as error:
            explanation = explain_denied(error) or explain_no_room(error.filename or ".", error)
            if explanation:
                sys.exit(f"error: {explanation}")
            raise
        except Exception as error:
            explanation = explain_missing_folder(error)
            if executor == "slurm":
                # Jobs write their logs to the same disk, so they may not have been able to say it.
                explanation = explanation or explain_full_disk(results)
            if explanation:
                sys.exit(f"error: {explanation}")
            raise

    return guarded


@contextmanager
def claimed(folder: Path, executor: str) -> Iterator[Head | None]:
    """Become the head of a folder; yields the previous head, if there was one.

    Args:
        folder: folder of Snakemake's state.
        executor: name of the executor of the jobs.

    Raises:
        InputError: another head runs, or may run.
    """
    folder.mkdir(parents=True, exist_ok=True)
    record = folder / RECORD
    pid = os.getpid()
    head = Head(
        platform.node(), _boot(), pid, _started(pid) or "", executor, folder=str(Path.cwd())
    )
    with _one_at_a_time(folder):
        last = _read(record)
        if last and not last.ended:
            _refuse_if_alive(last, record)
            # Snakemake's own lock is stale because its owner is dead.
            shutil.rmtree(folder / "locks", ignore_errors=True)
        write_json(record, asdict(head))
    os.environ[MARK] = head.mark
    try:
        yield last
    except InputError:
        # The processes of the last head have not been ended yet.
        write_json(record, asdict(last or replace(head, ended=True)))
        raise
    except BaseException:
        _record_end(record, head)
        raise
    else:
        _record_end(record, head)


def _record_end(record: Path, head: Head) -> None:
    # Without this record (full disk), the next head still detects that this process has ended.
    with suppress(OSError, InputError):
        write_json(record, asdict(replace(head, ended=True)))


def _refuse_if_alive(last: Head, record: Path) -> None:
    here = last.folder in ("", str(Path.cwd()))
    where = "in this folder" if here else f"with these results in {last.folder}"
    if last.host != platform.node():
        raise InputError(
            f"Snakemake runs {where} on {last.host} (process {last.pid}), or was killed "
            f"there: give the command on {last.host}, or remove {record} if that machine is gone"
        )
    if last.boot == _boot() and _started(last.pid) == last.started:
        raise InputError(
            f"Snakemake runs {where} already (process {last.pid}): wait for its end, or "
            f"end it with `kill {last.pid}`"
        )


def end_processes(last: Head) -> None:
    """End the processes of a dead head on this machine, and wait for them."""
    deadline = time.monotonic() + GRACE_SECONDS
    signalled: set[int] = set()
    while processes := set(_processes(last.mark)):
        killing = time.monotonic() > deadline
        for pid in processes if killing else processes - signalled:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL if killing else signal.SIGTERM)
        if not signalled:
            print(f"Ending processes of an earlier Snakemake: {sorted(processes)}", file=sys.stderr)
        signalled |= processes
        time.sleep(0.2)


def _processes(mark: str) -> Iterator[int]:
    """Processes on this machine that a head started, directly or not, but not its Slurm jobs.

    Processes in the current Slurm job count, since a head may itself run within one.
    """
    expected = f"{MARK}={mark}"
    ours = f"{SLURM_JOB}={os.environ.get(SLURM_JOB)}"
    for folder in Path("/proc").glob("[0-9]*"):
        # Processes may end meanwhile, and those of other users cannot be read.
        with suppress(OSError):
            environment = (folder / "environ").read_bytes()
            variables = environment.decode(errors="replace").split("\0")
            elsewhere = [v for v in variables if v.startswith(f"{SLURM_JOB}=") and v != ours]
            if expected in variables and not elsewhere:
                yield int(folder.name)


def _read(record: Path) -> Head | None:
    try:
        return Head(**json.loads(record.read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError):
        return None


def _boot() -> str:
    """Unique identifier of this boot of the machine; empty where there is no /proc."""
    with suppress(OSError):
        return Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    return ""


def _started(pid: int) -> str | None:
    """Start time of a process in ticks since boot; None if it does not run.

    Where there is no /proc the time is unknown and empty.
    """
    if not Path("/proc/self/stat").exists():
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return None
        return ""
    try:
        # The process name, in parentheses, may contain any character.
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return None
    return None if fields[0] in "ZX" else fields[19]


@contextmanager
def _one_at_a_time(folder: Path) -> Iterator[None]:
    with open(folder / f"{RECORD}.lock", "w") as file:
        # Some network file systems have no locks; the critical section is short.
        with suppress(OSError):
            fcntl.flock(file, fcntl.LOCK_EX)
        yield
