"""The discriminator of languages: its gradient reversed, its loss by hand, and as a probe."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pytest
import torch
from xltransfer.training import language_probe
from xltransfer.training.language_discriminator import (
    LanguageDiscriminator,
    game_loss,
    label_loss,
    reversed_gradient,
    weight_at,
)
from xltransfer.training.language_probe import PROBE, probe

GAME = {"method": "gradient-reversal", "smoothing": 0.3}
CONVOLUTION = {"kind": "convolution", "widths": [2, 3], "units": 4, "dropout": 0.0}
MEAN = {"kind": "mean", "units": 5, "dropout": 0.0}


def side(language: int, seed: int, size: int = 3) -> tuple[torch.Tensor, ...]:
    """States of two sentences, of which one has padding."""
    draws = torch.Generator().manual_seed(seed)
    states = torch.randn(2, 4, size, dtype=torch.float64, generator=draws).float()
    mask = torch.tensor([[True] * 4, [True, True, False, False]])
    return states.requires_grad_(), mask, torch.full((2,), language)


@pytest.mark.parametrize("settings", [CONVOLUTION, MEAN])
def test_the_gradient_is_reversed(settings: dict) -> None:
    """Against finite differences of the discriminator's loss, at single states and weights."""
    torch.manual_seed(1)
    discriminator = LanguageDiscriminator(3, 2, settings)
    sides = [side(0, 1), side(1, 2)]
    game_loss(discriminator, sides, 0.7, GAME).backward()

    def loss() -> float:
        with torch.no_grad():
            scores = torch.cat([discriminator(states, mask) for states, mask, _ in sides])
        return float(label_loss(scores.double(), torch.tensor([0, 0, 1, 1]), 0.3))

    def difference(values: torch.Tensor, place: tuple[int, ...], step: float = 1e-2) -> float:
        with torch.no_grad():
            values[place] += step
            above = loss()
            values[place] -= 2 * step
            below = loss()
            values[place] += step
        return (above - below) / (2 * step)

    for states, _, _ in sides:
        for place in [(0, 0, 1), (0, 3, 2), (1, 1, 0)]:
            found = -0.7 * difference(states.data, place)
            assert states.grad[place].item() == pytest.approx(found, abs=2e-4)
        assert not states.grad[1, 2:].any(), "padding has no effect"
    weight = discriminator.output.weight
    found = difference(weight.data, (0, 1))
    assert weight.grad[0, 1].item() == pytest.approx(found, abs=2e-4), "the discriminator learns"


def test_reversal_leaves_the_states() -> None:
    states = torch.tensor([1.0, -2.0], requires_grad=True)
    found = reversed_gradient(states, 0.5)
    (found * torch.tensor([3.0, 4.0])).sum().backward()
    assert torch.equal(found, states) and states.grad.tolist() == [-1.5, -2.0]


def test_flipped_labels_move_the_encoder_alone() -> None:
    """The discriminator has the gradient of its own loss, the states that of the flipped one."""
    torch.manual_seed(1)
    discriminator = LanguageDiscriminator(3, 2, CONVOLUTION)
    sides = [side(0, 1), side(1, 2)]
    game_loss(discriminator, sides, 0.5, {**GAME, "method": "flipped-labels"}).backward()
    weights = [p.grad.clone() for p in discriminator.parameters()]
    moved = [states.grad.clone() for states, _, _ in sides]
    discriminator.zero_grad()
    languages = torch.tensor([0, 0, 1, 1])
    fixed = torch.cat([discriminator(states.detach(), mask) for states, mask, _ in sides])
    label_loss(fixed, languages, 0.3).backward()
    for own, parameter in zip(weights, discriminator.parameters(), strict=True):
        assert torch.allclose(own, parameter.grad, atol=1e-6)
    for states, _, _ in sides:
        states.grad = None
    flipped = torch.cat([discriminator(states, mask) for states, mask, _ in sides])
    # Of two languages, flipped labels are those of the other one.
    (0.5 * label_loss(flipped, 1 - languages, 0.3)).backward()
    for own, (states, _, _) in zip(moved, sides, strict=True):
        assert torch.allclose(own, states.grad, atol=1e-6)


