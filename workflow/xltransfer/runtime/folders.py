"""Checks of the folders and files of a study before any job runs.

Snakemake compares timestamps. A file with a timestamp in the future (wrong clock, copy from another
machine) is newer than every output made from it, in this run and in later ones: finished models
would be deleted and trained again each time. A job that runs must not have such an input even if
the timestamp is ignored in planning (``ancient``).
"""

from __future__ import annotations

import errno
import os
import re
import shlex
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Iterable
from datetime import datetime
from pathlib import Path
from typing import Any

from .errors import InputError
from .files import explain_denied, explain_no_room

ROOM = 1 << 16
"""Free bytes below which a disk counts as full: not even the log of a job fits."""

TOLERATED_SECONDS = 60
"""Tolerated clock difference between a file server and this machine: the maximum wait."""


def refuse_read_only(folders: Iterable[Path | str]) -> None:
    """Raise an error if a folder is read-only.

    Args:
        folders: output folders; for a missing one, its nearest existing parent is checked.

    Raises:
        InputError: a folder is read-only.
    """
    for folder in map(Path, folders):
        while not folder.exists() and folder != folder.parent:
            folder = folder.parent
        try:
            with tempfile.TemporaryFile(dir=folder, prefix=".xltransfer-"):
                pass
        except OSError as error:
            raise InputError(explain_denied(error, folder) or f"{folder}: {error}") from None


def explain_missing_folder(error: Exception) -> str | None:
    """One line for the user if Snakemake could not make a folder, else ``None``.

    Args:
        error: Snakemake's error, whose message has that of the operating system.
    """
    pattern = r"^Failed to create .+\n\w+: \[Errno (\d+)\] .+: '(.+)'$"
    found = re.search(pattern, str(error), re.MULTILINE)
    return explain_denied(OSError(int(found[1]), ""), found[2]) if found else None


def explain_full_disk(folder: Path | str) -> str | None:
    """One line for the user if the disk of a folder is full, else ``None``.

    Args:
        folder: existing folder.
    """
    if shutil.disk_usage(folder).free >= ROOM:
        return None
    return explain_no_room(folder, OSError(errno.ENOSPC, os.strerror(errno.ENOSPC)))


def later_than(now: float, files: Iterable[str]) -> dict[str, float]:
    """Files whose timestamp is after ``now``, with their timestamps in seconds since 1970.

    Args:
        now: time in seconds since 1970.
        files: paths; missing files are skipped. For a symbolic link, the later timestamp of the
            link and its target counts, as in Snakemake.
    """
    found = {}
    for file in dict.fromkeys(files):
        try:
            date = max(os.lstat(file).st_mtime, os.stat(file).st_mtime)
        except OSError:
            continue
        if date > now:
            found[file] = date
    return found


def refuse_future(files: Iterable[str], wait: bool = True) -> None:
    """Refuse inputs with a timestamp in the future; wait up to a minute for those close to now.

    Args:
        files: inputs of all jobs, finished or not.
        wait: whether to wait; a dry run does not.

    Raises:
        InputError: an input has a timestamp in the future; the message names the latest one.
    """
    late = later_than(time.time(), files)
    if not late:
        return
    worst = max(late, key=late.__getitem__)
    excess = late[worst] - time.time()
    if excess <= TOLERATED_SECONDS:
        if wait and excess > 0:
            print(f"{worst}: dated {excess:.0f} seconds in the future; waiting", file=sys.stderr)
            time.sleep(excess + 0.01)
        return
    date = datetime.fromtimestamp(late[worst]).isoformat(" ", "seconds")
    remedy = f"`touch {shlex.quote(worst)}`"
    if len(late) > 1:
        folders = " ".join(shlex.quote(f) for f in sorted({_top(file) for file in late}))
        # With the same timestamp everywhere, no input is newer than its outputs.
        remedy = f'`find {folders} -newermt now -exec touch -d "$(date)" {{}} +`'
    others = f" (and {len(late) - 1} other files)" if len(late) > 1 else ""
    raise InputError(
        f"{worst}{others}: dated in the future ({date}), so that all that is made from it would be "
        f"made again in every run; correct the clock of this machine, or {remedy}"
    )


def _top(file: str) -> str:
    """The folder for the remedy: a path's first component, or the parent of an absolute path."""
    return os.path.dirname(file) if os.path.isabs(file) else file.split("/", 1)[0]


def without_future_inputs(build: Callable[[], Any], workflow: Any) -> Callable[[], Any]:
    """`Workflow._build_dag`, followed by an error if an input has a timestamp in the future.

    Args:
        build: the original method.
        workflow: Snakemake's workflow. `--touch` is a remedy, so it skips the check.
    """

    def guarded() -> Any:
        result = build()
        if not workflow.touch:
            dag = workflow.dag
            # After a job, Snakemake compares its outputs with all inputs, and deletes older ones.
            inputs = (
                str(file)
                for job in dag.jobs
                for file in job.input
                if not file.is_ancient or dag.needrun(job)
            )
            try:
                refuse_future(inputs, wait=not workflow.dryrun)
            except InputError as error:
                sys.exit(f"error: {error}")
        return result

    return guarded
