"""Change files of a finished study at random and run the stages that read them.

Every trial must end in a refusal in one line or in the same output. Without a study, a small one is
made first.
"""

from __future__ import annotations

import argparse
import random
import signal
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from tabulate import tabulate

from .jobs import Job, jobs_of
from .small import make_study
from .trials import BAD, DAMAGES, OUTCOMES, Trial, Trials, kind_of

JOBS_PER_STAGE = 2
"""Of a kind of input: to run all jobs of a study once more takes as long as the study."""
TRIED = 10
"""Files that are compared to find two that differ."""


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(prog="python -m integrity.many_trials", description=__doc__)
    parser.add_argument("--study", type=Path, help="folder where one has run, which is not changed")
    parser.add_argument("--trials", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--snakemake", nargs="*", default=[], help="targets or options")
    parser.add_argument("--stages", nargs="*", default=[], help="only these, for example score")
    arguments = parser.parse_args()
    # Like an interrupt from the keyboard, an end from outside shows the trials until then.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    found = []
    with tempfile.TemporaryDirectory(prefix="integrity-") as folder:
        study, copy = arguments.study or Path(folder) / "study", Path(folder) / "copy"
        jobs = [] if arguments.study else make_study(study)
        trials = Trials(study.resolve(), copy)
        jobs = jobs or jobs_of(copy, *arguments.snakemake)
        jobs = [job for job in jobs if job.stage in arguments.stages or not arguments.stages]
        with suppress(KeyboardInterrupt):
            for trial in run_trials(trials, jobs, arguments.trials, arguments.seed):
                found.append(trial)
                if trial.outcome in BAD:
                    print(f"{trial.outcome}: {trial.damage}, {trial.file} → {trial.job.stage}: "
                          f"{trial.message}", flush=True)  # fmt: skip
    print(table(found))
    sys.exit(any(trial.outcome in BAD for trial in found))


def run_trials(trials: Trials, jobs: list[Job], number: int, seed: int) -> Iterator[Trial]:
    """Trials that go round all stages, kinds of their inputs and damages.

    Args:
        trials: of the study.
        jobs: of the study.
        number: of trials.
        seed: of the choices.
    """
    draws = random.Random(seed)
    kinds: dict[str, set[str]] = {}
    readers: dict[tuple[str, str], list[Job]] = {}
    for job in jobs:
        for path in job.inputs:
            kinds.setdefault(kind_of(path), set()).add(path)
        for kind in dict.fromkeys(map(kind_of, job.inputs)):
            readers.setdefault((job.stage, kind), []).append(job)
    cases = []
    for (_, kind), some in sorted(readers.items(), key=lambda item: item[0]):
        chosen = draws.sample(some, min(JOBS_PER_STAGE, len(some)))
        cases += [(chosen, kind, damage) for damage in DAMAGES]
    draws.shuffle(cases)
    for place in range(number if cases else 0):
        chosen, kind, damage = cases[place % len(cases)]
        job = draws.choice(chosen)
        file = draws.choice([path for path in job.inputs if kind_of(path) == kind])
        others = _others(trials, file, sorted(kinds[kind]), draws)
        if (trials.folder / file).stat().st_size and (others or not damage.startswith("swap")):
            yield trials.try_out(job, file, damage, others, (seed, place))


def _others(trials: Trials, file: str, some: list[str], draws: random.Random) -> list[str]:
    """A file of the same kind with another content, if one is found soon."""
    data = (trials.folder / file).read_bytes()
    for other in draws.sample(some, min(TRIED, len(some))):
        if (trials.folder / other).read_bytes() != data:
            return [other]
    return []


def table(found: list[Trial]) -> str:
    """How often each outcome came, by stage and kind of the changed file."""
    counts = Counter((t.job.stage, kind_of(t.file), t.outcome) for t in found)
    names = sorted({(stage, kind) for stage, kind, _ in counts})
    rows = [[*name, *(counts[*name, outcome] for outcome in OUTCOMES)] for name in names]
    rows.append(["all", "", *(sum(row[2 + place] for row in rows) for place in range(4))])
    return tabulate(rows, headers=["stage", "file", *OUTCOMES])


if __name__ == "__main__":
    main()
