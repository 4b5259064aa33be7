"""One head in a folder, and what is left of dead ones."""

from __future__ import annotations

import errno
import io
import json
import logging
import os
import platform
import subprocess
import sys
import time
from pathlib import Path
from types import SimpleNamespace

import pytest
from snakemake.exceptions import WorkflowError
from xltransfer.runtime import folders, head
from xltransfer.runtime.errors import InputError
from xltransfer.runtime.head import MARK, RECORD, Head, claimed, end_processes

needs_proc = pytest.mark.skipif(not Path("/proc").exists(), reason="looks into /proc")


def record(folder: Path, **changes: object) -> Head:
    """Write down a head that lived on this machine, with these differences."""
    known = {
        "host": platform.node(), "boot": head._boot(), "pid": os.getpid(),
        "started": head._started(os.getpid()), "executor": "slurm", "ended": False,
    }  # fmt: skip
    known.update(changes)
    (folder / RECORD).write_text(json.dumps(known))
    return Head(**known)


def ended(folder: Path) -> bool:
    return json.loads((folder / RECORD).read_text())["ended"]


def test_first_head(tmp_path: Path) -> None:
    with claimed(tmp_path / ".snakemake", "local") as last:
        assert last is None
        mine = json.loads((tmp_path / ".snakemake" / RECORD).read_text())
        assert (mine["pid"], mine["executor"], mine["ended"]) == (os.getpid(), "local", False)
        assert os.environ[MARK].endswith(f"{mine['pid']}:{mine['started']}")
    assert ended(tmp_path / ".snakemake")


def test_error_ends_a_head_too(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError), claimed(tmp_path, "local"):
        raise RuntimeError
    assert ended(tmp_path)


def test_live_head_is_not_disturbed(tmp_path: Path) -> None:
    (tmp_path / "locks").mkdir()
    record(tmp_path)
    before = (tmp_path / RECORD).read_text()
    expected = rf"^Snakemake runs in this folder already \(process {os.getpid()}\).*kill"
    with pytest.raises(InputError, match=expected), claimed(tmp_path, "local"):
        pass
    assert (tmp_path / RECORD).read_text() == before and (tmp_path / "locks").exists()


@needs_proc
@pytest.mark.parametrize("change", [{"started": "1"}, {"boot": "another"}])
def test_dead_head_loses_its_lock(tmp_path: Path, change: dict) -> None:
    """Another process has its number now, or the machine was started again."""
    (tmp_path / "locks").mkdir()
    dead = record(tmp_path, **change)
    with claimed(tmp_path, "local") as last:
        assert last == dead
        assert not (tmp_path / "locks").exists()


@needs_proc
def test_killed_head_that_nobody_has_waited_for(tmp_path: Path) -> None:
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as process:
        record(tmp_path, pid=process.pid, started=head._started(process.pid))
        with pytest.raises(InputError, match="already"), claimed(tmp_path, "local"):
            pass
        process.kill()
        while head._started(process.pid):
            time.sleep(0.01)
        with claimed(tmp_path, "local") as last:
            assert last.pid == process.pid


def test_lock_of_an_unknown_head_stays(tmp_path: Path) -> None:
    (tmp_path / "locks").mkdir()
    record(tmp_path, ended=True)
    with claimed(tmp_path, "local"):
        assert (tmp_path / "locks").exists()


def test_head_on_another_machine(tmp_path: Path) -> None:
    record(tmp_path, host="login2")
    expected = f"on login2 .*remove {tmp_path / RECORD}"
    with pytest.raises(InputError, match=expected), claimed(tmp_path, "slurm"):
        pass
    record(tmp_path, host="login2", ended=True)
    with claimed(tmp_path, "slurm") as last:
        assert last.host == "login2"


@needs_proc
def test_who_cannot_clear_up_leaves_the_record_of_the_dead(tmp_path: Path) -> None:
    dead = record(tmp_path, started="1")
    with pytest.raises(InputError), claimed(tmp_path, "local"):
        raise InputError("Slurm does not answer")
    assert Head(**json.loads((tmp_path / RECORD).read_text())) == dead


