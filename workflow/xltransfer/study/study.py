"""A study: its validated configuration, and the files and jobs derived from it.

The rules query this module, so they contain no logic. Imports are light because it runs whenever
the Snakefile is parsed.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

from ..corpora.catalogue import Corpus, Language
from ..encoders.ablations import NONE, in_order
from ..records import paths
from ..runtime.files import canonical_json
from ..tasks.properties import Kind, kind_of
from .adapter_settings import MODELS_OF, OF_PREDICTION, trained_tasks
from .adversarial_settings import in_fixed_order
from .analyses import drawings_of, tables_of
from .batches import (
    FinetuningBatch,
    PredictionBatch,
    finetuning_batches,
    prediction_batches,
    scoring_batches,
)
from .catalogued_files import Downloads, read_catalogue
from .consistency import check_consistency
from .contents import Contents
from .embedded_parts import EmbeddedWorld
from .identities import Identities
from .joined_sources import language_of
from .kept import KeptFiles
from .made_encoders import MadeEncoders
from .mapped_vectors import MappedVectors
from .measured_translations import MeasuredTranslations
from .parallel import ParallelText
from .parallel_texts import ParallelTexts
from .parts import expand_pairs, read_mirrors
from .raw_texts import RawTexts
from .recipes import encoders_of_transfer, read_encoders
from .relation_parts import metric_settings
from .schema import check_schema
from .task_encoders import encoders_and_tasks
from .unseen import UnseenLanguages
from .vector_encoders import fixed_settings

INDIFFERENT = (
    *("mirrors", "catalogue", "job_size", "training_threads", "checkpoint_minutes", "keep"),
    "pathvars",
)
"""Keys for locations and batching, which do not affect results."""


class Study:
    """A validated configuration.

    Args:
        config: merged configuration.
        root: folder of the workflow, to which paths are relative.

    Attributes:
        parallel: the parallel treebanks, and the states whose representations of them are compared.
        embedded_world: the artificial languages that the study may use.
        raw_texts, parallel_texts: the texts that encoders are trained on.
        measured_translations: the encoders whose use of translations is measured.
        made_encoders: the encoders that the workflow makes from recipes.
        mapped: the word vectors and the maps between them.
        contents: identities of the contents of corpora and encoders.
        identities: identities of jobs, back to the sources.
        kept: the weights that are kept on disk.
        unseen: the languages that the encoders have not seen.

    Raises:
        InputError: the configuration is invalid; names the key and the remedy.
    """

    def __init__(self, config: Mapping[str, Any], root: Path | str = ".") -> None:
        self.root = Path(root)
        checked = check_schema(config)
        self.config = checked
        self.declared_encoders = read_encoders(config["encoders"], self.root, self.results)
        self.encoders = encoders_of_transfer(config["transfer_encoders"], self.declared_encoders)
        layers = {name: encoder.layers for name, encoder in self.encoders.items()}
        self.config = {**checked, "ablations": expand_pairs(config["ablations"], layers)}
        self.catalogue = read_catalogue(self.root, config)
        self.parallel = ParallelText(self)
        self.embedded_world = EmbeddedWorld(self)
        self.raw_texts = RawTexts(self)
        self.parallel_texts = ParallelTexts(self)
        self.measured_translations = MeasuredTranslations(self)
        self.made_encoders = MadeEncoders(self)
        self.mapped = MappedVectors(self)
        self.contents = Contents(self)
        self.identities = Identities(self)
        self.kept = KeptFiles(self)
        self.unseen = UnseenLanguages(self)
        check_consistency(self)

    @property
    def name(self) -> str:
        """The name of the study in tables."""
        return self.config["study"]

    @property
    def decisive(self) -> dict[str, Any]:
        """The configuration without the keys that no result depends on."""
        decisive = {key: self.config[key] for key in self.config if key not in INDIFFERENT}
        return {**decisive, "keep": {"precision": self.config["keep"]["precision"]}}

    @property
    def described(self) -> dict[str, Any]:
        """What the configuration of every table has: name, decisive keys and seeds."""
        return {"study": self.name, "config": self.decisive, "seeds": self.seeds}

    @property
    def results(self) -> str:
        """Folder of all results."""
        return self.config.get("pathvars", {}).get("results", "results")

    @property
    def tasks(self) -> list[str]:
        """The tasks of the study."""
        return self.config["tasks"]

    @property
    def seeds(self) -> list[int]:
        """The seeds, sorted, so that the order in the configuration has no effect."""
        return sorted(self.config["seeds"])

    @cached_property
    def downloads(self) -> Downloads:
        """The catalogued files that are fetched."""
        return Downloads(self.catalogue, self.mapped.downloads())

    @property
    def local_paths(self) -> list[str]:
        """Files and folders in the configuration, with and without variables expanded."""
        texts = self.raw_texts
        fetched = not texts.codes or texts.identifier is not None
        identifier = [] if fetched else [self.config["cleaning"]["identifier"]]
        given = [item["path"] for item in self.config["encoders"] if "path" in item]
        vectors = [*self.mapped.given_paths(), *filter(None, [self.config.get("catalogue")])]
        directories = (encoder.directory for encoder in self.declared_encoders.values())
        return [*directories, *given, *identifier, *vectors]

    @cached_property
    def mirrors(self) -> list[str]:
        """Folders and base URLs to try before a file's own URL, environment variables expanded."""
        return read_mirrors(self.config["mirrors"])

    def kind(self, task: str) -> Kind:
        """The kind of a task."""
        return kind_of(self.config[task])

    def corpora(self, task: str) -> dict[str, Corpus]:
        """The catalogued corpora for a task."""
        return getattr(self.catalogue, self.kind(task).corpora)

    def corpus_file(self, task: str, corpus: str, split: str) -> str:
        """Path of a part of a corpus for a task, below the folder of results."""
        kind = self.kind(task)
        return f"{kind.corpora}/{corpus}/{split}{kind.suffix}"

    @property
    def tables(self) -> list[str]:
        """The tables about transfer, except those whose features or parallel texts are missing."""
        return tables_of(self, of_unseen=False)

    @property
    def figures(self) -> list[str]:
        """The figures about transfer; figures of changes require re-initialised layers."""
        return [drawing.figure for drawing in drawings_of(self, of_unseen=False)]

    def sources(self, task: str) -> list[str]:
        """Corpora that models of a task are trained on."""
        return self.config[task]["sources"]

    def targets(self, task: str) -> list[str]:
        """Corpora whose test part models of a task are scored on."""
        return self.config[task]["targets"]

    def language(self, task: str, corpus: str) -> str:
        """Code of a corpus's language; those of a set of corpora are joined (``en+fr``)."""
        return language_of(self.corpora(task), corpus)

    def ablations(self, task: str, source: str) -> list[str]:
        """The ablations of a source corpus of a task."""
        if source not in self.sources(task):
            return [NONE]
        ablated = self.config[task]["ablated_sources"]
        if ablated == "all" or source in ablated:
            return self.config["ablations"]
        return [NONE]

    def models(self, task: str, source: str) -> list[tuple[str, int]]:
        """Ablation and seed of every model of a task trained on a source.

        They are sorted, so that reordering the configuration causes no reruns.
        """
        ablations = in_order(self.ablations(task, source))
        return [(ablation, seed) for ablation in ablations for seed in self.seeds]

    def finetuning_batches(self) -> list[FinetuningBatch]:
        """The models that one rule trains."""
        return finetuning_batches(self)

    def prediction_batches(self) -> list[PredictionBatch]:
        """The models that annotate a corpus in one job."""
        return prediction_batches(self)

    def scoring_batches(self) -> list[tuple[str, list[str]]]:
        """Task and sources whose models are scored on a corpus in one job."""
        return scoring_batches(self)

    def finetuning_settings(self, encoder: str, task: str, source: str) -> dict[str, Any]:
        """The settings of the training of a model."""
        without = ("sources", "ablated_sources", "targets", "encoders", "trees", "reference")
        without += OF_PREDICTION
        settings = {k: v for k, v in self.config[task].items() if k not in without}
        settings |= metric_settings(self, task, source) | fixed_settings(self, encoder, task)
        if (task, source) in self.unseen.pairs:
            settings |= self.unseen.arms.settings(encoder, task)
        return {**settings, "training": in_fixed_order(settings["training"])}

    def finetuning_config(self, encoder: str, task: str, source: str) -> str:
        """Canonical JSON of the keys that decide a fine-tuned model."""
        settings = self.finetuning_settings(encoder, task, source)
        precision = self.config["keep"]["precision"]
        return canonical_json({"task": task, "settings": settings, "stored": precision})

    def encoder_files(self, encoder: str, source: str = "", seeds: Sequence[int] = ()) -> list[str]:
        """The encoder files that the models of a source and some seeds depend on."""
        directories = dict.fromkeys(self.encoder_directories(encoder, source, seeds))
        names = self.declared_encoders[encoder].files
        return [f"{directory}/{name}" for directory in directories for name in names]

    def encoder_directories(self, encoder: str, source: str, seeds: Sequence[int]) -> list[str]:
        """The encoder that the model of each seed starts from; a single one if it is shared."""
        shared = self.declared_encoders[encoder].directory
        return [shared] if shared else self.made_encoders.directories(encoder, source, seeds)

    def score_config(
        self, task: str, rows: Sequence[tuple[str, str]], target: str, split: str
    ) -> str:
        """Canonical JSON of a scoring job for some encoders and sources on one corpus.

        Args:
            task: task to score.
            rows: encoder and source of each file of scores.
            target, split: part of a corpus to score on.
        """
        files = [
            {
                "columns": {
                    "encoder": encoder,
                    "task": task,
                    "source": self.language(task, source),
                    "target": self.language(task, target),
                    "source_corpus": source,
                    "target_corpus": target,
                    "split": split,
                },
                "models": self.models(task, source),
            }
            for encoder, source in rows
        ]
        return canonical_json({"task": metric_settings(self, task, target), "files": files})

    def score_files(self, results: str) -> list[str]:
        """The scores of every encoder, task and source on every target."""
        return [
            paths.scores(results, encoder, task, source, f"{target}-test")
            for encoder, task in encoders_and_tasks(self)
            for source in self.sources(task)
            for target in self.targets(task)
        ]

    def training_reports(self, results: str) -> list[str]:
        """The training report of every model."""
        return [
            paths.model_directory(results, encoder, task, source, ablation, seed) + "/training.json"
            for encoder, task in encoders_and_tasks(self)
            if task in trained_tasks(self)
            for source in self.sources(task)
            for ablation, seed in self.models(task, source)
        ]

    def training_parts(self, task: str) -> list[str]:
        """Training parts of a task as in file names: ``train``, or one sample per seed."""
        sentences = self.config[task]["training"]["training_sentences"]
        drawn = [f"train-drawn-{sentences}-seed-{seed}" for seed in self.seeds]
        return ["train"] if sentences is None else drawn

    def piece_files(self, results: str) -> list[str]:
        """The lists of pieces of every source's training parts and every target's test part."""
        parts = {
            (self.kind(task).corpora, f"{corpus}-{part}")
            for task in self.tasks
            for parts, corpora in (
                (self.training_parts(task), self.sources(task)),
                (["test"], self.targets(task)),
            )
            for part in parts
            for corpus in corpora
        }
        return [
            paths.pieces(results, encoder, corpora, corpus)
            for encoder in self.encoders
            for corpora, corpus in sorted(parts)
        ]

    @cached_property
    def target_languages(self) -> dict[str, Language]:
        """Every target language of any task, in the order of the configuration."""
        codes = [self.language(task, code) for task in self.tasks for code in self.targets(task)]
        return {code: self.catalogue.languages[code] for code in dict.fromkeys(codes)}

    def comparison_config(self) -> str:
        """``table_config`` with the repositories of the encoders."""
        hubs = {name: encoder.hub for name, encoder in self.encoders.items() if encoder.hub}
        return canonical_json({**json.loads(self.table_config()), "hubs": hubs})

    def table_config(self) -> str:
        """Canonical JSON of the content of tables over the whole study."""
        tasks = {
            task: {
                "metric": self.kind(task).metric,
                "corpora": self.kind(task).corpora,
                "training_parts": self.training_parts(task),
                "sources": [
                    {
                        "corpus": source,
                        "language": self.language(task, source),
                        "ablations": self.ablations(task, source),
                    }
                    for source in self.sources(task)
                ],
                "targets": [
                    {"corpus": target, "language": self.language(task, target)}
                    for target in self.targets(task)
                ],
                **{key: self.config[task][key] for key in (MODELS_OF,) if key in self.config[task]},
            }
            for task in self.tasks
        }
        return canonical_json(
            {
                **self.described,
                "encoders": list(self.encoders),
                "tasks": tasks,
                "languages": {code: row.name for code, row in self.target_languages.items()},
                "families": {code: row.top_family for code, row in self.target_languages.items()},
                "ablations": self.config["ablations"],
            }
        )
