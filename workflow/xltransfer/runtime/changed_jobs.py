"""Compare the parameters of every job with those of its last run, for Snakemake's plan.

Snakemake does not compare the jobs downstream of a planned job, because most of them are planned in
any case. A job whose inputs are all ``ancient`` (timestamps ignored) is then not planned. If its
parameters have also changed, the tables of this run would mix old and new results.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any


def comparing_every_job(build: Callable[[], Any], workflow: Any) -> Callable[[], Any]:
    """`Workflow._build_dag`, which compares every job.

    Args:
        build: the original method.
        workflow: Snakemake's workflow; its DAG is made before the method is called.
    """

    def complete() -> Any:
        dag = workflow.dag
        update = dag.update_needrun

        async def update_every_job(*arguments: Any, **options: Any) -> None:
            # Snakemake uses this method here only to find the jobs that it leaves out.
            dag.bfs = lambda direction, *jobs: iter(())
            try:
                await update(*arguments, **options)
            finally:
                del dag.bfs

        dag.update_needrun = update_every_job
        return build()

    return complete
