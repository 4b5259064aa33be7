"""What each rule asks Slurm for, seen by a stand-in for sbatch; needs no Slurm."""

from __future__ import annotations

import itertools
import json
import os
import re
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest
from conftest import ROOT
from planning import snakemake

GPU_RULES = re.compile(r"(finetune|predict|represent)(_\d+)?")
"""Those of further batches are called finetune_2 and so on."""

SBATCH = """#!{python}
# Stands for sbatch: writes down what it is asked for, and says that the job has number N.
import fcntl, json, os, sys
with open("requests.jsonl", "a+") as file:
    fcntl.flock(file, fcntl.LOCK_EX)
    file.seek(0)
    number = len(file.readlines()) + 1
    environment = {{name: os.environ.get(name) for name in ("HF_HUB_OFFLINE", "OMP_NUM_THREADS")}}
    file.write(json.dumps({{"arguments": sys.argv[1:], "environment": environment}}) + "\\n")
print(number)
"""

SQUEUE = """#!{python}
# Stands for squeue: every job of this run has ended well, and nothing is left of earlier runs.
import sys
from pathlib import Path
if "--name" in sys.argv:
    for number, _ in enumerate(Path("requests.jsonl").read_text().splitlines(), start=1):
        print(f"{{number}}|COMPLETED")
"""

SCONTROL = """#!{python}
print("MinJobAge = 300 sec")
print("MaxArraySize = 1001")
"""


SACCT = """#!{python}
import sys
sys.exit("Slurm accounting storage is disabled")
"""

SINFO = """#!{python}
print("normal*")
"""


def write_commands(folder: Path, **commands: str) -> str:
    """Write commands into a folder; a PATH in which they come first."""
    folder.mkdir()
    for name, text in commands.items():
        (folder / name).write_text(text.format(python=sys.executable))
        (folder / name).chmod(0o755)
    return f"{folder}{os.pathsep}{os.environ['PATH']}"


def option(arguments: list[str], *names: str) -> str | None:
    """The value of an option, written with a space or with =; None if it is not there."""
    for position, argument in enumerate(arguments):
        if argument in names:
            return arguments[position + 1]
        for name in names:
            if argument.startswith(f"{name}="):
                return argument.partition("=")[2]
    return None


@dataclass
class Run:
    """A run of the small study whose jobs are only asked for."""

    folder: Path
    log: str
    requests: dict[str, list[dict]]
    """By rule."""


SETTINGS = {
    "XLTRANSFER_SLURM_PARTITION": "batch",
    "XLTRANSFER_SLURM_GPU_MODEL": "a100",
    "XLTRANSFER_SLURM_GPU_CONSTRAINT": "nvlink",
    "XLTRANSFER_SLURM_QOS": "long",
    "XLTRANSFER_SLURM_GPUS": "3",
}