def test_the_loss_by_hand() -> None:
    """Three languages, 0.2 for the others; two sentences of the first, one of the second."""
    scores = torch.tensor([[1.0, 0.0, 0.0], [0.0, 0.0, 0.0], [0.0, 2.0, 0.0]])
    languages = torch.tensor([0, 0, 1])
    first = [-(0.8 * 1 + 0) + math.log(math.e + 2), math.log(3)]
    second = -0.8 * 2 + math.log(math.exp(2) + 2)
    expected = (sum(first) / 2 + second) / 2
    assert label_loss(scores, languages, 0.2).item() == pytest.approx(expected, abs=1e-6)
    flipped = -0.2 * 2 + math.log(math.exp(2) + 2)
    found = label_loss(scores[2:], languages[2:], 0.2, flipped=True)
    assert found.item() == pytest.approx(flipped, abs=1e-6)


def test_the_weight_rises() -> None:
    """Values of Ganin et al.'s formula."""
    rising = {"weight": 2.0, "schedule": "rising"}
    assert weight_at(0.0, rising) == 0
    assert weight_at(0.1, rising) == pytest.approx(2 * 0.46211716)
    assert weight_at(1.0, rising) == pytest.approx(2 * 0.99990920)
    assert weight_at(0.0, {**rising, "schedule": "constant"}) == 2


@pytest.mark.parametrize("settings", [CONVOLUTION, MEAN])
def test_padding_and_other_sentences_have_no_effect(settings: dict) -> None:
    torch.manual_seed(3)
    discriminator = LanguageDiscriminator(3, 2, settings)
    states, mask, _ = side(0, 5)
    alone = discriminator(states[1:, :2], mask[1:, :2])
    garbage = states.detach().clone()
    garbage[1, 2:] = 1000
    assert torch.allclose(discriminator(garbage, mask)[1:], alone, atol=1e-6)
    one_word = discriminator(states[:, :1], mask[:, :1])
    assert torch.isfinite(one_word).all(), "sentences may be shorter than the filters"


def sentences(mean: float, seed: int, number: int = 40) -> list[torch.Tensor]:
    draws = np.random.default_rng(seed)
    lengths = draws.integers(3, 9, number)
    return [torch.tensor(draws.normal(mean, 1, (n, 4)), dtype=torch.float32) for n in lengths]


def test_the_probe_tells_distinguishable_languages_apart_and_no_others() -> None:
    """Also if they differ only in the order of their states; other draws are left alone."""
    torch.manual_seed(4)
    before = torch.get_rng_state()
    assert probe([sentences(0, 1), sentences(0.8, 2)], 1).accuracy > 90
    assert 35 < probe([sentences(0, 1), sentences(0, 2)], 1).accuracy < 65
    assert torch.equal(torch.get_rng_state(), before)
    ordered = [torch.sort(one, dim=0).values for one in sentences(0, 1)]
    backwards = [torch.sort(one, dim=0, descending=True).values for one in sentences(0, 2)]
    assert probe([ordered, backwards], 1).accuracy > 90
    assert PROBE["kind"] == "convolution"


def test_parallel_sentences_are_tested_in_one_fold(monkeypatch: pytest.MonkeyPatch) -> None:
    """Also if two sources take turns; the state of a sentence is its place here."""
    folds = []

    def spy(languages: list) -> Callable:
        read = {int(one[0, 0]) for some in languages for one in some}

        def decide(states: list) -> torch.Tensor:
            folds.append((read, {int(one[0, 0]) for one in states}))
            return torch.zeros(len(states), 2)

        return decide

    monkeypatch.setattr(language_probe, "_trained", spy)
    own = [torch.full((1, 1), float(n // 2)) for n in range(24)]
    target = [torch.full((1, 1), float(n)) for n in range(24)]
    probe([own, target], 1, [[n // 2 for n in range(24)], range(24)])
    assert len(folds) == 10 and all(not read & tested for read, tested in folds)
    folds.clear()
    probe([own, target], 1)
    assert any(read & tested for read, tested in folds), "places in the list are others"
