"""Predicting with a trained model."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch

from ..corpora.sentences import AnnotatedSentence
from ..encoders.batching import collate, plan_examples
from ..runtime.errors import DivergedError
from ..tasks.task import Prediction, Task
from .dataset import Dataset
from .model import WordModel

PREDICTION_BUDGET = {"cpu": 2048, "cuda": 32768}
"""Pieces per batch: they should fit the cache of a CPU, and fill a GPU."""


@torch.inference_mode()
def predict(model: WordModel, task: Task, data: Dataset, device: torch.device) -> list[Prediction]:
    """Predictions for all sentences in order, including overlong ones.

    Raises:
        DivergedError: the model computes NaN or infinity.
    """
    model.eval()
    data.add_inputs(task)
    predictions: list[Prediction] = [{}] * len(data.examples)
    order = np.arange(len(data.examples))
    for indices in plan_examples(data.examples, PREDICTION_BUDGET[device.type], order):
        batch = collate(data.examples, indices, data.padding).to(device)
        states = model.word_states(batch)
        if not torch.isfinite(states).all():
            raise DivergedError("the model's states are not finite; lower the learning rate")
        found = task.predict(model.head, states, batch)
        for index, prediction in zip(indices, found, strict=True):
            predictions[index] = prediction
    return predictions


def annotate(
    model: WordModel, task: Task, labels: Sequence[str], data: Dataset, device: torch.device
) -> list[AnnotatedSentence]:
    """The sentences with predicted columns in place of the gold ones."""
    predictions = predict(model, task, data, device)
    return [
        task.annotate(sentence, prediction, labels)
        for sentence, prediction in zip(data.sentences, predictions, strict=True)
    ]
