"""Masked language modelling (Devlin et al. 2019) of raw text, by lines or packed into blocks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch.nn import functional

from ...corpora.language_sampling import apportion, sampling_probabilities, stretch
from ...encoders.batch_plan import plan_batches
from ...encoders.kinds import kind_of_network
from ...encoders.lean_transformers import PreTrainedModel
from ...encoders.masked_lm_head import masked_logits
from ...encoders.text_tokenizer import TextTokenizer
from ...runtime.errors import InputError
from ..tokenised_text import Rows, TokenisedText
from .objective import Objective

MASKED_SHARE = 0.15
REPLACED_BY_MASK, REPLACED_BY_RANDOM = 0.8, 0.1
"""Shares of the masked pieces; the rest stays unchanged."""

LINES, BLOCKS = "lines", "blocks"
"""Packings: one line per row, or continuous text cut into full rows."""


@dataclass(frozen=True)
class MaskedBatch:
    """Some rows of one text.

    Attributes:
        text: index of the text.
        rows: rows of that text.
        round: number of the round over the text, from 0 on.
    """

    text: int
    rows: Rows
    round: int = 0


class Masking:
    """Chooses masked positions and their replacements.

    Args:
        tokenizer: tokenizer with the mask; only ordinary (not special) pieces are masked.
    """

    def __init__(self, tokenizer: TextTokenizer) -> None:
        self.mask = tokenizer.mask
        self.ordinary = torch.from_numpy(tokenizer.ordinary)
        self.is_ordinary = torch.zeros(tokenizer.vocabulary_size, dtype=torch.bool)
        self.is_ordinary[self.ordinary] = True

    def __call__(
        self, pieces: torch.Tensor, word_starts: torch.Tensor | None
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Draw from the global random state.

        Args:
            pieces: piece ids; shape (rows, pieces).
            word_starts: whether a word starts here, for whole-word masking, same shape; ``None``
                masks piece by piece.

        Returns:
            The encoder's input, and which positions are masked; same shape.
        """
        draws = torch.rand(pieces.shape)
        if word_starts is not None:
            places = torch.arange(pieces.shape[1]).expand_as(pieces)
            draws = draws.gather(1, places.where(word_starts, 0).cummax(dim=1).values)
        masked = (draws < MASKED_SHARE) & self.is_ordinary[pieces]
        draws = torch.rand(pieces.shape)
        others = self.ordinary[torch.randint(0, len(self.ordinary), pieces.shape)]
        seen = pieces.masked_fill(masked & (draws < REPLACED_BY_MASK), self.mask)
        return torch.where(masked & (draws >= 1 - REPLACED_BY_RANDOM), others, seen), masked


