"""benchmarks/gpu.sh, rehearsed on a processor with tiny encoders: nobody watches its first run."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

from running import environment

ROOT = Path(__file__).parent.parent.parent
SCRIPT = ROOT / "benchmarks" / "gpu.sh"
MEASURED = {"parser": 4, "masked-lm": 3, "representation": 2, "prediction": 3, "grid": 3}
"""Measurements of each check that measures."""


def run(folder: Path, *arguments: str, **more: str) -> subprocess.CompletedProcess:
    variables = {"DEVICE": "cpu", "SIZE": "tiny", "PYTHON": "python", **more}
    variables |= {"WORK": str(folder / "work"), "OUTPUT": str(folder / "gpu.json")}
    return subprocess.run(
        [SCRIPT, *arguments], capture_output=True, text=True, env=environment(**variables)
    )


def test_all_checks_end_well_on_a_processor(tmp_path: Path) -> None:
    done = run(tmp_path)
    assert done.returncode == 0, done.stderr
    found = json.loads((tmp_path / "gpu.json").read_text())["checks"]
    assert {key: outcome["status"] for key, outcome in found.items()} == dict.fromkeys(
        ["sharing", "resume", "study", *MEASURED], "done"
    )
    assert {key: len(found[key]["measured"]) for key in MEASURED} == MEASURED
    assert all(one["seconds"] > 0 for key in MEASURED for one in found[key]["measured"][:1])
    assert found["resume"]["result"] == "equal weights, byte for byte"
    # The two studies ran on the same processor, so that their scores are equal.
    means = found["study"]["figures"]["means"].values()
    assert len(means) == 4 and all(mean["gpu"] == mean["cpu"] > 0 for mean in means)
    assert "| `study` | the embedded study on the GPU and on the processor |" in done.stdout
    assert str(tmp_path) not in (tmp_path / "gpu.json").read_text()


def test_a_check_that_takes_too_long_is_ended_and_said_so(tmp_path: Path) -> None:
    done = run(tmp_path, "--checks", "grid", SECONDS_LIMIT="2")
    assert done.returncode == 2
    assert "not done: grid" in done.stderr.splitlines()[-1]
    found = json.loads((tmp_path / "gpu.json").read_text())["checks"]["grid"]
    assert found["status"] == "ended after 2 s, its time"


def test_without_a_gpu_it_says_how_to_rehearse(tmp_path: Path) -> None:
    done = run(tmp_path, DEVICE="cuda", CUDA_VISIBLE_DEVICES="")
    assert done.returncode == 2
    assert "DEVICE=cpu rehearses the checks without one" in done.stderr
    assert not (tmp_path / "gpu.json").exists()
