"""Times in the future and folders that cannot be written to."""

from __future__ import annotations

import argparse
import errno
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest
from running import in_child
from snakemake.exceptions import WorkflowError
from xltransfer.runtime import command, folders
from xltransfer.runtime.errors import InputError
from xltransfer.runtime.files import explain_denied, replacing
from xltransfer.runtime.folders import (
    explain_full_disk,
    explain_missing_folder,
    later_than,
    refuse_future,
    refuse_read_only,
)


def dated(path: Path, seconds: float) -> str:
    """A file dated so many seconds from now."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch()
    os.utime(path, (time.time() + seconds,) * 2)
    return str(path)


def test_files_of_the_past_are_taken(tmp_path: Path) -> None:
    refuse_future([dated(tmp_path / "a", -1), dated(tmp_path / "b", -1e9), str(tmp_path / "none")])


def test_a_file_of_the_future_is_named_with_its_remedy(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    dated(Path("results/a b"), 86400)
    dated(Path("results/c"), -5)
    with pytest.raises(InputError, match=r"^results/a b: dated in the future") as caught:
        refuse_future(["results/a b", "results/c", "results/a b"])
    assert str(caught.value).endswith("or `touch 'results/a b'`")
    assert "\n" not in str(caught.value)


def test_the_remedy_for_many_files_gives_all_of_them_one_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    files = [dated(Path(f"results/{name}/x"), 1000 + n) for n, name in enumerate("cab")]
    files.append(dated(tmp_path / "elsewhere" / "y", 5000))
    with pytest.raises(InputError, match=r"/y \(and 3 other files\): dated") as caught:
        refuse_future(files)
    command = str(caught.value).split("`")[1]
    assert "results" in command and str(tmp_path / "elsewhere") in command
    subprocess.run(command, shell=True, check=True)
    refuse_future(files)
    assert len({os.stat(file).st_mtime for file in files}) == 1


def test_seconds_of_a_file_servers_clock_are_waited_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture
) -> None:
    waited = []
    monkeypatch.setattr(folders.time, "sleep", waited.append)
    file = dated(tmp_path / "a", 20)
    refuse_future([file])
    assert len(waited) == 1 and 19 < waited[0] < 20.1
    assert f"{file}: dated 20 seconds in the future" in capsys.readouterr().err
    refuse_future([file], wait=False)
    assert len(waited) == 1


def test_links_count_as_for_snakemake(tmp_path: Path) -> None:
    target = dated(tmp_path / "target", 500)
    (tmp_path / "link").symlink_to(target)
    assert list(later_than(time.time() + 100, [str(tmp_path / "link")])) == [str(tmp_path / "link")]


def test_folders_that_can_be_written_to_are_left_as_they_are(tmp_path: Path) -> None:
    refuse_read_only([tmp_path, tmp_path / "new" / "results"])
    assert list(tmp_path.iterdir()) == []


def test_read_only_file_systems_are_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise OSError(errno.EROFS, "Read-only file system")

    monkeypatch.setattr(folders.tempfile, "TemporaryFile", refuse)
    with pytest.raises(InputError, match=rf"^{tmp_path}: cannot be written \(Read-only") as caught:
        refuse_read_only([tmp_path / "results"])
    assert "\n" not in str(caught.value)


def test_only_permissions_are_explained() -> None:
    assert explain_denied(OSError(errno.ENOSPC, "full")) is None
    denied = PermissionError(errno.EACCES, "Permission denied", "results/logs/x.log")
    assert explain_denied(denied).startswith("results/logs/x.log: cannot be written (Permission")


def test_a_folder_that_snakemake_could_not_make_is_one_line(tmp_path: Path) -> None:
    denied = PermissionError(errno.EACCES, "Permission denied", "results/scores")
    error = WorkflowError("Failed to create output directory results/scores/embedded.", denied)
    assert explain_missing_folder(error) == explain_denied(denied)
    assert explain_missing_folder(WorkflowError("At least one job did not complete.")) is None


def test_a_full_disk_is_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert explain_full_disk(tmp_path) is None
    monkeypatch.setattr(folders, "ROOM", shutil.disk_usage(tmp_path).free + 2**40)
    assert explain_full_disk(tmp_path).startswith(f"{tmp_path}: cannot be written (No space left")


def test_a_folder_without_permission(tmp_path: Path) -> None:
    """Root may write everywhere, unless it gives that up."""
    (tmp_path / "results").mkdir(mode=0o500)
    command = [
        sys.executable,
        "-c",
        "from xltransfer.runtime.folders import *; refuse_read_only(['results'])",
    ]
    if os.geteuid() == 0:
        capabilities = "-dac_override,-dac_read_search"
        command = [
            "setpriv",
            f"--bounding-set={capabilities}",
            f"--inh-caps={capabilities}",
            *command,
        ]
    try:
        done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
    except FileNotFoundError:
        pytest.skip("no setpriv, with which root could give up its rights")
    assert "InputError: results: cannot be written (Permission denied)" in done.stderr


def test_control_characters_of_a_corpus_do_not_reach_the_terminal(tmp_path: Path) -> None:
    program = (
        "import argparse, logging, xltransfer.runtime.command as c\n"
        "from xltransfer.runtime.errors import InputError\n"
        "def stage(_):\n"
        "    logging.getLogger('x').info('%s read', 'a\\x1b]0;owned\\x07b\\n2')\n"
        "    c.warn('w\\x1b[2J')\n"
        "    raise InputError('e\\x9b2J')\n"
        "c.run(argparse.ArgumentParser(), stage)\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert done.returncode == 2
    assert [line.partition(" ")[2] for line in done.stderr.splitlines()] == [
        r"a\x1b]0;owned\x07b\n2 read",
        r"w\x1b[2J",
        r"e\x9b2J",
    ]


@pytest.mark.parametrize(
    "raised",
    [
        PermissionError(errno.EACCES, "denied", "results/.models.1.tmp"),
        OSError(errno.EROFS, "read-only", "results/.models.1.tmp"),
        # As libraries that are written in Rust say it.
        RuntimeError("I/O error: Permission denied (os error 13)"),
    ],
)
def test_an_output_in_a_read_only_folder_is_one_line(raised: Exception, tmp_path: Path) -> None:
    refused = pytest.raises(InputError, match=r"/models: cannot be written \((Perm|Read-only)")
    with refused as caught, replacing(tmp_path / "models"):
        raise raised
    assert "change its permissions" in str(caught.value) and "\n" not in str(caught.value)


def test_what_cannot_be_read_is_not_called_unwritable(tmp_path: Path) -> None:
    with pytest.raises(PermissionError), replacing(tmp_path / "models"):
        raise PermissionError(errno.EACCES, "denied", "/elsewhere/input")


def test_a_stage_in_a_read_only_folder_says_so_in_one_line(tmp_path: Path) -> None:
    def main() -> None:
        command.run(argparse.ArgumentParser(), stage)

    def stage(arguments: argparse.Namespace) -> None:
        raise PermissionError(errno.EACCES, "denied", "results/logs/x")

    log = tmp_path / "log"
    code = in_child(lambda: (setattr(sys, "argv", ["x"]), main()), [], log, "never", print)
    assert code == command.USER_ERROR
    assert log.read_text().startswith(
        "error: results/logs/x: cannot be written (Permission denied)"
    )
    assert log.read_text().count("\n") == 1
