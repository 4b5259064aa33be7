"""A warning before a study starts that would take days without a GPU."""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from ..runtime.command import warn
from ..runtime.errors import InputError
from ..runtime.gpus import visible_gpus

if TYPE_CHECKING:
    from .study import Study


LONG_HOURS = 24.0
"""Estimated duration from which a study is called too long for the processor."""


def slow_without_gpu(study: Study, gpus: int, cores: int) -> str | None:
    """One line if a study was sized for GPUs and there is none, else ``None``.

    Only trainings are counted, all of them, whether or not some have been done.

    Args:
        study: study that is about to start.
        gpus: number of GPUs that jobs can use.
        cores: number of processor cores.

    Raises:
        InputError: the size of an encoder is not known.
    """
    # A local import, because Snakemake imports this module whenever it parses a study.
    from .estimate import Assumptions, Estimate

    if gpus:
        return None
    estimate = Estimate(study, Assumptions())
    work = sum(estimate.training(model) for model in estimate.models())
    hours = estimate.core_hours(work) / max(1, cores)
    if hours < LONG_HOURS:
        return None
    return (
        f"no GPU was found, and the trainings of this study take about {hours / 24:,.0f} days on "
        f"{cores} cores (estimated; `xltransfer plan` shows from what); use a machine with a GPU, "
        "or fewer `ablations`, `seeds`, `epochs` or `training_sentences`, or a smaller encoder"
    )


def announced(execute: Callable[..., Any], study: Study) -> Callable[..., Any]:
    """`Workflow.execute`, which first says on one line if the study would take days without a GPU.

    Dry runs, and jobs that run on other machines, are not concerned.

    Args:
        execute: function that runs a workflow; it takes `executor_plugin`.
        study: study that is about to start.
    """

    def announcing(*arguments: Any, executor_plugin: Any, **named: Any) -> Any:
        settings = executor_plugin.common_settings
        if not settings.dryrun_exec and not settings.non_local_exec:
            # The estimate needs the encoder's size, which is not always known.
            with suppress(InputError):
                if slow := slow_without_gpu(study, len(visible_gpus()), os.cpu_count() or 1):
                    warn(slow)
        return execute(*arguments, executor_plugin=executor_plugin, **named)

    return announcing
