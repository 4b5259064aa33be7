"""Jobs whose parameters have changed and that Snakemake would leave out of a run.

Snakemake does not compare the parameters of jobs downstream of one that it plans, for it plans most
of these anyway. Where all files between the two are known by content and not by time (``ancient``),
it does not: the tables of such a run would mix old and new results, until the next run.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any


def with_changed_jobs(build: Callable[[], Any], workflow: Any) -> Callable[[], Any]:
    """`Workflow._build_dag`, which plans every job whose parameters have changed.

    Args:
        build: the method.
        workflow: Snakemake's. With `--touch` nothing is added.
    """

    def complete() -> Any:
        result = build()
        changed = [] if workflow.touch else _left_out(workflow.dag, workflow.persistence)
        if changed:
            # As Snakemake does with incomplete files.
            workflow.dag.forcefiles.update(file for job in changed for file in job.output)
            workflow.async_run(workflow.dag.postprocess())
        return result

    return complete


def _left_out(dag: Any, persistence: Any) -> list[Any]:
    """The jobs that are not planned although their parameters have changed."""
    planned = set(dag.needrun_jobs())
    if not planned:
        # Snakemake has compared the parameters of all jobs.
        return []
    return [
        job
        for job in dag.jobs
        if job not in planned
        and job.output
        and persistence.has_metadata(job)
        and persistence.params_changed(job)
    ]
