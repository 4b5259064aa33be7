"""What a study keeps on disk: the weights of which models, and how a dropped model comes back.

The weights of a model that is dropped are no output that Snakemake knows of, for it would make
everything anew that was ever made from weights which it makes again. Instead, training leaves an
empty note for each file that is made from the weights, and predictions and representations depend
on their notes. A note that is missing (a new language, a changed treebank, changed code) trains the
model again; notes that are there hold off what was made before.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cached_property
from typing import TYPE_CHECKING

from ..encoders.ablations import NONE
from ..records import paths
from ..records.code import stage_digest
from ..records.record import NEEDED_BY
from ..runtime.files import digest
from .batches import prediction_seeds

if TYPE_CHECKING:
    from .study import Study


class KeptFiles:
    """The section ``keep`` of a study.

    Args:
        study: the study.
    """

    def __init__(self, study: Study) -> None:
        self.study = study

    @cached_property
    def dropped_ablations(self) -> list[str]:
        """The ablations whose models lose their weights once these are not needed."""
        if self.study.config["keep"]["ablated_weights"]:
            return []
        return [ablation for ablation in self.study.config["ablations"] if ablation != NONE]

    def is_dropped(self, ablation: str) -> bool:
        """Whether models of an ablation lose their weights."""
        return ablation in self.dropped_ablations

    def prediction_note(
        self, encoder: str, task: str, source: str, seed: int, corpus: str, split: str
    ) -> str:
        """The note by which a model is trained for predictions, below the model's directory.

        It is named by all that decides them, the model included: Snakemake does not look at the
        parameters of jobs that depend on one that runs, so a changed note has to tell. So has one
        of the other seeds that share the job, which is done again when one joins.

        Args:
            encoder, task, source, seed: of the model.
            corpus, split: to annotate.
        """
        content = self.study.identities.corpus(self.study.kind(task).corpora, corpus, split)
        model = self.study.identities.model(encoder, task, source)
        decided_by = [model, content, self._seeds_of_job(seed)]
        return _note("predict", f"{corpus}-{split}", decided_by)

    def representation_note(
        self, encoder: str, task: str, source: str, seed: int, corpus: str, split: str
    ) -> str:
        """The note by which a model is trained for representations; arguments as above."""
        content = self.study.identities.corpus("treebanks", corpus, split)
        model = self.study.identities.model(encoder, task, source)
        parallel = self.study.config["parallel"]
        settings = parallel["as_published"], parallel["precision"]
        decided_by = [model, content, *settings, self._seeds_of_job(seed)]
        return _note("represent", f"{corpus}-{split}", decided_by)

    def _seeds_of_job(self, seed: int) -> list[int]:
        return next(some for some in prediction_seeds(self.study) if seed in some)

    def notes(self, encoder: str, task: str, source: str, seed: int) -> list[str]:
        """All notes of the models of a source and seed, below each one's directory."""
        parallel, of = self.study.parallel, (encoder, task, source, seed)
        return [
            *(self.prediction_note(*of, corpus, "test") for corpus in self.study.targets(task)),
            *(self.representation_note(*of, c, parallel.split) for c in parallel.treebanks),
        ]

    def markers(self, results: str) -> list[str]:
        """What says that weights have been dropped, for each source and dropped ablation."""
        return [
            paths.dropped(results, encoder, task, source, ablation)
            for encoder in self.study.encoders
            for task in self.study.tasks
            for source in self.study.sources(task)
            for ablation in self.study.ablations(task, source)
            if self.is_dropped(ablation)
        ]

    def made_from(self, results: str, of: Mapping[str, str]) -> Iterator[str]:
        """All that a study makes from the models of an encoder, task, source and ablation.

        Args:
            results: the folder of results.
            of: ``encoder``, ``task``, ``source`` and ``ablation``.
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
