"""Whose code takes the time of a computation, by Python's profiler."""

from __future__ import annotations

import pstats
from collections.abc import Mapping, Sequence


def shares_of_time(found: pstats.Stats, owners: Mapping[str, Sequence[str]]) -> str:
    """What bounds a computation, and the share of each owner of code.

    Args:
        found: by the profiler.
        owners: what the files or functions of each have in their names; all else is Python.
    """
    seconds = dict.fromkeys([*owners, "Python"], 0.0)
    for (file, _, name), row in found.stats.items():
        of = (
            owner
            for owner, marks in owners.items()
            if any(mark in file or mark in name for mark in marks)
        )
        seconds[next(of, "Python")] += row[2]
    total = sum(seconds.values())
    largest = max(seconds, key=lambda owner: seconds[owner])
    shares = ", ".join(f"{owner} {spent / total:.0%}" for owner, spent in seconds.items())
    return f"bound by {largest}: of the time {shares}"
