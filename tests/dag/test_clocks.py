"""Wrong clocks, read-only folders and folders of results that two studies share."""

from __future__ import annotations

import json
import os
import platform
import shutil
import subprocess
import time
from pathlib import Path

import pytest
from planning import counts, planned, snakemake, with_fake_stages
from xltransfer.runtime import head

STUDY = ("--configfile", "small.yaml")
REPORT = "results/models/embedded/parsing/qaa_embedded/none/seed-1/training.json"
"""An input of prediction that no parameter stands for."""


def run(folder: Path, *arguments: str) -> subprocess.CompletedProcess:
    return snakemake(folder, *arguments, *STUDY, **with_fake_stages(folder))


def error_of(done: subprocess.CompletedProcess) -> str:
    errors = [line for line in done.stderr.splitlines() if line.startswith("error: ")]
    assert done.returncode != 0 and len(errors) == 1, done.stderr
    assert "Traceback" not in done.stderr
    return errors[0]


def contents(folder: Path) -> dict[str, tuple[int, str]]:
    return {
        str(path): (path.stat().st_mtime_ns, path.read_text(errors="replace"))
        for path in (folder / "results").rglob("*")
        if path.is_file()
    }


def test_an_input_dated_in_the_future_changes_nothing(finished: Path) -> None:
    """Larger than what Snakemake compares by checksum, it would have all made again each time."""
    report = finished / REPORT
    report.write_text("x" * 2_000_000)
    later = time.time() + 86400
    os.utime(report, (later, later))
    before = contents(finished)
    for arguments in ([], ["--dry-run"]):
        message = error_of(run(finished, *arguments))
        assert f"{REPORT}: dated in the future" in message and f"`touch {REPORT}`" in message
    assert contents(finished) == before
    subprocess.run(["touch", REPORT], cwd=finished, check=True)
    assert run(finished).returncode == 0
    assert planned(finished, *STUDY) == {}


def test_a_job_does_not_run_in_vain_on_a_settled_input_dated_in_the_future(finished: Path) -> None:
    """Its timestamp plans no job, but Snakemake deletes outputs that are older than any input."""
    corpus = finished / "results/treebanks/qaa_embedded/train.conllu"
    later = time.time() + 86400
    os.utime(corpus, (later, later))
    table = "results/tables/randominit.csv"
    assert planned(finished, table, *STUDY) == {}
    before = contents(finished)
    message = error_of(run(finished, table, "--forcerun", "finetune"))
    assert "train.conllu: dated in the future" in message
    assert contents(finished) == before
    subprocess.run(message.split("`")[1], shell=True, cwd=finished, check=True)
    assert run(finished, table, "--forcerun", "finetune").returncode == 0
    assert planned(finished, *STUDY) == {}


def test_a_clock_that_was_set_back_has_a_remedy(finished: Path) -> None:
    for path in (finished / "results").rglob("*"):
        if path.is_file():
            date = path.stat().st_mtime + 864000
            os.utime(path, (date, date))
    message = error_of(run(finished))
    command = message.split("`")[1]
    assert command.startswith("find results ")
    subprocess.run(command, shell=True, cwd=finished, check=True)
    assert planned(finished, *STUDY) == {}


def without_rights(command: list[str]) -> list[str]:
    """A command that may not write to read-only folders, even if root runs the tests."""
    if os.geteuid() != 0:
        return command
    if not shutil.which("setpriv"):
        pytest.skip("no setpriv, with which root could give up its rights")
    rights = "-dac_override,-dac_read_search"
    return ["setpriv", f"--bounding-set={rights}", f"--inh-caps={rights}", *command]


@pytest.mark.parametrize("part", ["results", ".snakemake", "results/logs"])
def test_read_only_folders_are_one_line(part: str, finished: Path) -> None:
    (finished / REPORT).write_text("changed")
    folders = [path for path in (finished / part).rglob("*") if path.is_dir()]
    for path in [finished / part, *folders]:
        path.chmod(0o555)
    command = without_rights(["snakemake", "--cores", "1", *STUDY])
    env = {**os.environ, **with_fake_stages(finished)}
    try:
        done = subprocess.run(command, cwd=finished, capture_output=True, text=True, env=env)
    finally:
        for path in [finished / part, *folders]:
            path.chmod(0o755)
    message = error_of(done)
    assert part in message and "cannot be written (Permission denied)" in message


def test_outputs_of_a_failed_job_that_cannot_be_removed_are_not_current(finished: Path) -> None:
    """A table's first files are written; then the folder becomes read-only."""
    table, folder = "results/tables/randominit.csv", finished / "results" / "tables"
    program = finished / "bin" / "python"
    fake = program.read_text()
    (finished / "bin" / "python.fake").write_text(fake)
    (finished / "bin" / "python.fake").chmod(0o755)
    program.write_text(
        "#!/bin/sh\n"
        'case "$*" in *score_tables*) echo partial > results/tables/randominit.csv;'
        " chmod 555 results/tables; exit 1;; esac\n"
        'exec "$(dirname "$0")/python.fake" "$@"\n'
    )
    for path in folder.iterdir():
        path.unlink()
    arguments = ["snakemake", "--cores", "1", table, *STUDY]
    done = subprocess.run(
        without_rights(arguments), cwd=finished, capture_output=True, text=True,
        env={**os.environ, **with_fake_stages(finished)},
    )  # fmt: skip
    folder.chmod(0o755)
    assert done.returncode != 0 and (finished / table).read_text() == "partial\n", done.stderr
    program.write_text(fake)
    assert counts(planned(finished, table, *STUDY)) == {"score_tables": 1}
    assert run(finished, table).returncode == 0
    assert (finished / table).read_text() != "partial\n"


def test_two_folders_with_one_folder_of_results(
    small: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """The heads of two clones would write the same files."""
    results = tmp_path_factory.mktemp("shared")
    (small / "small.yaml").write_text(
        (small / "small.yaml").read_text() + f"pathvars: {{results: {results}}}\n"
    )
    (results / head.SHARED).mkdir(parents=True)
    other = {
        "host": platform.node(), "boot": head._boot(), "pid": os.getpid(),
        "started": head._started(os.getpid()), "executor": "local", "folder": "/another/clone",
    }  # fmt: skip
    record = results / head.SHARED / head.RECORD
    record.write_text(json.dumps(other))
    done = snakemake(small, *STUDY)
    message = error_of(done)
    assert f"with these results in /another/clone already (process {os.getpid()})" in message
    assert json.loads(record.read_text()) == other
    assert json.loads((small / ".snakemake" / head.RECORD).read_text())["ended"]
    assert planned(small, *STUDY)
