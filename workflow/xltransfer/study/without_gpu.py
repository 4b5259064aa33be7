"""A warning before a study starts that would take days without a GPU."""

from __future__ import annotations

from . import Study
from .estimate import Assumptions, Estimate

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
