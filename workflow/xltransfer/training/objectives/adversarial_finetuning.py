"""Fine-tuning against a discriminator of languages: labelled sources, unlabelled target text."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import nn

from ...encoders.batching import collate
from ..dataset import Dataset
from ..hyperparameters import passes_per_epoch
from ..language_discriminator import LanguageDiscriminator, game_loss, weight_at
from ..language_probe import word_states
from .finetuning import FineTuning, TrainingBatch
from .objective import Objective

OWN_ACCURACY = "discriminator"
"""Name of the discriminator's own accuracy on held-out sentences among the scores of an epoch."""


class AdversarialBatch(NamedTuple):
    """Examples of an epoch.

    Attributes:
        labelled: labelled examples.
        step: number of the batch in the epoch, from 0 on.
        progress: share of the training before this batch.
    """

    labelled: TrainingBatch
    step: int
    progress: float


class Adversarial(Objective):
    """The loss of a fine-tuning and that of a discriminator, which the encoder learns to deceive.

    The draws of this objective are independent of those of the fine-tuning, and the gradient of the
    discriminator is clipped apart. So with the weight 0 the model is that of the fine-tuning.

    Args:
        plain: fine-tuning on labelled sentences.
        labelled: index of the language of each labelled example; sources have the index 0.
        texts: unlabelled sentences of the languages 1, 2, …
        held_out: sentences of all languages that no training reads.
        settings: settings of the fine-tuning with those of the key ``adversarial``.
        seed: seed of the discriminator and of the order of the unlabelled sentences.
    """

    def __init__(
        self,
        plain: FineTuning,
        labelled: np.ndarray,
        texts: Sequence[Dataset],
        held_out: Sequence[Dataset],
        settings: dict[str, Any],
        seed: int,
    ) -> None:
        self.plain, self.labelled, self.texts, self.held_out = plain, labelled, texts, held_out
        self.settings: dict[str, Any] = settings["adversarial"]
        self.seed = seed
        size = plain.model.encoder.config.hidden_size
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            discriminator = LanguageDiscriminator(
                size, 1 + len(texts), self.settings["discriminator"]
            )
        self.model = nn.ModuleDict({"tagger": plain.model, "discriminator": discriminator})
        in_pass = len(plain.batches(0))
        self._batches = in_pass * settings["epochs"] * passes_per_epoch(settings, in_pass)
        self._orders: tuple[int, list[np.ndarray]] | None = None

    def parameter_groups(self) -> list[dict[str, Any]]:
        """The groups of the fine-tuning, and the discriminator, whose gradient is clipped apart."""
        discriminator = {
            "params": list(self.model.discriminator.parameters()),
            "lr": self.settings["learning_rate"],
            "clipped_apart": True,
        }
        return [*self.plain.parameter_groups(), discriminator]

    def batches(self, epoch: int) -> list[AdversarialBatch]:
        """The batches of the fine-tuning, with their place in the training."""
        planned = self.plain.batches(epoch)
        first = epoch * len(planned)
        return [
            AdversarialBatch(batch, step, (first + step) / self._batches)
            for step, batch in enumerate(planned)
        ]

    def loss(self, batch: AdversarialBatch, device: torch.device) -> torch.Tensor:
        """The loss of the task on labelled examples, and that of the game on all languages."""
        loss, states, tensors = self.plain.loss_and_states(batch.labelled, device)
        epoch, indices = batch.labelled
        own = torch.from_numpy(self.labelled[indices]).to(device)
        sides = [(states, tensors.word_mask, own)]
        cuda = [device] if device.type == "cuda" else []
        with torch.random.fork_rng(devices=cuda):
            draws = np.random.SeedSequence([self.seed, epoch, batch.step])
            torch.manual_seed(int(draws.generate_state(1)[0]))
            for number, data in enumerate(self.texts, start=1):
                chosen = self._chosen(epoch, batch.step, number - 1, len(indices))
                read = collate(data.examples, chosen, data.padding).to(device)
                language = torch.full((len(chosen),), number, device=device)
                sides.append((self.plain.model.word_states(read), read.word_mask, language))
            weight = weight_at(batch.progress, self.settings)
            return loss + game_loss(self.model.discriminator, sides, weight, self.settings)

    def _chosen(self, epoch: int, step: int, text: int, number: int) -> np.ndarray:
        """Indices of the unlabelled sentences of a batch, as many as it has labelled ones.

        An epoch goes through a text in random order; a short text is read again.
        """
        if self._orders is None or self._orders[0] != epoch:
            orders = [
                np.random.default_rng([self.seed, epoch, place, 2]).permutation(len(data.examples))
                for place, data in enumerate(self.texts)
            ]
            self._orders = epoch, orders
        order = self._orders[1][text]
        return np.unique(order[np.arange(step * number, (step + 1) * number) % len(order)])

    def evaluate(self, device: torch.device) -> dict[str, float]:
        """The task's metrics on the development set, and the discriminator's own accuracy."""
        return {**self.plain.evaluate(device), OWN_ACCURACY: self.own_accuracy(device)}

    @torch.no_grad()
    def own_accuracy(self, device: torch.device) -> float:
        """The accuracy of the discriminator on held-out sentences, the mean over languages."""
        self.model.eval()
        found = []
        for language, data in enumerate(self.held_out):
            states = word_states(self.plain.model, data, device)
            right = [
                self.model.discriminator(
                    one[None].to(device), torch.ones(1, len(one), dtype=torch.bool, device=device)
                ).argmax()
                == language
                for one in states
            ]
            found.append(float(torch.stack(right).float().mean()))
        return 100 * sum(found) / len(found)
