"""Kinds of faults on a cluster: a private Slurm, whose jobs, nodes and controller are disturbed."""

from __future__ import annotations

import os
import random
import shutil
import signal
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

from cluster import NODES, Cluster, wait_until
from faults.commands import Command
from faults.local import disk_full, no_mounts, small_disk
from faults.processes import stages_in
from faults.study import TABLE, Reference, References, Timeline, watch
from faults.trial import Kind, Moment, Trial
from heads import FINETUNE, slurm_command, state

LONG = (("epochs", 40), ("training_sentences", 300))
"""Training for trials in which Slurm's clock must tick: it looks at time limits twice a minute."""
SECONDS = 900
"""After which a command hangs: no undisturbed one takes as long."""


class SlurmTrial(Trial):
    """A trial whose jobs run on a private Slurm.

    Args:
        cluster: the Slurm.
        timeline: of an undisturbed run on it, in seconds on the wall.
        environment: variables for the commands.
    """

    patience = SECONDS

    def __init__(
        self, folder: Path, reference: Reference, chance: random.Random, moment: Moment,
        cluster: Cluster, timeline: Timeline, environment: dict[str, str],
    ) -> None:  # fmt: skip
        self.cluster, self.environment = cluster, environment
        self._began = time.monotonic()
        super().__init__(folder, reference, chance, moment, timeline)

    def arguments(self) -> tuple[list[str], dict[str, str]]:
        """With the profile for Slurm."""
        command, settings = slurm_command(self.cluster, TABLE)
        return command, {**settings, **self.environment}

    def clock(self) -> float:
        """Seconds since the trial began."""
        return time.monotonic() - self._began

    def trains(self) -> bool:
        """Whether a job trains and is past an epoch."""
        return super().trains() and bool(state(self.cluster, FINETUNE, "RUNNING"))

    def places_of_logs(self) -> list[Path]:
        """Slurm has logs of the jobs as well."""
        return [*super().places_of_logs(), self.folder / ".snakemake" / "slurm_logs"]

    def kill(self) -> None:
        """End all commands and all jobs, and have everything of Slurm run again."""
        super().kill()
        (self.cluster.folder / "silent").unlink(missing_ok=True)
        self.cluster.recover()

    def job(self) -> dict[str, str]:
        """A job that runs, as soon as there is one; of a training where models are trained."""
        rule = FINETUNE if self.moment.in_training else "rule_"
        return self.chance.choice(self.wait_for(lambda: state(self.cluster, rule, "RUNNING")))

    def kill_stage(self) -> None:
        """Kill what a job runs, as the kernel does when memory is short."""
        pid = self.chance.choice(self.wait_for(lambda: stages_in(self.folder)))
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


def sigkill_of_a_job(trial: SlurmTrial) -> None:
    trial.start()
    trial.kill_stage()


def sigterm_at_time_limit(trial: SlurmTrial) -> None:
    trial.start()
    trial.cluster.run("scontrol", "update", f"JobId={trial.job()['JobId']}", "TimeLimit=1")


def scancel(trial: SlurmTrial) -> None:
    trial.start()
    trial.cluster.run("scancel", trial.job()["JobId"])


def node_lost(trial: SlurmTrial) -> None:
    trial.start()
    node = trial.job()["NodeList"]

    def down() -> bool:
        return "down" in trial.cluster.run("sinfo", "-h", "-n", node, "-o", "%t")

    trial.cluster.kill(f"slurmd-{node}", signal.SIGKILL)
    wait_until(down, 600, "the node is down")
    trial.cluster.start_node(node)


def node_restarted(trial: SlurmTrial) -> None:
    trial.start()
    node = trial.chance.choice([trial.job()["NodeList"], *NODES])
    trial.cluster.kill(f"slurmd-{node}", signal.SIGKILL)
    time.sleep(2)
    trial.cluster.start_node(node)


def controller_restarted(trial: SlurmTrial) -> None:
    trial.start()
    trial.cluster.kill("slurmctld", signal.SIGKILL)
    time.sleep(trial.chance.uniform(0, 30))
    trial.cluster.start_controller()


