"""Cost estimate of a study before it runs: FLOPs, GPU hours and disk space.

FLOPs are those of ``training.operations``.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from ..corpora.catalogue import EMBEDDED
from ..corpora.formats import FORMATS
from ..corpora.questions import BY_ARTICLE
from ..corpora.source_sets import members
from ..encoders.ablations import NONE
from ..records.paths import made_encoder
from ..runtime.errors import InputError
from ..runtime.files import read_json
from ..training.hyperparameters import passes_per_epoch
from ..training.operations import batches_per_step, reading_operations, training_operations
from . import Study
from .adapter_settings import ADAPTER, adapter_parameters, is_language_adapter, trained_tasks
from .encoder_catalogue import EncoderSize, catalogued_encoders, size_of
from .recipes import WORD_VECTORS, root_of
from .subword_tasks import QUESTIONS
from .task_encoders import encoders_and_tasks

EMBEDDED_ENCODER = Path("resources", "models", EMBEDDED)
"""The encoder of the default study."""
PEAK = {"T4": 65.0, "V100": 125.0, "A100": 312.0, "H100": 989.0}
"""Dense half-precision teraflops per second, from NVIDIA's data sheets."""
HIDDEN_UNITS, LAYERS = 200, 2
"""Of a BiLSTM that does not state them, as in ``encoders.bilstm``, which needs torch."""
BYTES = {"float32": 4, "bfloat16": 2, "float16": 2}
QUESTIONS_OF_A_PART = {"train": 88_000, "test": 5_000}
"""Number of questions that is assumed for a part of a corpus, as in SQuAD and MLQA."""
QUESTIONS_BY_ARTICLE = {"train": 872, "dev": 87, "test": 231}
"""The same for a corpus that is one file split by article, as XQuAD."""


@dataclass(frozen=True)
class Assumptions:
    """Assumptions of an estimate.

    Attributes:
        gpu: class of GPU, a key of ``PEAK``.
        utilisation: share of the peak that is reached.
        core_gigaflops: gigaflops per second that a processor core reaches in float32.
        start_seconds: startup time of a job.
        pieces_per_word: fertility of the encoder's tokenizer.
        words_per_sentence: sentence length if only the number of sentences is known.
        words_per_passage: length of a passage with its question.
        bytes_per_word: size of annotated files.
        train_words, other_words: number of words of a part of a corpus whose size is unknown.
        tokenizer_bytes: tokenizer size per vocabulary entry, saved with each model.
    """

    gpu: str = "A100"
    utilisation: float = 0.05
    core_gigaflops: float = 50.0
    start_seconds: float = 30.0
    pieces_per_word: float = 1.6
    words_per_sentence: int = 18
    words_per_passage: int = 140
    bytes_per_word: int = 80
    train_words: int = 150_000
    other_words: int = 15_000
    tokenizer_bytes: int = 16


def encoder_size(study: Study, name: str) -> EncoderSize:
    """The size of an encoder: from its directory if it exists, else from ``encoders.tsv``.

    An adapted encoder has the size of the one that it starts from, and so has one whose vocabulary
    is yet to be trimmed. One of the lowest layers of another encoder has as many. The encoder of an
    embedded world that the study pretrains is as large as that of the default study.

    Raises:
        InputError: neither source has the size.
    """
    size = _size_at_the_root(study, name)
    trimmed = next((part for part in _trimmed_parts(study, name) if part.exists()), None)
    if trimmed is not None:
        size = replace(size, vocabulary=size_of(read_json(trimmed), f"{trimmed}:1").vocabulary)
    if not any(recipe.layers for recipe in study.made_encoders.chain(name)):
        return size
    return replace(size, layers=study.declared_encoders[name].layers)


def _trimmed_parts(study: Study, name: str) -> list[Path]:
    """The ``config.json`` of the encoders in a chain of recipes whose vocabulary is trimmed."""
    found, declared = [], study.declared_encoders
    while name in declared and (recipe := declared[name].recipe) is not None:
        if recipe.corpora:
            found.append(study.root / made_encoder(study.results, name) / "config.json")
        name = recipe.base
    return found


