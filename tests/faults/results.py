"""The file of results: a line of JSON for each trial that has ended, and the table of all."""

from __future__ import annotations

import json
import os
import zlib
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from tabulate import tabulate

RIGHT, REFUSED, WRONG = "right", "refused", "wrong"


@dataclass(frozen=True)
class Result:
    """What came of a trial.

    Attributes:
        kind: of fault.
        number: of the trial among those of its kind.
        seed: of chance.
        moment: when the fault struck.
        outcome: ``right``: the same command, given again as long as it failed, ended with the files
            of an undisturbed run. ``refused``: likewise, but a command was refused in one line, or
            a job of it, and what the line names was done. ``wrong``: anything else.
        commands: how often the command was given.
        seconds: that the trial took.
        detail: what was wrong, or the first line for the user.
    """

    kind: str
    number: int
    seed: int
    moment: str
    outcome: str
    commands: int
    seconds: float
    detail: str = ""


def seed_of(base: int, kind: str, number: int) -> int:
    """The seed of a trial: the same whatever other trials there are."""
    return zlib.crc32(f"{base} {kind} {number}".encode())


def read(path: Path) -> list[Result]:
    """The trials that have ended.

    A line that is not complete, as a process that was killed may leave it, is left out.
    """
    found = []
    for line in path.read_text(encoding="utf-8").splitlines() if path.exists() else []:
        try:
            found.append(Result(**json.loads(line)))
        except (ValueError, TypeError):
            continue
    return found


def append(path: Path, result: Result) -> None:
    """Write a trial down; it is on the disk when this returns."""
    path.parent.mkdir(parents=True, exist_ok=True)
    torn = path.exists() and not path.read_bytes().endswith(b"\n") and path.stat().st_size > 0
    with open(path, "a", encoding="utf-8") as file:
        file.write("\n" * torn + json.dumps(asdict(result), ensure_ascii=False) + "\n")
        file.flush()
        os.fsync(file.fileno())


def missing(
    done: Iterable[Result], kinds: Sequence[str], trials: int, base: int
) -> list[tuple[str, int, int]]:
    """Kind, number and seed of the trials that have not ended, the first of every kind first."""
    ended = {(result.kind, result.seed) for result in done}
    wanted = [
        (kind, number, seed_of(base, kind, number)) for number in range(trials) for kind in kinds
    ]
    return [each for each in wanted if (each[0], each[2]) not in ended]


def table(done: Sequence[Result], kinds: Sequence[str]) -> str:
    """The trials of some kinds, counted.

    Right tables include those that came after a refusal.
    """
    rows = []
    for kind in kinds:
        some = [result for result in done if result.kind == kind]
        if not some:
            continue
        outcomes = [result.outcome for result in some]
        right = outcomes.count(RIGHT) + outcomes.count(REFUSED)
        counts = [len(some), right, outcomes.count(REFUSED), outcomes.count(WRONG)]
        rows.append([kind, *counts, sum(result.seconds for result in some)])
    rows.append(["all", *(sum(row[place] for row in rows) for place in range(1, 6))])
    headers = ["kind", "trials", "right tables", "refused in one line", "wrong", "seconds each"]
    shown = [[*row[:-1], row[-1] / max(row[1], 1)] for row in rows]
    return tabulate(shown, headers=headers, tablefmt="github", floatfmt=".0f")
