"""Which model weights a study keeps on disk, and when a model with dropped weights is retrained.

Dropped weights are not outputs for Snakemake: regenerating them would rerun every job downstream.
Instead, training writes an empty marker file (note) for each file that is made from the weights,
and predictions and representations depend on their marker files. A missing marker file (a new
language, a changed treebank, changed code) retrains the model; existing marker files prevent reruns
of the other jobs.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING

from ..encoders.ablations import NONE
from ..records import paths
from ..records.code import stage_digest
from ..records.record import NEEDED_BY
from ..runtime.files import digest
from .batches import prediction_seeds
from .task_encoders import encoders_and_tasks

if TYPE_CHECKING:
    from .study import Study


class KeptFiles:
    """The section ``keep`` of a study.

    Args:
        study: study with this section.
    """

    def __init__(self, study: Study) -> None:
        self.study = study

    @cached_property
    def dropped_ablations(self) -> list[str]:
        """The ablations whose models' weights are dropped after use."""
        if self.study.config["keep"]["ablated_weights"]:
            return []
        return [ablation for ablation in self.study.config["ablations"] if ablation != NONE]

    def is_dropped(self, ablation: str) -> bool:
        """Whether the weights of the models of an ablation are dropped."""
        return ablation in self.dropped_ablations

    def prediction_note(
        self, encoder: str, task: str, source: str, seed: int, corpus: str, split: str
    ) -> str:
        """The marker file of a model's training for predictions, below the model's directory.

        Its name has a digest of everything that decides the predictions, including the model and
        the other seeds of the job. Snakemake does not compare the parameters of jobs downstream of
        a planned job, so the name must change instead.

        Args:
            encoder, task, source, seed: components of the model's path.
            corpus, split: part of a corpus to annotate.
        """
        content = self.study.identities.read_for_prediction(encoder, task, corpus, split)
        seeds = self._seeds_of_job(seed)
        model = self.study.identities.model(encoder, task, source, seeds)
        decided_by = [model, content, seeds]
        return _note("predict", f"{corpus}-{split}", decided_by)

    def representation_note(
        self, encoder: str, task: str, source: str, seed: int, corpus: str, split: str
    ) -> str:
        """The marker file of a model's training for representations; arguments as above."""
        content = self.study.identities.corpus("treebanks", corpus, split)
        seeds = self._seeds_of_job(seed)
        model = self.study.identities.model(encoder, task, source, seeds)
        parallel = self.study.config["parallel"]
        settings = parallel["as_published"], parallel["precision"]
        decided_by = [model, content, *settings, seeds]
        return _note("represent", f"{corpus}-{split}", decided_by)

    def _seeds_of_job(self, seed: int) -> Sequence[int]:
        return next(some for some in prediction_seeds(self.study) if seed in some)

    def notes(self, encoder: str, task: str, source: str, seed: int) -> list[str]:
        """All marker files of the models of a source and seed, below each model's directory."""
        parallel, of = self.study.parallel, (encoder, task, source, seed)
        return [
            *(self.prediction_note(*of, corpus, "test") for corpus in self.study.targets(task)),
            *(self.representation_note(*of, c, parallel.split) for c in parallel.treebanks),
        ]

    def markers(self, results: str) -> list[str]:
        """The marker files of dropped weights, for each source and dropped ablation."""
        return [
            paths.dropped(results, encoder, task, source, ablation)
            for encoder, task in encoders_and_tasks(self.study)
            for source in self.study.sources(task)
            for ablation in self.study.ablations(task, source)
            if self.is_dropped(ablation)
        ]

    def made_from(self, results: str, of: Mapping[str, str]) -> Iterator[str]:
        """All files that a study makes from the models of an encoder, task, source and ablation.

        Args:
            results: folder of results.
            of: values of ``encoder``, ``task``, ``source`` and ``ablation``.
        """
        task, suffix = of["task"], self.study.kind(of["task"]).suffix
        for seed in self.study.seeds:
            for corpus in self.study.targets(task):
                yield paths.predictions(results, **of, seed=seed, target=f"{corpus}-test{suffix}")
        for state in self.study.parallel.states:
            if state.path.startswith(f"{task}/{of['source']}/{of['ablation']}/"):
                yield from self.study.parallel.files(results, [state], [of["encoder"]])


def _note(stage: str, corpus: str, decided_by: list[object]) -> str:
    name = digest([*decided_by, stage_digest(stage)])
    return f"{NEEDED_BY}/{stage}-{corpus}-{name}"
