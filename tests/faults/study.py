"""The study of the trials, an undisturbed run of it, and what of that a trial begins with."""

from __future__ import annotations

import copy
import os
import re
import shutil
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from conftest import copy_workflow

from .commands import Command

STUDY: dict[str, Any] = {
    "tasks": ["pos"],
    "unseen": {"languages": []},
    "parallel": {"treebanks": ["qaa_embedded", "qab_embedded"]},
    "seeds": [1, 2],
    "job_size": {
        "finetune": {"seeds": 2},
        "predict": {"sources": 1, "ablations": 1, "seeds": 2},
    },
    "ablations": ["none"],
    # A checkpoint every quarter of a second.
    "checkpoint_minutes": 0.25 / 60,
    "pos": {
        "sources": ["qaa_embedded"],
        "targets": ["qaa_embedded", "qab_embedded"],
        "training": {"epochs": 3, "training_sentences": 60, "batch_pieces": 100},
    },
}
"""Two trainings in one job, two jobs of prediction; most of the time is the start of Python."""

TABLE = "results/tables/randominit.csv"
"""Made together with three other tables."""

PHASES = {
    "treebanks": ("embedded_treebank", 4),
    "models": ("finetune", 1),
    "predictions": ("predict", 2),
    "scores": ("score", 2),
    "tables": ("score_tables", 1),
}
"""Folder of results → the rule that fills it, and how many jobs of it there are; in this order."""

DIFFERS = ("logs", "benchmarks", "checkpoints")
"""Folders of results that depend on what happened on the way."""


def make_folder(folder: Path, **training: Any) -> Path:
    """A copy of the workflow with the study; `training` replaces settings of its trainings."""
    copy_workflow(folder)
    study = copy.deepcopy(STUDY)
    study["pos"]["training"].update(training)
    (folder / "study.yaml").write_text(yaml.safe_dump(study))
    return folder


def local_command(*prefix: str) -> list[str]:
    """The command of a user without a cluster."""
    return [*prefix, "snakemake", TABLE, "--cores", "2", "--configfile", "study.yaml"]


@dataclass(frozen=True)
class Timeline:
    """How far an undisturbed run was when its jobs started and when each phase ended.

    Attributes:
        first: when the first job started, by the clock of the run.
        ends: when the last job of each phase had ended.
    """

    first: float
    ends: tuple[float, ...]

    def place(self, share: float) -> tuple[int, float]:
        """A moment of a run that begins with the phases before it.

        Args:
            share: of the whole undisturbed run, 0 to 1.

        Returns:
            the phase, and the time by the run's clock.
        """
        moment = share * self.ends[-1]
        phase = next(n for n, end in enumerate(self.ends) if moment <= end)
        if phase == 0:
            return 0, moment
        return phase, self.first + moment - self.ends[phase - 1]


def watch(run: Command, clock: Callable[[], float], seconds: float) -> Timeline:
    """Wait for an undisturbed run to end.

    Args:
        run: the command.
        clock: how far it is.
        seconds: after which it hangs.
    """
    try:
        return _watch(run, clock, time.monotonic() + seconds)
    finally:
        run.kill()


def _watch(run: Command, clock: Callable[[], float], deadline: float) -> Timeline:
    first: float | None = None
    ends: list[float] = []
    # Names of rules of further batches end in a number: score_2.
    finished = [(re.compile(rf"\(Rule: {rule}(_\d+)?\)"), jobs) for rule, jobs in PHASES.values()]
    while run.poll() is None:
        if time.monotonic() > deadline:
            run.kill()
        now, said = clock(), run.output()
        if first is None and "jobid: " in said:
            first = now
        while len(ends) < len(finished):
            pattern, jobs = finished[len(ends)]
            if len(pattern.findall(said)) < jobs:
                break
            ends.append(now)
        else:
            ends[-1] = now
        time.sleep(0.1)
    assert run.poll() == 0, run.output()[-3000:]
    # The last line may have come with the end.
    ends += [now] * (len(finished) - len(ends))
    return Timeline(first or 0.0, tuple(ends))


class Reference:
    """An undisturbed run of the study on this machine.

    Args:
        folder: where it is made.
        training: settings of the trainings that differ from those of ``STUDY``.
    """

    def __init__(self, folder: Path, **training: Any) -> None:
        self.folder = make_folder(folder, **training)
        # The trials' copies have the compiled modules as well.
        run = Command(self.folder, local_command(), PYTHONDONTWRITEBYTECODE="")
        self.timeline = watch(run, run.cpu_seconds, 1800)

    def copy(self, folder: Path, phases: int) -> Path:
        """A folder in which the first phases have been run.

        That is what a run is like when nothing has disturbed it so far, and saves making it again.
        """
        results = self.folder / "results"

        def ignore(place: str, names: list[str]) -> set[str]:
            if Path(place) == results:
                return set(names) - set(list(PHASES)[:phases])
            return {name for name in names if name == "locks"}

        # Into a folder that is there, since it may be a file system of its own.
        shutil.copytree(self.folder, folder, ignore=ignore, dirs_exist_ok=True)
        return folder

    def differences(self, folder: Path) -> list[str]:
        """Files of results that a run in another folder has otherwise (``differing``)."""
        return differing(self.folder, folder)


def differing(one: Path, other: Path) -> list[str]:
    """Files of results that one of two folders lacks or has otherwise, tables first.

    Logs and durations differ from run to run. All else is promised to be equal to the byte, records
    of provenance included.
    """
    left, right = (_files(each / "results") for each in (one, other))
    different = [
        name
        for name in sorted(left | right)
        if name not in left & right
        or (one / "results" / name).read_bytes() != (other / "results" / name).read_bytes()
    ]
    return sorted(different, key=lambda name: not name.startswith("tables/"))


class References:
    """Undisturbed runs, each made when it is needed first.

    Args:
        root: folder for them.
    """

    def __init__(self, root: Path) -> None:
        self.root = root
        self._made: dict[tuple[tuple[str, Any], ...], Reference] = {}

    def __call__(self, training: tuple[tuple[str, Any], ...] = ()) -> Reference:
        """The undisturbed run with some settings of the trainings."""
        if training not in self._made:
            folder = self.root / f"undisturbed-{len(self._made)}"
            self._made[training] = Reference(folder, **dict(training))
        return self._made[training]


def _files(results: Path) -> set[str]:
    """Names of the files of results that are the same in every run."""
    found = set()
    for place, folders, names in os.walk(results):
        folder = Path(place).relative_to(results)
        if folder == Path("."):
            folders[:] = [name for name in folders if name not in DIFFERS]
        # What begins with a dot is left of processes that were killed while they wrote.
        found |= {
            str(folder / name)
            for name in names
            if not name.startswith(".") and not name.endswith("timing.json")
        }
    return found
