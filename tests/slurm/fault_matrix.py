"""Everything that can go wrong on a cluster: does the study end in the same table?

    python tests/slurm/fault_matrix.py --trials 5 [--faults scancel disk-full …]

starts a private Slurm and runs a tiny study through it for each trial, which takes a minute or two.
While a model is trained, something is broken. If the head ends with an error, the same command is
given again. Needs root, and Slurm installed (tests/slurm/install.sh).
"""

from __future__ import annotations

import argparse
import contextlib
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))

from cluster import Cluster, wait_until, why_not
from heads import (
    FINETUNE,
    Head,
    make_folder,
    run_locally,
    same_tables,
    state,
    training,
)
from running import fine_tuning_processes

LONG = {"sigterm-time-limit": {"epochs": 60, "training_sentences": 900}}
"""Training for trials in which Slurm's clock must tick: it looks at time limits twice a minute."""

RESTARTS = 3


class Trial:
    """A head, the cluster, and chance."""

    def __init__(self, folder: Path, cluster: Cluster, chance: random.Random, **more: str) -> None:
        self.folder, self.cluster, self.chance, self.more = folder, cluster, chance, more
        self.head = Head(folder, cluster, **more)

    def wait_for_training(self) -> None:
        """Until a training is past an epoch, and a little more."""
        self.head.wait_for(lambda: training(self.folder, self.cluster), 400, "a model is trained")
        time.sleep(self.chance.uniform(0, 1))

    def job(self) -> str:
        """The number of a job that trains."""
        return self.chance.choice(state(self.cluster, FINETUNE, "RUNNING"))["JobId"]

    def kill_training(self) -> None:
        """As the kernel does when memory is short."""
        for process in fine_tuning_processes(self.folder)[:1]:
            with contextlib.suppress(ProcessLookupError):
                os.kill(process, signal.SIGKILL)


def sigkill_of_a_job(trial: Trial) -> None:
    trial.kill_training()


def sigterm_at_time_limit(trial: Trial) -> None:
    trial.cluster.run("scontrol", "update", f"JobId={trial.job()}", "TimeLimit=1")


def scancel(trial: Trial) -> None:
    trial.cluster.run("scancel", trial.job())


def node_lost(trial: Trial) -> None:
    def down() -> bool:
        return "down" in trial.cluster.run("sinfo", "-h", "-n", "g1", "-o", "%t")

    trial.cluster.kill("slurmd-g1", signal.SIGKILL)
    wait_until(down, 120, "the node is down")
    trial.cluster.start_node("g1")


def node_restarted(trial: Trial) -> None:
    trial.cluster.kill("slurmd-g1", signal.SIGKILL)
    time.sleep(2)
    trial.cluster.start_node("g1")


def controller_restarted(trial: Trial) -> None:
    trial.cluster.kill("slurmctld", signal.SIGKILL)
    time.sleep(trial.chance.uniform(0, 30))
    trial.cluster.start_controller()


def head_killed(trial: Trial) -> None:
    trial.head.kill()


def head_killed_later(trial: Trial) -> None:
    """Its jobs go on for a while, and may end."""
    trial.head.kill()
    time.sleep(trial.chance.uniform(5, 30))


def disk_full(trial: Trial) -> None:
    filler = trial.folder / "results" / "filler"
    with contextlib.suppress(OSError), open(filler, "wb", buffering=0) as file:
        while True:
            file.write(bytes(1 << 16))
    trial.head.end()
    filler.unlink()


