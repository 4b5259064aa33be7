"""Killed at random moments, the same command ends in the same tables."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import yaml
from conftest import copy_workflow
from running import environment, fine_tuning_processes, snakemake

STUDY = {
    "tasks": ["parsing"],
    "unseen": {"languages": []},
    "parallel": {"treebanks": ["qaa_embedded", "qab_embedded"]},
    "seeds": [1, 2],
    "job_size": {"finetune": {"seeds": 2}},
    "ablations": ["none", "random-init-1-2"],
    # Every half second, so that the moments at which it is killed differ in what is saved.
    "checkpoint_minutes": 0.5 / 60,
    "parsing": {
        "sources": ["qaa_embedded"],
        "targets": ["qaa_embedded", "qab_embedded"],
        "training": {"epochs": 3, "training_sentences": 400},
    },
}
KILLS = 2


def start(folder: Path) -> subprocess.Popen:
    """Start the study, in a process group of its own."""
    return subprocess.Popen(
        [sys.executable, "-m", "snakemake", "--cores", "2", "--configfile", "study.yaml"],
        cwd=folder,
        env=environment(),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )


def kill_a_fine_tuning(folder: Path, draws: random.Random) -> bool:
    """Start the study, kill a fine-tuning after a random time; whether one was killed."""
    with start(folder) as head:
        logs = folder / "results" / "logs" / "finetune"
        started = time.monotonic()
        delay = None
        while head.poll() is None:
            time.sleep(0.05)
            processes = fine_tuning_processes(folder)
            begun = any("epoch" in path.read_text() for path in logs.rglob("*.log"))
            if processes and delay is None:
                # Sometimes before the first step, mostly after the first epoch.
                delay = draws.uniform(0, 3)
                early = draws.random() < 0.2
            if processes and (begun or early):
                delay -= 0.05
                if delay <= 0:
                    try:
                        os.kill(draws.choice(processes), signal.SIGKILL)
                    except ProcessLookupError:
                        continue
                    head.wait(timeout=120)
                    return True
            assert time.monotonic() - started < 300
    return False


def end_everything(folder: Path) -> None:
    """Start the study, and send SIGTERM to all its processes in the midst of a training.

    Schedulers do so: to Snakemake, to the shells of its jobs, and to what these run.
    """
    with start(folder) as head:
        started = time.monotonic()
        while not list((folder / "results" / "checkpoints").rglob("state.safetensors")):
            assert head.poll() is None and time.monotonic() - started < 300
            time.sleep(0.05)
        os.killpg(head.pid, signal.SIGTERM)
        assert head.wait(timeout=120) != 0
        assert not fine_tuning_processes(folder), "Snakemake waits for its jobs"
    logs = (folder / "results" / "logs" / "finetune").rglob("*.log")
    assert any("interrupted by SIGTERM" in path.read_text() for path in logs)


@pytest.mark.skipif(not Path("/proc").exists(), reason="finds processes by way of /proc")
def test_killed_again_and_again_the_table_is_the_same(tmp_path: Path) -> None:
    folders = {}
    for name in ("whole", "killed"):
        folders[name] = copy_workflow(tmp_path / name)
        (folders[name] / "study.yaml").write_text(yaml.safe_dump(STUDY))
    done = snakemake(folders["whole"], "--configfile", "study.yaml")
    assert done.returncode == 0, done.stderr[-2000:]
    draws = random.Random(0)
    end_everything(folders["killed"])
    kills = sum(kill_a_fine_tuning(folders["killed"], draws) for _ in range(KILLS))
    assert kills == KILLS
    done = snakemake(folders["killed"], "--configfile", "study.yaml")
    assert done.returncode == 0, done.stderr[-2000:]
    logs = folders["killed"] / "results" / "logs" / "finetune"
    assert any("resumes at step" in path.read_text() for path in logs.rglob("*.log"))
    names = sorted(path.name for path in (folders["whole"] / "results" / "tables").iterdir())
    assert len(names) == 11 * 6
    # How long trainings took is the one thing that differs.
    for name in (name for name in names if not name.endswith(".timing.json")):
        one, two = (folders[f] / "results" / "tables" / name for f in ("whole", "killed"))
        assert one.read_bytes() == two.read_bytes(), name
    for model in (folders["whole"] / "results" / "models").rglob("model.safetensors"):
        other = folders["killed"] / model.relative_to(folders["whole"])
        assert model.read_bytes() == other.read_bytes()
    assert not list((folders["killed"] / "results" / "checkpoints").rglob("*.safetensors"))
