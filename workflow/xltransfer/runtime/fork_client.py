"""Running a stage in a fork of a process that has imported it before (`fork_server.py`).

Importing torch and transformers takes longer than many jobs compute. Within one run of Snakemake on
one machine, the first job therefore starts a server, which imports stages once and forks for every
later job. The job's own process passes on its command line, its files and signals, and ends with
the exit code of the fork. If anything differs from the server's process (an environment variable,
another Python, a container), or there is no server, the job runs in its own process.
"""

from __future__ import annotations

import hashlib
import json
import os
import signal
import socket
import sys
from contextlib import suppress

FOLDER = "XLTRANSFER_FORK_SERVERS"
"""Environment variable: folder of the servers' sockets; if it is empty, there are no servers."""
OWN_PROCESS = {"adapt", "fetch_corpus", "fetch_encoder", "finetune", "pretrain", "search"}
"""Stages whose processes Snakemake measures (`benchmark`), or which may use the network."""

TERMINAL = "XLTRANSFER_TERMINAL"
VARYING = {TERMINAL, "PWD", "OLDPWD", "SHLVL", "_"}
"""Environment variables that may differ between the server and a job."""

SIGNALS = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGUSR1)
ACCEPTED, GO = b"a", b"\0"
"""The fork is ready; it may begin. Only then is it certain that nobody else runs the job."""
SIZE_BYTES = 8
SECONDS = 30.0
"""How long a job waits until the server has forked; it may be importing a stage."""


def run_in_fork() -> None:
    """Run this process's command line in a fork and exit with its exit code.

    Returns if the command has to run in this process: nothing of it has run then.
    """
    folder, stage = os.environ.get(FOLDER), next(iter(sys.argv[1:]), "")
    if not folder or stage in OWN_PROCESS or not stage.isidentifier():
        return
    name = _digest()
    with socket.socket(socket.AF_UNIX) as connection:
        try:
            connection.connect(os.path.join(folder, name))
        except (FileNotFoundError, ConnectionRefusedError):
            _start_server(folder, name, stage)
            return
        except OSError:
            return
        code = _follow(connection)
    if code is not None:
        sys.exit(code)


def _digest() -> str:
    """Identity of what a process computes with: equal processes can share a server."""
    environment = {key: value for key, value in os.environ.items() if key not in VARYING}
    python = [sys.executable, sys.prefix, *sys.flags, *sys.path, __file__]
    namespace = ""
    with suppress(OSError):
        # The paths of a container may have the same names as those outside.
        namespace = os.readlink("/proc/self/ns/mnt")
    parts = json.dumps([environment, python, namespace], sort_keys=True, default=str)
    return hashlib.sha256(parts.encode(errors="surrogateescape")).hexdigest()[:16]


def _start_server(folder: str, name: str, stage: str) -> None:
    import subprocess

    try:
        # The first job that finds no server starts it, and no job waits for it.
        os.close(os.open(os.path.join(folder, f"{name}.started"), os.O_CREAT | os.O_EXCL))
    except OSError:
        return
    with suppress(OSError):
        subprocess.Popen(
            [sys.executable, "-m", "xltransfer.runtime.fork_server", folder, name, stage],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )


def _follow(connection: socket.socket) -> int | None:
    """The exit code of the fork; None if the server has not forked."""
    files = [0, 1, 2]
    with suppress(KeyError, ValueError, OSError):
        files.append(os.dup(int(os.environ[TERMINAL])))
    request = {
        "arguments": sys.argv,
        "folder": os.getcwd(),
        "umask": _umask(),
        "environment": {key: os.environ[key] for key in VARYING if key in os.environ},
    }
    body = json.dumps(request).encode()
    heard: list[int] = []

    def forward(number: int, _: object) -> None:
        heard.append(number)
        with suppress(OSError):
            connection.send(bytes([number]))

    before = {number: signal.getsignal(number) for number in SIGNALS}
    for number, handler in before.items():
        if handler != signal.SIG_IGN:
            signal.signal(number, forward)
    connection.settimeout(SECONDS)
    try:
        socket.send_fds(connection, [len(body).to_bytes(SIZE_BYTES, "big")], files)
        connection.sendall(body)
        accepted = connection.recv(1) == ACCEPTED
        if accepted:
            connection.sendall(GO)
    except OSError:
        accepted = False
    if not accepted:
        for number, handler in before.items():
            signal.signal(number, handler)
        if heard:
            os.kill(os.getpid(), heard[0])
        return None
    connection.settimeout(None)
    try:
        code = connection.recv(1)
    except OSError:
        code = b""
    # A fork that a signal has ended cannot send its code.
    return code[0] if code else 128 + (heard[0] if heard else signal.SIGKILL)


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
