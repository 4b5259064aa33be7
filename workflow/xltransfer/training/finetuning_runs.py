"""Fine-tuning on one corpus: a run for each seed and choice of hyperparameters.

A run depends on its own seed and settings only, so runs that share a process (which saves starting
Python and reading data) give the models that they would give alone.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from ..encoders.ablate import ablate
from ..encoders.lora import LIBRARY as LORA_LIBRARY
from ..encoders.lora import merge_lora
from ..encoders.verified import VerifiedEncoder
from ..encoders.weights import count_parameters
from ..records.code import stage_digest
from ..records.record import versions
from ..runtime.command import warn
from ..runtime.files import digest
from ..tasks.registry import make_task
from ..tasks.task import Task
from .adversarial_runs import game_report, told_apart
from .checkpoint import Checkpoint
from .devices import device_name, prepare_device
from .hyperparameters import passes_per_epoch
from .loop import Report, train
from .model import WordModel, untrained_head
from .objectives.finetuning import FineTuning
from .task_adapters import add_task_lora, with_task_adapter
from .training_data import PreparedData, TrainingData

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
        parameters: how many it has, ``all`` and ``trained``; with LoRA, before it is merged.
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
    parameters: dict[str, int]
    noise: dict[str, Any] | None
    reading: dict[str, int]
    game: dict[str, Any] | None
    checkpoint: Checkpoint


class FineTuningRuns:
    """Fine-tunes models of one corpus.

    Args:
        stage: whose code decides the models.
        data: corpora of the training.
        config: ``task``, its ``settings``, and the precision that weights are ``stored`` in.
        ablation: what to re-initialise before training.
        checkpoints: folder for checkpoints, which are named by what they belong to.
        checkpoint_seconds: how often to save one.
        threads: processor threads to compute with.
    """

    def __init__(
        self,
        stage: str,
        data: TrainingData,
        config: Mapping[str, Any],
        ablation: str,
        checkpoints: Path,
        checkpoint_seconds: float,
        threads: int,
    ) -> None:
        self.device = prepare_device(threads)
        self.data, self.config, self.ablation = data, config, ablation
        self.checkpoints, self.checkpoint_seconds = checkpoints, checkpoint_seconds
        self._facts = {
            "ablation": ablation,
            "code": stage_digest(stage),
            "device": device_name(self.device),
            "threads": threads,
            "versions": versions("torch", "transformers", "tokenizers", "numpy"),
        }

    def facts(
        self, encoder: VerifiedEncoder, seed: int, settings: Mapping[str, Any]
    ) -> dict[str, Any]:
        """Everything that decides a model, as JSON content; arguments as for ``run``."""
        spoken = {"language": self.data.language} if encoder.reads_languages else {}
        training = {**self.config["settings"], "training": dict(settings)}
        used = versions(LORA_LIBRARY) if "lora" in settings else {}
        return {
            **self._facts,
            "versions": {**self._facts["versions"], **used},
            **spoken,
            "config": {**self.config, "settings": training},
            "inputs": {"encoder": encoder.facts(), **self.data.facts()},
            "seed": seed,
        }

    def run(self, encoder: VerifiedEncoder, seed: int, settings: Mapping[str, Any]) -> Run:
        """Train one model.

        Args:
            encoder: of any kind.
            seed: of the head, the ablation, the draw of training sentences and their order.
            settings: of the training, in place of those of the configuration.

        Raises:
            InputError: unusable data, encoder or ablation.
            DivergedError: a loss that is not finite.
        """
        encoder.check_ablation(self.ablation)
        prepared = self.data.prepared(encoder, settings, seed)
        facts = self.facts(encoder, seed, settings)
        task = make_task(self.config["settings"] | {"training": settings})
        torch.manual_seed(seed)
        untrained = prepared.start.new_network()
        head = untrained_head(task, untrained.config.hidden_size, prepared.labels)
        model = WordModel(untrained, head)
        ablate(model.encoder, self.ablation, seed)
        if "adapter" in settings:
            model = with_task_adapter(model, settings["adapter"], self.ablation)
        if "lora" in settings:
            add_task_lora(model, settings["lora"], self.ablation)
        model.kind.select_language(model.encoder, self.data.language)
        if settings.get("checkpointing"):
            model.kind.recompute_layers(model.encoder)
        data = prepared.training, prepared.development
        objective = FineTuning(model, task, prepared.labels, *data, settings, seed)
        self._warn_of_short_epochs(objective, settings, len(prepared.sentences))
        checkpoint = Checkpoint(self.checkpoints / digest(facts), digest(facts))
        name = f"{self.data.training.parent.name} {self.config['task']} {self.ablation} seed {seed}"
        report, game = self._train(objective, prepared, settings, checkpoint, name)
        log.info("%s: best epoch %d, %.0f s", name, report.best_epoch, report.seconds)
        model.cpu()
        parameters = count_parameters(model)
        if "lora" in settings:
            merge_lora(model.encoder)
        forms = [sentence.forms for sentence in prepared.sentences]
        return Run(
            model,
            self.data.task,
            prepared.labels,
            report,
            facts,
            self.inputs(encoder),
            len(forms),
            parameters,
            prepared.noise.report(forms) if prepared.noise else None,
            task.reading_report(prepared.training.examples),
            game,
            checkpoint,
        )

    def _train(
        self,
        plain: FineTuning,
        prepared: PreparedData,
        settings: Mapping[str, Any],
        checkpoint: Checkpoint,
        name: str,
    ) -> tuple[Report, dict[str, Any] | None]:
        """Train, if the settings say so against a discriminator, and report on that."""
        how = settings, checkpoint, self.device, self.checkpoint_seconds, name
        if self.data.game is None:
            return train(plain, *how), None
        objective = self.data.game.objective(
            plain, prepared.sentences, self.data.sentences, prepared.start, settings
        )
        measured = plain.model, objective.held_out, plain.seed, self.device
        before = told_apart(*measured)
        report = train(objective, *how)
        after, own = told_apart(*measured), objective.own_accuracy(self.device)
        return report, game_report(objective, before, after, own)

    def _warn_of_short_epochs(
        self, objective: FineTuning, settings: Mapping[str, Any], sentences: int
    ) -> None:
        batches = len(objective.batches(0))
        in_epoch = batches * passes_per_epoch(settings, batches)
        if in_epoch < FEWEST_BATCHES:
            warn(
                f"{self.data.training}: {sentences} sentences make epochs of {in_epoch} batches, "
                f"fewer than {FEWEST_BATCHES}; raise `minimum_steps` or lower `batch_pieces` of "
                f"'{self.config['task']}'"
            )

    def inputs(self, encoder: VerifiedEncoder) -> dict[str, str]:
        """Path → SHA-256 of the files that a model of an encoder is made from."""
        return encoder.checksums | self.data.checksums
