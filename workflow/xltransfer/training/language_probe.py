"""How well a fresh discriminator tells the languages of sentences from a model's fixed states.

The discriminator of an adversarial training is a bad measure: it may have been outrun although the
languages can still be told apart (Elazar & Goldberg, EMNLP 2018). So another one is trained on
states that nothing changes, and tested on other sentences.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from ..encoders.batching import collate, plan_examples
from .dataset import Dataset
from .language_discriminator import LanguageDiscriminator, label_loss
from .model import WordModel
from .prediction import PREDICTION_BUDGET

FOLDS = 5
PROBE: Mapping[str, Any] = {"kind": "convolution", "widths": [2, 3], "units": 32, "dropout": 0.2}
STEPS, SENTENCES, RATE = 100, 32, 1e-2
"""Steps of Adam for each fold, sentences of each step, learning rate."""
MOST_SENTENCES = 500
"""Maximum number of sentences of a language."""


@dataclass(frozen=True)
class Probed:
    """The decisions of the probe.

    Attributes:
        right: whether each sentence was told right, one array per language; shape (sentences,),
            the same number for all languages.
    """

    right: list[np.ndarray]

    @property
    def accuracy(self) -> float:
        """Accuracy in percent; chance is 100 divided by the number of languages."""
        return 100 * float(np.mean(np.concatenate(self.right)))


@torch.no_grad()
def word_states(model: WordModel, data: Dataset, device: torch.device) -> list[torch.Tensor]:
    """The states of the words of each sentence, without dropout: (words, hidden) each."""
    model.eval()
    found: list[torch.Tensor] = [torch.empty(0)] * len(data.examples)
    order = np.arange(len(data.examples))
    for indices in plan_examples(data.examples, PREDICTION_BUDGET[device.type], order):
        batch = collate(data.examples, indices, data.padding).to(device)
        states, lengths = model.word_states(batch).float().cpu(), batch.word_mask.sum(dim=1)
        for index, state, length in zip(indices, states, lengths.tolist(), strict=True):
            found[index] = state[:length]
    return found


def probe(
    languages: Sequence[Sequence[torch.Tensor]],
    seed: int,
    places: Sequence[Sequence[int]] | None = None,
) -> Probed:
    """Cross-validated decisions of a fresh discriminator.

    Of every language the first sentences are used, as many as the shortest list has and at most
    ``MOST_SENTENCES``. In each of ``FOLDS`` folds, every fifth sentence is tested, the same places
    in all languages, so that no discriminator has read a parallel sentence of a tested one. States
    are scaled to mean 0 and deviation 1 over the words that the discriminator is trained on.

    Args:
        languages: states of the words of each sentence, for each language.
        seed: seed of the draws, which do not affect the global random state.
        places: place of each sentence in its own corpus, for each language; ``None``: their order.
    """
    number = min(MOST_SENTENCES, *map(len, languages))
    of = np.array([list(some)[:number] for some in places or [range(number)] * len(languages)])
    right = [np.zeros(number, dtype=bool) for _ in languages]
    with torch.random.fork_rng(devices=[]), torch.enable_grad():
        torch.manual_seed(seed)
        for fold in range(min(FOLDS, number)):
            tested = [np.flatnonzero(some % FOLDS == fold) for some in of]
            read = [np.flatnonzero(some % FOLDS != fold) for some in of]
            decide = _trained(
                [[s[i] for i in some] for s, some in zip(languages, read, strict=True)]
            )
            for language, (states, some) in enumerate(zip(languages, tested, strict=True)):
                if len(some):
                    scores = decide([states[i] for i in some])
                    right[language][some] = (scores.argmax(dim=1) == language).numpy()
    return Probed(right)


def _trained(languages: Sequence[Sequence[torch.Tensor]]) -> Any:
    """A function of the states of sentences: the scores of a discriminator trained on others."""
    words = torch.cat([states for some in languages for states in some])
    mean, deviation = words.mean(dim=0), words.std(dim=0).clamp(min=1e-6)
    sentences = [(states - mean) / deviation for some in languages for states in some]
    own = torch.tensor([n for n, some in enumerate(languages) for _ in some])
    discriminator = LanguageDiscriminator(words.shape[1], len(languages), PROBE)
    optimiser = torch.optim.Adam(discriminator.parameters(), lr=RATE)
    for _ in range(STEPS):
        chosen = torch.randperm(len(sentences))[:SENTENCES]
        optimiser.zero_grad()
        scores = discriminator(*_padded([sentences[i] for i in chosen.tolist()]))
        label_loss(scores, own[chosen], 0.0).backward()
        optimiser.step()
    discriminator.eval()

    def decide(states: Sequence[torch.Tensor]) -> torch.Tensor:
        with torch.no_grad():
            return discriminator(*_padded([(one - mean) / deviation for one in states]))

    return decide


def _padded(states: Sequence[torch.Tensor]) -> tuple[torch.Tensor, torch.Tensor]:
    lengths = torch.tensor([len(one) for one in states])
    mask = torch.arange(int(lengths.max())) < lengths[:, None]
    return torch.nn.utils.rnn.pad_sequence(list(states), batch_first=True), mask