@needs_proc
@pytest.mark.parametrize("stubborn", [False, True])
def test_processes_of_a_dead_head_end(
    tmp_path: Path, stubborn: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Both heads run within job 2; what job 1 does is Slurm's."""
    monkeypatch.setattr(head, "GRACE_SECONDS", 1)
    dead = record(tmp_path, started="1")
    ignore = "signal.signal(signal.SIGTERM, signal.SIG_IGN)" if stubborn else "0"
    command = [sys.executable, "-c", f"import signal; {ignore}; print(1, flush=True); input()"]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    monkeypatch.setenv("SLURM_JOB_ID", "2")
    marks = ({MARK: dead.mark}, {MARK: "another"}, {MARK: dead.mark, "SLURM_JOB_ID": "1"})
    processes = [subprocess.Popen(command, env={**os.environ, **mark}, **pipes) for mark in marks]
    try:
        for process in processes:
            process.stdout.readline()
        end_processes(dead)
        assert processes[0].wait(5) == (-9 if stubborn else -15)
        assert [process.poll() for process in processes[1:]] == [None, None]
    finally:
        for process in processes:
            process.kill()
            process.communicate()


class FullDisk(io.StringIO):
    """A file to which nothing can be written."""

    def write(self, text: str) -> int:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def test_a_log_on_a_full_disk_gives_no_traceback(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture
) -> None:
    monkeypatch.setattr(logging, "raiseExceptions", True)
    monkeypatch.chdir(tmp_path)
    log = logging.Logger("of Snakemake")
    log.addHandler(logging.StreamHandler(FullDisk()))
    plugin = SimpleNamespace(common_settings=SimpleNamespace(dryrun_exec=False), name="local")

    def execute(executor_plugin: object) -> str:
        log.error("a job failed")
        return "goes on"

    assert head.alone(execute)(executor_plugin=plugin) == "goes on"
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EROFS])
def test_what_snakemake_cannot_write_down_is_one_line(
    code: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    plugin = SimpleNamespace(common_settings=SimpleNamespace(dryrun_exec=False), name="local")

    def execute(executor_plugin: object) -> None:
        raise OSError(code, os.strerror(code), ".snakemake/metadata/x")

    with pytest.raises(SystemExit) as ended:
        head.alone(execute)(executor_plugin=plugin)
    said = str(ended.value)
    assert said.startswith(f"error: .snakemake/metadata/x: cannot be written ({os.strerror(code)})")
    assert "\n" not in said and json.loads(Path(".snakemake", RECORD).read_text())["ended"]


@pytest.mark.parametrize("executor", ["local", "slurm"])
def test_what_a_failed_run_could_not_say_is_one_line(
    executor: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A folder that Snakemake could not make, and on a cluster a disk without room for logs."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "results").mkdir()
    monkeypatch.setattr(head.slurm, "end_orphans", lambda *_: None)
    monkeypatch.setattr(head.slurm, "keep_sight_of_jobs", lambda _: None)
    plugin = SimpleNamespace(name=executor, common_settings=SimpleNamespace(dryrun_exec=False))
    denied = PermissionError(errno.EACCES, "Permission denied", "results/scores")
    errors = [
        WorkflowError("Failed to create output directory results/scores/x.", denied),
        *[WorkflowError("At least one job did not complete successfully.")] * 2,
    ]

    def execute(**_: object) -> None:
        raise errors.pop(0)

    def run() -> None:
        head.alone(execute)(executor_plugin=plugin, executor_settings=None)

    with pytest.raises(SystemExit, match=r"^error: results/scores: cannot be written \(Permission"):
        run()
    with pytest.raises(WorkflowError, match="At least one job"):
        run()
    monkeypatch.setattr(folders, "ROOM", 2**70)
    expected = WorkflowError if executor == "local" else SystemExit
    with pytest.raises(expected, match="At least one" if executor == "local" else "No space left"):
        run()
