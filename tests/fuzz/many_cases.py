"""Mutated inputs for every reader: a table of outcomes, and the first failures of each kind."""

from __future__ import annotations

import argparse
import importlib
import sys
import tempfile
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from tabulate import tabulate

from .cases import BAD, OUTCOMES, outcome_of
from .pool import READERS, Result, rng_of, run

EXAMPLES = 3
"""How many failures of a reader and an outcome are printed."""


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(prog="python -m fuzz.many_cases", description=__doc__)
    parser.add_argument("--cases", type=int, default=22_000, help="of all readers together")
    parser.add_argument("--readers", nargs="+", choices=READERS, default=READERS)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--jobs", type=int, default=1, help="readers at a time")
    parser.add_argument("--only", type=int, help="show the case with this number of one reader")
    arguments = parser.parse_args()
    if arguments.only is not None:
        _show(arguments.seed, arguments.readers[0], arguments.only)
        return
    cases = range(-(-arguments.cases // len(arguments.readers)))

    def results(reader: str) -> list[Result]:
        return list(run(arguments.seed, reader, cases))

    found = []
    with ThreadPoolExecutor(arguments.jobs) as threads:
        for some in threads.map(results, arguments.readers):
            found += some
            _print_failures(some)
    print(table(found))
    sys.exit(any(result.outcome.kind in BAD for result in found))


def table(results: list[Result]) -> str:
    """How often each outcome came, by reader."""
    counts = Counter((result.reader, result.outcome.kind) for result in results)
    readers = list(dict.fromkeys(result.reader for result in results))
    rows = [[reader, *(counts[reader, kind] for kind in OUTCOMES)] for reader in readers]
    rows.append(["all", *(sum(row[place + 1] for row in rows) for place in range(len(OUTCOMES)))])
    return tabulate(
        [[row[0], sum(row[1:]), *row[1:]] for row in rows], headers=["reader", "cases", *OUTCOMES]
    )


def _print_failures(results: list[Result]) -> None:
    shown: Counter[str] = Counter()
    for result in results:
        kind = result.outcome.kind
        shown[kind] += 1
        if kind in BAD and shown[kind] <= EXAMPLES:
            print(f"{kind}: --readers {result.reader} --only {result.number}")
            print(f"{result.outcome.detail}\n", flush=True)


def _show(seed: int, reader: str, number: int) -> None:
    """Run one case in this process, and show it."""
    with tempfile.TemporaryDirectory(prefix="fuzz-") as folder:
        subject = importlib.import_module(f"fuzz.readers.{reader}").SUBJECT(Path(folder))
        content = subject.make(rng_of(seed, reader, number))
        print(f"{content!r:.20000}\n{subject.judge(content)!r:.3000}")
        print(outcome_of(subject, content))


if __name__ == "__main__":
    main()
