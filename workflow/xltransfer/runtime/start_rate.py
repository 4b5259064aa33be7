"""Snakemake's limit of jobs that it starts in a time, where jobs cannot reach it.

With a limit, Snakemake looks at all waiting jobs again, once in that time, for each job that it has
started: in a study of hundreds of small jobs this costs a fifth of a core, and the last look keeps
Snakemake waiting at its end.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

FASTEST = 100
"""Jobs per second, as many as Snakemake starts at most by default. Starting one takes longer."""


def without_useless_limit(execute: Callable[..., Any], workflow: Any) -> Callable[..., Any]:
    """`Workflow.execute` without a limit that allows ``FASTEST`` jobs per second or more.

    Args:
        execute: function that runs a workflow.
        workflow: Snakemake's workflow; its settings are made before the function is called.
    """

    def unlimited(*arguments: Any, **named: Any) -> Any:
        settings = workflow.scheduling_settings
        limit = settings.max_jobs_per_timespan
        if limit is not None and limit.max_jobs >= FASTEST * limit.timespan:
            settings.max_jobs_per_timespan = None
        return execute(*arguments, **named)

    return unlimited
