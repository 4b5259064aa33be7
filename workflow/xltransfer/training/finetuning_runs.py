"""Fine-tuning on one corpus: a run for each seed and choice of hyperparameters.

A run depends on its own seed and settings only, so runs that share a process (which saves starting
Python and reading data) give the models that they would give alone.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import torch

from ..encoders.ablate import ablate
from ..encoders.ablations import NONE, parse
from ..encoders.lora import LIBRARY as LORA_LIBRARY
from ..encoders.lora import merge_lora
from ..encoders.verified import VerifiedEncoder
from ..encoders.weights import count_parameters
from ..records.code import stage_digest
from ..records.record import versions
from ..runtime.command import warn
from ..runtime.files import digest
from ..tasks.registry import make_task
from .adversarial_runs import game_report, told_apart
from .checkpoint import Checkpoint
from .devices import device_name, prepare_device
from .finished_runs import Run
from .hyperparameters import passes_per_epoch
from .loop import Report, Training, train
from .model import WordModel, untrained_head
from .objectives.finetuning import FineTuning
from .stacked import NotStackableError
from .task_adapters import add_task_lora, with_task_adapter
from .together import train_together
from .training_data import PreparedData, TrainingData

log = logging.getLogger(__name__)

FEWEST_BATCHES = 10
"""An epoch of fewer batches is reported: its learning rate changes in coarse steps, and models of
so little training are compared with others that had more."""


@dataclass(frozen=True)
class _Start:
    """A training before its first step.

    Attributes:
        prepared: data of the training.
        settings: settings of the training.
        objective: untrained model, batches and loss.
        facts: everything that decides the model, as JSON content.
        checkpoint: named by the facts.
        name: in messages.
    """

    prepared: PreparedData
    settings: Mapping[str, Any]
    objective: FineTuning
    facts: dict[str, Any]
    checkpoint: Checkpoint
    name: str


class FineTuningRuns:
    """Fine-tunes models of one corpus.

    Args:
        stage: whose code decides the models.
        data: corpora of the training.
        config: ``task``, its ``settings``, and the precision that weights are ``stored`` in.
        checkpoints: folder for checkpoints, which are named by what they belong to.
        checkpoint_seconds: how often to save one.
        threads: processor threads to compute with.
    """

    def __init__(
        self,
        stage: str,
        data: TrainingData,
        config: Mapping[str, Any],
        checkpoints: Path,
        checkpoint_seconds: float,
        threads: int,
    ) -> None:
        self.device = prepare_device(threads)
        self.data, self.config = data, config
        self.checkpoints, self.checkpoint_seconds = checkpoints, checkpoint_seconds
        self._warned: set[str] = set()
        self._facts = {
            "code": stage_digest(stage),
            "device": device_name(self.device),
            "threads": threads,
            "versions": versions("torch", "transformers", "tokenizers", "numpy"),
        }

    def facts(
        self,
        encoder: VerifiedEncoder,
        seed: int,
        settings: Mapping[str, Any],
        ablation: str = NONE,
    ) -> dict[str, Any]:
        """Everything that decides a model, as JSON content; arguments as for ``run``."""
        spoken = {"language": self.data.language} if encoder.reads_languages else {}
        training = {**self.config["settings"], "training": dict(settings)}
        used = versions(LORA_LIBRARY) if "lora" in settings else {}
        return {
            "ablation": ablation,
            **self._facts,
            "versions": {**self._facts["versions"], **used},
            **spoken,
            "config": {**self.config, "settings": training},
            "inputs": {"encoder": encoder.facts(), **self.data.facts()},
            "seed": seed,
        }

    def run(
        self,
        encoder: VerifiedEncoder,
        seed: int,
        settings: Mapping[str, Any],
        ablation: str = NONE,
    ) -> Run:
        """Train one model.

        Args:
            encoder: of any kind.
            seed: of the head, the ablation, the draw of training sentences and their order.
            settings: of the training, in place of those of the configuration.
            ablation: what to re-initialise before training.

        Raises:
            InputError: unusable data, encoder or ablation.
            DivergedError: a loss that is not finite.
        """
        start = self._start(encoder, seed, settings, ablation)
        report, game = self._train(start)
        return self._finished(encoder, start, report, game)

    def run_together(
        self,
        encoder: VerifiedEncoder,
        seed: int,
        settings: Mapping[str, Any],
        ablations: Sequence[str],
    ) -> Iterator[Run]:
        """Train models that differ in their ablation as one batch of models.

        Those that cannot be trained so are trained one after the other, and the log says why.
        Arguments and errors are those of ``run``.

        Returns:
            The models, in the order of their ablations.
        """
        trained: dict[str, Run] = {}
        if len(ablations) > 1:
            joint = self._that_can_be_stacked(encoder, seed, settings, ablations)
            if len(joint) > 1:
                trained = self._stacked(encoder, seed, settings, joint)
        for name in ablations:
            found = trained.pop(name, None)
            yield found or self.run(encoder, seed, settings, name)

    def _that_can_be_stacked(
        self,
        encoder: VerifiedEncoder,
        seed: int,
        settings: Mapping[str, Any],
        ablations: Sequence[str],
    ) -> list[str]:
        """Those among some ablations for which nothing speaks against a batch of models."""
        reasons = {name: self._reason_alone(encoder, settings, name) for name in ablations}
        for name, reason in reasons.items():
            if reason:
                log.info("%s seed %d is trained alone: %s", name, seed, reason)
        return [name for name in ablations if not reasons[name]]

    def _stacked(
        self,
        encoder: VerifiedEncoder,
        seed: int,
        settings: Mapping[str, Any],
        ablations: Sequence[str],
    ) -> dict[str, Run]:
        """Models by ablation, trained as one batch of models; none if that is impossible."""
        starts: dict[str, _Start] = {}

        def training(ablation: str) -> Training:
            start = starts[ablation] = self._start(encoder, seed, settings, ablation)
            return Training(start.objective, *self._how(start))

        try:
            reports = train_together({name: partial(training, name) for name in ablations})
        except NotStackableError as reason:
            log.info("%s seed %d are trained alone: %s", ", ".join(ablations), seed, reason)
            return {}
        return {
            name: self._finished(encoder, start, reports[name], None)
            for name, start in starts.items()
        }

    def _reason_alone(
        self, encoder: VerifiedEncoder, settings: Mapping[str, Any], ablation: str
    ) -> str:
        """Why a model is not trained in a batch of models; empty if it may be."""
        if not parse(ablation).trains_all:
            return "some of its layers are frozen"
        if not encoder.kind.pretrained:
            return f"{encoder.kind.name} has no other ablation"
        if self.data.game is not None:
            return "the training has a discriminator"
        used = [key for key in ("adapter", "lora", "checkpointing") if settings.get(key)]
        used += ["accumulation"] * (settings.get("accumulation", 1) > 1)
        return f"the training has `{used[0]}`" if used else ""

    def _start(
        self, encoder: VerifiedEncoder, seed: int, settings: Mapping[str, Any], ablation: str
    ) -> _Start:
        """An untrained model; its training goes on with the random numbers after this."""
        prepared = self.data.prepared(encoder, settings, seed)
        facts = self.facts(encoder, seed, settings, ablation)
        task = make_task(self.config["settings"] | {"training": settings})
        torch.manual_seed(seed)
        untrained = prepared.start.new_network()
        head = untrained_head(task, untrained.config.hidden_size, prepared.labels)
        model = WordModel(untrained, head)
        applied = ablate(model.encoder, ablation, seed)
        if "adapter" in settings:
            model = with_task_adapter(model, settings["adapter"], applied)
        if "lora" in settings:
            add_task_lora(model, settings["lora"], applied)
        model.kind.select_language(model.encoder, self.data.language)
        if settings.get("checkpointing"):
            model.kind.recompute_layers(model.encoder)
        data = prepared.training, prepared.development
        objective = FineTuning(model, task, prepared.labels, *data, settings, seed)
        self._warn_of_short_epochs(objective, settings, len(prepared.sentences))
        checkpoint = Checkpoint(self.checkpoints / digest(facts), digest(facts))
        name = f"{self.data.training.parent.name} {self.config['task']} {ablation} seed {seed}"
        return _Start(prepared, settings, objective, facts, checkpoint, name)

    def _how(self, start: _Start) -> tuple[Mapping[str, Any], Checkpoint, torch.device, float, str]:
        """The arguments of a training after its objective."""
        return start.settings, start.checkpoint, self.device, self.checkpoint_seconds, start.name

    def _train(self, start: _Start) -> tuple[Report, dict[str, Any] | None]:
        """Train, if the settings say so against a discriminator, and report on that."""
        plain, prepared = start.objective, start.prepared
        if self.data.game is None:
            return train(plain, *self._how(start)), None
        objective = self.data.game.objective(
            plain, prepared.sentences, self.data.sentences, prepared.start, start.settings
        )
        measured = plain.model, objective.held_out, plain.seed, self.device
        before = told_apart(*measured)
        report = train(objective, *self._how(start))
        after, own = told_apart(*measured), objective.own_accuracy(self.device)
        return report, game_report(objective, before, after, own)

    def _finished(
        self,
        encoder: VerifiedEncoder,
        start: _Start,
        report: Report,
        game: dict[str, Any] | None,
    ) -> Run:
        """What a training has made, with the model on the processor."""
        log.info("%s: best epoch %d, %.0f s", start.name, report.best_epoch, report.seconds)
        model, prepared = start.objective.model, start.prepared
        model.cpu()
        parameters = count_parameters(model)
        if "lora" in start.settings:
            merge_lora(model.encoder)
        forms = [sentence.forms for sentence in prepared.sentences]
        return Run(
            model,
            self.data.task,
            prepared.labels,
            report,
            start.facts,
            self.inputs(encoder),
            len(forms),
            parameters,
            prepared.noise.report(forms) if prepared.noise else None,
            start.objective.task.reading_report(prepared.training.examples),
            game,
            start.checkpoint,
        )

    def _warn_of_short_epochs(
        self, objective: FineTuning, settings: Mapping[str, Any], sentences: int
    ) -> None:
        batches = len(objective.batches(0))
        in_epoch = batches * passes_per_epoch(settings, batches)
        message = (
            f"{self.data.training}: {sentences} sentences make epochs of {in_epoch} batches, "
            f"fewer than {FEWEST_BATCHES}; raise `minimum_steps` or lower `batch_pieces` of "
            f"'{self.config['task']}'"
        )
        if in_epoch < FEWEST_BATCHES and message not in self._warned:
            self._warned.add(message)
            warn(message)

    def inputs(self, encoder: VerifiedEncoder) -> dict[str, str]:
        """Path → SHA-256 of the files that a model of an encoder is made from."""
        return encoder.checksums | self.data.checksums
