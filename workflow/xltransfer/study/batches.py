"""Batches of models that share a fine-tuning, prediction or scoring job."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ..encoders.ablations import in_order
from ..records import paths
from .adapter_settings import task_of_models

if TYPE_CHECKING:
    from .study import Study

SCORED_TOGETHER = 8
"""Number of sources whose models are scored on a corpus in one job."""


@dataclass(frozen=True)
class FinetuningBatch:
    """The models that one rule trains; each of its jobs trains some seeds of a source and ablation.

    Attributes:
        of: encoder, task and source if their weights are dropped; empty means any.
        ablations: ablations that the rule can train.
        seeds: seeds that share a job, or the wildcard ``{seed}``.
    """

    of: tuple[str, ...]
    ablations: list[str]
    seeds: list[str]


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
    return [FinetuningBatch(of, ablations, some) for of, ablations, cuts in groups for some in cuts]


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
