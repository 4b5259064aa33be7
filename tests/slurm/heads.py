"""A study so small that a trial takes a minute, and heads that run it through a private Slurm."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import yaml
from cluster import Cluster, wait_until
from conftest import copy_workflow
from running import environment, snakemake

STUDY = {
    "tasks": ["pos"],
    "unseen": {"languages": []},
    "parallel": {"treebanks": ["qaa_embedded", "qab_embedded"]},
    "seeds": [1, 2],
    "job_size": {"finetune": {"seeds": 2}, "predict": {"sources": 1, "seeds": 2}},
    "ablations": ["none", "random-init-1-2"],
    # Often, so that a training that is ended early has something to go on from.
    "checkpoint_minutes": 0.5 / 60,
    "pos": {
        "sources": ["qaa_embedded"],
        "targets": ["qaa_embedded", "qab_embedded"],
        "training": {"epochs": 16, "training_sentences": 300},
    },
}
TABLES = [f"results/tables/{name}.csv" for name in ("randominit", "randominit_by_target")]
SIMILARITY = "results/tables/cka.csv"
FINETUNE = "rule_finetune"
GPU_RULES = re.compile(r"rule_(finetune|predict|represent)(_\d+)?(_wildcards_|$)")


def make_folder(folder: Path) -> Path:
    """A copy of the workflow with the study."""
    copy_workflow(folder)
    (folder / "study.yaml").write_text(yaml.safe_dump(STUDY))
    return folder


def run_locally(folder: Path, *more: str) -> Path:
    """The study in a folder made for it, without Slurm, to compare with."""
    done = snakemake(folder, *TABLES, *more, "--configfile", "study.yaml")
    assert done.returncode == 0, done.stderr[-3000:]
    return folder


def same_tables(one: Path, other: Path, *more: str) -> bool:
    """Whether all tables are there and equal byte for byte."""
    return all(
        (other / table).exists() and (one / table).read_bytes() == (other / table).read_bytes()
        for table in (*TABLES, *more)
    )


def slurm_command(cluster: Cluster, *targets: str) -> tuple[list[str], dict[str, str]]:
    """The command of a user with a cluster, and environment variables for it."""
    command = [
        sys.executable, "-m", "snakemake", "--profile", "slurm", "--configfile", "study.yaml",
        "--slurm-init-seconds-before-status-checks", "2", "--latency-wait", "10", *targets,
    ]  # fmt: skip
    python = Path(environment()["PATH"].partition(os.pathsep)[0])
    path = f"{python}:{cluster.environment['PATH']}"
    return command, {"OMP_NUM_THREADS": "1", **cluster.environment, "PATH": path}


class Head:
    """Snakemake with the profile, in the background.

    Args:
        folder: a copy of the workflow with the study.
        cluster: where the jobs run.
        tables: to make beside those of scores.
        more: environment variables.
    """

    def __init__(self, folder: Path, cluster: Cluster, *tables: str, **more: str) -> None:
        self.folder = folder
        self.log = folder / "head.log"
        command, settings = slurm_command(cluster, *TABLES, *tables)
        with open(self.log, "a") as log:
            self.process = subprocess.Popen(
                command, cwd=folder, env={**os.environ, **settings, **more}, stdout=log, stderr=log
            )

    def kill(self) -> None:
        """As the kernel does when memory is short."""
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()

    def end(self, seconds: float = 600) -> int:
        """Wait for its end; its exit code."""
        try:
            return self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            self.process.kill()
            raise

    def wait_for(self, condition: Callable[[], bool], seconds: float, what: str) -> None:
        """Wait for something that must happen while the head runs."""
        wait_until(lambda: condition() or self.process.poll() is not None, seconds, what)
        assert condition(), f"the head ended before: {what}\n{self.log.read_text()[-3000:]}"


def state(cluster: Cluster, rule: str, *states: str) -> list[dict[str, str]]:
    """The jobs of a rule in some state, the latest first."""
    found = [job for job in cluster.jobs() if job.get("Comment", "").startswith(rule)]
    found = [job for job in found if not states or job["JobState"] in states]
    return sorted(found, key=lambda job: -int(job["JobId"]))


def misplaced(jobs: list[dict[str, str]]) -> list[str]:
    """Jobs of GPU rules that were not given a GPU in its partition, and others that were."""
    wrong = []
    for job in jobs:
        asks = bool(GPU_RULES.match(job["Comment"]))
        partition, nodes = ("gpu", ["g1"]) if asks else ("cpu", ["n1", "n2"])
        asked = "gres:gpu:1" if asks else None
        ran = job["JobState"] == "COMPLETED"
        right = job["Partition"] == partition and job.get("TresPerJob") == asked
        if not right or (ran and job["NodeList"] not in nodes):
            wrong.append(f"{job['Comment']} in {job['Partition']} on {job['NodeList']}")
    return wrong


def training(folder: Path, cluster: Cluster) -> bool:
    """Whether a fine-tuning is past its first epoch."""
    logs = (folder / "results" / "logs" / "finetune").rglob("*.log")
    return bool(state(cluster, FINETUNE, "RUNNING")) and any(
        "epoch" in path.read_text() for path in logs
    )
