"""A process that imports stages once and forks for every job (`fork_client.py`).

It lives as long as the Snakemake that runs the study (the head). It imports the module of a stage
when a job first asks for it, and computes nothing itself, so that forks inherit modules but no
threads, random state or GPU.
"""

from __future__ import annotations

import atexit
import fcntl
import gc
import json
import os
import select
import shutil
import signal
import socket
import sys
import tempfile
import threading
import traceback
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, NoReturn

from . import entry
from .fork_client import ACCEPTED, FOLDER, GO, SIGNALS, SIZE_BYTES, TERMINAL, VARYING
from .gpus import visible_gpus

ALIVE = "alive"
"""A named pipe in the folder of sockets, open for writing as long as the head lives."""
REQUEST_SECONDS = 10.0
HIGH_DESCRIPTOR = 200
"""Descriptors from here on are free in every job."""


@contextmanager
def offered(executor: str) -> Iterator[None]:
    """Let jobs that this process starts use servers.

    Does nothing if jobs run on other machines, and where a fork might not compute as a process of
    its own does: with GPUs, whose driver must not be in use before a fork, and outside Linux.

    Args:
        executor: name of Snakemake's executor.
    """
    local = executor == "local" and sys.platform == "linux" and not visible_gpus()
    if not local or os.environ.get(FOLDER) == "":
        yield
        return
    before = os.environ.get(FOLDER)
    folder = pipe = None
    with suppress(OSError):
        folder = tempfile.mkdtemp(prefix="xltransfer-stages-")
        os.mkfifo(os.path.join(folder, ALIVE))
        pipe = os.open(os.path.join(folder, ALIVE), os.O_RDWR)
        os.environ[FOLDER] = folder
    try:
        yield
    finally:
        os.environ.pop(FOLDER, None)
        if before is not None:
            os.environ[FOLDER] = before
        if folder is not None:
            shutil.rmtree(folder, ignore_errors=True)
        if pipe is not None:
            os.close(pipe)


def serve(folder: Path, name: str, stage: str) -> None:
    """Fork for every job that connects, until the head has ended.

    Args:
        folder: folder of sockets.
        name: file name of this server's socket.
        stage: first stage to import.
    """
    dispositions = {number: signal.getsignal(number) for number in SIGNALS}
    # Ctrl-C reaches all processes of a run; jobs may still save their work and need no server. The
    # next head ends processes of a killed one by SIGTERM.
    for number in set(SIGNALS) - {signal.SIGTERM}:
        signal.signal(number, signal.SIG_IGN)
    alive = os.open(folder / ALIVE, os.O_RDONLY | os.O_NONBLOCK)
    # Without this, a pipe that the head has closed before would never be ready.
    os.close(os.open(folder / ALIVE, os.O_WRONLY | os.O_NONBLOCK))
    _import(stage)
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(folder / name))
        listener.listen(64)
        while alive not in (ready := select.select([alive, listener], [], [])[0]):
            if listener in ready:
                connection, _ = listener.accept()
                with connection, suppress(OSError, ValueError, KeyError):
                    request, files = _request(connection)
                    _import(request["arguments"][1])
                    _fork(connection, listener, request, files, dispositions)
            _reap()
    shutil.rmtree(folder, ignore_errors=True)


def _import(stage: str) -> None:
    """Import a stage; if it cannot be imported, the fork will say why."""
    with suppress(Exception):
        entry.imported(f"xltransfer.{entry.commands()[stage]}", stage)


def _reap() -> None:
    with suppress(ChildProcessError):
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass


def _request(connection: socket.socket) -> tuple[dict[str, Any], list[int]]:
    connection.settimeout(REQUEST_SECONDS)
    size, files, *_ = socket.recv_fds(connection, SIZE_BYTES, 4)
    with connection.makefile("rb", buffering=0) as stream:
        missing, body = int.from_bytes(size, "big"), b""
        while missing and (part := stream.read(missing)):
            body, missing = body + part, missing - len(part)
    connection.settimeout(None)
    return json.loads(body), list(files)


def _fork(
    connection: socket.socket,
    listener: socket.socket,
    request: dict[str, Any],
    files: Sequence[int],
    dispositions: dict[int, Any],
) -> None:
    with warnings.catch_warnings():
        # Threads of BLAS and Arrow are made for forks.
        warnings.simplefilter("ignore", DeprecationWarning)
        child = os.fork()
    if child:
        for file in files:
            os.close(file)
        return
    code = 1
    try:
        listener.close()
        connection = _above(connection)
        _take_over(request, files, dispositions)
        connection.sendall(ACCEPTED)
        _obey(connection, until=GO)
        threading.Thread(target=_obey, args=[connection], daemon=True).start()
        code = _run(entry.run_named)
    finally:
        with suppress(OSError):
            connection.sendall(bytes([code]))
        os._exit(code)


def _above(connection: socket.socket) -> socket.socket:
    """The connection with another descriptor."""
    return socket.socket(fileno=fcntl.fcntl(connection, fcntl.F_DUPFD_CLOEXEC, HIGH_DESCRIPTOR))


def _take_over(request: dict[str, Any], files: Sequence[int], dispositions: dict[int, Any]) -> None:
    """Become the process of a job: its files, folder, environment and handling of signals."""
    environment = request["environment"]
    numbers = [0, 1, 2, *([int(environment[TERMINAL])] if len(files) > 3 else [])]
    # A received file may have the number of another one.
    moved = [_moved(file) for file in files]
    for file, number in zip(moved, numbers, strict=True):
        os.dup2(file, number)
        os.close(file)
    os.chdir(request["folder"])
    os.umask(request["umask"])
    for name in VARYING:
        os.environ.pop(name, None)
    os.environ.update(environment)
    for number, disposition in dispositions.items():
        ends = disposition == signal.default_int_handler
        signal.signal(number, signal.SIG_DFL if ends else disposition)
    sys.argv = request["arguments"]


def _moved(file: int) -> int:
    """Another descriptor of a file, which none of the job's files has."""
    number = fcntl.fcntl(file, fcntl.F_DUPFD_CLOEXEC, HIGH_DESCRIPTOR)
    os.close(file)
    return number


def _obey(connection: socket.socket, until: bytes = b"") -> None:
    """Receive the signals that the job's process passes on, and end when it has ended."""
    with suppress(OSError):
        while received := connection.recv(1):
            if received == until:
                return
            os.kill(os.getpid(), received[0])
    os.kill(os.getpid(), signal.SIGKILL)


def _run(main: Callable[[], None]) -> int:
    """The exit code of a command, as Python would give it; what it has printed is written."""
    code: object = 0
    try:
        main()
    except SystemExit as end:
        code = end.code
    except BaseException:
        traceback.print_exc()
        code = 1
    if code is None:
        code = 0
    if not isinstance(code, int):
        print(code, file=sys.stderr)
        code = 1
    atexit._run_exitfuncs()
    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError, ValueError):
            stream.flush()
    return code & 0xFF


def _main() -> NoReturn:
    gc.disable()
    folder, name, stage = sys.argv[1:]
    with suppress(OSError):
        serve(Path(folder), name, stage)
    os._exit(0)


if __name__ == "__main__":
    _main()