def checkpoint_corrupted(trial: Trial) -> None:
    def saved() -> list[Path]:
        return list((trial.folder / "results" / "checkpoints").rglob("state.safetensors"))

    wait_until(lambda: bool(saved()), 60, "a checkpoint is saved")
    trial.kill_training()
    for path in saved():
        with contextlib.suppress(OSError), open(path, "r+b") as file:
            size = path.stat().st_size
            if trial.chance.random() < 0.5:
                file.truncate(trial.chance.randrange(size))
            else:
                file.seek(trial.chance.randrange(size // 2, size - 4096))
                file.write(trial.chance.randbytes(4096))


def slurm_silent(trial: Trial) -> None:
    silent = trial.cluster.folder / "silent"
    silent.touch()
    time.sleep(120)
    silent.unlink()


FAULTS: dict[str, Callable[[Trial], None]] = {
    "sigkill-job": sigkill_of_a_job,
    "sigterm-time-limit": sigterm_at_time_limit,
    "scancel": scancel,
    "slurmd-killed-and-back": node_restarted,
    "slurmd-lost-and-back": node_lost,
    "slurmctld-restarted": controller_restarted,
    "head-killed": head_killed,
    "head-killed-later": head_killed_later,
    "disk-full": disk_full,
    "checkpoint-corrupted": checkpoint_corrupted,
    "status-queries-fail": slurm_silent,
}


def make_silenceable(cluster: Cluster) -> None:
    """Status commands that fail while a file `silent` is there."""
    for name in ("squeue", "scontrol", "sacct"):
        path = cluster.folder / "bin" / name
        path.write_text(
            f'#!/bin/sh\n[ -e {cluster.folder}/silent ] && exit 1\nexec {shutil.which(name)} "$@"\n'
        )
        path.chmod(0o755)


@contextlib.contextmanager
def small_disk(folder: Path) -> Iterator[None]:
    """A file system of its own for results."""
    (folder / "results").mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=400m", "tmpfs", str(folder / "results")]
    subprocess.run(mount, check=True)
    try:
        yield
    finally:
        subprocess.run(["umount", "--lazy", str(folder / "results")], check=True)


def run_trial(
    fault: str, cluster: Cluster, folder: Path, right: Path, chance: random.Random
) -> tuple[bool, int]:
    """Whether the tables are right, and how often the command had to be given again."""
    make_folder(folder, **LONG.get(fault, {}))
    full = fault == "disk-full"
    # Three more attempts at once would fill the same disk.
    more = {"XLTRANSFER_SLURM_RETRIES": "0"} if full else {}
    with small_disk(folder) if full else contextlib.nullcontext():
        trial = Trial(folder, cluster, chance, **more)
        trial.wait_for_training()
        FAULTS[fault](trial)
        code = trial.head.end()
        restarts = 0
        while code and restarts < RESTARTS:
            restarts += 1
            code = Head(folder, cluster, **more).end()
        return code == 0 and same_tables(right, folder), restarts


def run_fault(
    fault: str, cluster: Cluster, root: Path, right: Path, chance: random.Random, trials: int
) -> tuple[int, int, float]:
    """Trials that ended in the right tables, commands given again, and seconds a trial took."""
    good = again = 0
    began = time.monotonic()
    for number in range(trials):
        folder = root / f"{fault}-{number}"
        try:
            fine, restarts = run_trial(fault, cluster, folder, right, chance)
        except (AssertionError, TimeoutError, subprocess.SubprocessError) as error:
            fine, restarts = False, 0
            print(error, flush=True)
        if not fine:
            print((folder / "head.log").read_text()[-5000:], flush=True)
        good, again = good + fine, again + restarts
        print(f"{fault} {number + 1}: {'right' if fine else 'WRONG'}, {restarts} again", flush=True)
        cluster.recover()
        shutil.rmtree(folder, ignore_errors=True)
    return good, again, (time.monotonic() - began) / trials


def main() -> None:
    """Run the trials and print the matrix."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--trials", type=int, default=3)
    parser.add_argument("--faults", nargs="*", choices=list(FAULTS), default=list(FAULTS))
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    if reason := why_not():
        sys.exit(f"error: no Slurm can be started: {reason}")
    # So that the cluster is stopped whatever ends this.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("terminated"))
    chance = random.Random(arguments.seed)
    table = [
        "| fault | trials | right tables | given again | seconds each |",
        "|---|---|---|---|---|",
    ]
    right: dict[str, Path] = {}
    wrong = 0
    with tempfile.TemporaryDirectory(prefix="faults-", dir="/tmp") as name:
        root = Path(name)
        cluster = Cluster(root / "lab")
        make_silenceable(cluster)
        try:
            for fault in arguments.faults:
                kind = "long" if fault in LONG else "short"
                if kind not in right:
                    right[kind] = run_locally(make_folder(root / kind, **LONG.get(fault, {})))
                good, again, seconds = run_fault(
                    fault, cluster, root, right[kind], chance, arguments.trials
                )
                wrong += arguments.trials - good
                table.append(f"| {fault} | {arguments.trials} | {good} | {again} | {seconds:.0f} |")
        finally:
            cluster.stop()
            print("\n" + "\n".join(table))
    sys.exit(wrong)


if __name__ == "__main__":
    main()
