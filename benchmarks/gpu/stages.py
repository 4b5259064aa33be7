"""Whether stages do on a GPU what they do on a processor: the same table, and the same bytes after
a kill; and whether jobs share a GPU as they should.
"""

from __future__ import annotations

import json
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pandas as pd
import yaml
from xltransfer.runtime.files import sha256_of_file
from xltransfer.runtime.gpus import SHARED_BY, VISIBLE

from ..measurement import LAST_LINES, FailedError
from ..options import ROOT
from ..rows.parsing import PARSER
from .checks import SEED, Check, Found, Setting

ASK_FOR_DEVICE = (
    "import sys, time; from xltransfer.training.devices import prepare_device;"
    "print(prepare_device(1).type, time.time(), flush=True);"
    "sys.stdin.read()"
)
"""Prints the device that a job gets, and when, and keeps it until its input ends."""


CELL = ["ablation", "target"]

MARGIN = 1.0
"""Percentage points by which means of few seeds may differ beyond their spread."""


def _start(setting: Setting, **more: str) -> subprocess.Popen:
    return subprocess.Popen(
        [sys.executable, "-c", ASK_FOR_DEVICE],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env=setting.environment(**more),
    )


def _end(process: subprocess.Popen) -> str:
    return process.communicate()[0].strip()


def sharing(setting: Setting) -> Found:
    """Jobs get a GPU each, or as many to a GPU as allowed; further ones wait; none if hidden."""
    started = time.time()
    hidden = _end(_start(setting, **{VISIBLE: ""}))
    needed = time.time() - started
    if hidden.split()[0] != "cpu":
        raise FailedError(f"with an empty {VISIBLE} a job got {hidden}")
    expected = "cuda" if setting.on_gpu else "cpu"
    jobs = [_start(setting, **{SHARED_BY: "2"}) for _ in range(2)]
    got = [job.stdout.readline().split()[0] for job in jobs]
    third = _start(setting, **{SHARED_BY: "2"})
    # Long enough for a job that does not wait.
    time.sleep(2 * needed if setting.on_gpu else 0)
    released = time.time()
    _end(jobs[0])
    device, since = third.stdout.readline().split()
    for job in (third, jobs[1]):
        _end(job)
    if {device, *got} != {expected}:
        raise FailedError(f"jobs got {[*got, device]} instead of {expected}")
    if setting.on_gpu and float(since) < released:
        raise FailedError("a third job did not wait for a place on the GPU")
    return Found("two jobs shared a GPU, a third waited" if setting.on_gpu else "the processor")


class _Training:
    """A fine-tuning of the embedded encoder by its command.

    Args:
        setting: of the check.
        name: of its folder.
        inputs: training and development part.
    """

    def __init__(self, setting: Setting, name: str, inputs: Sequence[Path]) -> None:
        self.folder = setting.work / "resume" / name
        shutil.rmtree(self.folder, ignore_errors=True)
        self.folder.mkdir(parents=True)
        config = json.dumps(_config(setting))
        model = self.folder / "model"
        self._command = [
            sys.executable, "-m", "xltransfer", "finetune",
            "--encoders", setting.encoder("medium"),
            "--training", inputs[0], "--development", inputs[1],
            "--config", config, "--ablation", "random-init-1-2", "--seeds", SEED,
            "--models", model, "--checkpoints", self.folder / "checkpoints",
            "--checkpoint-seconds", setting.size.checkpoint_seconds, "--threads", setting.threads,
        ]  # fmt: skip
        self._environment = setting.environment(**{SHARED_BY: "3"})
        self.weights = model / "model.safetensors"
        self.log = self.folder / "log.txt"

    def start(self) -> subprocess.Popen:
        """Run it."""
        with open(self.log, "ab") as log:
            return subprocess.Popen(
                list(map(str, self._command)), stdout=log, stderr=log, env=self._environment
            )

    def checkpoints(self) -> list[Path]:
        """States that it can resume from."""
        return list((self.folder / "checkpoints").rglob("state.safetensors"))

    def result(self, process: subprocess.Popen) -> str:
        """SHA-256 of the weights.

        Raises:
            FailedError: the training failed.
        """
        if process.wait():
            lines = self.log.read_text(errors="replace").strip().splitlines()[-LAST_LINES:]
            raise FailedError(f"fine-tuning failed: {' / '.join(lines)}")
        return sha256_of_file(self.weights)


def _config(setting: Setting) -> dict[str, Any]:
    settings = yaml.safe_load((ROOT / "config.yaml").read_text())["parsing"]
    kept = settings["training"] | {
        "epochs": setting.size.resume_epochs,
        "batch_pieces": setting.size.batch_pieces,
        "encoder_learning_rate": 1e-4,
        "head_learning_rate": 1e-3,
    }
    return {"task": "parsing", "settings": {**PARSER, "training": kept}}


