"""A study through a real Slurm whose head is killed on the way: same command, same tables."""

from __future__ import annotations

import json
import re
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from cluster import Cluster, why_not
from heads import (
    FINETUNE,
    SIMILARITY,
    Head,
    make_folder,
    misplaced,
    run_locally,
    same_tables,
    state,
    training,
)


@pytest.fixture(scope="session")
def cluster() -> Iterator[Cluster]:
    """A private Slurm."""
    if reason := why_not():
        pytest.skip(f"no Slurm can be started: {reason}")
    # Not below pytest's folders: paths of sockets must be short.
    with tempfile.TemporaryDirectory(prefix="slurm-", dir="/tmp") as folder:
        cluster = Cluster(Path(folder) / "lab")
        yield cluster
        cluster.stop()


@pytest.fixture(scope="session")
def trial(cluster: Cluster, tmp_path_factory: pytest.TempPathFactory) -> dict:
    """The head is killed while a model is trained; then the command is given again."""
    folder = make_folder(tmp_path_factory.mktemp("slurm"))
    first = Head(folder, cluster, SIMILARITY)
    first.wait_for(lambda: training(folder, cluster), 300, "a model is trained")
    second = Head(folder, cluster, SIMILARITY)
    refused = second.end(60)
    said = first.log.read_text().splitlines()
    assert first.process.poll() is None
    first.kill()
    left = cluster.active()
    assert left, "the jobs of a killed head go on"
    again = Head(folder, cluster, SIMILARITY)

    def going_on() -> list[dict[str, str]]:
        running = state(cluster, FINETUNE, "RUNNING")
        return [job for job in running if job["JobId"] not in left]

    again.wait_for(lambda: bool(going_on()), 300, "training goes on")
    cancelled = going_on()[0]
    cluster.run("scancel", cancelled["JobId"])
    code = again.end()
    return {
        "folder": folder, "refused": refused, "said": said, "first": first.process.pid,
        "left": left, "code": code, "log": again.log.read_text(), "jobs": cluster.jobs(),
        "cancelled": cancelled,
    }  # fmt: skip


def test_a_second_head_is_refused(trial: dict) -> None:
    assert trial["refused"] == 1
    errors = [line for line in trial["said"] if "runs in this folder already" in line]
    assert len(errors) == 1 and f"(process {trial['first']})" in errors[0]


def test_what_a_killed_head_left_ends_before_anything_starts(trial: dict) -> None:
    assert trial["code"] == 0, trial["log"][-3000:]
    cancelled = re.search(r"Cancelling jobs of an earlier run: (.*)", trial["log"])[1].split()
    assert set(cancelled) <= set(trial["left"]) and cancelled
    jobs = {job["JobId"]: job for job in trial["jobs"]}
    # Some may have ended by themselves while the head started.
    assert {jobs[number]["JobState"] for number in cancelled} <= {"CANCELLED", "COMPLETED"}
    runs = {jobs[number]["JobName"] for number in trial["left"]}
    last_end = max(job["EndTime"] for job in trial["jobs"] if job["JobName"] in runs)
    later = [job for job in trial["jobs"] if job["JobName"] not in runs]
    assert later and all(job["SubmitTime"] >= last_end for job in later)
    record = trial["folder"] / ".snakemake" / "xltransfer-head.json"
    assert json.loads(record.read_text())["ended"]


def test_a_cancelled_job_is_tried_again_with_more_time(trial: dict) -> None:
    cancelled = trial["cancelled"]
    same = [job for job in trial["jobs"] if job["JobName"] == cancelled["JobName"]]
    first, second = [job for job in same if job["Comment"] == cancelled["Comment"]]
    assert (first["JobState"], second["JobState"]) == ("CANCELLED", "COMPLETED")
    assert (first["TimeLimit"], second["TimeLimit"]) == ("04:00:00", "08:00:00")
    assert first["EndTime"] <= second["SubmitTime"]


def test_gpu_rules_run_where_gpus_are(trial: dict) -> None:
    rules = {job["Comment"].partition("_wildcards_")[0] for job in trial["jobs"]}
    assert {"rule_finetune", "rule_predict", "rule_represent"} <= rules
    assert rules >= {"rule_score", "rule_embedded_treebank", "rule_score_tables"}
    assert misplaced(trial["jobs"]) == []


def test_tables_equal_those_of_a_local_run(
    trial: dict, cluster: Cluster, tmp_path_factory: pytest.TempPathFactory
) -> None:
    local = run_locally(make_folder(tmp_path_factory.mktemp("local")), SIMILARITY)
    assert same_tables(local, trial["folder"], SIMILARITY)
    assert not state(cluster, FINETUNE, "RUNNING")
