"""Measurements, pairs of them, and what a row of the table sums up."""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from .options import ROOT, Options

LAUNCHER = Path(__file__).parent / "launcher.py"

LAST_LINES = 3
"""Of a log, in the message of a process that failed."""


class FailedError(Exception):
    """A process of a comparison failed; the message is one line."""


@dataclass(frozen=True)
class Measurement:
    """One side of a pair.

    Attributes:
        seconds: what the work took.
        work: how much it was, in a unit that both sides share.
        peak_bytes: resident memory of the largest process.
        facts: what else came out, e.g. scores.
    """

    seconds: float
    work: float
    peak_bytes: int
    facts: Mapping[str, Any] = field(default_factory=dict)

    @property
    def per_unit(self) -> float:
        """Seconds per unit of work."""
        return self.seconds / self.work


Pair = tuple[Measurement, Measurement]
"""This project's side, the other side."""


@dataclass(frozen=True)
class Target:
    """What a ratio must reach.

    Attributes:
        value: the bound.
        at_least: whether ratios are how many times faster this project is, and must not be less;
            otherwise they are its time over the other side's, and must not be more.
    """

    value: float
    at_least: bool

    def ratio(self, pair: Pair) -> float:
        """Of one pair."""
        own, other = pair
        quotient = own.per_unit / other.per_unit
        return 1 / quotient if self.at_least else quotient

    def reached(self, ratio: float) -> bool:
        """Whether a ratio is good enough."""
        return ratio >= self.value if self.at_least else ratio <= self.value

    def verdict(self, ratio: float) -> str:
        """``reached``, or by how much it is missed."""
        if self.reached(ratio):
            return "reached"
        missing = self.value / ratio if self.at_least else ratio / self.value
        return f"short by {missing:.2f} ×"

    def __str__(self) -> str:
        return f"{'≥' if self.at_least else '≤'} {self.value:g} ×"


def summarise(ratios: Sequence[float]) -> tuple[float, float, float]:
    """Median, least and greatest of some ratios."""
    return statistics.median(ratios), min(ratios), max(ratios)


def interleave(
    own: Callable[[int], Measurement], other: Callable[[int], Measurement], pairs: int
) -> list[Pair]:
    """Measure both sides in turn; every second pair begins with the other side.

    A machine that grows slower or faster meanwhile then favours neither.

    Args:
        own, other: take the number of the pair, from 0 on.
        pairs: how many.
    """
    found = []
    for number in range(pairs):
        if number % 2:
            second = other(number)
            found.append((own(number), second))
        else:
            first = own(number)
            found.append((first, other(number)))
    return found


@dataclass(frozen=True)
class Finished:
    """A process that ended well: wall-clock seconds and the memory of its largest process."""

    seconds: float
    peak_bytes: int


def run_process(
    command: Sequence[str | Path], log: Path, environment: Mapping[str, str], folder: Path = ROOT
) -> Finished:
    """Run a command and wait for it.

    Args:
        command: program and arguments.
        log: where its output goes.
        environment: variables on top of this process's.
        folder: to run in.

    Raises:
        FailedError: it could not be started or did not end with 0; names the log.
    """
    log.parent.mkdir(parents=True, exist_ok=True)
    usage = log.with_suffix(".usage.json")
    usage.unlink(missing_ok=True)
    launcher = [sys.executable, "-S", LAUNCHER, usage, *command]
    with open(log, "wb") as output:
        done = subprocess.run(
            [str(part) for part in launcher],
            stdout=output,
            stderr=subprocess.STDOUT,
            stdin=subprocess.DEVNULL,
            cwd=folder,
            env={**os.environ, **environment},
            check=False,
        )
    if done.returncode:
        lines = log.read_text(errors="replace").strip().splitlines()[-LAST_LINES:]
        raise FailedError(f"exit code {done.returncode}, {log}: {' / '.join(lines)}")
    return Finished(**json.loads(usage.read_text()))


def thread_variables(threads: int) -> dict[str, str]:
    """Environment variables that hold every library to some threads."""
    names = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "RAYON_NUM_THREADS")
    return {**dict.fromkeys(names, str(threads)), "TOKENIZERS_PARALLELISM": "true"}


def call_worker(options: Options, function: str, arguments: Mapping[str, Any]) -> Measurement:
    """Call a function of ``benchmarks.workers`` in a process of its own.

    Args:
        options: of the run.
        function: ``module:function``; it takes the arguments and returns ``seconds``, ``work`` and
            ``facts``. Seconds and ``peak_bytes`` are of the whole process if it leaves them out.
        arguments: JSON content.

    Raises:
        FailedError: the function failed.
    """
    name = function.replace(":", "-")
    result = options.work / "workers" / f"{name}.json"
    result.parent.mkdir(parents=True, exist_ok=True)
    result.unlink(missing_ok=True)
    command = [options.python, "-m", "benchmarks.worker", function, json.dumps(arguments), result]
    finished = run_process(
        command, options.work / "logs" / f"{name}.log", thread_variables(options.threads)
    )
    content = json.loads(result.read_text())
    return Measurement(
        content.get("seconds", finished.seconds),
        content["work"],
        content.get("peak_bytes", finished.peak_bytes),
        content.get("facts", {}),
    )
