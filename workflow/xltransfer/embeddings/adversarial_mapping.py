"""Mapping without a dictionary by an adversarial game (Conneau et al., ICLR 2018).

A discriminator learns to tell mapped source words from target words, and the map learns to deceive
it. After each step, the map is pulled towards the orthogonal maps. Of all epochs and restarts, the
map with the largest unsupervised criterion is kept.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass, field

import numpy as np
import torch
from torch import nn
from torch.nn import functional

from .csls import NEIGHBOURS
from .mapping import check_dimensions, mean_csls_cosine

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Game:
    """Settings of the game; defaults are the published ones.

    Attributes:
        hidden_units: units of both hidden layers of the discriminator.
        input_dropout: dropout of the discriminator's input.
        slope: negative slope of the leaky rectifiers.
        smoothing: label smoothing: mapped source words are 1 − this value, target words this value.
        most_frequent: most frequent words of each language that are drawn.
        batch_size: words of each language in a batch.
        discriminator_steps: steps of the discriminator per step of the map.
        epochs, epoch_words: number of epochs, and words drawn for steps of the map in each.
        learning_rate: of both players, SGD.
        decay: factor of the map's rate after each epoch.
        shrink: further factor after each epoch that is worse than the best, from the second on.
        least_rate: rate below which a game ends.
        beta: weight of the step towards orthogonal maps, W ← (1 + β) W − β (W Wᵀ) W.
    """

    hidden_units: int = 2048
    input_dropout: float = 0.1
    slope: float = 0.2
    smoothing: float = 0.1
    most_frequent: int = 75_000
    batch_size: int = 32
    discriminator_steps: int = 5
    epochs: int = 5
    epoch_words: int = 1_000_000
    learning_rate: float = 0.1
    decay: float = 0.98
    shrink: float = 0.5
    least_rate: float = 1e-6
    beta: float = 0.001


@dataclass
class Outcome:
    """The map that was kept.

    Attributes:
        mapping: float64, shape (dimensions, dimensions).
        criterion: its mean CSLS cosine.
        restart: number of its restart, from 0.
        history: criterion of the initial map and after each epoch, for each restart.
    """

    mapping: np.ndarray
    criterion: float = -np.inf
    restart: int = 0
    history: list[list[float]] = field(default_factory=list)


class Discriminator(nn.Sequential):
    """Two hidden layers with leaky rectifiers; the output is a logit of "mapped source word"."""

    def __init__(self, dimensions: int, game: Game) -> None:
        super().__init__(
            nn.Dropout(game.input_dropout),
            nn.Linear(dimensions, game.hidden_units),
            nn.LeakyReLU(game.slope),
            nn.Linear(game.hidden_units, game.hidden_units),
            nn.LeakyReLU(game.slope),
            nn.Linear(game.hidden_units, 1),
            nn.Flatten(0),
        )


def play(
    source: np.ndarray,
    target: np.ndarray,
    initial: np.ndarray,
    seed: int,
    restarts: int,
    game: Game = Game(),
    neighbours: int = NEIGHBOURS,
) -> Outcome:
    """Play the game several times and keep the map with the largest criterion.

    Args:
        source, target: vectors of the vocabularies, most frequent words first.
        initial: map to start from; the published one is the identity.
        seed: seed of the first game; each restart has the next one.
        restarts: number of games.
        game: settings.
        neighbours: k of CSLS, in the criterion.

    Raises:
        InputError: the spaces have different dimensions.
    """
    check_dimensions(source, target)
    best = Outcome(initial)
    for restart in range(restarts):
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed + restart)
            _play_once(source, target, initial, restart, game, neighbours, best)
    return best


def _play_once(
    source: np.ndarray,
    target: np.ndarray,
    initial: np.ndarray,
    restart: int,
    game: Game,
    neighbours: int,
    best: Outcome,
) -> None:
    """One game; updates the best outcome of all games."""
    one, other = (torch.from_numpy(side[: game.most_frequent]) for side in (source, target))
    discriminator = Discriminator(source.shape[1], game)
    mapping = nn.Parameter(torch.from_numpy(initial).float())
    learner = torch.optim.SGD(discriminator.parameters(), lr=game.learning_rate)
    deceiver = torch.optim.SGD([mapping], lr=game.learning_rate)
    best.history.append([])
    rate = game.learning_rate
    own_best, worse = -np.inf, False
    for epoch in range(game.epochs + 1):
        found = mapping.detach().double().numpy()
        criterion = mean_csls_cosine(source, target, found, neighbours)
        best.history[-1].append(criterion)
        log.info("game %d, epoch %d: mean CSLS cosine %.4f", restart + 1, epoch, criterion)
        if criterion > best.criterion:
            best.mapping, best.criterion, best.restart = found.copy(), criterion, restart
        if epoch:
            rate *= game.decay
            if criterion < own_best:
                # From the second worse epoch on, as in the published code.
                rate *= game.shrink if worse else 1
                worse = True
        own_best = max(own_best, criterion)
        if epoch == game.epochs or rate < game.least_rate:
            break
        deceiver.param_groups[0]["lr"] = rate
        for _ in range(game.epoch_words // game.batch_size):
            for _ in range(game.discriminator_steps):
                _learn(discriminator, learner, mapping, one, other, game)
            _deceive(discriminator, deceiver, mapping, one, other, game)


def _drawn(
    mapping: torch.Tensor, one: torch.Tensor, other: torch.Tensor, game: Game
) -> tuple[torch.Tensor, torch.Tensor]:
    """Mapped source words and target words of a batch, and their smoothed labels."""
    rows = [torch.randint(len(side), (game.batch_size,)) for side in (one, other)]
    words = torch.cat([one[rows[0]] @ mapping, other[rows[1]]])
    labels = torch.full((len(words),), game.smoothing)
    labels[: game.batch_size] = 1 - game.smoothing
    return words, labels


def _learn(discriminator, learner, mapping, one, other, game: Game) -> None:
    """A step of the discriminator."""
    words, labels = _drawn(mapping.detach(), one, other, game)
    loss = functional.binary_cross_entropy_with_logits(discriminator(words), labels)
    learner.zero_grad()
    loss.backward()
    learner.step()


def _deceive(discriminator, deceiver, mapping, one, other, game: Game) -> None:
    """A step of the map, and one towards the orthogonal maps."""
    words, labels = _drawn(mapping, one, other, game)
    # The map does not train the discriminator, whose dropout is off here as in the published code.
    discriminator.eval()
    loss = functional.binary_cross_entropy_with_logits(discriminator(words), 1 - labels)
    discriminator.train()
    deceiver.zero_grad()
    loss.backward()
    deceiver.step()
    with torch.no_grad():
        pulled = (1 + game.beta) * mapping - game.beta * mapping @ mapping.T @ mapping
        mapping.copy_(pulled)
