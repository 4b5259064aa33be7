"""Everything that can go wrong, on this machine and on a cluster: does the study end as it should?

    python tests/slurm/fault_matrix.py --trials 10 [--kinds local slurm-scancel …]

runs a tiny study for each trial, disturbs it at a moment that chance decides, and gives the command
again as long as it fails. All files must then be equal to those of an undisturbed run: tables,
records of provenance, scores, predictions, models. Every trial that has ended is a line of the file
of results; the same call goes on with what is missing there. Kinds that begin with `slurm` run on
a private Slurm; they need root, and Slurm installed (tests/slurm/install.sh).
"""

from __future__ import annotations

import argparse
import signal
import sys
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent.parent))

import cluster
import slurm_faults
from faults import local
from faults.results import WRONG, table
from faults.run import run_missing
from faults.study import References
from faults.trial import Kind

KINDS: dict[str, Kind] = {**local.KINDS, **slurm_faults.KINDS}
PLACES: dict[str, Callable[[], str | None]] = {"local": local.why_not, "slurm": cluster.why_not}
"""Place → why it cannot be had on this machine."""


def chosen(names: Sequence[str]) -> tuple[dict[str, Kind], list[str]]:
    """The kinds that some names stand for and this machine can have, and why it lacks the others.

    Args:
        names: of kinds, or of places for all their kinds.
    """
    kinds, lacking = {}, {}
    for name, kind in KINDS.items():
        place = name.partition("-")[0]
        if not {name, place} & set(names):
            continue
        if reason := PLACES[place]() or kind.why_not():
            lacking.setdefault(reason, []).append(name)
        else:
            kinds[name] = kind
    return kinds, [f"left out: {', '.join(some)}: {reason}" for reason, some in lacking.items()]


def main() -> None:
    """Run the trials that are missing and print the table."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n\n")[0])
    parser.add_argument("--trials", type=int, default=3, help="of each kind")
    parser.add_argument(
        "--kinds", nargs="+", choices=[*PLACES, *KINDS], default=list(PLACES), metavar="KIND",
        help=f"some of: {', '.join([*PLACES, *KINDS])}",
    )  # fmt: skip
    parser.add_argument("--results", type=Path, default=Path("results/fault-trials.jsonl"))
    parser.add_argument("--seed", type=int, default=0, help="another one has other moments")
    parser.add_argument("--keep", type=Path, help="folder for trials that end wrong")
    arguments = parser.parse_args()
    kinds, left_out = chosen(arguments.kinds)
    for line in left_out:
        print(line, file=sys.stderr)
    if not kinds:
        sys.exit("error: none of these kinds can run on this machine")
    # So that everything is stopped whatever ends this.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("terminated"))
    place = tempfile.TemporaryDirectory(prefix="faults-", dir="/tmp", ignore_cleanup_errors=True)
    with place as name:
        root = Path(name)
        references = References(root)
        makers: dict[str, Callable[[], Any]] = {
            "local": lambda: local.LocalTrials(references),
            "slurm": lambda: slurm_faults.SlurmTrials(references, root),
        }
        results = run_missing(
            kinds, makers, arguments.trials, arguments.results, root, arguments.seed,
            arguments.keep, lambda line: print(line, flush=True),
        )  # fmt: skip
    print(f"\n{table(results, list(kinds))}")
    sys.exit(any(result.outcome == WRONG for result in results))


if __name__ == "__main__":
    main()