def _size_at_the_root(study: Study, name: str) -> EncoderSize:
    """The size of the encoder at the start of the chain of recipes of another one."""
    declared = study.declared_encoders
    encoder = root_of(declared[name], declared)
    if not encoder.pretrained and encoder.recipe is not None:
        return _size_of_words(encoder.recipe.architecture)
    path = study.root / encoder.directory / "config.json"
    table = study.root / "resources" / "encoders.tsv"
    if encoder.recipe is not None:
        # Bytes; characters are about as many.
        vocabulary = {"vocab_size": encoder.recipe.settings.get("vocabulary_size", 260)}
        return size_of({**encoder.recipe.architecture, **vocabulary}, f"config: encoders: {name}")
    if encoder.directory == f"{study.results}/encoders/{EMBEDDED}" and not path.exists():
        path = study.root / EMBEDDED_ENCODER / "config.json"
    if path.exists():
        return size_of(read_json(path), f"{path}:1")
    if encoder.hub in (known := catalogued_encoders(study.catalogue)):
        return known[encoder.hub].size
    raise InputError(f"{table}: no row for {encoder.hub or path}; add the encoder's sizes there")


def _size_of_words(architecture: Mapping[str, Any]) -> EncoderSize:
    """About the size of a BiLSTM, or of an encoder of word vectors.

    A bidirectional LSTM has half as many weights as layers of a transformer of its width, about as
    many as layers whose hidden part is as wide as the states. Vectors of words are not trained:
    one layer of 300 stands for what is computed with them.
    """
    if architecture["model_type"] == WORD_VECTORS:
        return EncoderSize(200, 0, 300, 1, 300)
    width = 2 * architecture.get("hidden_units", HIDDEN_UNITS)
    return EncoderSize(200, 0, width, architecture.get("layers", LAYERS), width)


@dataclass(frozen=True)
class Model:
    """A fine-tuned model, identified by the components of its path."""

    encoder: str
    task: str
    source: str
    ablation: str


