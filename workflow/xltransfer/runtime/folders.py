"""What is wrong with the folders and files of a study, found before anything runs.

Snakemake compares times of files. One that is dated in the future, by a wrong clock or a copy from
elsewhere, is newer than whatever is made from it, in this run and in every later one: models that
are finished would be deleted and trained again each time.
"""

from __future__ import annotations

import os
import shlex
import sys
import tempfile
import time
from collections.abc import Callable, Iterable
from datetime import datetime
from pathlib import Path
from typing import Any

from .errors import InputError
from .files import explain_denied

TOLERATED_SECONDS = 60
"""How far the clocks of a file server and of this machine may differ: so long is waited."""


def refuse_read_only(folders: Iterable[Path | str]) -> None:
    """Refuse to start where nothing can be written.

    Args:
        folders: which are written to; of one that is not there yet, the nearest that is.

    Raises:
        InputError: names the folder.
    """
    for folder in map(Path, folders):
        while not folder.exists() and folder != folder.parent:
            folder = folder.parent
        try:
            with tempfile.TemporaryFile(dir=folder, prefix=".xltransfer-"):
                pass
        except OSError as error:
            raise InputError(explain_denied(error, folder) or f"{folder}: {error}") from None


def later_than(now: float, files: Iterable[str]) -> dict[str, float]:
    """Files that are dated after a time, with their times, in seconds since 1970.

    Args:
        now: the time.
        files: those that are missing are left out; of a link, the later of its own time and of that
            of its target counts, as for Snakemake.
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
    """Refuse inputs that are dated in the future; wait for those of the next minute.

    Args:
        files: the inputs of all jobs, finished or not.
        wait: whether to wait, which a dry run need not.

    Raises:
        InputError: names the file that is furthest in the future, and the remedy.
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
        # With one time for all of them none is newer than what is made of it.
        remedy = f'`find {folders} -newermt now -exec touch -d "$(date)" {{}} +`'
    others = f" (and {len(late) - 1} other files)" if len(late) > 1 else ""
    raise InputError(
        f"{worst}{others}: dated in the future ({date}), so that all that is made from it would be "
        f"made again in every run; correct the clock of this machine, or {remedy}"
    )


def _top(file: str) -> str:
    """The folder to look in for a file and others: its first part, or where an absolute one is."""
    return os.path.dirname(file) if os.path.isabs(file) else file.split("/", 1)[0]


def without_future_inputs(build: Callable[[], Any], workflow: Any) -> Callable[[], Any]:
    """`Workflow._build_dag`, which ends with an error if an input is dated in the future.

    Args:
        build: the method.
        workflow: Snakemake's. With `--touch`, which is a remedy, nothing is refused.
    """

    def guarded() -> Any:
        result = build()
        if not workflow.touch:
            inputs = (
                str(file) for job in workflow.dag.jobs for file in job.input if not file.is_ancient
            )
            try:
                refuse_future(inputs, wait=not workflow.dryrun)
            except InputError as error:
                sys.exit(f"error: {error}")
        return result

    return guarded
