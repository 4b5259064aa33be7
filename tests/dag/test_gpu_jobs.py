"""How many GPU jobs Snakemake starts at once on this machine, with stages that only pretend."""

from __future__ import annotations

from itertools import accumulate
from pathlib import Path

import pytest
from planning import FAKE_PYTHON, install_fake_stages, snakemake, with_fake_stages

MODELS = [
    f"results/models/embedded/parsing/{source}_embedded/{ablation}/seed-1/model.safetensors"
    for source in ("qaa", "qca")
    for ablation in ("none", "random-init-1-2")
]

TOGETHER = """
# Fine-tuning says when it starts and ends, and does not end before so many have started.
import os, time
log = Path(os.environ["STARTS_AND_ENDS"])
def say(sign):
    with open(log, "a") as file:
        file.write(sign)
if stage == "finetune":
    say("+")
    for _ in range(600):
        if log.read_text().count("+") >= int(os.environ["WANTED"]):
            break
        time.sleep(0.05)
    time.sleep(0.5)
    say("-")
"""


@pytest.mark.parametrize(
    ("visible", "arguments", "most"),
    [("", [], 4), ("0,1", [], 2), ("0", ["--resources", "gpu=3"], 3)],
    ids=["without GPUs as many as there are cores", "two GPUs", "what the user says"],
)
def test_gpu_jobs_at_once(visible: str, arguments: list[str], most: int, small: Path) -> None:
    install_fake_stages(small, FAKE_PYTHON + TOGETHER)
    done = snakemake(
        small, "--cores", "4", *MODELS, *arguments, "--configfile", "small.yaml",
        **with_fake_stages(small), CUDA_VISIBLE_DEVICES=visible,
        STARTS_AND_ENDS=str(small / "log"), WANTED=str(most),
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    events = (small / "log").read_text()
    assert sorted(events) == ["+"] * 4 + ["-"] * 4
    assert max(accumulate(1 if event == "+" else -1 for event in events)) == most


def test_wrong_setting_is_one_line(small: Path) -> None:
    done = snakemake(small, "-n", XLTRANSFER_JOBS_PER_GPU="all", CUDA_VISIBLE_DEVICES="0")
    assert done.returncode != 0
    assert "error: XLTRANSFER_JOBS_PER_GPU: 'all' is not a number of jobs" in done.stderr
    assert "Traceback" not in done.stderr
