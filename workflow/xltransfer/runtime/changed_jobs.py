"""A plan that compares the parameters of every job with those of its last run.

Snakemake leaves out the jobs downstream of one that it plans, because most of these are planned in
any case. It does not plan those that have only inputs whose timestamps are ignored (``ancient``).
If their parameters have changed for another reason, the tables of the run would mix old and new
results, until the next run.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any


def comparing_every_job(build: Callable[[], Any], workflow: Any) -> Callable[[], Any]:
    """`Workflow._build_dag`, which compares every job.

    Args:
        build: the method.
        workflow: Snakemake's; its DAG is made before the method is called.
    """

    def complete() -> Any:
        dag = workflow.dag
        update = dag.update_needrun

        async def update_every_job(*arguments: Any, **options: Any) -> None:
            # The one use of this method here: to find the jobs that are left out.
            dag.bfs = lambda direction, *jobs: iter(())
            try:
                await update(*arguments, **options)
            finally:
                del dag.bfs

        dag.update_needrun = update_every_job
        return build()

    return complete
