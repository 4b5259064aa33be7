"""Several trainings in lock-step: each step computes their losses as one batch of models."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence

import torch

from ..runtime import interruption
from .checkpoint import random_states, restore_random
from .loop import Report, Training
from .stacked import StackedModels, separate


def train_together(makers: Mapping[str, Callable[[], Training]]) -> dict[str, Report]:
    """Train several models; afterwards each has the weights of its best epoch.

    Trainings at the same step with the same random numbers take it together. The others take theirs
    alone, for example those that a kill left behind, until they have caught up. Each training has
    its own optimiser, evaluations, early stopping and checkpoints, and ends with what it has if it
    is trained alone, up to rounding.

    Args:
        makers: by name, functions that make the trainings, of models of one architecture with the
            same batches and settings. Each leaves the random numbers as its training is to find
            them.

    Returns:
        The report of each training by name.

    Raises:
        NotStackableError: the losses of these models cannot be computed as one batch.
        DivergedError: a loss or the states of a model are not finite; names training and step.
        Interrupted: a signal was received; checkpoints of all trainings were saved.
    """
    group = _Group(makers)
    with interruption.postponed():
        while not all(training.finished for training in group.trainings):
            group.advance()
    return {name: one.report() for name, one in zip(makers, group.trainings, strict=True)}


class _Group:
    """Trainings, the random numbers that each continues with, and who shares a buffer.

    Args:
        makers: as for ``train_together``.
    """

    def __init__(self, makers: Mapping[str, Callable[[], Training]]) -> None:
        self._names = list(makers)
        self.trainings: list[Training] = []
        self._random: list[dict[str, torch.Tensor]] = []
        for make in makers.values():
            self.trainings.append(make())
            self._random.append(random_states())
        self._stack = StackedModels(self.trainings)
        self._stack.try_out()
        # Until now, time was spent on all of them.
        for training in self.trainings:
            training.saver.start()

    def advance(self) -> None:
        """Take the step, or the evaluations, of the trainings that are furthest behind."""
        open_ones = [one for one, training in enumerate(self.trainings) if not training.finished]
        least = min(self.trainings[one].step for one in open_ones)
        behind = [one for one in open_ones if self.trainings[one].step == least]
        evaluating = [one for one in behind if self.trainings[one].next_batch() is None]
        if evaluating:
            for one in evaluating:
                self._alone(one)
            return
        first = self._random[behind[0]]
        members = [
            one
            for one in behind
            if all(torch.equal(first[device], state) for device, state in self._random[one].items())
        ]
        if len(members) == 1:
            self._alone(members[0])
        else:
            self._together(members)

    def _write(self, trainings: Sequence[Training]) -> None:
        """Write checkpoints of those among some trainings that are not finished."""
        for training in trainings:
            if not training.finished:
                started, one = time.monotonic(), self.trainings.index(training)
                restore_random(self._random[one])
                training.write()
                self._charge([one], time.monotonic() - started)

    def _alone(self, one: int) -> None:
        started = time.monotonic()
        restore_random(self._random[one])
        try:
            self.trainings[one].advance()
        except interruption.Interrupted:
            self._write([other for other in self.trainings if other is not self.trainings[one]])
            raise
        self._random[one] = random_states()
        self._charge([one], time.monotonic() - started)

    def _together(self, members: Sequence[int]) -> None:
        started = time.monotonic()
        trainings = [self.trainings[one] for one in members]
        self._stack_only(trainings)
        restore_random(self._random[members[0]])
        # They are equal; asking for them also starts the epoch of each training.
        batches = [training.next_batch() for training in trainings]
        losses = self._stack.backward(batches[0])
        after = random_states()
        due = [training.update(loss) for training, loss in zip(trainings, losses, strict=True)]
        for one in members:
            self._random[one] = after
            self.trainings[one].taken_together(self._names[other] for other in members)
        self._charge(members, time.monotonic() - started)
        if any(due):
            # All at one step, so that they take the next one together after a kill.
            self._write(self.trainings)
            trainings[0].saver.check()

    def _stack_only(self, trainings: Sequence[Training]) -> None:
        """Move these trainings into a buffer without others, which have stopped or are ahead."""
        if self._stack.trainings == list(trainings):
            return
        for training in self._stack.trainings:
            if training not in trainings:
                separate(training)
        self._stack = StackedModels(trainings)

    def _charge(self, members: Sequence[int], seconds: float) -> None:
        """Divide the duration of a step among the trainings that have taken it."""
        for one, training in enumerate(self.trainings):
            share = 1 / len(members) if one in members else 0.0
            training.saver.waited += (1 - share) * seconds
