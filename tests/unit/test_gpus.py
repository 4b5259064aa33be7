"""A GPU for each job and its threads alone, on machines with any number of GPUs."""

from __future__ import annotations

import json
import os
import select
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import pytest
from encoders import make_encoder
from running import environment, in_child
from test_parsing import SETTINGS
from test_training import SENTENCES, TRAINING
from xltransfer.corpora.conllu import write_conllu
from xltransfer.runtime import gpus
from xltransfer.runtime.errors import InputError
from xltransfer.runtime.signatures import run_command
from xltransfer.stages import finetune


@pytest.fixture(autouse=True)
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A machine with two GPUs whose device files lie in a folder."""
    nodes = tmp_path / "dev"
    nodes.mkdir()
    for name in ("nvidia0", "nvidia3", "nvidiactl", "nvidia-uvm", "nvidia-caps", "null"):
        (nodes / name).touch()
    monkeypatch.setattr(gpus, "NODES", nodes)
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    monkeypatch.setattr(gpus.shutil, "which", lambda _: None)
    for name in (gpus.VISIBLE, gpus.SHARED_BY, gpus.SLURM_JOB):
        monkeypatch.delenv(name, raising=False)
    return nodes


def test_gpus_are_counted_by_their_files(machine: Path) -> None:
    assert gpus.visible_gpus() == ["0", "1"], "CUDA counts what a container has from 0"
    for path in machine.iterdir():
        path.unlink()
    assert gpus.visible_gpus() == [] and gpus.jobs_at_once() == 0


def test_gpus_without_files_are_counted_by_nvidia_smi(machine: Path, monkeypatch) -> None:
    for path in machine.iterdir():
        path.unlink()
    tool = machine / "nvidia-smi"
    said = "GPU 0: A (UUID: x)\\nGPU 1: A (UUID: y)\\n"
    tool.write_text(f"#!/bin/sh\n[ $1 = -L ] && printf '{said}'\n")
    tool.chmod(0o755)
    monkeypatch.setattr(gpus.shutil, "which", lambda _: str(tool))
    assert gpus.visible_gpus() == ["0", "1"]


@pytest.mark.parametrize(
    ("given", "found"),
    [
        ("", []),
        ("-1", []),
        ("NoDevFiles", []),
        ("5", ["5"]),
        ("2, 0", ["2", "0"]),
        ("1,-1,0", ["1"]),
        ("GPU-8932f937,MIG-7c9a", ["GPU-8932f937", "MIG-7c9a"]),
    ],
)
def test_what_is_visible_counts(given: str, found: list[str], monkeypatch) -> None:
    monkeypatch.setenv(gpus.VISIBLE, given)
    assert gpus.visible_gpus() == found
    monkeypatch.setenv(gpus.SHARED_BY, "3")
    assert gpus.jobs_at_once() == 3 * len(found)


@pytest.mark.parametrize("number", ["0", "-1", "many", ""])
def test_wrong_number_of_jobs(number: str, monkeypatch) -> None:
    monkeypatch.setenv(gpus.SHARED_BY, number)
    with pytest.raises(InputError, match=r"XLTRANSFER_JOBS_PER_GPU: .* is not a number of jobs"):
        gpus.jobs_at_once()


class Job:
    """A process that takes a GPU, says which, and lives until it is killed."""

    def __init__(self) -> None:
        self.taken: str | None = None
        self.output, end = os.pipe()
        self.process = os.fork()
        if not self.process:
            try:
                gpus.WAIT_SECONDS = 0.01
                gpus.take_gpu()
                gpus.take_gpu()  # has one
                os.write(end, os.environ.get(gpus.VISIBLE, "none").encode() + b"\n")
                signal.pause()
            finally:
                os._exit(1)
        os.close(end)

    def device(self, seconds: float = 30) -> str | None:
        """The GPU, or ``None`` if it has none in time."""
        ready, _, _ = select.select([self.output], [], [], seconds)
        self.taken = os.read(self.output, 100).decode().strip() if ready else None
        return self.taken

    def kill(self) -> None:
        if self.process:
            os.kill(self.process, signal.SIGKILL)
            os.waitpid(self.process, 0)
            os.close(self.output)
        self.process = 0


@pytest.fixture
def start() -> Iterator[Callable[[], Job]]:
    """Starts jobs that end with the test."""
    jobs: list[Job] = []
    yield lambda: (jobs.append(Job()), jobs[-1])[1]
    for job in jobs:
        job.kill()


def test_every_job_has_a_gpu_of_its_own(start) -> None:
    """A third one waits, and gets that of a job that was killed."""
    first, second = start(), start()
    assert {first.device(), second.device()} == {"0", "1"}
    third = start()
    assert third.device(0.5) is None
    second.kill()
    assert third.device() == second.taken


def test_jobs_can_share_gpus(start, monkeypatch) -> None:
    monkeypatch.setenv(gpus.SHARED_BY, "2")
    assert [start().device() for _ in range(4)] == ["0", "1", "0", "1"]


def test_without_gpus_nothing_is_taken(start, monkeypatch) -> None:
    monkeypatch.setenv(gpus.VISIBLE, "")
    assert [start().device() for _ in range(2)] == ["", ""]


def test_what_slurm_gives_is_kept(start, monkeypatch) -> None:
    """In jobs of Slurm one number may stand for two GPUs; without any, Slurm has given none."""
    for job in ("1", "2"):
        monkeypatch.setenv(gpus.SLURM_JOB, job)
        monkeypatch.setenv(gpus.VISIBLE, "0")
        assert start().device() == "0"
    monkeypatch.setenv(gpus.VISIBLE, "0,1")
    assert start().device() == "1"
    monkeypatch.delenv(gpus.VISIBLE)
    assert start().device() == "none"


def test_importing_stages_leaves_cuda_alone() -> None:
    """It must not have looked for devices before one is taken."""
    code = """
import torch
def refuse(*arguments): raise SystemExit("CUDA was asked")
torch.cuda.device_count = torch.cuda.is_available = refuse
from xltransfer.stages import adapt, finetune, predict, pretrain, represent
"""
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, env=environment()
    )
    assert done.returncode == 0, done.stderr


@pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="counts threads in /proc")
@pytest.mark.parametrize("threads", [1, 2])
def test_training_has_the_threads_it_was_given(threads: int, tmp_path: Path) -> None:
    encoder = make_encoder(tmp_path / "encoder")
    write_conllu(tmp_path / "train.conllu", SENTENCES * 8)
    # Large enough that sums are split among threads.
    training = {**TRAINING, "epochs": 2, "training_sentences": None, "batch_pieces": 4000}
    config = {"task": "parsing", "settings": {**SETTINGS, "training": training}}
    arguments = [
        "--encoders", encoder, "--config", json.dumps(config), "--ablation", "none", "--seeds", 1,
        "--training", tmp_path / "train.conllu", "--development", tmp_path / "train.conllu",
        "--models", tmp_path / "out",
        "--checkpoints", tmp_path / "checkpoints", "--threads", threads,
    ]  # fmt: skip

    def count() -> None:
        idle = sum(thread.name == "tqdm_monitor" for thread in threading.enumerate())
        tasks = len(os.listdir("/proc/self/task")) - idle
        (tmp_path / "threads").write_text(str(tasks))

    code = in_child(
        partial(run_command, finetune.finetune), arguments, tmp_path / "log", "epoch 2:", count
    )
    assert code == 0, (tmp_path / "log").read_text()
    assert int((tmp_path / "threads").read_text()) == threads