class Estimate:
    """Costs of the parts of a study.

    Args:
        study: study to estimate.
        assumptions: assumptions about hardware and data.
    """

    def __init__(self, study: Study, assumptions: Assumptions) -> None:
        self.study = study
        self.assumptions = assumptions
        self._sizes: dict[str, EncoderSize] = {}

    def untrimmed(self) -> list[str]:
        """Encoders that count with the vocabulary that their recipe will trim."""
        names = dict.fromkeys(model.encoder for model in self.models())
        return [
            name
            for name in names
            if (parts := _trimmed_parts(self.study, name))
            and not any(part.exists() for part in parts)
        ]

    def size(self, encoder: str) -> EncoderSize:
        """The size of an encoder."""
        if encoder not in self._sizes:
            self._sizes[encoder] = encoder_size(self.study, encoder)
        return self._sizes[encoder]

    def file_bytes(self, kind: str, corpus: str, split: str) -> int:
        """Bytes of a part of a corpus: of the existing file, as catalogued, or as assumed."""
        study, assumed = self.study, self.assumptions
        suffix = FORMATS[kind].suffix
        path = study.root / study.results / kind / corpus / f"{split}{suffix}"
        if path.exists() and kind != QUESTIONS:
            return path.stat().st_size
        if kind == QUESTIONS:
            return self._words_of_questions(corpus, split) * assumed.bytes_per_word
        if corpus.endswith(f"_{EMBEDDED}") and corpus not in study.unseen.made[kind]:
            language = corpus.removesuffix(f"_{EMBEDDED}")
            sentences = json.loads(study.embedded_world.corpus(kind, language, split))["sentences"]
            return sentences * assumed.words_per_sentence * assumed.bytes_per_word
        file = getattr(study.catalogue, kind)[corpus].files.get(split)
        words = assumed.train_words if split == "train" else assumed.other_words
        return (file and file.bytes) or words * assumed.bytes_per_word

    def _words_of_questions(self, corpus: str, split: str) -> int:
        """Words that a model reads of a part of a corpus: each question with its passage."""
        if not corpus.endswith(f"_{EMBEDDED}"):
            questions = QUESTIONS_OF_A_PART["train" if split == "train" else "test"]
            if self.study.catalogue.questions[corpus].articles == BY_ARTICLE:
                questions = QUESTIONS_BY_ARTICLE[split]
            return questions * self.assumptions.words_per_passage
        language = corpus.removesuffix(f"_{EMBEDDED}")
        part = json.loads(self.study.embedded_world.corpus(QUESTIONS, language, split))
        sentences = sum(part["sentences"]) / 2
        # A question is about as long as a sentence.
        words = (sentences + 1) * self.assumptions.words_per_sentence
        return round(part["passages"] * sentences * words)

    def pieces(self, kind: str, corpus: str, split: str, sentences: int | None = None) -> float:
        """Word pieces of a part of a corpus, or of its first ``sentences``."""
        assumed = self.assumptions
        parts = [self.file_bytes(kind, code, split) for code in members(corpus)]
        words = sum(parts) / assumed.bytes_per_word
        if sentences is not None:
            length = assumed.words_per_passage if kind == QUESTIONS else assumed.words_per_sentence
            words = min(words, sentences * length)
        return words * assumed.pieces_per_word

    def training(self, model: Model) -> float:
        """FLOPs of training a model and of its development scores.

        If the number of epochs is searched, the maximum is assumed.
        """
        return self._trainings(model, [max(self._epochs(model))])

    def search(self, model: Model) -> float:
        """FLOPs of the hyperparameter search of a model of an unseen language."""
        rates = len(self.study.unseen.section["search"]["learning_rates"])
        return rates * self._trainings(model, self._epochs(model))

    def _epochs(self, model: Model) -> list[int]:
        search = self.study.unseen.section.get("search")
        if search and (model.task, model.source) in self.study.unseen.pairs:
            return search["epochs"]
        return [self.settings(model)["epochs"]]

    def settings(self, model: Model) -> Mapping[str, Any]:
        """The settings of the training of a model."""
        config = self.study.finetuning_config(model.encoder, model.task, model.source)
        return json.loads(config)["settings"]["training"]

    def _trainings(self, model: Model, numbers_of_epochs: Iterable[int]) -> float:
        """FLOPs of trainings with these numbers of epochs."""
        settings, kind = self.settings(model), self.study.kind(model.task).corpora
        pieces = self.pieces(kind, model.source, "train", settings["training_sentences"])
        batches = max(1, round(pieces / settings["batch_pieces"]))
        weights, recomputed = self.size(model.encoder).body, bool(settings.get("checkpointing"))
        scored = reading_operations(weights, self.pieces(kind, model.source, "dev"))

        def of_epoch(epochs: int) -> float:
            passes = passes_per_epoch({**settings, "epochs": epochs}, batches)
            read = pieces * passes * batches_per_step(settings)
            return training_operations(weights, read, recomputed) + scored

        return sum(epochs * of_epoch(epochs) for epochs in numbers_of_epochs)

    def reading(self, encoder: str, kind: str, corpus: str, split: str) -> float:
        """FLOPs of predicting or representing a part of a corpus with one model."""
        return reading_operations(self.size(encoder).body, self.pieces(kind, corpus, split))

    def hours(self, operations: float, jobs: int = 0) -> float:
        """GPU hours of some FLOPs and of the startup of some jobs."""
        assumed = self.assumptions
        seconds = operations / (PEAK[assumed.gpu] * 1e12 * assumed.utilisation)
        return (seconds + jobs * assumed.start_seconds) / 3600

    def core_hours(self, operations: float, jobs: int = 0) -> float:
        """Core hours of some FLOPs and of the startup of some jobs, without a GPU."""
        assumed = self.assumptions
        seconds = operations / (assumed.core_gigaflops * 1e9)
        return (seconds + jobs * assumed.start_seconds) / 3600

    def models(self) -> list[Model]:
        """Every model of the study, once for each seed."""
        study = self.study
        seen = [
            Model(encoder, task, source, ablation)
            for encoder, task in encoders_and_tasks(study)
            if task in trained_tasks(study)
            for source in study.sources(task)
            for ablation, _ in study.models(task, source)
        ]
        unseen = [
            Model(arm, task, corpus, NONE)
            for task, corpus in study.unseen.pairs
            for arm in study.unseen.arms.trained
            for _ in study.seeds
        ]
        return seen + unseen

    def disk(self) -> dict[str, float]:
        """Bytes of permanent files by kind, and of the weights that are dropped after use."""
        study, precision = self.study, self.study.config["keep"]["precision"]
        found = dict.fromkeys(
            ("weights", "weights dropped after use", "tokenizers", "predictions"), 0.0
        )
        for model in self.models():
            size, kind = self.size(model.encoder), study.kind(model.task).corpora
            dropped = study.kept.is_dropped(model.ablation)
            row = "weights dropped after use" if dropped else "weights"
            found[row] += self._stored(model, size) * BYTES[precision]
            found["tokenizers"] += size.vocabulary * self.assumptions.tokenizer_bytes
            known = (model.task, model.source) in study.unseen.pairs
            targets = [model.source] if known else study.targets(model.task)
            found["predictions"] += sum(self.file_bytes(kind, c, "test") for c in targets)
        found["representations"] = sum(
            self._vectors(encoder, corpus) * len(study.parallel.states)
            for encoder in study.encoders
            for corpus in study.parallel.treebanks
        )
        found["encoders"] = sum(
            self._stored_of_encoder(name) * 4.0 * self._copies(name) for name in self._encoders()
        )
        return found

    def _stored(self, model: Model, size: EncoderSize) -> int:
        """Parameters in a model's file: with a task adapter, those of the adapter."""
        of = model.encoder, model.task, model.source
        adapter = self.study.finetuning_settings(*of)["training"].get(ADAPTER)
        if adapter is None:
            return size.parameters
        return adapter_parameters(adapter, size.hidden, size.layers)

    def _stored_of_encoder(self, name: str) -> int:
        """Parameters in an encoder's file: of a language adapter only its own."""
        size, recipe = self.size(name), self.study.declared_encoders[name].recipe
        if recipe is None or not is_language_adapter(recipe):
            return size.parameters
        return adapter_parameters(recipe.settings[ADAPTER], size.hidden, size.layers)

    def _encoders(self) -> list[str]:
        """The encoders of the study and those that it makes for other purposes."""
        study = self.study
        used = {*study.unseen.arms.trained, *study.measured_translations.encoders}
        made = [name for name in study.made_encoders.recipes if name in used]
        names = dict.fromkeys([*study.encoders, *made])
        return [name for name in names if study.declared_encoders[name].pretrained]

    def _copies(self, name: str) -> int:
        """Number of directories of an encoder: for each seed and, in some cases, language."""
        recipe = self.study.made_encoders.recipes.get(name)
        if recipe is None:
            return 1
        languages = len(self.study.unseen.varieties) if recipe.of_each_language else 1
        return languages * max(1, len(recipe.seeds))

    def _vectors(self, encoder: str, corpus: str) -> float:
        """Bytes of the sentence vectors of a treebank in one state of an encoder."""
        size, assumed = self.size(encoder), self.assumptions
        words = self.file_bytes("treebanks", corpus, self.study.parallel.split)
        sentences = words / assumed.bytes_per_word / assumed.words_per_sentence
        return sentences * (size.layers + 1) * size.hidden * 4


def read_outputs(lines: Iterable[str]) -> Mapping[str, list[list[str]]]:
    """The output files of each job of a dry run, by rule without its number suffix."""
    jobs: dict[str, list[list[str]]] = {}
    rule = ""
    for line in lines:
        if line.startswith(("rule ", "localrule ")):
            rule = line.split()[1].rstrip(":").rstrip("0123456789").rstrip("_")
            jobs.setdefault(rule, []).append([])
        elif rule and line.startswith("    output: "):
            paths = line.removeprefix("    output: ").strip().split(", ")
            jobs[rule][-1] = [path.split(" ")[0] for path in paths]
    return jobs
