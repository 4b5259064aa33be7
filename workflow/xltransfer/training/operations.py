"""Floating-point operations (FLOPs) of an encoder.

They follow Kaplan et al. 2020, Scaling laws for neural language models
(https://arxiv.org/abs/2001.08361, section 2.1): a multiplication and an addition per weight and
subword in the forward pass, and twice as many in the backward pass, which computes the gradients of
the states and of the weights. Weights of embeddings are left out, because they are looked up.
Products of states with each other in attention are left out as well; they add a few percent for
sentences of a few dozen subwords. So are the heads of tasks.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

FORWARD = 2
"""Operations per weight and subword in a forward pass."""
BACKWARD = 2 * FORWARD


def batches_per_step(training: Mapping[str, Any]) -> int:
    """How many batches of sentences a step of a training reads, of about one size.

    One of labelled sentences, and one of each text of a discriminator of languages.

    Args:
        training: settings of the training.
    """
    texts = training.get("adversarial", {}).get("texts", {})
    return 1 + sum(map(len, texts.values()))


def reading_operations(weights: float, subwords: float) -> float:
    """FLOPs of forward passes.

    Args:
        weights: number of weights of the encoder without embeddings.
        subwords: number of subwords that are read.
    """
    return FORWARD * weights * subwords


def training_operations(weights: float, subwords: float, recomputed: bool = False) -> float:
    """FLOPs of forward and backward passes, in which all weights are trained.

    With S steps of B subwords, this is C = 6 · N · B · S of Kaplan et al. 2020. With adapters it is
    an upper limit, because the weights of the encoder have no gradients.

    Args:
        weights: number of weights of the encoder without embeddings.
        subwords: number of subwords that are trained on, each pass over the data counted.
        recomputed: whether the forward pass is computed twice to save memory (checkpointing).
    """
    passes = FORWARD + BACKWARD + (FORWARD if recomputed else 0)
    return passes * weights * subwords