def resume(setting: Setting) -> Found:
    """Two undisturbed trainings, and one that is killed and goes on: their weights are equal."""
    inputs = [
        setting.treebank("resume-train", setting.size.resume_sentences, 4),
        setting.treebank("resume-dev", 20, 5),
    ]
    runs = [_Training(setting, name, inputs) for name in ("first", "second", "killed")]
    processes = [run.start() for run in runs]
    killed = processes[2]
    deadline = time.monotonic() + 60
    while killed.poll() is None and not runs[2].checkpoints() and time.monotonic() < deadline:
        time.sleep(0.05)
    killed.send_signal(signal.SIGKILL)
    if killed.wait() != -signal.SIGKILL:
        raise FailedError("the training ended before it could be killed: give it more epochs")
    again = runs[2].start()
    results = [
        run.result(process) for run, process in zip(runs, [*processes[:2], again], strict=True)
    ]
    resumed = "resumes at step" in runs[2].log.read_text()
    if not resumed:
        raise FailedError("the killed training began anew instead of going on")
    if len(set(results)) > 1:
        which = "the same seed" if results[0] != results[1] else "the training that was killed"
        raise FailedError(f"{which} gave other weights")
    return Found("equal weights, byte for byte", figures={"weights": results[0]})


def study(setting: Setting) -> Found:
    """The scores of a study of the embedded world, computed on a GPU and on the processor."""
    cores = max(1, setting.cores // 2)
    folders = {device: setting.work / "study" / device for device in ("gpu", "cpu")}
    started = time.monotonic()
    processes = {
        device: _start_study(setting, folder, device, cores) for device, folder in folders.items()
    }
    seconds = {}
    for device, process in processes.items():
        if process.wait():
            log = folders[device] / "log.txt"
            lines = log.read_text(errors="replace").strip().splitlines()[-LAST_LINES:]
            raise FailedError(f"the study failed on the {device}: {' / '.join(lines)}")
        seconds[device] = time.monotonic() - started
    return _compare(folders, seconds)


def _start_study(setting: Setting, folder: Path, device: str, cores: int) -> subprocess.Popen:
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    for name in ("Snakefile", "config.yaml", "workflow", "resources", "envs", "profiles"):
        (folder / name).symlink_to(ROOT / name)
    chosen = setting.size.study
    overlay = {
        "tasks": ["parsing"],
        "seeds": chosen["seeds"],
        "ablations": chosen["ablations"],
        "unseen": {"languages": []},
        "parallel": {"treebanks": []},
        "job_size": {"finetune": {"seeds": 1}},
        "typology_features": [],
        "parsing": {key: chosen[key] for key in ("sources", "targets", "training")},
    }
    (folder / "study.yaml").write_text(yaml.safe_dump(overlay))
    more = {SHARED_BY: str(cores)} if device == "gpu" else {VISIBLE: ""}
    command = [
        sys.executable, "-m", "snakemake", "--cores", str(cores), "--quiet", "rules",
        "--configfile", "study.yaml", "--", "results/tables/randominit_by_target.csv",
    ]  # fmt: skip
    with open(folder / "log.txt", "wb") as log:
        return subprocess.Popen(
            command, cwd=folder, stdout=log, stderr=log, env=setting.environment(**more)
        )


def _compare(folders: dict[str, Path], seconds: dict[str, float]) -> Found:
    """Means over seeds of the two devices, against the spread of the seeds on either."""
    scores = pd.concat({device: _scores(folder) for device, folder in folders.items()})
    cells = scores.groupby([*CELL, scores.index.get_level_values(0)])["value"]
    means, spreads = cells.mean().unstack(), (cells.max() - cells.min()).unstack().max(axis=1)
    apart = (means["gpu"] - means["cpu"]).abs()
    beyond = apart > spreads + MARGIN
    worst = (apart - spreads).idxmax()
    by_ablation = means.groupby("ablation").mean()
    remark = "; ".join(
        f"{ablation}: LAS {row['gpu']:.1f} on the GPU, {row['cpu']:.1f} on the processor"
        for ablation, row in by_ablation.iterrows()
    )
    return Found(
        f"{len(apart) - beyond.sum()} of {len(apart)} means within the spread of the seeds and "
        f"{MARGIN:g} point",
        "all",
        not beyond.any(),
        f"{remark}; furthest from it {' '.join(worst)}: {apart[worst]:.1f} points apart, seeds "
        f"{spreads[worst]:.1f}; {seconds['gpu']:.0f} s and {seconds['cpu']:.0f} s side by side",
        {"means": {"/".join(cell): dict(row) for cell, row in means.iterrows()}, **seconds},
    )


def _scores(folder: Path) -> pd.DataFrame:
    paths = sorted((folder / "results" / "scores").rglob("*.parquet"))
    scores = pd.concat(pd.read_parquet(path) for path in paths)
    return scores[scores["metric"] == "LAS"].reset_index(drop=True)


CHECKS = [
    Check("sharing", "jobs of one GPU", sharing, 60),
    Check("resume", "a killed training that goes on", resume, 90),
    Check("study", "the embedded study on the GPU and on the processor", study, 200),
]
