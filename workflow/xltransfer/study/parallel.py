"""Parallel treebanks, and the encoder states whose representations of them are compared."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from ..encoders.ablations import NONE, parse
from ..records import paths
from ..runtime.files import canonical_json
from .adapter_settings import trained_tasks
from .batches import join, prediction_seeds

if TYPE_CHECKING:
    from .study import Study


@dataclass(frozen=True)
class State:
    """A state of an encoder: pretrained, never pretrained, or fine-tuned.

    Attributes:
        path: component of paths: ``pretrained``, ``parsing/en_ewt/none/seed-1``, …
        kind: kind of state: ``pretrained``, ``never-pretrained`` (all weights re-initialised) or
            ``fine-tuned``.
        task, ablation: task and ablation of a fine-tuned model; empty for others.
        seed: random seed, or ``None`` for the pretrained state.
        sources: languages that are compared with all others.
    """

    path: str
    kind: str
    task: str
    ablation: str
    seed: int | None
    sources: tuple[str, ...]


class ParallelText:
    """The section ``parallel`` of a study.

    Args:
        study: study with this section.
    """

    def __init__(self, study: Study) -> None:
        self.study = study
        self.treebanks: list[str] = study.config["parallel"]["treebanks"]
        self.split: str = study.config["parallel"]["split"]
        self.precision: str = study.config["parallel"]["precision"]

    def language(self, treebank: str) -> str:
        """Code of a treebank's language."""
        return self.study.catalogue.treebanks[treebank].language

    @cached_property
    def states(self) -> list[State]:
        """All states; never-pretrained ones come last.

        Models without ablation are included with every seed. The many ablated models serve for
        comparison and are included with the lowest seed. Reordering the configuration changes
        nothing here, so it causes no reruns.
        """
        spoken = [self.language(code) for code in self.treebanks]
        lowest = self.study.seeds[0]
        models = [
            State(f"{task}/{source}/{ablation}/seed-{seed}", "fine-tuned", task, ablation, seed,
                  (language,))
            for task in sorted(trained_tasks(self.study))
            for source in sorted(self.study.sources(task))
            if (language := self.study.language(task, source)) in spoken
            for ablation, seed in self.study.models(task, source)
            if ablation == NONE or seed == lowest
        ]  # fmt: skip
        sources = tuple(dict.fromkeys(state.sources[0] for state in models))
        never = [
            State(f"never-pretrained/seed-{seed}", "never-pretrained", "", "", seed, sources)
            for seed in self.study.seeds
        ]
        return [State("pretrained", "pretrained", "", "", None, sources), *models, *never]

    @property
    def retrieval_states(self) -> list[State]:
        """The states for the retrieval of translations."""
        lowest = self.study.seeds[0]
        return [
            state
            for state in self.states
            if state.kind == "pretrained" or (state.ablation == NONE and state.seed == lowest)
        ]

    def batches(self) -> list[list[State]]:
        """The states, split into batches that share a job, based on those of `job_size.predict`.

        Batches are merged up to `job_size.represent` states, but not if weights are dropped: a
        state that joins a job would force all other models of the job to be retrained. The order is
        by seed, source and ablation, so that a new seed comes last; within a job, never-pretrained
        states come last.
        """
        models = {state.path: state for state in self.states if state.kind == "fine-tuned"}
        # Tasks that predict with the models of another one have no states of their own.
        ordered = sorted(
            (batch for batch in self.study.prediction_batches() if batch.trained_as == batch.task),
            key=lambda batch: (
                self.study.sources(batch.task).index(batch.sources[0]),
                parse(batch.ablations[0]).order,
            ),
        )
        batches: list[list[State]] = []
        for seeds in prediction_seeds(self.study):
            never = [s for s in self.states if s.kind == "never-pretrained" and s.seed in seeds]
            of_models = (batch.model_paths() for batch in ordered if batch.seeds == seeds)
            found = [[models[name] for name in names if name in models] for names in of_models]
            batches += [never, *filter(None, found)]
        # The job of the first seeds loads the pretrained encoder in any case.
        batches[0] = [*(state for state in self.states if state.kind == "pretrained"), *batches[0]]
        if not self.study.kept.dropped_ablations:
            batches = join(batches, self.study.config["job_size"]["represent"]["states"])
        return [
            sorted(batch, key=lambda state: state.kind == "never-pretrained") for batch in batches
        ]

    def files(
        self,
        results: str,
        states: Sequence[State] | None = None,
        encoders: Sequence[str] | None = None,
    ) -> list[str]:
        """The vectors of every treebank in some states of some encoders (default: all)."""
        return [
            paths.representations(results, encoder, state.path, f"{corpus}-{self.split}")
            for encoder in (self.study.encoders if encoders is None else encoders)
            for state in (self.states if states is None else states)
            for corpus in self.treebanks
        ]

    def files_of_pair(self, results: str, encoder: str, corpus: str) -> list[str]:
        """The vectors for comparing a treebank: its own and those of the sources."""
        corpora = {self.language(code): code for code in self.treebanks}
        return [
            paths.representations(results, encoder, state.path, f"{code}-{self.split}")
            for state in self.states
            for code in dict.fromkeys([corpus, *(corpora[source] for source in state.sources)])
        ]

    def similarity_files(self, results: str) -> list[str]:
        """The similarities of every treebank to the sources, for every encoder."""
        return [
            paths.similarities(results, encoder, f"{corpus}-{self.split}")
            for encoder in self.study.encoders
            for corpus in self.treebanks
        ]

    def similarity_config(self, corpus: str) -> str:
        """Canonical JSON of the states and source treebanks that a treebank is compared with."""
        sources = {source for state in self.states for source in state.sources}
        corpora = {self.language(code): code for code in self.treebanks}
        return canonical_json(
            {
                "split": self.split,
                "language": self.language(corpus),
                "sources": {source: corpora[source] for source in sources},
                "states": [asdict(state) for state in self.states],
                "as_published": self.study.config["parallel"]["as_published"],
            }
        )

    def retrieval_config(self) -> str:
        """Canonical JSON of the language pairs for the retrieval of translations."""
        states = [
            {"state": state.path, "language": language}
            for state in self.retrieval_states
            for language in state.sources
        ]
        return canonical_json({**self._table(), "seeds": [self.study.seeds[0]], "states": states})

    def cka_config(self) -> str:
        """Canonical JSON of the content of the tables of similarities."""
        metrics = {task: self.study.kind(task).metric for task in self.study.tasks}
        languages = self.study.catalogue.languages
        spoken = map(self.language, self.treebanks)
        content = {
            **self._table(),
            "metrics": metrics,
            "families": {code: languages[code].top_family for code in spoken},
        }
        return canonical_json(content)

    def _table(self) -> Mapping[str, Any]:
        return {
            **self.study.described,
            "encoders": list(self.study.encoders),
            "split": self.split,
            "precision": self.precision,
            "parallel": [
                {"corpus": code, "language": self.language(code)} for code in self.treebanks
            ],
        }
