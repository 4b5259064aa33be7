"""Running Snakemake and stages the way users do."""

from __future__ import annotations

import logging
import os
import subprocess
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import TextIO


def environment(**more: str) -> dict[str, str]:
    """An environment in which `python` is the one that runs the tests."""
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    return {**os.environ, "PATH": path, **more}


def snakemake(folder: Path, *arguments: str, cores: str = "2", **more: str):
    """Run Snakemake in a folder; a completed process with text."""
    command = [sys.executable, "-m", "snakemake", "--quiet", "rules", "--cores", cores, *arguments]
    return subprocess.run(
        command, cwd=folder, capture_output=True, text=True, env=environment(**more)
    )


def fine_tuning_processes(folder: Path) -> list[int]:
    """Processes that fine-tune in a folder."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            command = (process / "cmdline").read_bytes().split(b"\0")
            fine_tunes = {b"xltransfer", b"finetune"} <= set(command)
            if fine_tunes and (process / "cwd").resolve() == folder:
                found.append(int(process.name))
    return found


def stage(name: str, *arguments: object, **more: str):
    """Run ``python -m xltransfer <name>``; a completed process with text."""
    command = [sys.executable, "-m", "xltransfer", name, *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, env=environment(**more))


class _Watch(logging.StreamHandler):
    """Writes the log, and does something after each line with some text."""

    def __init__(self, file: TextIO, after: str, act: Callable[[], None]) -> None:
        super().__init__(file)
        self.after = after
        self.act = act

    def emit(self, record: logging.LogRecord) -> None:
        super().emit(record)
        if self.after in record.getMessage():
            self.act()


def in_child(
    main: Callable[[], None],
    arguments: list[object],
    log: Path,
    after: str,
    act: Callable[[], None],
) -> int:
    """Run a command in a process of its own that need not import everything again.

    Args:
        main: of the command.
        arguments: its command line.
        log: file for its standard error.
        after, act: what to do in the process after each line of its log with a text.

    Returns:
        its exit code.
    """
    child = os.fork()
    if child:
        return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    code = 1
    try:
        with open(log, "w", encoding="utf-8") as file:
            os.dup2(file.fileno(), 2)
            sys.stderr = file
            logging.getLogger().handlers = [_Watch(file, after, act)]
            logging.getLogger().setLevel(logging.INFO)
            sys.argv = ["command", *map(str, arguments)]
            main()
        code = 0
    except SystemExit as end:
        code = end.code
    finally:
        os._exit(code)
