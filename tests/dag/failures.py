"""Finished studies that were changed, and in which a job then failed: built from two plans."""

from __future__ import annotations

import json
import os
import re
import shutil
import sys
from base64 import urlsafe_b64encode
from dataclasses import dataclass
from pathlib import Path
from typing import Any

METADATA = Path(".snakemake", "metadata")


@dataclass(frozen=True)
class Job:
    """A job of a study.

    Attributes:
        rule: its rule, without the number by which the rules of batches differ.
        inputs, outputs: its files.
        parameters: what Snakemake compares with those of the last successful run of the job.
    """

    rule: str
    inputs: frozenset[str]
    outputs: frozenset[str]
    parameters: frozenset[str]


def plan(folder: Path, *arguments: str) -> set[Job]:
    """The jobs that Snakemake plans."""
    return {job for job, planned in every_job(folder, *arguments).items() if planned}


def every_job(folder: Path, *arguments: str) -> dict[Job, bool]:
    """All jobs of a study but the target ``all``, and whether Snakemake plans each.

    Snakemake runs in a fork of this process: importing it again takes longer than planning.
    """
    import snakemake.cli
    from snakemake.dag import DAG

    found, log, postprocess = folder / "jobs.json", folder / "plan.log", DAG.postprocess

    async def postprocess_and_list(dag: DAG, **options: bool) -> None:
        await postprocess(dag, **options)
        found.write_text(json.dumps([_listed(job, dag) for job in dag.jobs]))

    child = os.fork()
    if not child:
        try:
            os.chdir(folder)
            # The study's own modules are imported, not those that other tests have imported.
            for name in [name for name in sys.modules if name.split(".")[0] == "xltransfer"]:
                del sys.modules[name]
            DAG.postprocess = postprocess_and_list
            with open(log, "w", encoding="utf-8") as file:
                os.dup2(file.fileno(), 1)
                os.dup2(file.fileno(), 2)
                sys.stdout = sys.stderr = file
                snakemake.cli.main(["--dry-run", "--cores", "2", *arguments])
        except SystemExit as end:
            os._exit(end.code or 0)
        finally:
            os._exit(1)
    code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    assert code == 0, log.read_text(encoding="utf-8")
    jobs = {
        Job(rule, *map(frozenset, content)): planned
        for rule, *content, planned in json.loads(found.read_text())
    }
    return {job: planned for job, planned in jobs.items() if job.rule != "all"}


def _listed(job: Any, dag: Any) -> list[Any]:
    """A job of Snakemake as JSON content."""
    rule = re.sub(r"_\d+$", "", job.rule.name)
    parameters = dag.workflow.persistence._params(job)
    return [rule, list(job.input), list(job.output), parameters, job in dag._needrun]


def downstream(job: Job, jobs: set[Job]) -> set[Job]:
    """The jobs that read what a job makes, directly or not; not the job itself."""
    found: set[Job] = set()
    made = set(job.outputs)
    while more := {other for other in jobs - found if other.inputs & made}:
        found |= more
        made |= {path for other in more for path in other.outputs}
    return found


def upstream(job: Job, jobs: set[Job]) -> set[Job]:
    """The jobs that make what a job reads, directly or not."""
    return {other for other in jobs if job in downstream(other, jobs)}


def fail(changed: Path, before: Path, folder: Path, job: Job, not_run: set[Job]) -> Path:
    """A study as it is after a run in which a job failed.

    Args:
        changed: the study, changed and finished.
        before: the study before the change.
        folder: where to build it.
        job: the job that failed: Snakemake had removed its outputs, and removes what is known of
            them.
        not_run: the jobs that did not run, whose old files are still there.

    Returns:
        the folder.
    """
    shutil.copytree(changed, folder, copy_function=os.link)
    for path in job.outputs:
        _remove(folder, path)
    for path in (path for other in not_run for path in other.outputs):
        _remove(folder, path)
        for name in (Path(path), _metadata(path)):
            if (before / name).exists():
                (folder / name).parent.mkdir(parents=True, exist_ok=True)
                os.link(before / name, folder / name)
    return folder


def _remove(folder: Path, path: str) -> None:
    (folder / path).unlink(missing_ok=True)
    (folder / _metadata(path)).unlink(missing_ok=True)


def _metadata(path: str) -> Path:
    """Where Snakemake keeps what it knows of a file."""
    return METADATA / urlsafe_b64encode(path.encode()).decode()
