"""Running the trials that are missing in a file of results."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from .results import Result, append, missing, read
from .trial import Kind, run_trial


def run_missing(
    kinds: Mapping[str, Kind],
    makers: Mapping[str, Callable[[], Any]],
    trials: int,
    file: Path,
    root: Path,
    base: int = 0,
    keep: Path | None = None,
    say: Callable[[str], None] = print,
) -> list[Result]:
    """Run the trials of some kinds that are not in a file of results yet, one at a time.

    Args:
        kinds: by name; what is before the first hyphen is the place.
        makers: place → what prepares it and makes its trials; prepared when the first needs it.
        trials: of each kind.
        file: of results, a line for each trial; is added to.
        root: folder for the folders of the trials.
        base: from which the seeds follow.
        keep: folder for the files of trials that were wrong.
        say: takes a line for each trial.

    Returns:
        all results in the file for these kinds and seeds.
    """
    places: dict[str, Any] = {}
    try:
        for name, number, seed in missing(read(file), list(kinds), trials, base):
            place = name.partition("-")[0]
            if place not in places:
                places[place] = makers[place]()
            result = run_trial(
                name, kinds[name], number, seed, root / f"{name}-{number}", places[place], keep
            )
            append(file, result)
            say(
                f"{name} {number}: {result.outcome}, {result.moment}, {result.commands} commands, "
                f"{result.seconds:.0f} s {result.detail}"
            )
    finally:
        for each in places.values():
            each.stop()
    return wanted(read(file), kinds, trials, base)


def wanted(
    results: Sequence[Result], kinds: Mapping[str, Kind], trials: int, base: int
) -> list[Result]:
    """Those of some results that the same call would make."""
    seeds = {(kind, seed) for kind, _, seed in missing([], list(kinds), trials, base)}
    return [result for result in results if (result.kind, result.seed) in seeds]