class MaskedLanguageModelling(Objective):
    """Masked language modelling with dynamic masking: new masks in every epoch.

    Held-out text is always read line by line and masked piece by piece, so that losses are
    comparable across packings.

    Args:
        model: model with its head.
        training: texts, one or one for each sampled language. Each batch is from one text; an epoch
            has as many batches as all texts together.
        held_out: text for evaluation.
        settings: settings ``batch_pieces`` and ``learning_rate``; optionally ``packing`` (default
            ``lines``), ``block_size`` (default: maximum of the model) and ``whole_word_masking``
            (default false); with several texts also ``sampling_exponent``.
        seed: seed of the order of the batches and of the masks on held-out text.

    Raises:
        InputError: the settings do not fit the model.
    """

    def __init__(
        self,
        model: PreTrainedModel,
        training: Sequence[TokenisedText],
        held_out: TokenisedText,
        settings: Mapping[str, Any],
        seed: int,
    ) -> None:
        self.model = model
        self.training = training
        self.held_out = held_out
        self.settings = settings
        self.seed = seed
        self.masking = Masking(held_out.tokenizer)
        self.row_pieces = row_pieces(model, settings)
        self.special_tokens = len(held_out.tokenizer.prefix) + len(held_out.tokenizer.suffix)
        self._sizes = [len(self._round(text, 0)) for text in range(len(training))]
        self._shares = np.array(self._sizes)
        if len(training) > 1:
            probabilities = sampling_probabilities(
                [text.lines for text in training], settings["sampling_exponent"]
            )
            self._shares = apportion(probabilities, sum(self._sizes))

    def parameter_groups(self) -> list[dict[str, Any]]:
        """All parameters at one learning rate."""
        rate = self.settings["learning_rate"]
        return [{"params": list(self.model.parameters()), "lr": rate}]

    def batches(self, epoch: int) -> list[MaskedBatch]:
        """The batches of an epoch, in random order."""
        batches = [
            batch
            for text, (size, share) in enumerate(zip(self._sizes, self._shares, strict=True))
            for batch in stretch(
                lambda number, text=text: self._round(text, number), size, epoch * share, share
            )
        ]
        if len(self.training) == 1:
            return batches
        draws = np.random.default_rng([self.seed, epoch, len(self.training)])
        return [batches[index] for index in draws.permutation(len(batches))]

    def _round(self, text: int, number: int) -> list[MaskedBatch]:
        """All batches of a text once, in random order; their number is the same in every round."""
        # NumPy pads seeds with zeros, so the first text (0) is drawn as if it were the only one.
        draws = np.random.default_rng([self.seed, number, text])
        tokenised = self.training[text]
        if self.settings.get("packing", LINES) == BLOCKS:
            offset = draws.integers(max(1, len(tokenised.pieces)))
            rows = tokenised.rows_by_block(self.row_pieces, offset)
        else:
            rows = tokenised.rows_by_line(self.row_pieces)
        planned = self._plan(rows, draws.permutation(len(rows)))
        order = draws.permutation(len(planned))
        return [MaskedBatch(text, planned[index], number) for index in order]

    def _plan(self, rows: Rows, order: np.ndarray) -> list[Rows]:
        lengths = rows.lengths + self.special_tokens
        return [
            rows[chosen] for chosen in plan_batches(lengths, self.settings["batch_pieces"], order)
        ]

    def loss(self, batch: MaskedBatch, device: torch.device) -> torch.Tensor:
        """Mean cross-entropy of the masked pieces of a batch."""
        whole_words = self.settings.get("whole_word_masking", False)
        draws = self.seed, batch.round, batch.text
        text, rows = self.training[batch.text].of_round(draws, batch.rows, self.row_pieces)
        total, count = self._loss(text, rows, whole_words, device)
        return total / max(count, 1)

    def noise(self) -> list[dict[str, int]]:
        """What noise changes in the first round over each text, as JSON content."""
        found = [text.noise((self.seed, 0, place)) for place, text in enumerate(self.training)]
        return [changes for changes in found if changes]

    @torch.inference_mode()
    def evaluate(self, device: torch.device) -> dict[str, float]:
        """Log-likelihood per masked piece (minus the held-out loss, in nats) and perplexity.

        The masks are the same at every call.

        Raises:
            InputError: the held-out text is so short that nothing in it is masked.
        """
        self.model.eval()
        total, count = 0.0, 0
        rows = self.held_out.rows_by_line(self.row_pieces)
        with torch.random.fork_rng():
            torch.manual_seed(self.seed)
            for some in self._plan(rows, np.arange(len(rows))):
                loss, pieces = self._loss(self.held_out, some, False, device)
                total, count = total + loss.item(), count + pieces
        if not count:
            raise InputError(
                f"held-out text: none of its {len(self.held_out.pieces)} subwords was masked; "
                "hold out more lines"
            )
        mean = total / count
        return {"log_likelihood": -mean, "perplexity": float(np.exp(mean))}

    def _loss(
        self, text: TokenisedText, rows: Rows, whole_words: bool, device: torch.device
    ) -> tuple[torch.Tensor, int]:
        """Summed cross-entropy and the number of masked pieces."""
        pieces, attention_mask, word_starts = text.collate(rows)
        seen, masked = self.masking(pieces, word_starts if whole_words else None)
        logits = masked_logits(
            self.model, seen.to(device), attention_mask.to(device), masked.to(device)
        )
        wanted = pieces[masked].to(device)
        loss = functional.cross_entropy(logits.float(), wanted, reduction="sum")
        return loss, len(wanted)


def row_pieces(model: PreTrainedModel, settings: Mapping[str, Any]) -> int:
    """Maximum number of pieces per row, including special tokens.

    Raises:
        InputError: ``block_size`` exceeds the maximum of the model.
    """
    longest = kind_of_network(model).longest_input(model)
    size = settings.get("block_size") or longest
    if size > longest:
        raise InputError(
            f"training: block_size is {size}, but the encoder takes {longest} pieces at most; "
            "lower it"
        )
    return size