def head_killed(trial: SlurmTrial) -> None:
    trial.start()
    os.kill(trial.head.pid, signal.SIGKILL)


def head_killed_later(trial: SlurmTrial) -> None:
    """Its jobs go on for a while, and may end."""
    head_killed(trial)
    time.sleep(trial.chance.uniform(5, 30))


def checkpoint_corrupted(trial: SlurmTrial) -> None:
    def saved() -> list[Path]:
        return list((trial.folder / "results" / "checkpoints").rglob("state.safetensors"))

    trial.start()
    trial.wait_for(saved)
    trial.kill_stage()
    for path in saved():
        with suppress(OSError), open(path, "r+b") as file:
            size = path.stat().st_size
            if trial.chance.random() < 0.5:
                file.truncate(trial.chance.randrange(size))
            else:
                file.seek(trial.chance.randrange(size // 2, size - 4096))
                file.write(trial.chance.randbytes(4096))


def slurm_silent(trial: SlurmTrial) -> None:
    trial.start()
    silent = trial.cluster.folder / "silent"
    silent.touch()
    time.sleep(trial.chance.uniform(10, 120))
    silent.unlink()


def _kind(act: Callable[[SlurmTrial], None], **more: Any) -> Kind:
    return Kind(act, **more)


KINDS: dict[str, Kind] = {
    "slurm-sigkill-job": _kind(sigkill_of_a_job),
    "slurm-sigterm-time-limit": _kind(sigterm_at_time_limit, training=LONG, in_training=True),
    "slurm-scancel": _kind(scancel),
    "slurm-slurmd-killed-and-back": _kind(node_restarted),
    "slurm-slurmd-lost-and-back": _kind(node_lost),
    "slurm-slurmctld-restarted": _kind(controller_restarted),
    "slurm-head-killed": _kind(head_killed),
    "slurm-head-killed-later": _kind(head_killed_later),
    "slurm-disk-full": _kind(
        disk_full,
        around=small_disk,
        why_not=no_mounts,
        # Three more attempts at once would fill the same disk.
        options=(("XLTRANSFER_SLURM_RETRIES", "0"),),
    ),
    "slurm-checkpoint-corrupted": _kind(checkpoint_corrupted, in_training=True),
    "slurm-status-queries-fail": _kind(slurm_silent),
}


class SlurmTrials:
    """Makes trials on a private Slurm, which runs until ``stop``.

    Args:
        references: undisturbed runs on this machine.
        root: folder for Slurm and an undisturbed run on it.
    """

    def __init__(self, references: References, root: Path) -> None:
        self.references = references
        self.cluster = Cluster(root / "lab")
        try:
            make_silenceable(self.cluster)
            self.timeline = self._undisturbed(root / "undisturbed-slurm")
        except BaseException:
            self.cluster.stop()
            raise

    def _undisturbed(self, folder: Path) -> Timeline:
        """How long the jobs take here; the results must be those of a local run."""
        reference = self.references()
        reference.copy(folder, 0)
        command, settings = slurm_command(self.cluster, TABLE)
        began = time.monotonic()
        run = Command(folder, command, **settings)
        timeline = watch(run, lambda: time.monotonic() - began, 2 * SECONDS)
        different = reference.differences(folder)
        assert not different, f"on Slurm {different} differ without a fault"
        return timeline

    def __call__(self, folder: Path, kind: Kind, chance: random.Random, moment: Moment) -> Trial:
        reference = self.references(kind.training)
        return SlurmTrial(
            folder, reference, chance, moment, self.cluster, self.timeline, dict(kind.options)
        )

    def stop(self) -> None:
        """End Slurm."""
        self.cluster.stop()


def make_silenceable(cluster: Cluster) -> None:
    """Status commands that fail while a file `silent` is there."""
    for name in ("squeue", "scontrol", "sacct"):
        path = cluster.folder / "bin" / name
        path.write_text(
            f'#!/bin/sh\n[ -e {cluster.folder}/silent ] && exit 1\nexec {shutil.which(name)} "$@"\n'
        )
        path.chmod(0o755)
