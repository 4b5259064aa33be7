"""The command of a user: Snakemake in the background, what it says, and its end."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from running import environment

from .processes import alive, cpu_seconds

TRACEBACK = "Traceback (most recent call last)"


class Command:
    """A Snakemake in a session of its own.

    Args:
        folder: a copy of the workflow with the study.
        arguments: the command line.
        more: environment variables.
    """

    def __init__(self, folder: Path, arguments: Sequence[str], **more: str) -> None:
        self.folder = folder
        # Next to the folder, whose disk may be full.
        self.log = logs_of(folder) / f"{len(list(logs_of(folder).iterdir()))}.log"
        with open(self.log, "w") as log:
            self._process = subprocess.Popen(
                list(arguments), cwd=folder, env=environment(**more), stdout=log, stderr=log,
                start_new_session=True,
            )  # fmt: skip
        self.pid = self._process.pid

    def poll(self) -> int | None:
        """Its exit code if it has ended."""
        return self._process.poll()

    def cpu_seconds(self) -> float:
        """Processor time of it and its jobs."""
        return cpu_seconds(self.pid)

    def output(self) -> str:
        """What it and its jobs have said so far."""
        return self.log.read_text(errors="replace")

    def errors(self) -> list[str]:
        """The lines for the user."""
        return [line for line in self.output().splitlines() if line.startswith("error: ")]

    def kill(self) -> None:
        """End it and its jobs at once."""
        for pid in alive(self.pid):
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        self._process.wait()

    def end(self, seconds: float) -> int:
        """Wait for its end; its exit code.

        Raises:
            TimeoutError: it does not end in time. It is killed.
        """
        deadline = time.monotonic() + seconds
        while (code := self.poll()) is None:
            if time.monotonic() > deadline:
                self.kill()
                raise TimeoutError(f"the command does not end within {seconds:.0f} seconds")
            time.sleep(0.05)
        return code


def logs_of(folder: Path) -> Path:
    """Where the output of the commands in a folder is, which is made if it is not there."""
    logs = folder.with_name(f"{folder.name}-commands")
    logs.mkdir(exist_ok=True)
    return logs


def tracebacks(command: Command, *places: Path) -> list[str]:
    """Last lines of the tracebacks in what a command says and in the logs of some folders."""
    texts = [command.output()]
    for path in (path for place in places for path in place.rglob("*.log")):
        with suppress(OSError):
            texts.append(path.read_text(errors="replace"))
    return [_last_line(text) for text in texts if TRACEBACK in text]


def _last_line(text: str) -> str:
    """What the first traceback of a text ends with."""
    for line in text.partition(TRACEBACK)[2].splitlines()[1:]:
        if line and not line.startswith((" ", "\t")):
            return line
    return "a traceback without an end"
