"""Batches of models that share a fine-tuning, prediction or scoring job."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ..encoders.ablations import NEVER_PRETRAINED, NONE, in_order
from ..records import paths
from .adapter_settings import task_of_models

if TYPE_CHECKING:
    from .study import Study

SCORED_TOGETHER = 8
"""Number of sources whose models are scored on a corpus in one job."""


@dataclass(frozen=True)
class FinetuningBatch:
    """The models that one rule trains; each of its jobs trains some seeds of a source and ablation,
    or some ablations of a source and seed.

    Attributes:
        of: encoder, task and source if their weights are dropped; empty means any.
        ablations: ablations that the rule can train.
        seeds: seeds that share a job, or the wildcard ``{seed}``.
        together: ablations whose models a job trains as one batch of models; empty if each job has
            one ablation.
        task, sources: task and sources of models that are trained together.
        elsewhere: task, source and ablation of models that other rules train, as in paths:
            ``parsing/en_ewt/none``.
    """

    of: tuple[str, ...]
    ablations: list[str]
    seeds: list[str]
    together: tuple[str, ...] = ()
    task: str = ""
    sources: tuple[str, ...] = ()
    elsewhere: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """The ablation, or what stands for those of a job, in the names of logs."""
        if not self.together:
            return "{ablation}"
        return f"{self.together[0]}-and-{len(self.together) - 1}-more"


@dataclass(frozen=True)
class PredictionBatch:
    """The models that annotate a corpus in one job.

    Attributes:
        task: task of the models.
        sources, ablations, seeds: distinct values over the models.
        models: source, ablation and seed of each model.
        suffix: suffix of the corpus and of the predictions.
        trained_as: task in the paths of the models.
    """

    task: str
    sources: list[str]
    ablations: list[str]
    seeds: list[int]
    models: list[tuple[str, str, int]]
    suffix: str
    trained_as: str

    def model_paths(self) -> list[str]:
        """The models as in paths: ``parsing/en_ewt/none/seed-1``."""
        task = self.trained_as
        return [f"{task}/{s}/{ablation}/seed-{seed}" for s, ablation, seed in self.models]

    def predictions(self, results: str) -> list[str]:
        """The predictions of the models, with the wildcards ``corpus`` and ``split`` as well."""
        target = "{corpus}-{split}" + self.suffix
        return [
            paths.predictions(results, "{encoder}", "{task}", *model, target)
            for model in self.models
        ]


def finetuning_batches(study: Study) -> list[FinetuningBatch]:
    """The seeds, split into batches that share a fine-tuning job.

    The batches do not affect results. If every seed has a separate job, there is one batch with the
    wildcard ``{seed}``, so one rule trains all. Models whose weights are dropped have separate
    batches for each source, because their rules list the marker files of the weights' uses.
    """
    size = study.config["job_size"]["finetune"]["seeds"]
    stacked = _stacked_batches(study)
    elsewhere = tuple(
        f"{batch.task}/{source}/{ablation}"
        for batch in stacked
        for source in batch.sources
        for ablation in batch.together
    )
    seeds = [[str(seed) for seed in some] for some in cut(study.seeds, size)]
    dropped = study.kept.dropped_ablations
    kept = [ablation for ablation in study.config["ablations"] if ablation not in dropped]
    groups = [((), kept, [["{seed}"]] if size == 1 else seeds)]
    if dropped:
        groups += [
            ((encoder, task, source), dropped, seeds)
            for encoder in study.encoders
            for task in study.tasks
            for source in study.sources(task)
        ]
    return [
        FinetuningBatch(of, ablations, some, elsewhere=elsewhere)
        for of, ablations, cuts in groups
        for some in cuts
    ] + stacked


def _stacked_batches(study: Study) -> list[FinetuningBatch]:
    """The models of several ablations that a job trains as one batch of models.

    They are of one task, source and seed. Appending an ablation of higher layers leaves full
    batches unchanged; therefore the control is among the first. An ablation that is left over has a
    job of its own, by the rule for others.
    """
    size = study.config["job_size"]["finetune"].get("ablations", 1)
    ablations: dict[tuple[str, str], list[str]] = {}
    for task in study.tasks:
        for source in study.sources(task):
            known = ablations.setdefault((task_of_models(study, task), source), [])
            known += [name for name in study.ablations(task, source) if name not in known]
    sources: dict[tuple[str, tuple[str, ...]], list[str]] = {}
    for (task, source), names in ablations.items():
        first = [name for name in (NONE, NEVER_PRETRAINED) if name in names]
        others = [name for name in in_order(names) if name not in first]
        for some in cut(first + others, size):
            if len(some) > 1:
                sources.setdefault((task, tuple(some)), []).append(source)
    return [
        FinetuningBatch((), [], ["{seed}"], some, task, tuple(of_task))
        for (task, some), of_task in sources.items()
    ]


def prediction_batches(study: Study) -> list[PredictionBatch]:
    """The models, split into batches that share a prediction job.

    Appending a source, a higher seed, or an ablation of higher layers leaves full batches
    unchanged. If weights are dropped, only seeds share a job, because a model that joins a job
    forces all other models of the job to be retrained.
    """
    size = study.config["job_size"]["predict"]
    if study.kept.dropped_ablations:
        size = {**size, "sources": 1, "ablations": 1}
    ablations = cut(in_order(study.config["ablations"]), size["ablations"])
    batches = [
        _prediction_batch(study, task, sources, some, seeds)
        for task in study.tasks
        for sources in cut(study.sources(task), size["sources"])
        for some in ablations
        for seeds in prediction_seeds(study)
    ]
    return [batch for batch in batches if batch.models]


def prediction_seeds(study: Study) -> list[list[int]]:
    """The seeds, split into batches whose models share a prediction job."""
    return cut(study.seeds, study.config["job_size"]["predict"]["seeds"])


def _prediction_batch(
    study: Study, task: str, sources: list[str], ablations: list[str], seeds: list[int]
) -> PredictionBatch:
    models = [
        (source, ablation, seed)
        for source in sources
        for ablation in ablations
        if ablation in study.ablations(task, source)
        for seed in seeds
    ]
    trained_as = task_of_models(study, task)
    suffix = study.kind(task).suffix
    return PredictionBatch(task, sources, ablations, seeds, models, suffix, trained_as)


def scoring_batches(study: Study) -> list[tuple[str, list[str]]]:
    """Tasks and sources, split into batches that are scored on a corpus in one job.

    Appending a source leaves full batches unchanged.
    """
    return [
        (task, sorted(sources))
        for task in study.tasks
        for sources in cut(study.sources(task), SCORED_TOGETHER)
    ]


def cut(items: Sequence[Any], size: int) -> list[list[Any]]:
    """The items in chunks of at most ``size``, in order."""
    return [list(items[start : start + size]) for start in range(0, len(items), size)]


def join(pieces: Sequence[Sequence[Any]], size: int) -> list[list[Any]]:
    """Adjacent chunks merged as long as they have at most ``size`` items."""
    joined: list[list[Any]] = []
    for piece in pieces:
        if joined and len(joined[-1]) + len(piece) <= size:
            joined[-1] += piece
        else:
            joined.append(list(piece))
    return joined
