"""Masked language modelling (Devlin et al. 2019) of raw text and of pairs of parallel sentences."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import torch
from torch.nn import functional

from ...corpora.language_sampling import apportion, stretch
from ...encoders.batch_plan import plan_batches
from ...encoders.kinds import kind_of_network
from ...encoders.language_embeddings import table_of
from ...encoders.lean_transformers import PreTrainedModel
from ...encoders.masked_lm_head import masked_logits
from ...encoders.text_tokenizer import TextTokenizer
from ...runtime.errors import InputError
from ..text_streams import Stream, TokenRows
from .objective import Objective

MASKED_SHARE = 0.15
REPLACED_BY_MASK, REPLACED_BY_RANDOM = 0.8, 0.1
"""Shares of the masked pieces; the rest stays unchanged."""

LINES, BLOCKS = "lines", "blocks"
"""Packings: one line per row, or continuous text cut into full rows."""


class MaskedBatch(NamedTuple):
    """Some rows of one stream.

    Attributes:
        stream: index of the stream.
        rows: rows of that stream.
        round: number of the round over the stream, from 0 on.
    """

    stream: int
    rows: Any
    round: int = 0


class Masking:
    """Chooses masked positions and their replacements.

    Args:
        tokenizer: tokenizer with the mask; only ordinary (not special) pieces are masked.
        share: share of the pieces that are masked.
    """

    def __init__(self, tokenizer: TextTokenizer, share: float = MASKED_SHARE) -> None:
        self.mask, self.share = tokenizer.mask, share
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
        masked = (draws < self.share) & self.is_ordinary[pieces]
        draws = torch.rand(pieces.shape)
        others = self.ordinary[torch.randint(0, len(self.ordinary), pieces.shape)]
        seen = pieces.masked_fill(masked & (draws < REPLACED_BY_MASK), self.mask)
        return torch.where(masked & (draws >= 1 - REPLACED_BY_RANDOM), others, seen), masked


class MaskedLanguageModelling(Objective):
    """Masked language modelling with dynamic masking: new masks in every epoch.

    Rows of pairs of parallel sentences make it translation language modelling (Lample & Conneau
    2019). Held-out text is always masked piece by piece, so that losses are comparable.

    Args:
        model: model with its head.
        training: streams of rows. Each batch is from one stream; an epoch has as many batches as
            all streams together, or ``epoch_batches``.
        held_out: streams for evaluation.
        tokenizer: tokenizer of the encoder.
        settings: settings ``batch_pieces`` and ``learning_rate``; optionally ``whole_word_masking``
            (default false), ``masked_share`` (default 0.15) and ``epoch_batches``.
        seed: seed of the order of the batches and of the masks on held-out text.
        probabilities: probability of each stream; default: in proportion to its batches.

    Raises:
        InputError: an epoch has fewer batches than there are streams.
    """

    def __init__(
        self,
        model: PreTrainedModel,
        training: Sequence[Stream],
        held_out: Sequence[Stream],
        tokenizer: TextTokenizer,
        settings: Mapping[str, Any],
        seed: int,
        probabilities: np.ndarray | None = None,
    ) -> None:
        self.model, self.tokenizer = model, tokenizer
        self.training = training
        self.held_out = held_out
        self.settings = settings
        self.seed = seed
        self.masking = Masking(tokenizer, settings.get("masked_share", MASKED_SHARE))
        self._sizes = [len(self._round(stream, 0)) for stream in range(len(training))]
        total = settings.get("epoch_batches") or sum(self._sizes)
        if total < len(training):
            raise InputError(
                f"training: epoch_batches is {total}, but there are {len(training)} texts, and "
                "each needs a batch; raise it"
            )
        if probabilities is None:
            probabilities = np.array(self._sizes) / sum(self._sizes)
        self._shares = apportion(probabilities, total)

    def parameter_groups(self) -> list[dict[str, Any]]:
        """All parameters at one learning rate."""
        rate = self.settings["learning_rate"]
        return [{"params": list(self.model.parameters()), "lr": rate}]

    def batches(self, epoch: int) -> list[MaskedBatch]:
        """The batches of an epoch, in random order."""
        batches = [
            batch
            for stream, (size, share) in enumerate(zip(self._sizes, self._shares, strict=True))
            for batch in stretch(
                lambda number, stream=stream: self._round(stream, number),
                *(size, epoch * share, share),
            )
        ]
        if len(self.training) == 1:
            return batches
        draws = np.random.default_rng([self.seed, epoch, len(self.training)])
        return [batches[index] for index in draws.permutation(len(batches))]

    def _round(self, stream: int, number: int) -> list[MaskedBatch]:
        """All batches of a stream once, in random order; as many in every round."""
        # NumPy pads seeds with zeros, so the first stream (0) is drawn as if it were the only one.
        draws = np.random.default_rng([self.seed, number, stream])
        rows = self.training[stream].rows(draws)
        planned = self._plan(self.training[stream], rows, draws.permutation(len(rows)))
        order = draws.permutation(len(planned))
        return [MaskedBatch(stream, planned[index], number) for index in order]

    def _plan(self, stream: Stream, rows: Any, order: np.ndarray) -> list[Any]:
        budget = self.settings["batch_pieces"]
        return [rows[chosen] for chosen in plan_batches(stream.lengths(rows), budget, order)]

    def loss(self, batch: MaskedBatch, device: torch.device) -> torch.Tensor:
        """Mean cross-entropy of the masked pieces of a batch."""
        whole_words = self.settings.get("whole_word_masking", False)
        draws = self.seed, batch.round, batch.stream
        rows = self.training[batch.stream].collate(batch.rows, draws)
        total, count = self._loss(rows, whole_words, device)
        return total / max(count, 1)

    def noise(self) -> list[dict[str, int]]:
        """What noise changes in the first round over each stream, as JSON content."""
        found = [stream.noise((self.seed, 0, place)) for place, stream in enumerate(self.training)]
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
        with torch.random.fork_rng():
            torch.manual_seed(self.seed)
            for stream in self.held_out:
                rows = stream.rows(np.random.default_rng(self.seed))
                for some in self._plan(stream, rows, np.arange(len(rows))):
                    loss, pieces = self._loss(stream.collate(some), False, device)
                    total, count = total + loss.item(), count + pieces
        if not count:
            raise InputError("held-out text: no subword was masked; hold out more lines")
        mean = total / count
        return {"log_likelihood": -mean, "perplexity": float(np.exp(mean))}

    def _loss(
        self, rows: TokenRows, whole_words: bool, device: torch.device
    ) -> tuple[torch.Tensor, int]:
        """Summed cross-entropy and the number of masked pieces."""
        seen, masked = self.masking(rows.pieces, rows.word_starts if whole_words else None)
        logits = logits_of_rows(self.model, rows._replace(pieces=seen), masked, device)
        wanted = rows.pieces[masked].to(device)
        loss = functional.cross_entropy(logits.float(), wanted, reduction="sum")
        return loss, len(wanted)


def logits_of_rows(
    model: PreTrainedModel, rows: TokenRows, masked: torch.Tensor, device: torch.device
) -> torch.Tensor:
    """The logits of the masked positions of rows, with their positions and languages.

    Args:
        model: model with its head, on the device.
        rows: input of the encoder.
        masked: whether a position is masked, shape (rows, subwords).
        device: device of the model.

    Returns:
        Shape (masked positions, vocabulary).
    """
    positions = None if rows.positions is None else rows.positions.to(device)
    given = rows.pieces.to(device), rows.attention_mask.to(device), masked.to(device), positions
    table = table_of(model.base_model)
    if table is None or rows.languages is None:
        return masked_logits(model, *given)
    with table.rows(rows.languages.to(device)):
        return masked_logits(model, *given)


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