@pytest.fixture(scope="module")
def run(finished_once: Path, tmp_path_factory: pytest.TempPathFactory) -> Run:
    """All jobs of the small study; their outputs are there already, so that none needs to run."""
    folder = tmp_path_factory.mktemp("requests") / "study"
    shutil.copytree(finished_once, folder)
    path = write_commands(
        folder / "commands",
        sbatch=SBATCH, squeue=SQUEUE, scontrol=SCONTROL, sacct=SACCT, sinfo=SINFO,
    )  # fmt: skip
    done = snakemake(
        folder, "--profile", "slurm", "--configfile", "small.yaml", "--forceall", "--verbose",
        "--slurm-init-seconds-before-status-checks", "1", PATH=path, **SETTINGS,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    requests: dict[str, list] = {}
    for line in (folder / "requests.jsonl").read_text().splitlines():
        request = json.loads(line)
        comment = option(request["arguments"], "--comment")
        rule = comment.removeprefix("rule_").partition("_wildcards_")[0]
        requests.setdefault(rule, []).append(request)
    return Run(folder, done.stderr, requests)


def test_every_job_is_asked_for_once(run: Run) -> None:
    stats = re.search(r"Job stats:\n(.*?)total", run.log, re.DOTALL)[1].splitlines()[2:]
    planned = {name: int(count) for name, count in map(str.split, stats)}
    assert planned.pop("all") == 1
    assert {rule: len(found) for rule, found in run.requests.items()} == planned


@pytest.mark.parametrize("asks", [True, False])
def test_rules_with_a_gpu_and_without(run: Run, asks: bool) -> None:
    expected = {"-p": "gpu", "--gpus": "a100:1", "-C": "nvlink", "--signal": "TERM@120"}
    for rule, requests in run.requests.items():
        if bool(GPU_RULES.fullmatch(rule)) == asks:
            for request in requests:
                found = {name: option(request["arguments"], name) for name in expected}
                assert found == (expected if asks else {**dict.fromkeys(expected), "-p": "batch"})
                assert option(request["arguments"], "--gres") is None


def test_all_jobs_state_their_limits_and_run_offline(run: Run) -> None:
    for request in itertools.chain(*run.requests.values()):
        arguments = request["arguments"]
        assert int(option(arguments, "--mem")) >= 2000 and int(option(arguments, "-t")) >= 60
        assert "--no-requeue" in arguments and option(arguments, "--qos") == "long"
        assert "-A" not in arguments and option(arguments, "-D") == str(run.folder)
        assert request["environment"] == {"HF_HUB_OFFLINE": "1", "OMP_NUM_THREADS": "1"}


def test_the_cluster_is_not_throttled_by_what_this_machine_has(run: Run) -> None:
    assert "Provided remote nodes: 100" in run.log
    before = re.search(r"Resources before job selection: (.*)", run.log)[1]
    assert "'gpu': 3" in before and "'_nodes': 100" in before


def test_a_second_attempt_gets_twice_as_much(run: Run, small: Path) -> None:
    done = snakemake(small, "--configfile", "small.yaml", "--dry-run", "--attempt", "2")
    blocks = re.split(r"\n(?=(?:local)?rule )", done.stdout + done.stderr)[1:]
    seen = set()
    for block in blocks:
        rule = re.match(r"(?:local)?rule (\w+):", block)[1]
        resources = re.search(r"    resources: (.*)", block)[1]
        if rule in run.requests:
            seen.add(rule)
            first = run.requests[rule][0]["arguments"]
            for name, asked in (("mem_mb", "--mem"), ("runtime", "-t")):
                value = int(re.search(rf"\b{name}=(\d+)", resources)[1])
                assert value == 2 * int(option(first, asked)), (rule, name)
    assert seen == set(run.requests)


def test_every_rule_states_what_it_needs() -> None:
    """Also those of other studies: memory and time that grow, or run where the network is."""
    for path in (ROOT / "workflow" / "rules").glob("*.smk"):
        rules = re.split(r"^ *rule\b", path.read_text(), flags=re.MULTILINE)[1:]
        for rule in rules:
            local = "localrule: True" in rule
            for name in ("mem_mb", "runtime"):
                grows = re.search(rf"{name}=(growing|lambda wildcards, attempt)", rule)
                assert local or grows, (path, rule[:60])
            expected = "xltransfer fetch" in rule or rule.startswith((" bilstm", " drop_weights"))
            assert local == expected, rule[:60]


def test_plans_where_there_is_no_slurm(small: Path) -> None:
    """The plugin looks for commands of Slurm with `which`; there is nothing else to be found."""
    (small / "commands").mkdir()
    (small / "commands" / "which").symlink_to(shutil.which("which"))
    done = snakemake(
        small, "--profile", "slurm", "--configfile", "small.yaml", "--dry-run",
        PATH=str(small / "commands"),
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "slurm_partition=gpu" in done.stdout and "gpu_model" not in done.stdout
