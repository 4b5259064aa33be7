"""Processes of a session: what they have computed so far, and which of them run a stage."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

TICKS = os.sysconf("SC_CLK_TCK")


def _of_session(session: int) -> dict[int, list[str]]:
    """Process → fields of /proc/<pid>/stat from the state on, of all that have not ended."""
    found = {}
    for folder in Path("/proc").glob("[0-9]*"):
        # Processes end while one looks.
        with suppress(OSError):
            # The name, in parentheses, may contain anything.
            fields = (folder / "stat").read_text().rpartition(")")[2].split()
            if int(fields[3]) == session:
                found[int(folder.name)] = fields
    return found


def cpu_seconds(session: int) -> float:
    """Processor time of a session, with that of children whose end their parents have seen.

    How far a run is: unlike the time on the wall it hardly depends on what else the machine does.
    """
    fields = _of_session(session).values()
    return sum(sum(map(int, each[11:15])) for each in fields) / TICKS


def alive(session: int) -> list[int]:
    """The processes of a session that have not ended; zombies have."""
    return [pid for pid, fields in _of_session(session).items() if fields[0] not in "ZX"]


def stages(session: int) -> list[int]:
    """The processes of a session that run a stage of the workflow."""
    return [pid for pid in alive(session) if is_stage(command_line(pid))]


def stages_in(folder: Path) -> list[int]:
    """The processes of any session that run a stage in a folder."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            pid = int(process.name)
            if is_stage(command_line(pid)) and (process / "cwd").resolve() == folder.resolve():
                found.append(pid)
    return found


def shells_of_jobs(session: int) -> list[int]:
    """The shells in which Snakemake runs the jobs of a session."""
    return [pid for pid in alive(session) if Path(command_line(pid)[0]).name in ("bash", "sh")]


def command_line(pid: int) -> list[str]:
    """The command line of a process; an empty string if it has ended."""
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().decode(errors="replace").split("\0")
    except OSError:
        return [""]


def is_stage(command: list[str]) -> bool:
    """Whether a command line is that of a stage."""
    return command[1:3] == ["-m", "xltransfer"]
