"""Which models share a job of fine-tuning or of prediction."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ..encoders.ablations import in_order
from ..records import paths

if TYPE_CHECKING:
    from .study import Study

SCORED_TOGETHER = 8
"""Sources whose models are scored on a corpus in one job."""


@dataclass(frozen=True)
class FinetuningBatch:
    """The models that one rule trains: each of its jobs, some seeds of one source and ablation.

    Attributes:
        of: encoder, task and source if their weights are dropped; empty means any.
        ablations: that the rule may be asked for.
        seeds: that share a job, or the wildcard ``{seed}``.
    """

    of: tuple[str, ...]
    ablations: list[str]
    seeds: list[str]


@dataclass(frozen=True)
class PredictionBatch:
    """The models that annotate a corpus in one job.

    Attributes:
        task: that they are for.
        sources, ablations, seeds: of the models.
        models: source, ablation and seed of each.
        suffix: of the files they read and write.
    """

    task: str
    sources: list[str]
    ablations: list[str]
    seeds: list[int]
    models: list[tuple[str, str, int]]
    suffix: str

    def model_paths(self) -> list[str]:
        """The models, as in paths: ``parsing/en_ewt/none/seed-1``."""
        return [f"{self.task}/{s}/{ablation}/seed-{seed}" for s, ablation, seed in self.models]

    def predictions(self, results: str) -> list[str]:
        """What the models predict, of the same wildcards and ``corpus`` and ``split``."""
        target = "{corpus}-{split}" + self.suffix
        return [
            paths.predictions(results, "{encoder}", "{task}", *model, target)
            for model in self.models
        ]


def finetuning_batches(study: Study) -> list[FinetuningBatch]:
    """The seeds, cut into those that share a job of fine-tuning.

    Which seeds share a job has no influence on any result. Where every seed has a job of its own,
    there is one batch, of the wildcard ``{seed}``: one rule then serves all. Models whose weights
    are dropped are apart, source by source, for their rules name what the weights are for.
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
    """The models, cut into those that share a job of prediction.

    A source that is added behind the others, a higher seed, or an ablation of higher layers leaves
    the jobs of the others as they were where these fill their jobs. Where weights are dropped, only
    seeds share a job, for whoever joins a job has the weights of all others made again.
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
    """The seeds, cut into those whose models share a job of prediction."""
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
    return PredictionBatch(task, sources, ablations, seeds, models, study.kind(task).suffix)


def scoring_batches(study: Study) -> list[tuple[str, list[str]]]:
    """Tasks and sources, cut into those whose models are scored on a corpus in one job.

    A source that is added behind the others leaves the jobs of full batches as they were.
    """
    return [
        (task, sorted(sources))
        for task in study.tasks
        for sources in cut(study.sources(task), SCORED_TOGETHER)
    ]


def cut(items: Sequence[Any], size: int) -> list[list[Any]]:
    """Pieces of at most ``size`` items, in their order."""
    return [list(items[start : start + size]) for start in range(0, len(items), size)]


def join(pieces: Sequence[Sequence[Any]], size: int) -> list[list[Any]]:
    """Neighbouring pieces joined as long as they hold at most ``size`` items."""
    joined: list[list[Any]] = []
    for piece in pieces:
        if joined and len(joined[-1]) + len(piece) <= size:
            joined[-1] += piece
        else:
            joined.append(list(piece))
    return joined
