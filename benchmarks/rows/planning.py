"""The row about planning a study."""

from __future__ import annotations

import os
import pstats
import re
import shutil
import statistics
from collections.abc import Sequence
from functools import partial
from pathlib import Path

from ..measurement import FailedError, Measurement, Pair, Target, run_process
from ..options import ROOT, Options
from ..planning import read_jobs, twin
from ..shares import shares_of_time
from . import Comparison, Row

STUDY = "resources/studies/mbert.yaml"


OWNERS = {
    "Snakemake": ("/snakemake/", "/snakemake_"),
    "this project": ("/xltransfer/", "/workflow/rules/", "/Snakefile"),
}
"""What the files of each have in their names."""


def _plan(
    options: Options, name: str, folder: Path, *arguments: str, run: Sequence[str] = ("snakemake",)
) -> tuple[Measurement, str]:
    """A dry run, and what it printed."""
    log = options.work / "logs" / f"{name}.log"
    commands = f"{Path(options.python).parent}{os.pathsep}{os.environ['PATH']}"
    finished = run_process(
        [*run, "--dry-run", "--workflow-profile", "none", *arguments],
        log,
        {"PYTHONPATH": str(ROOT / "workflow"), "PATH": commands},
        folder,
    )
    text = log.read_text(encoding="utf-8")
    return Measurement(finished.seconds, 1, finished.peak_bytes), text


def _prepare(options: Options) -> Comparison:
    study = partial(_plan, options, "planning", ROOT, "--configfile", STUDY)
    results = re.search(r"^\s+results: (\S+)", (ROOT / STUDY).read_text(encoding="utf-8"), re.M)
    jobs = read_jobs(study()[1], results[1] if results else "results")
    folder = options.work / "planning-twin"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    (folder / "Snakefile").write_text(twin(jobs), encoding="utf-8")
    empty = partial(_plan, options, "planning-twin", folder)
    found = len(read_jobs(empty()[1], "results"))
    if found != len(jobs):
        raise FailedError(f"{STUDY} plans {len(jobs)} jobs, but its twin {found}")
    profile = options.work / "planning.profile"

    def bound() -> str:
        study(run=(options.python, "-m", "cProfile", "-o", str(profile), "-m", "snakemake"))
        return shares_of_time(pstats.Stats(str(profile)), OWNERS)

    return Comparison(
        own=lambda _: study()[0],
        other=lambda _: empty()[0],
        bound=bound,
        peer=f"{len(jobs)} empty jobs of the same shape",
        note=_note,
    )


def _note(pairs: Sequence[Pair]) -> str:
    memory = statistics.median(own.peak_bytes / other.peak_bytes for own, other in pairs)
    own, other = pairs[0]
    return f"{own.seconds:.1f} s against {other.seconds:.1f} s; {memory:.2f} × the memory"


ROWS = [
    Row(
        "planning",
        "planning the published study",
        "as many empty jobs of the same shape",
        Target(1.5, at_least=False),
        _prepare,
    )
]
