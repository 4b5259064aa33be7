"""Masked language modelling (Devlin et al. 2019), a line of text at a time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import torch
from torch.nn import functional
from transformers import BertForMaskedLM

from .batching import Example, collate, plan_batches, training_batches
from .objective import Objective

MASKED_SHARE = 0.15
REPLACED_BY_MASK, REPLACED_BY_RANDOM = 0.8, 0.1
"""Of the masked pieces; the rest stays as it is."""


class MaskedLanguageModelling(Objective):
    """Predict masked pieces; new ones are masked in every epoch.

    Args:
        model: with its head.
        training, held_out: lines, tokenised.
        mask_token: id of the mask.
        special_tokens: ids below this are never masked.
        settings: ``batch_pieces`` and ``learning_rate``.
        seed: of the order of the batches and of the masks on held-out text.
    """

    def __init__(
        self,
        model: BertForMaskedLM,
        training: Sequence[Example],
        held_out: Sequence[Example],
        mask_token: int,
        special_tokens: int,
        settings: Mapping[str, Any],
        seed: int,
    ) -> None:
        self.model = model
        self.training = training
        self.held_out = held_out
        self.mask_token = mask_token
        self.special_tokens = special_tokens
        self.settings = settings
        self.seed = seed

    def parameter_groups(self) -> list[dict[str, Any]]:
        """All parameters at one learning rate."""
        rate = self.settings["learning_rate"]
        return [{"params": list(self.model.parameters()), "lr": rate}]

    def batches(self, epoch: int) -> list[np.ndarray]:
        """Indices of the lines of each batch."""
        return training_batches(self.training, self.settings["batch_pieces"], self.seed, epoch)

    def loss(self, batch: np.ndarray, device: torch.device) -> torch.Tensor:
        """Mean cross-entropy of the masked pieces of these lines."""
        total, count = self._loss(self.training, batch, device)
        return total / max(count, 1)

    @torch.inference_mode()
    def evaluate(self, device: torch.device) -> dict[str, float]:
        """Log-likelihood per masked piece and perplexity on held-out text; masks stay the same."""
        self.model.eval()
        total, count = 0.0, 0
        with torch.random.fork_rng():
            torch.manual_seed(self.seed)
            order = np.arange(len(self.held_out))
            for batch in plan_batches(self.held_out, self.settings["batch_pieces"], order):
                loss, pieces = self._loss(self.held_out, batch, device)
                total, count = total + loss.item(), count + pieces
        mean = total / count
        return {"log_likelihood": -mean, "perplexity": float(np.exp(mean))}

    def _loss(
        self, examples: Sequence[Example], batch: np.ndarray, device: torch.device
    ) -> tuple[torch.Tensor, int]:
        """Summed cross-entropy and the number of masked pieces."""
        tensors = collate(examples, batch, padding=0)
        pieces = tensors.input_ids
        masked = (torch.rand(pieces.shape) < MASKED_SHARE) & (pieces >= self.special_tokens)
        draw = torch.rand(pieces.shape)
        random_pieces = torch.randint(
            self.special_tokens, self.model.config.vocab_size, pieces.shape
        )
        seen = pieces.masked_fill(masked & (draw < REPLACED_BY_MASK), self.mask_token)
        swapped = masked & (draw >= 1 - REPLACED_BY_RANDOM)
        seen = torch.where(swapped, random_pieces, seen).to(device)
        states = self.model.bert(
            input_ids=seen, attention_mask=tensors.attention_mask.to(device)
        ).last_hidden_state
        # Only masked positions reach the vocabulary, which is most of the cost of a small model.
        logits = self.model.cls(states[masked.to(device)]).float()
        loss = functional.cross_entropy(logits, pieces[masked].to(device), reduction="sum")
        return loss, int(masked.sum())
