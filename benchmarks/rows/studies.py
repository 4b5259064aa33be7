"""Rows about whole studies, which take long."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Sequence
from functools import cache, partial
from pathlib import Path

from xltransfer.runtime.errors import InputError

from ..measurement import FailedError, Measurement, Pair, Target, run_process
from ..options import ROOT, Options
from . import Comparison, Row

HOOK = ROOT / "benchmarks" / "hook"
"""Holds a ``sitecustomize`` that notes how long each process computed."""


def checkout(folder: Path, commit: str) -> None:
    """Write the files of a commit to a folder that is emptied before.

    Raises:
        InputError: there is no such commit.
    """
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    archive = subprocess.run(
        ["git", "-C", str(ROOT), "archive", commit], capture_output=True, check=False
    )
    if archive.returncode:
        raise InputError(f"--baseline-commit: the checkout has no commit '{commit}'")
    subprocess.run(["tar", "x", "-C", str(folder)], input=archive.stdout, check=True)


def _environment(options: Options, folder: Path) -> dict[str, str]:
    """What a study in a folder of its own needs: its library, and this interpreter's commands."""
    commands = f"{Path(options.python).parent}{os.pathsep}{os.environ['PATH']}"
    return {"PYTHONPATH": str(folder / "workflow"), "PATH": commands}


@cache
def _run(options: Options, commit: str, number: int) -> Measurement:
    """The first part of the default study at a commit, from nothing, as `make study` runs it.

    Rows that ask for the same run share it. ``computed`` among the facts are the seconds that its
    jobs spent in training steps and forward passes, each on a core.
    """
    folder, noted = options.work / "study", options.work / "computed"
    checkout(folder, commit)
    shutil.rmtree(noted, ignore_errors=True)
    noted.mkdir(parents=True)
    environment = _environment(options, folder)
    environment["PYTHONPATH"] = f"{HOOK}{os.pathsep}{environment['PYTHONPATH']}"
    finished = run_process(
        ["snakemake", "transfer", "--cores", str(options.cores), "--quiet", "rules"],
        options.work / "logs" / f"study-{number}.log",
        {**environment, "BENCHMARK_COMPUTED": str(noted)},
        folder,
    )
    computed = sum(json.loads(path.read_text()) for path in noted.glob("*.json"))
    return Measurement(finished.seconds, 1, finished.peak_bytes, {"computed": computed})


def _demo(options: Options) -> Comparison:
    def recorded(_: int) -> Measurement:
        return Measurement(options.baseline_seconds, 1, 0)

    earlier = options.baseline_commit
    return Comparison(
        own=partial(_run, options, "HEAD"),
        other=recorded if options.baseline_seconds else partial(_run, options, earlier),
        bound=lambda: "bound as `embedded-study`",
        peer=f"itself at {earlier}" if earlier else "itself as recorded before",
        note=_seconds_note,
    )


def _demo_missing(options: Options) -> str:
    if options.baseline_commit or options.baseline_seconds:
        return ""
    return "skipped: name --baseline-commit or --baseline-seconds"


def _seconds_note(pairs: Sequence[Pair]) -> str:
    own, other = pairs[0]
    return f"{own.seconds:.0f} s against {other.seconds:.0f} s"


def _study(options: Options) -> Comparison:
    def computed(number: int) -> Measurement:
        seconds = _run(options, "HEAD", number).facts["computed"]
        if not seconds:
            raise FailedError("no process of the study noted that it computed")
        # Jobs compute with a thread each, as many at a time as there are cores.
        return Measurement(seconds / options.cores, 1, 0)

    def bound() -> str:
        whole = _run(options, "HEAD", 0)
        share = whole.facts["computed"] / (whole.seconds * options.cores)
        return (
            f"training steps and forward passes are {share:.0%} of the cores' time, start-up, "
            "reading, scoring and tables the rest"
        )

    return Comparison(
        own=partial(_run, options, "HEAD"),
        other=computed,
        bound=bound,
        peer="its jobs' training steps and forward passes, shared among the cores",
        note=_seconds_note,
    )


ROWS = [
    Row(
        "embedded-study",
        "the embedded study from nothing, as `make study` runs it",
        "its jobs' training steps and forward passes",
        Target(1.2, at_least=False),
        _study,
        long=True,
        pairs=1,
    ),
    Row(
        "demo",
        "`make study` after installation",
        "itself before",
        Target(0.5, at_least=False),
        _demo,
        _demo_missing,
        long=True,
        pairs=1,
    ),
]
