"""Fine-tuning on one corpus: a run for each seed and choice of hyperparameters.

A run depends on its own seed and settings only, so runs that share a process (which saves starting
Python and reading data) give the models that they would give alone.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from ..corpora.formats import read_sentences
from ..corpora.noise import SOURCE, read_alphabet
from ..corpora.sentences import AnnotatedSentence, draw_sentences
from ..encoders.ablate import ablate
from ..encoders.ablations import NONE
from ..encoders.interface import CONFIG_FILE, StartingPoint
from ..encoders.kinds import kind_of
from ..encoders.language_embeddings import languages_of
from ..encoders.word_vector_lookup import WordVectorLookup
from ..records.code import stage_digest
from ..records.record import versions
from ..records.verification import verified_checksums, verified_encoder
from ..runtime.command import warn
from ..runtime.errors import InputError
from ..runtime.files import canonical_json, digest
from ..tasks.metrics import check_gold
from ..tasks.registry import make_task
from ..tasks.task import Task
from .adversarial_runs import Game, game_report, told_apart
from .checkpoint import Checkpoint
from .dataset import Dataset
from .devices import device_name, prepare_device
from .hyperparameters import passes_per_epoch
from .loop import Report, train
from .model import WordModel, untrained_head
from .noisy_reading import NoisyReading
from .objectives.finetuning import FineTuning
from .task_adapters import with_task_adapter
from .word_vector_files import read_lookup

log = logging.getLogger(__name__)

FEWEST_BATCHES = 10
"""An epoch of fewer batches is reported: its learning rate changes in coarse steps, and models of
so little training are compared with others that had more."""


@dataclass(frozen=True)
class Run:
    """A finished training.

    Attributes:
        model: with the weights of the best epoch.
        task: that it was trained for.
        labels: in the order of the head's outputs.
        report: how the training went.
        facts: everything that decided the model, as JSON content.
        inputs: path → SHA-256 of the files that it was made from.
        sentences: how many it was trained on.
        noise: what noise changed in them, as JSON content; ``None`` without noise.
        reading: what its examples were cut by, as JSON content; empty for most tasks.
        game: how well languages can be told apart, as JSON content; ``None`` without adversary.
        checkpoint: to discard once what is made of the run has been saved.
    """

    model: WordModel
    task: Task
    labels: list[str]
    report: Report
    facts: dict[str, Any]
    inputs: dict[str, str]
    sentences: int
    noise: dict[str, Any] | None
    reading: dict[str, int]
    game: dict[str, Any] | None
    checkpoint: Checkpoint


@dataclass(frozen=True)
class _Prepared:
    """What runs of one encoder on the same sentences share."""

    sentences: Sequence[AnnotatedSentence]
    start: StartingPoint
    labels: list[str]
    training: Dataset
    development: Dataset
    noise: NoisyReading | None


class FineTuningRuns:
    """Fine-tunes models of one corpus.

    Args:
        stage: whose code decides the models.
        training, development: corpora of the source language.
        config: ``task``, its ``settings``, and the precision that weights are ``stored`` in.
        ablation: what to re-initialise before training.
        checkpoints: folder for checkpoints, which are named by what they belong to.
        checkpoint_seconds: how often to save one.
        threads: processor threads to compute with.
        language: code of the language of the corpora, for encoders with language embeddings.
        alphabet: corpus with the letters for noise in characters, if it is not the training corpus.
        vectors: word vectors of the languages of the corpora, for encoders that read them.
        game: data of adversarial trainings, if the settings have ``adversarial``.

    Raises:
        InputError: unusable data.
    """

    def __init__(
        self,
        stage: str,
        training: Path,
        development: Path,
        config: Mapping[str, Any],
        ablation: str,
        checkpoints: Path,
        checkpoint_seconds: float,
        threads: int,
        language: str = "",
        alphabet: Path | None = None,
        vectors: Sequence[Path] = (),
        game: Game | None = None,
    ) -> None:
        self.language, self.game = language, game
        self.device = prepare_device(threads)
        more = [*([alphabet] if alphabet else []), *vectors, *(game.files if game else [])]
        self._read = verified_checksums([training, development, *more])
        self._vectors = list(vectors)
        self._lookup = read_lookup(vectors)
        self._encoders_read: dict[Path, dict[str, str]] = {}
        self.training, self.development, self.alphabet = training, development, alphabet
        self.config, self.ablation = config, ablation
        self.checkpoints, self.checkpoint_seconds = checkpoints, checkpoint_seconds
        self.task = make_task(config["settings"])
        self._sentences = read_sentences(training)
        self._held_out = read_sentences(development)
        check_gold(development, self._held_out, config["settings"])
        self._prepared: tuple[object, _Prepared] | None = None
        self._facts = {
            "ablation": ablation,
            "code": stage_digest(stage),
            "device": device_name(self.device),
            "threads": threads,
            "versions": versions("torch", "transformers", "tokenizers", "numpy"),
        }

    def facts(self, encoder: Path, seed: int, settings: Mapping[str, Any]) -> dict[str, Any]:
        """Everything that decides a model, as JSON content; arguments as for ``run``."""
        names, of_encoder = kind_of(encoder).files, self._encoder_read(encoder)
        of_languages = kind_of(encoder).of_languages or languages_of(encoder)
        spoken = {"language": self.language} if of_languages else {}
        alphabet = {"alphabet": self._read[str(self.alphabet)]} if self.alphabet else {}
        vectors = [self._read[str(path)] for path in self._vectors]
        return {
            **self._facts,
            **spoken,
            "config": {
                **self.config,
                "settings": {**self.config["settings"], "training": dict(settings)},
            },
            "inputs": {
                "encoder": {name: of_encoder.get(str(encoder / name)) for name in names},
                "training": self._read[str(self.training)],
                "development": self._read[str(self.development)],
                **alphabet,
                **({"game": self.game.facts(self._read)} if self.game else {}),
                **({"vectors": vectors} if vectors else {}),
            },
            "seed": seed,
        }

    def run(self, encoder: Path, seed: int, settings: Mapping[str, Any]) -> Run:
        """Train one model.

        Args:
            encoder: encoder directory, of any kind.
            seed: of the head, the ablation, the draw of training sentences and their order.
            settings: of the training, in place of those of the configuration.

        Raises:
            InputError: unusable data, encoder or ablation.
            DivergedError: a loss that is not finite.
        """
        self._encoder_read(encoder)
        prepared = self._prepare(encoder, settings, seed)
        facts = self.facts(encoder, seed, settings)
        task = make_task(self.config["settings"] | {"training": settings})
        torch.manual_seed(seed)
        untrained = prepared.start.new_network()
        head = untrained_head(task, untrained.config.hidden_size, prepared.labels)
        model = WordModel(untrained, head)
        ablate(model.encoder, self.ablation, seed)
        if "adapter" in settings:
            model = with_task_adapter(model, settings["adapter"], self.ablation)
        model.kind.select_language(model.encoder, self.language)
        if settings.get("checkpointing"):
            model.kind.recompute_layers(model.encoder)
        data = prepared.training, prepared.development
        objective = FineTuning(model, task, prepared.labels, *data, settings, seed)
        self._warn_of_short_epochs(objective, settings, len(prepared.sentences))
        checkpoint = Checkpoint(self.checkpoints / digest(facts), digest(facts))
        name = f"{self.training.parent.name} {self.config['task']} {self.ablation} seed {seed}"
        report, game = self._train(objective, prepared, settings, checkpoint, name)
        log.info("%s: best epoch %d, %.0f s", name, report.best_epoch, report.seconds)
        model.cpu()
        forms = [sentence.forms for sentence in prepared.sentences]
        return Run(
            model,
            self.task,
            prepared.labels,
            report,
            facts,
            self.inputs(encoder),
            len(forms),
            prepared.noise.report(forms) if prepared.noise else None,
            task.reading_report(prepared.training.examples),
            game,
            checkpoint,
        )

    def _train(
        self,
        plain: FineTuning,
        prepared: _Prepared,
        settings: Mapping[str, Any],
        checkpoint: Checkpoint,
        name: str,
    ) -> tuple[Report, dict[str, Any] | None]:
        """Train, if the settings say so against a discriminator, and report on that."""
        how = settings, checkpoint, self.device, self.checkpoint_seconds, name
        if self.game is None:
            return train(plain, *how), None
        objective = self.game.objective(
            plain, prepared.sentences, self._sentences, prepared.start, settings
        )
        measured = plain.model, objective.held_out, plain.seed, self.device
        before = told_apart(*measured)
        report = train(objective, *how)
        after, own = told_apart(*measured), objective.own_accuracy(self.device)
        return report, game_report(objective, before, after, own)

    def _prepare(self, encoder: Path, settings: Mapping[str, Any], seed: int) -> _Prepared:
        """Data for an encoder; the last one is kept, for most runs differ in their seed alone."""
        number, noise = settings["training_sentences"], settings.get("noise")
        sentences = draw_sentences(self._sentences, number, seed)
        drawn = len(sentences) < len(self._sentences) or self.game is not None
        key = (encoder, number, canonical_json(noise), seed if drawn or noise else None)
        if self._prepared is None or self._prepared[0] != key:
            self._prepared = key, self._prepare_anew(encoder, sentences, noise, seed)
        return self._prepared[1]

    def _prepare_anew(
        self,
        encoder: Path,
        sentences: Sequence[AnnotatedSentence],
        settings: Mapping[str, Any] | None,
        seed: int,
    ) -> _Prepared:
        check_gold(self.training, sentences, self.config["settings"])
        more = self.game.labelled(seed) if self.game else []
        start = starting_point(encoder, [*sentences, *more], self.ablation, self._lookup)
        labels = self.task.label_vocabulary([*sentences, *more])
        kind = kind_of(encoder)
        reader = kind.reader_of(start.reader, self.language)
        noise, varied = None, None
        if settings:
            noise = NoisyReading(settings, self._letters(settings), reader, seed)
            varied = noise.of_epoch
        of_task = self.task.word_state, varied, self.task.examples
        data = Dataset(sentences, reader, start.longest, *of_task)
        data.add_targets(self.task, labels)
        if self.game:
            data = self.game.joined(data, more, start, kind, self.task, labels)
        of_task = self.task.word_state, None, self.task.examples
        held_out = Dataset(self._held_out, reader, start.longest, *of_task)
        return _Prepared(sentences, start, labels, data, held_out, noise)

    def _letters(self, settings: Mapping[str, Any]) -> str:
        """The letters for noise in characters, from the corpus that the settings name."""
        if "characters" not in settings:
            return ""
        of_source = settings["characters"]["alphabet"] == SOURCE
        if of_source == (self.alphabet is not None):
            raise InputError(
                f"noise.characters.alphabet: {settings['characters']['alphabet']} "
                + ("needs no" if of_source else "needs the")
                + " file of the option --alphabet; correct one of the two"
            )
        return read_alphabet(self.alphabet or self.training)

    def _warn_of_short_epochs(
        self, objective: FineTuning, settings: Mapping[str, Any], sentences: int
    ) -> None:
        batches = len(objective.batches(0))
        in_epoch = batches * passes_per_epoch(settings, batches)
        if in_epoch < FEWEST_BATCHES:
            warn(
                f"{self.training}: {sentences} sentences make epochs of {in_epoch} batches, fewer "
                f"than {FEWEST_BATCHES}; raise `minimum_steps` or lower `batch_pieces` of "
                f"'{self.config['task']}'"
            )

    def inputs(self, encoder: Path) -> dict[str, str]:
        """Path → SHA-256 of the files that a model of an encoder is made from."""
        return self._encoder_read(encoder) | self._read

    def _encoder_read(self, encoder: Path) -> dict[str, str]:
        """Path → SHA-256 of the files of an encoder, which are verified once."""
        if encoder not in self._encoders_read:
            self._encoders_read[encoder] = verified_encoder(encoder, kind_of(encoder).files)
        return self._encoders_read[encoder]


def starting_point(
    directory: Path,
    sentences: Sequence[AnnotatedSentence],
    ablation: str,
    lookup: WordVectorLookup | None = None,
) -> StartingPoint:
    """What a training starts from; what is random about it is drawn from the global random state.

    Args:
        directory: of an encoder; one that is never pretrained may learn its vocabulary from the
            sentences.
        sentences: to train on.
        ablation: that will be applied to the encoder.
        lookup: words with vectors, for encoders that read them.

    Raises:
        InputError: the encoder cannot be opened, or an ablation is asked for of one that is never
            pretrained.
    """
    kind = kind_of(directory).with_word_vectors(lookup)
    if ablation != NONE and not kind.pretrained:
        raise InputError(
            f"{directory / CONFIG_FILE}:1: {kind.name} has no pretraining that '{ablation}' could "
            f"take away; its only ablation is '{NONE}'"
        )
    return kind.start(directory, [sentence.forms for sentence in sentences])
