"""Jobs that run in forks of a process that has imported their stages."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from conftest import EMBEDDED_ENCODER, ROOT
from running import environment
from test_training import SENTENCES
from xltransfer.corpora.conllu import write_conllu
from xltransfer.runtime import fork_client, fork_server
from xltransfer.runtime.entry import commands

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="forks are used on Linux alone")
COMMAND = [sys.executable, "-m", "xltransfer"]


def wait_for(condition: Callable[[], object], seconds: float = 20) -> object:
    """What a condition gives as soon as it is true."""
    deadline = time.monotonic() + seconds
    while not (result := condition()):
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.02)
    return result


def servers(folder: Path) -> list[int]:
    """The servers of a folder: processes whose command line names it."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            command = (process / "cmdline").read_bytes().split(b"\0")
            if b"xltransfer.runtime.fork_server" in command and bytes(folder) in command:
                found.append(int(process.name))
    return found


def children(pid: int) -> list[int]:
    """Processes that a process has started and that have not ended."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            fields = (process / "stat").read_text().rpartition(")")[2].split()
            if int(fields[1]) == pid and fields[0] not in "ZX":
                found.append(int(process.name))
    return found


def settings(**more: str) -> dict[str, str]:
    """The environment of all jobs; a variable of pytest differs between its fixtures and tests."""
    return environment(**more, PYTEST_CURRENT_TEST="")


def run(*arguments: object, **more: str) -> tuple[int, str, str]:
    """Exit code, output and errors of a command."""
    command = [*COMMAND, *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, env=settings(**more))
    return done.returncode, done.stdout, done.stderr


@pytest.fixture
def folder() -> Iterator[Path]:
    """The folder of sockets, with a server that has imported `pieces`."""
    with fork_server.offered("local"):
        path = Path(os.environ[fork_client.FOLDER])
        assert run("pieces", "--help")[0] == 0
        wait_for(lambda: [each for each in path.iterdir() if each.is_socket()])
        (server,) = servers(path)
        yield path
    wait_for(lambda: server not in servers(path))


def forks(folder: Path) -> list[int]:
    """The forks of the servers of a folder, which have their command line."""
    return [fork for server in servers(folder) for fork in children(server)]


def corpus(folder: Path) -> Path:
    path = folder / "corpus.conllu"
    write_conllu(path, SENTENCES)
    return path


@pytest.mark.parametrize(
    "arguments",
    [
        ["--help"],
        ["--encoder"],
        [
            "--encoder",
            EMBEDDED_ENCODER,
            "--corpus",
            "missing.conllu",
            "--output",
            "{folder}/out.txt",
        ],
        ["--encoder", EMBEDDED_ENCODER, "--corpus", "{corpus}", "--output", "{folder}/out.txt"],
        ["--encoder", EMBEDDED_ENCODER, "--corpus", "{corpus}", "--output", "{corpus}/out.txt"],
    ],
    ids=["help", "incomplete", "user-error", "success", "other-error"],
)
def test_a_fork_does_what_a_process_does(
    folder: Path, tmp_path: Path, arguments: list, monkeypatch: pytest.MonkeyPatch
) -> None:
    names = {"corpus": corpus(tmp_path), "folder": tmp_path}
    own, forked = [], []
    for found in (forked, own):
        with monkeypatch.context() as patch:
            if found is own:
                patch.setenv(fork_client.FOLDER, "")
            code, output, errors = run("pieces", *(str(a).format(**names) for a in arguments))
        # Times of day, and where the traceback of an error starts.
        errors = re.sub(r"\d\d:\d\d:\d\d", "", errors)
        found += [code, output, errors.splitlines()[-1:]]
        with suppress(FileNotFoundError):
            found.append((tmp_path / "out.txt").read_bytes())
            (tmp_path / "out.txt").unlink()
    assert forked == own
    # The first of them used the server, or it would have started another one.
    assert len(list(folder.glob("*.started"))) == 1


def blocked(folder: Path, tmp_path: Path) -> tuple[subprocess.Popen, int, Path]:
    """A job that waits for its corpus, the pid of its fork, and the corpus."""
    pipe = tmp_path / "corpus.conllu"
    os.mkfifo(pipe)
    options = ["--encoder", EMBEDDED_ENCODER, "--corpus", pipe, "--output", tmp_path / "out.txt"]
    process = subprocess.Popen(
        [*COMMAND, "pieces", *options], stderr=subprocess.PIPE, env=settings()
    )
    (fork,) = wait_for(lambda: forks(folder))
    # Signals end a stage as a message says once it handles them.
    wait_for(lambda: handles(fork, signal.SIGTERM))
    return process, fork, pipe


def handles(pid: int, number: int) -> bool:
    """Whether a process has a handler for a signal."""
    status = Path(f"/proc/{pid}/status").read_text()
    return bool(int(re.search(r"SigCgt:\s*(\w+)", status)[1], 16) & 1 << (number - 1))


def test_a_fork_has_folder_mask_and_terminal_of_its_job(folder: Path, tmp_path: Path) -> None:
    work, terminal = tmp_path / "work", tmp_path / "terminal"
    work.mkdir()
    with open(terminal, "w") as file:
        done = subprocess.run(
            f"exec 9>&{file.fileno()}; export XLTRANSFER_TERMINAL=9; cd {work}; umask 027;"
            f" {sys.executable} -m xltransfer pieces --encoder {EMBEDDED_ENCODER}"
            f" --corpus {corpus(tmp_path)} --output out.txt &&"
            f" {sys.executable} -m xltransfer pieces --encoder none --corpus none --output none",
            shell=True,
            executable="/bin/bash",
            pass_fds=[file.fileno()],
            env=settings(),
            stderr=subprocess.DEVNULL,
        )
    assert done.returncode == 2
    assert (work / "out.txt").stat().st_mode & 0o777 == 0o640
    assert terminal.read_text().startswith("error: none/tokenizer.json")


@pytest.mark.parametrize("number", fork_client.SIGNALS, ids=lambda number: number.name)
def test_signals_reach_the_fork(folder: Path, tmp_path: Path, number: signal.Signals) -> None:
    process, fork, _ = blocked(folder, tmp_path)
    process.send_signal(number)
    errors = process.communicate(timeout=20)[1].decode()
    assert process.returncode == 128 + number
    assert errors.endswith(f"interrupted by {number.name}\n")
    wait_for(lambda: fork not in forks(folder))
    # The server is there for the next job.
    assert servers(folder)


def test_a_fork_ends_with_its_job(folder: Path, tmp_path: Path) -> None:
    process, fork, _ = blocked(folder, tmp_path)
    process.kill()
    process.communicate()
    wait_for(lambda: fork not in forks(folder))


def test_a_job_fails_with_its_fork(folder: Path, tmp_path: Path) -> None:
    process, fork, _ = blocked(folder, tmp_path)
    os.kill(fork, signal.SIGKILL)
    process.communicate(timeout=20)
    assert process.returncode == 128 + signal.SIGKILL


def test_a_job_goes_on_without_its_server(folder: Path, tmp_path: Path) -> None:
    process, fork, pipe = blocked(folder, tmp_path)
    (server,) = [pid for pid in servers(folder) if pid != fork]
    os.kill(server, signal.SIGKILL)
    wait_for(lambda: server not in servers(folder))

    def has_read_an_empty_corpus() -> bool:
        with suppress(OSError):
            os.close(os.open(pipe, os.O_WRONLY | os.O_NONBLOCK))
        return process.poll() is not None

    wait_for(has_read_an_empty_corpus)
    errors = process.communicate(timeout=20)[1].decode()
    assert process.returncode == 2 and "corpus.conllu" in errors
    # Nor does the next job need one.
    assert run("pieces", "--help")[0] == 0


@pytest.mark.parametrize("change", [{"LANG": "tlh"}, {"OMP_NUM_THREADS": "7"}])
def test_a_job_with_another_environment_has_another_server(
    folder: Path, change: dict[str, str]
) -> None:
    known = set(servers(folder))
    assert run("pieces", "--help", **change)[0] == 0
    (other,) = wait_for(lambda: set(servers(folder)) - known)
    (variable,) = change
    entry = f"{variable}={change[variable]}".encode()
    assert entry in Path(f"/proc/{other}/environ").read_bytes().split(b"\0")


def test_jobs_at_the_same_time_start_one_server() -> None:
    with fork_server.offered("local"):
        path = Path(os.environ[fork_client.FOLDER])
        jobs = [
            subprocess.Popen(
                [*COMMAND, "pieces", "--help"], stdout=subprocess.DEVNULL, env=settings()
            )
            for _ in range(4)
        ]
        assert [job.wait() for job in jobs] == [0] * 4
        wait_for(lambda: [each for each in path.iterdir() if each.is_socket()])
        assert len(servers(path)) == 1


def test_a_server_ends_with_a_head_that_is_killed(tmp_path: Path) -> None:
    script = (
        "import os, subprocess, sys, time\n"
        "from xltransfer.runtime import fork_client, fork_server\n"
        "with fork_server.offered('local'):\n"
        f"    subprocess.run({[*COMMAND, 'pieces', '--help']!r}, stdout=subprocess.DEVNULL)\n"
        "    print(os.environ[fork_client.FOLDER], flush=True)\n"
        "    time.sleep(600)\n"
    )
    head = subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True)
    path = Path(head.stdout.readline().strip())
    wait_for(lambda: servers(path))
    head.kill()
    head.communicate()
    wait_for(lambda: not servers(path))
    wait_for(lambda: not path.exists())


@pytest.mark.parametrize(
    "executor, variable, gpus",
    [("slurm", None, []), ("local", "", []), ("local", None, ["0"])],
    ids=["other-machines", "switched-off", "gpu"],
)
def test_where_no_server_is_offered(
    executor: str, variable: str | None, gpus: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fork_server, "visible_gpus", lambda: gpus)
    if variable is not None:
        monkeypatch.setenv(fork_client.FOLDER, variable)
    before = os.environ.get(fork_client.FOLDER)
    with fork_server.offered(executor):
        assert os.environ.get(fork_client.FOLDER) == before


def test_stages_that_are_measured_or_use_the_network_run_in_their_own_process() -> None:
    found = set()
    for file in sorted((ROOT / "workflow" / "rules").glob("*.smk")):
        for rule in re.split(r"^\s*(?:rule|use rule)\b", file.read_text(), flags=re.MULTILINE)[1:]:
            if "benchmark:" in rule or "HF_HUB_OFFLINE=0" in rule:
                found |= set(re.findall(r"python -m xltransfer (\w+)", rule))
    assert found == fork_client.OWN_PROCESS
    assert found <= set(commands())
