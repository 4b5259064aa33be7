"""A discriminator of languages over the states of words, and the gradients by which to deceive it.

Ganin et al. (JMLR 2016) reverse the gradient of the discriminator's loss on its way into the
encoder. Huang, Ji & May (NAACL 2019) train the encoder on flipped labels, in turn with the
discriminator.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import torch
from torch import nn
from torch.autograd.function import FunctionCtx
from torch.nn import functional

REVERSAL, FLIPPED = METHODS = ("gradient-reversal", "flipped-labels")
CONVOLUTION, MEAN = KINDS = ("convolution", "mean")


class _Reversed(torch.autograd.Function):
    @staticmethod
    def forward(ctx: FunctionCtx, states: torch.Tensor, weight: float) -> torch.Tensor:
        ctx.weight = weight
        return states.view_as(states)

    @staticmethod
    def backward(ctx: FunctionCtx, gradient: torch.Tensor) -> tuple[torch.Tensor, None]:
        return -ctx.weight * gradient, None


def reversed_gradient(states: torch.Tensor, weight: float) -> torch.Tensor:
    """The states themselves; their gradient is multiplied by ``-weight``."""
    return _Reversed.apply(states, weight)


def weight_at(progress: float, settings: Mapping[str, Any]) -> float:
    """λ at a point of a training.

    Args:
        progress: p, from 0 to 1.
        settings: ``weight``, the largest λ, and ``schedule``: ``constant``, or ``rising`` for
            λ = weight · (2 / (1 + exp(-10 p)) - 1) (Ganin et al. 2016).
    """
    if settings["schedule"] == "constant":
        return settings["weight"]
    return settings["weight"] * (2 / (1 + math.exp(-10 * progress)) - 1)


class LanguageDiscriminator(nn.Module):
    """Scores of the languages of a sentence from the states of its words.

    Args:
        hidden_size: size of the states.
        languages: number of languages.
        settings: ``kind``: ``convolution``, filters of some ``widths`` over the sequence with ReLU
            and the maximum over time, or ``mean``, the mean state and a layer; ``units``, the
            number of filters of each width or the size of the layer; ``dropout`` before the last
            layer.
    """

    def __init__(self, hidden_size: int, languages: int, settings: Mapping[str, Any]) -> None:
        super().__init__()
        units = settings["units"]
        self.dropout = nn.Dropout(settings["dropout"])
        self.convolutions = nn.ModuleList()
        if settings["kind"] == CONVOLUTION:
            self.convolutions.extend(
                nn.Conv1d(hidden_size, units, width, padding=width - 1)
                for width in sorted(settings["widths"])
            )
            self.output = nn.Linear(units * len(self.convolutions), languages)
        else:
            self.layer = nn.Linear(hidden_size, units)
            self.output = nn.Linear(units, languages)

    def forward(self, states: torch.Tensor, word_mask: torch.Tensor) -> torch.Tensor:
        """Scores in float32, shape (sentences, languages).

        Args:
            states: shape (sentences, words, hidden).
            word_mask: whether an entry is a word, shape (sentences, words).
        """
        states = states.float() * word_mask[..., None]
        if not self.convolutions:
            mean = states.sum(dim=1) / word_mask.sum(dim=1, keepdim=True)
            found = functional.leaky_relu(self.layer(mean), 0.2)
            return self.output(self.dropout(found))
        found = []
        for convolution in self.convolutions:
            values = convolution(states.transpose(1, 2)).relu()
            # A place counts if it has read a word. After ReLU, 0 cannot win against it.
            used = functional.pad(word_mask, (0, convolution.kernel_size[0] - 1))
            used = torch.stack([used.roll(s, 1) for s in range(convolution.kernel_size[0])]).any(0)
            found.append((values * used[:, None]).amax(dim=2))
        return self.output(self.dropout(torch.cat(found, dim=1)))


def label_loss(
    scores: torch.Tensor, languages: torch.Tensor, smoothing: float, flipped: bool = False
) -> torch.Tensor:
    """Cross-entropy with smoothed labels, the mean over languages of the mean over sentences.

    Args:
        scores: shape (sentences, languages).
        languages: index of the language of each sentence, shape (sentences,).
        smoothing: probability of all other languages together in the labels.
        flipped: whether own language and others change places: the own one has the probability
            ``smoothing``, the others share the rest.

    Returns:
        A scalar.
    """
    number = scores.shape[1]
    own = smoothing if flipped else 1 - smoothing
    labels = torch.full_like(scores, (1 - own) / (number - 1))
    labels[torch.arange(len(scores), device=scores.device), languages] = own
    losses = -(labels * functional.log_softmax(scores, dim=1)).sum(dim=1)
    # Every language has the same weight, however many sentences of it there are.
    counts = torch.bincount(languages, minlength=number)
    weights = 1.0 / counts[languages] / (counts > 0).sum()
    return (losses * weights).sum()


def game_loss(
    discriminator: LanguageDiscriminator,
    sides: Sequence[tuple[torch.Tensor, torch.Tensor, torch.Tensor]],
    weight: float,
    settings: Mapping[str, Any],
) -> torch.Tensor:
    """The loss of the discriminator, whose gradient makes the encoder deceive it.

    Args:
        discriminator: discriminator of the languages.
        sides: states, word mask and language of each sentence, for each batch of sentences.
        weight: λ.
        settings: ``method`` and ``smoothing``.

    Returns:
        With gradient reversal the loss L; its gradient is ∂L for the discriminator and -λ ∂L for
        the states. With flipped labels L + λ F; L changes the discriminator alone, F, the loss on
        flipped labels, the states alone. Both gradients are those at the same weights.
    """
    languages = torch.cat([side[2] for side in sides])

    def loss(scores_of: Callable[..., torch.Tensor], flipped: bool = False) -> torch.Tensor:
        scores = torch.cat([scores_of(states, mask) for states, mask, _ in sides])
        return label_loss(scores, languages, settings["smoothing"], flipped)

    if settings["method"] == REVERSAL:
        return loss(lambda states, mask: discriminator(reversed_gradient(states, weight), mask))
    own = loss(lambda states, mask: discriminator(states.detach(), mask))
    if not weight:
        return own
    fixed = {name: value.detach() for name, value in discriminator.named_parameters()}
    return own + weight * loss(
        lambda *read: torch.func.functional_call(discriminator, fixed, read), flipped=True
    )
