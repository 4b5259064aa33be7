"""Models of one architecture whose losses are computed as one batch of models.

The weights of each model are a row of one buffer. ``torch.func.vmap`` computes the losses of all
rows on a batch of sentences, with kernels that are as many times larger as there are models. On
small models, which leave most of a GPU idle, this takes less time than one model after the other.
"""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import Any

import torch
from torch import nn
from torch.func import functional_call, vmap

from .flat import move, trained_parameters
from .loop import Training
from .objectives.objective import Objective


class NotStackableError(Exception):
    """These models cannot be computed as one batch; the message is the reason."""


class StackedModels:
    """Trainings whose weights and gradients are rows of one buffer per group of parameters.

    The parameters of each model stay views of its row. So optimisers, evaluations and checkpoints
    treat a model as they do when it is trained alone.

    Args:
        trainings: trainings of models of one architecture.

    Attributes:
        trainings: as given.

    Raises:
        NotStackableError: the architectures differ, or not all parameters are trained.
    """

    def __init__(self, trainings: Sequence[Training]) -> None:
        self.trainings = list(trainings)
        first = self.trainings[0]
        self._loss = _Loss(first.objective)
        _check_same(self.trainings)
        names = {id(value): name for name, value in self._loss.named_parameters()}
        groups = [_groups(training) for training in self.trainings]
        self._weights: dict[str, torch.Tensor] = {}
        for members in zip(*groups, strict=True):
            buffers = [flat for flat, _ in members]
            weights = buffers[0].data.new_empty(len(members), buffers[0].numel())
            gradients = torch.empty_like(weights)
            for (flat, trained), *rows in zip(members, weights, gradients, strict=True):
                move(flat, trained, *rows)
            start = 0
            for parameter in members[0][1]:
                end = start + parameter.numel()
                shape = len(members), *parameter.shape
                stacked = weights[:, start:end].view(shape).requires_grad_()
                stacked.grad = gradients[:, start:end].view(shape)
                self._weights[names[id(parameter)]] = stacked
                start = end

    def losses(self, batch: Any) -> torch.Tensor:
        """The loss of each model on a batch, shape (models,).

        Dropout drops the same units in all models: those that it drops in one that is trained alone
        from this state of the random numbers.
        """
        first = self.trainings[0]

        def loss(weights: dict[str, torch.Tensor]) -> torch.Tensor:
            return functional_call(self._loss, weights, (batch, first.device))

        with first.precision:
            return vmap(loss, randomness="same")(self._weights)

    def backward(self, batch: Any) -> torch.Tensor:
        """Add the gradients of each model's loss on a batch; returns the losses."""
        losses = self.losses(batch)
        with warnings.catch_warnings():
            # Gradients have the gaps of the weights: a parameter is a part of each model's row.
            warnings.filterwarnings("ignore", message="grad and param do not obey")
            losses.sum().backward()
        return losses.detach()

    def try_out(self) -> None:
        """Compute losses once, with unchanged random numbers.

        Raises:
            NotStackableError: an operation of these models has no form for a batch of models.
        """
        first = self.trainings[0]
        with torch.random.fork_rng([first.device] if first.device.type == "cuda" else []):
            batch = first.next_batch()
            batch = first.objective.batches(0)[0] if batch is None else batch
            model = first.objective.model
            was_training = model.training
            try:
                model.train()
                losses = self.losses(batch)
            except (RuntimeError, TypeError, ValueError) as error:
                reason = " ".join(str(error).split())
                raise NotStackableError(f"their losses cannot be stacked ({reason})") from None
            finally:
                model.train(was_training)
        if losses.shape != (len(self.trainings),):
            raise NotStackableError("their losses are not scalars")


class _Loss(nn.Module):
    """The loss of an objective as a module, whose weights ``functional_call`` replaces."""

    def __init__(self, objective: Objective) -> None:
        super().__init__()
        self.model = objective.model
        self._objective = objective

    def forward(self, batch: Any, device: torch.device) -> torch.Tensor:
        """The loss of a batch."""
        return self._objective.loss(batch, device)


def separate(training: Training) -> None:
    """Move the weights of a training out of the buffer that it shares with others."""
    for flat, trained in _groups(training):
        move(flat, trained, torch.empty_like(flat.data), torch.empty_like(flat.data))


def _groups(training: Training) -> list[tuple[nn.Parameter, list[nn.Parameter]]]:
    """The buffer of each group of parameters, and the parameters that are views of it."""
    return [
        (flat["params"][0], trained_parameters(group["params"]))
        for flat, group in zip(
            training.optimiser.param_groups, training.objective.parameter_groups(), strict=True
        )
    ]


def _check_same(trainings: Sequence[Training]) -> None:
    """Raise an error for models that differ in more than the values of trained weights."""
    models = [training.objective.model for training in trainings]
    if not all(parameter.requires_grad for model in models for parameter in model.parameters()):
        raise NotStackableError("some of their weights are frozen")
    shapes = [
        [(name, value.shape, value.dtype) for name, value in model.named_parameters()]
        for model in models
    ]
    if any(other != shapes[0] for other in shapes):
        raise NotStackableError("their architectures differ")
    buffers = [dict(model.named_buffers()) for model in models]
    for other in buffers[1:]:
        if any(not torch.equal(value, other[name]) for name, value in buffers[0].items()):
            raise NotStackableError("they have different constants")
