"""Predicting with other language adapters than those of the training, and with several.

One adapter replaces that of the source language (MAD-X, Pfeiffer et al. 2020). Several are
averaged, with equal weights, or with weights that minimise the entropy of the predictions (EMEA,
Wang et al. 2021).
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch

from ..corpora.sentences import AnnotatedSentence
from ..encoders.adapted_directories import Description, is_adapted, swap_language
from ..encoders.adapters import Level
from ..encoders.batching import Batch, collate
from ..runtime.errors import DivergedError, InputError
from ..runtime.files import write_json
from ..tasks.task import Prediction, Task
from .dataset import Dataset
from .model import WordModel
from .prediction import annotate

INITIAL_LOGIT = 0.5
"""The first value of each logit in the published code; equal logits are equal weights."""


class Mixture:
    """The language adapters that a model predicts with.

    Args:
        model: fine-tuned model, on its device.
        directory: directory of the model.
        languages: directories of language adapters; none: those of the training.
        ensemble: ``steps``, ``step_size`` and ``sentences`` of several; see ``predict_ensemble``.

    Attributes:
        facts: what decides the predictions, and the cost of an ensemble, as JSON content; empty
            without other adapters.

    Raises:
        InputError: the model has no language adapter, or the adapters do not fit; or there are
            several but no ``ensemble``.
    """

    def __init__(
        self,
        model: WordModel,
        directory: Path,
        languages: Sequence[Path],
        ensemble: Mapping[str, Any] | None,
    ) -> None:
        self.model = model
        self.ensemble = dict(ensemble or {})
        self.facts: dict[str, Any] = {}
        self._seconds = 0.0
        self._level: Level | None = None
        if not languages:
            return
        if not is_adapted(directory) or not is_adapted(below := Description(directory).below):
            raise InputError(
                f"{directory}: the model has no language adapter below a task adapter, which "
                "others could replace; predict without --language-adapters"
            )
        if len(languages) > 1 and not ensemble:
            raise InputError(
                "--language-adapters: several are an ensemble; add --ensemble, or name one"
            )
        self._level = swap_language(model.encoder, below, languages)
        if len(languages) > 1:
            self.facts = {"ensemble": {"members": len(languages), **self.ensemble}}

    def annotate(
        self, task: Task, labels: Sequence[str], data: Dataset, device: torch.device
    ) -> list[AnnotatedSentence]:
        """The sentences with predicted columns in place of the gold ones."""
        started = time.monotonic()
        if self._level is None or len(self._level.members) == 1 or not self.ensemble["steps"]:
            found = annotate(self.model, task, labels, data, device)
        else:
            predictions, cost = predict_ensemble(
                self.model, task, self._level, data, device, self.ensemble
            )
            self.facts["ensemble"] |= cost
            found = [
                task.annotate(sentence, prediction, labels)
                for sentence, prediction in zip(data.sentences, predictions, strict=True)
            ]
        self._seconds = time.monotonic() - started
        return found

    def write_time(self, output: Path) -> None:
        """Write the duration of an ensemble's predictions next to them."""
        if "ensemble" in self.facts:
            times = {"wall_seconds": round(self._seconds, 1)}
            write_json(output.with_suffix(".timing.json"), times)


def predict_ensemble(
    model: WordModel,
    task: Task,
    level: Level,
    data: Dataset,
    device: torch.device,
    settings: Mapping[str, Any],
) -> tuple[list[Prediction], dict[str, Any]]:
    """Predictions with weights of language adapters that minimise the entropy (EMEA).

    There is a weight of each adapter for every layer and for the embeddings. For each batch, the
    weights start equal. Each step moves their logits against the gradient of the mean entropy of
    the predicted distributions.

    Args:
        model: fine-tuned model on the device.
        task: task of the model.
        level: its level of language adapters.
        data: sentences; gold labels are not used.
        device: device of the model.
        settings: ``steps`` and ``step_size`` of the minimisation, and number of ``sentences`` per
            batch, which share weights. Published: 1 or 10 steps of size 10, single sentences.

    Returns:
        Predictions in the order of the sentences; and the cost: ``forward_passes`` and
        ``backward_passes`` over batches, and ``entropy``, the mean over words before the first step
        and after each one, in nats.

    Raises:
        DivergedError: the model computes NaN or infinity.
    """
    model.eval().requires_grad_(False)
    predictions: list[Prediction] = []
    totals, words, batches = np.zeros(settings["steps"] + 1), 0, 0
    for start in range(0, len(data.examples), settings["sentences"]):
        indices = np.arange(start, min(start + settings["sentences"], len(data.examples)))
        batch = collate(data.examples, indices, data.padding).to(device)
        entropies = minimise_entropy(
            model, task, level, batch, settings["steps"], settings["step_size"]
        )
        with torch.no_grad():
            states = model.word_states(batch)
            if not torch.isfinite(states).all():
                raise DivergedError("the model's states are not finite; lower the step size")
            entropies.append(task.entropy(model.head, states, batch).item())
            predictions += task.predict(model.head, states, batch)
        number = int(batch.word_mask.sum())
        totals += number * np.array(entropies)
        words, batches = words + number, batches + 1
    level.logits = None
    cost = {
        "forward_passes": batches * (settings["steps"] + 1),
        "backward_passes": batches * settings["steps"],
        "entropy": [round(float(total) / words, 6) for total in totals],
    }
    return predictions, cost


def minimise_entropy(
    model: WordModel, task: Task, level: Level, batch: Batch, steps: int, step_size: float
) -> list[float]:
    """Set a level's logits for a batch; returns the mean entropy before each step, in nats.

    Args:
        model: model without trained parameters, in evaluation mode.
        task, level: task and level of language adapters of the model.
        batch: sentences that share weights.
        steps, step_size: as for ``predict_ensemble``.
    """
    layers = len(model.kind.layers(model.encoder))
    shape = (layers + 1, len(level.members))
    logits = torch.full(shape, INITIAL_LOGIT, device=batch.input_ids.device)
    entropies = []
    for _ in range(steps):
        level.logits = logits.requires_grad_()
        with torch.enable_grad():
            entropy = task.entropy(model.head, model.word_states(batch), batch)
            (gradient,) = torch.autograd.grad(entropy, logits)
        logits = (logits - step_size * gradient).detach()
        entropies.append(entropy.item())
    level.logits = logits
    return entropies
