"""Records of failed jobs: Snakemake must not take what they left behind for finished results.

Snakemake records a failed job as finished, with its new parameters, and then removes its outputs.
If it cannot remove them (a folder has become read-only) or is killed in between, the next run would
find partial outputs that count as current.
"""

from __future__ import annotations

from typing import Any


def record_only_finished_jobs(job_class: Any, persistence_class: Any) -> None:
    """Patch Snakemake in this process: outputs of a failed job are incomplete until they are gone.

    Args:
        job_class: Snakemake's class of jobs.
        persistence_class: class of Snakemake's records.
    """
    postprocess, finished = job_class.postprocess, persistence_class.finished
    failed: set[Any] = set()

    async def record(self: Any, job: Any) -> None:
        if job not in failed:
            await finished(self, job)

    async def end(self: Any, *arguments: Any, error: bool = False, **options: Any) -> None:
        if not error:
            await postprocess(self, *arguments, **options)
            return
        failed.add(self)
        try:
            await postprocess(self, *arguments, error=True, **options)
        finally:
            failed.discard(self)
        if not self.dag.workflow.execution_settings.keep_incomplete:
            persistence = self.dag.workflow.persistence
            for file in self.output:
                persistence._unmark_incomplete(persistence._get_key(file))

    job_class.postprocess, persistence_class.finished = end, record
