"""Identities of jobs: digests of everything that decides a result, back to the sources.

Snakemake removes the outputs of a job before it runs, and ignores a missing file if no planned job
needs it. After a failed job, outdated files downstream would therefore count as current. So each
job has its identity as a parameter: a digest of its settings, its code and the identities of its
inputs. Snakemake compares it with that of the job's last successful run, even if intermediate files
are missing.

An identity depends neither on the order of lists in the configuration nor on the batching of jobs,
and is computed without reading results. Those of texts and made encoders are in
``made_identities``, those of unseen languages in ``unseen_identities``.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..corpora.checksums import UNCHECKED
from ..records.code import stage_digest
from ..runtime.files import digest
from .adapter_settings import adapter_identity, task_of_models
from .adversarial_settings import identities_of
from .analyses import analysis_of
from .catalogued_files import FOLDER
from .contents import Contents, remembered
from .dictionary_texts import DictionaryTexts
from .made_identities import MadeIdentities
from .mapped_identities import MappedIdentities
from .noise_settings import alphabet_file
from .parallel import State
from .parsed_trees import parsed_identity, trees_of
from .shared_spaces import vectors_identity
from .task_encoders import encoders_and_tasks
from .typological_features import typology_config, typology_files
from .unseen_identities import UnseenIdentities

if TYPE_CHECKING:
    from .study import Study


class _AllContents(Contents):
    """Identities of all corpora; local files decide where the configuration does not."""

    def corpus(self, kind: str, code: str, split: str) -> str:
        """Identity of a part of a corpus."""
        return self.study.contents.corpus(kind, code, split) or super().corpus(kind, code, split)

    def unchecked(self, download: str) -> str:
        """Identity of a fetched file without a checksum in the catalogue: its version."""
        return f"{UNCHECKED} {self.local.version(f'{FOLDER}/{download}')}"


class Identities:
    """The identities of the jobs of a study.

    Args:
        study: study with these jobs.
    """

    def __init__(self, study: Study) -> None:
        self.study = study
        self.known: dict[tuple[Any, ...], str] = {}
        self._contents = _AllContents(study)
        self.made = MadeIdentities(self)
        self.unseen = UnseenIdentities(self)
        self.mapped = MappedIdentities(self)

    def corpus(self, kind: str, code: str, split: str) -> str:
        """Identity of a part of a corpus.

        Args:
            kind: folder ``treebanks`` or ``entities``.
            code: code of the corpus.
            split: part ``train``, ``dev`` or ``test``.
        """
        return self._contents.corpus(kind, code, split)

    def download(self, path: str) -> str:
        """Identity of a fetched file; ``path`` is below the folder of downloads."""
        checksum = self.study.downloads.checksum_of(path)
        return self._contents.unchecked(path) if checksum == UNCHECKED else checksum

    @remembered
    def local_file(self, path: str) -> str:
        """Identity of a file that the configuration names; ``path`` is below the workflow."""
        return self._contents.local.checksum(self.study.root / path)

    @remembered
    def gold(self, task: str, corpus: str, split: str) -> str:
        """Identity of the gold file that models of a task are tested on."""
        if trees_of(self.study, task, corpus):
            return parsed_identity(self.study, task, corpus, split)
        return self.corpus(self.study.kind(task).corpora, corpus, split)

    @remembered
    def encoder(self, name: str, source: str = "", seeds: Sequence[int] = ()) -> str:
        """Identity of the encoders that the models of a source and some seeds start from.

        Args:
            name: name of an encoder.
            source, seeds: source and seeds of the models, relevant for encoders trained on raw
                text.
        """
        if name in self.study.made_encoders.recipes:
            return self.made.encoder(name, source, seeds)
        return self.study.contents.encoder(name)

    def training_data(
        self, encoder: str, task: str, source: str, seeds: Sequence[int] = ()
    ) -> dict[str, str]:
        """Identities of all inputs of the training of models.

        Args:
            encoder, task, source: components of the models' paths.
            seeds: seeds of the models, which decide the encoder if several were trained on raw
                text.
        """
        data = {
            "encoder": self.encoder(encoder, source, seeds),
            "train": self.training_part(encoder, task, source, "train"),
            "dev": self.training_part(encoder, task, source, "dev"),
        }
        searches = self.study.unseen.arms.searches
        if (task, source) in self._pairs and searches("", encoder, task, source):
            data["search"] = self.unseen.search(encoder, task, source)
        data |= identities_of(self.study, task, source)
        if vectors := vectors_identity(self.study, encoder, self.study.language(task, source)):
            data["vectors"] = digest(vectors)
        return data | self.alphabet(encoder, task, source)

    @remembered
    def training_part(self, encoder: str, task: str, source: str, part: str) -> str:
        """Identity of a part of a corpus that models are trained on, or of its translation."""
        texts = DictionaryTexts(self.study)
        if name := texts.of_training(encoder, task, source):
            return texts.identity(name, (self.study.kind(task).corpora, source, part))
        return self.gold(task, source, part)

    def alphabet(self, encoder: str, task: str, source: str) -> dict[str, str]:
        """Identity of the letters for noise in a training; empty without such a file."""
        part = alphabet_file(self.study, encoder, task, source)
        return {"alphabet": self.made.part(*part)} if part else {}

    @cached_property
    def _pairs(self) -> set[tuple[str, str]]:
        return set(self.study.unseen.pairs)

    @remembered
    def model(self, encoder: str, task: str, source: str, seeds: Sequence[int] = ()) -> str:
        """Identity of models, except ablation and seed, which are in their paths.

        Arguments are those of ``training_data``, and the seeds by default all of the study.
        """
        seeds = seeds or self.study.seeds
        task = task_of_models(self.study, task)
        config = self.study.finetuning_config(encoder, task, source)
        data = self.training_data(encoder, task, source, seeds)
        return digest([config, data, stage_digest("finetune")])

    def models(self, encoder: str, task: str, sources: Iterable[str]) -> dict[str, str]:
        """Identities of the models of some sources, by source, for an encoder of the study."""
        return {source: self.model(encoder, task, source) for source in sorted(sources)}

    @remembered
    def scores(self, encoder: str, task: str, source: str, corpus: str, split: str) -> str:
        """Identity of the scores of all models of a source on a corpus."""
        adapters = adapter_identity(self.study, encoder, task, corpus)
        return digest(
            [
                self.study.score_config(task, [(encoder, source)], corpus, split),
                self.model(encoder, task, source),
                self.read_for_prediction(encoder, task, corpus, split),
                stage_digest("predict"),
                stage_digest("score"),
                *([adapters] if adapters else []),
            ]
        )

    def read_for_prediction(self, encoder: str, task: str, corpus: str, split: str) -> str:
        """Identity of what predictions read besides models: a gold file, and its word vectors."""
        gold = self.gold(task, corpus, split)
        vectors = vectors_identity(self.study, encoder, self.study.language(task, corpus))
        return digest([gold, vectors]) if vectors else gold

    def scoring_job(
        self, encoder: str, task: str, sources: Iterable[str], corpus: str, split: str
    ) -> str:
        """Identity of a job that scores models of some sources on a corpus."""
        return digest([self.scores(encoder, task, s, corpus, split) for s in sorted(sources)])

    @remembered
    def pieces(self, encoder: str, kind: str, corpus: str, split: str) -> str:
        """Identity of the pieces of a part of a corpus, split by an encoder's tokenizer."""
        part = self.corpus(kind, corpus, split)
        return digest([self.encoder(encoder), part, stage_digest("pieces")])

    def states(
        self, encoder: str, states: Iterable[State], corpus: str, split: str
    ) -> dict[str, Any]:
        """Identities of a parallel treebank and of the models among the states of an encoder."""
        models = {(state.task, state.path.split("/")[1]) for state in states if state.task}
        return {
            "encoder": self.encoder(encoder),
            "treebank": self.corpus("treebanks", corpus, split),
            "models": {
                f"{task}/{source}": self.model(encoder, task, source)
                for task, source in sorted(models)
            },
        }

    def representations(self, encoder: str, states: Iterable[State], corpus: str) -> list[Any]:
        """Identities of all inputs of the representations of a parallel treebank."""
        parallel = self.study.parallel
        of = self.states(encoder, states, corpus, parallel.split)
        as_published = self.study.config["parallel"]["as_published"]
        return [of, as_published, parallel.precision, stage_digest("represent")]

    @remembered
    def similarity(self, encoder: str, corpus: str) -> str:
        """Identity of the similarities of a parallel treebank to those of the sources."""
        parallel = self.study.parallel
        config = parallel.similarity_config(corpus)
        compared = {corpus, *json.loads(config)["sources"].values()}
        return digest(
            [
                config,
                {c: self.representations(encoder, parallel.states, c) for c in sorted(compared)},
                stage_digest("similarity"),
            ]
        )

    @remembered
    def typology(self) -> str:
        """Identity of the typological features of languages."""
        files = [self.download(path) for path in typology_files(self.study)]
        return digest([typology_config(self.study), files, stage_digest("typology")])

    @remembered
    def embedded_text(self, language: str, name: str = "text") -> str:
        """Identity of a raw text of a language of the embedded world; ``name`` of its part."""
        part = self.study.embedded_world.part(language, name)
        return digest([part, stage_digest("embedded_world")])

    @remembered
    def parallel_text(self, code: str) -> str:
        """Identity of a parallel text, which is cleaned and split."""
        texts = self.study.parallel_texts
        if texts.is_generated(code):
            world = self.study.embedded_world.parallel_text(*texts.languages(code))
            read = [digest([world, stage_digest("embedded_world")])]
        else:
            read = [self.download(path) for path in texts.downloads(code)]
        evaluation = [
            {str(file): self.corpus(*file.parts[:2], file.stem) for file in map(Path, files)}
            for files in texts.evaluation_files(code)
        ]
        return digest([read, texts.config(code), evaluation, stage_digest("clean_parallel_text")])

    @remembered
    def all_scores(self) -> str:
        """Identity of the scores of every encoder, task and source on every target."""
        study = self.study
        return digest(
            {
                f"{encoder} {task} {source} {target}": self.scores(
                    encoder, task, source, target, "test"
                )
                for encoder, task in encoders_and_tasks(study)
                for source in study.sources(task)
                for target in study.targets(task)
            }
        )

    def table(self, name: str) -> str:
        """Identity of a table; tables of one analysis share it."""
        return self._analysis(analysis_of(name).tables[0])

    @remembered
    def _analysis(self, table: str) -> str:
        analysis = analysis_of(table)
        of = [analysis.config(self.study), analysis.upstream(self.study)]
        return digest([*of, stage_digest(analysis.stage)])

    def figures(self, tables: Iterable[str]) -> str:
        """Identity of figures that are drawn from some tables."""
        return digest([{name: self.table(name) for name in tables}, stage_digest("draw")])
