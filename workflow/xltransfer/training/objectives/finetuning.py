"""Fine-tuning an encoder on a task in one language."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import torch

from ...encoders.batching import Batch, collate, training_batches
from ...tasks.task import Task
from ..dataset import Dataset
from ..model import WordModel
from ..prediction import annotate
from .objective import Objective


class TrainingBatch(NamedTuple):
    """Examples of an epoch.

    Attributes:
        epoch: epoch, from 0 on.
        indices: indices of the examples.
    """

    epoch: int
    indices: np.ndarray


@dataclass(eq=False)
class FineTuning(Objective):
    """A task's loss on a training set, its score on a development set.

    Attributes:
        model: encoder and untrained head.
        task: task to learn.
        labels: label vocabulary of the training set.
        training, development: datasets; the training set has targets.
        settings: settings ``batch_pieces``, ``encoder_learning_rate`` and ``head_learning_rate``.
        seed: seed of the order of the batches.
    """

    model: WordModel
    task: Task
    labels: Sequence[str]
    training: Dataset
    development: Dataset
    settings: Mapping[str, Any]
    seed: int

    def parameter_groups(self) -> list[dict[str, Any]]:
        """The encoder and the head, with separate learning rates."""
        return [
            {
                "params": list(getattr(self.model, part).parameters()),
                "lr": self.settings[f"{part}_learning_rate"],
            }
            for part in ("encoder", "head")
        ]

    def batches(self, epoch: int) -> list[TrainingBatch]:
        """The batches of an epoch; their sizes are those of the examples without variation."""
        budget = self.settings["batch_pieces"]
        planned = training_batches(self.training.examples, budget, self.seed, epoch)
        return [TrainingBatch(epoch, indices) for indices in planned]

    def loss(self, batch: TrainingBatch, device: torch.device) -> torch.Tensor:
        """The task's loss on the examples of a batch."""
        return self.loss_and_states(batch, device)[0]

    def loss_and_states(
        self, batch: TrainingBatch, device: torch.device
    ) -> tuple[torch.Tensor, torch.Tensor, Batch]:
        """The task's loss, the states of the words it is computed from, and the tensors read."""
        examples = self.training.of_epoch(batch.epoch)
        tensors = collate(examples, batch.indices, self.training.padding).to(device)
        states = self.model.word_states(tensors)
        return self.task.loss(self.model.head, states, tensors), states, tensors

    def parts(self, batch: TrainingBatch, number: int) -> list[tuple[TrainingBatch, float]]:
        """Parts with about equally many examples; the loss is a mean over units of the task."""
        examples = self.training.of_epoch(batch.epoch)
        parts = [part for part in np.array_split(batch.indices, number) if len(part)]
        units = [sum(self.task.loss_units(examples[i]) for i in part) for part in parts]
        # Without any unit in the batch, the loss of each part is 0.
        total = sum(units) or 1
        return [
            (TrainingBatch(batch.epoch, part), of_part / total)
            for part, of_part in zip(parts, units, strict=True)
        ]

    def evaluate(self, device: torch.device) -> dict[str, float]:
        """The task's metrics on the development set."""
        predicted = annotate(self.model, self.task, self.labels, self.development, device)
        return self.task.score(self.development.sentences, predicted)
