"""A trial: a run that begins like an undisturbed one, a fault at a random moment, the same end."""

from __future__ import annotations

import random
import shutil
import subprocess
import time
from abc import ABC, abstractmethod
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from .commands import Command, logs_of, tracebacks
from .results import REFUSED, RIGHT, WRONG, Result
from .study import PHASES, Reference, Timeline

REPEATS = 4
"""How often the command is given again at most."""
ATTEMPTS, EARLIER = 8, 0.8
"""If a run is over before its moment, the trial begins again with this part of the moment."""


class RunIsOver(Exception):
    """The run ended before the fault could strike."""


class Wrong(Exception):
    """What must not be: says what."""


@dataclass(frozen=True)
class Moment:
    """When a fault strikes.

    Attributes:
        share: of the undisturbed run, or of the training.
        in_training: while models are trained, else anywhere in the run.
    """

    share: float
    in_training: bool

    def __str__(self) -> str:
        return f"{self.share:.3f} of the {'training' if self.in_training else 'run'}"


class Trial(ABC):
    """A folder, chance and the commands given there.

    Args:
        folder: is made; may be there and empty.
        reference: an undisturbed run.
        chance: decides everything that is random but the moment.
        moment: when the fault strikes.
        timeline: of an undisturbed run where the trial runs; that of the reference by default.
    """

    patience = 600.0
    """Seconds after which a command hangs."""

    def __init__(
        self, folder: Path, reference: Reference, chance: random.Random, moment: Moment,
        timeline: Timeline | None = None,
    ) -> None:  # fmt: skip
        self.folder, self.reference, self.chance = folder, reference, chance
        self.moment = moment
        self.errors: list[str] = []
        self.commands: list[Command] = []
        if moment.in_training:
            self.phases, self.time = 1, 0.0
        else:
            self.phases, self.time = (timeline or reference.timeline).place(moment.share)
        reference.copy(folder, self.phases)
        self.head = self.command()

    @abstractmethod
    def arguments(self) -> tuple[list[str], dict[str, str]]:
        """The command line and environment variables."""

    @abstractmethod
    def clock(self) -> float:
        """How far the run is, in the seconds of the timeline."""

    def places_of_logs(self) -> list[Path]:
        """Folders in which jobs write what they have to say."""
        return [self.folder / "results" / "logs"]

    def trains(self) -> bool:
        """Whether a model is trained."""
        logs = (self.folder / "results" / "logs" / "finetune").rglob("*.log")
        return any("epoch" in path.read_text(errors="replace") for path in logs)

    def command(self) -> Command:
        """Give the command."""
        arguments, more = self.arguments()
        self.commands.append(Command(self.folder, arguments, **more))
        return self.commands[-1]

    def kill(self) -> None:
        """End what is left of all commands."""
        for command in self.commands:
            command.kill()

    def start(self) -> None:
        """Wait for the moment of the fault.

        Raises:
            RunIsOver: before that.
        """
        if self.moment.in_training:
            self.wait_for(self.trains)
            # The clock of a cluster is that of the wall, and its trainings take longer.
            self.time = self.clock() + 4 * self.moment.share
        self.wait_for(lambda: self.clock() >= self.time)

    def wait_for(self, condition: Callable[[], Any]) -> Any:
        """Wait for something that happens in a run; its value.

        Raises:
            RunIsOver: it does not happen any more.
        """
        deadline = time.monotonic() + self.patience
        while not (value := condition()):
            if self.head.poll() is not None:
                raise RunIsOver
            if time.monotonic() > deadline:
                raise Wrong("the run hangs before the fault")
            time.sleep(0.05)
        return value

    def finish_command(self, command: Command, must_say: bool = False) -> int:
        """Wait for the end of a command and look at what it has said; its exit code.

        Args:
            command: which has been given.
            must_say: whether it must name its reason in one line if it fails.

        Raises:
            Wrong: it hangs, gives a traceback, or fails without a word.
        """
        try:
            code = command.end(self.patience)
        except TimeoutError as error:
            raise Wrong(f"{error}: {command.output()[-300:]!r}") from None
        if found := tracebacks(command, *self.places_of_logs()):
            raise Wrong(f"traceback: {found[0]}")
        said = command.errors()
        self.errors += said if code else []
        if code and must_say and not said:
            raise Wrong(f"fails without a line for the user: {command.output()[-600:]!r}")
        return code

    def finish(self, must_say: bool = False) -> None:
        """Wait for the end; give the command again as long as it fails.

        Raises:
            Wrong: it fails again and again, or another file is in the results.
        """
        code = self.finish_command(self.head, must_say)
        for _ in range(REPEATS):
            if code == 0:
                break
            self.head = self.command()
            code = self.finish_command(self.head, must_say)
        if code:
            raise Wrong(f"fails {REPEATS + 1} times: {self.head.output()[-600:]!r}")
        self.compare()

    def compare(self) -> None:
        """Compare the results with those of the undisturbed run.

        Raises:
            Wrong: a file differs.
        """
        if different := self.reference.differences(self.folder):
            raise Wrong(f"{len(different)} files differ: {', '.join(different[:5])}")


@dataclass(frozen=True)
class Kind:
    """A kind of fault.

    Attributes:
        act: waits for the moment (``Trial.start``) and disturbs the run; what it does not do itself
            of ``Trial.finish`` is done after it.
        around: holds while the trial runs, given the folder.
        training: settings of the study that differ.
        in_training: whether it always strikes while models are trained, or never; half of the
            trials do if that is not said.
        options: for the trial.
        why_not: why this machine cannot have it; None if it can.
    """

    act: Callable[[Any], None]
    around: Callable[[Path], AbstractContextManager[Any]] = nullcontext
    training: tuple[tuple[str, Any], ...] = ()
    in_training: bool | None = None
    options: tuple[tuple[str, Any], ...] = ()
    why_not: Callable[[], str | None] = lambda: None


def run_trial(
    name: str, kind: Kind, number: int, seed: int, folder: Path,
    make: Callable[..., Trial], keep: Path | None = None,
) -> Result:  # fmt: skip
    """Run a trial in a folder, which is removed afterwards.

    Args:
        name, kind, number, seed: of the trial; half of them strike while models are trained.
        folder: to make.
        make: makes the trial of folder, kind, chance and moment.
        keep: folder to which the files of a trial that was wrong are moved.
    """
    began = time.monotonic()
    chance = random.Random(seed)
    in_training = bool(number % 2) if kind.in_training is None else kind.in_training
    moment = Moment(chance.random(), in_training)
    state = chance.getstate()
    for _ in range(ATTEMPTS):
        chance.setstate(state)
        try:
            trial, problem = _attempt(
                kind, folder, partial(make, folder, kind, chance, moment), keep
            )
            break
        except (RunIsOver, subprocess.CalledProcessError) as error:
            # Of a job, say, that had ended when it was to be cancelled.
            reason = error
            moment = Moment(moment.share * EARLIER, moment.in_training)
    else:
        raise RuntimeError(f"{name} {number}: no fault in {ATTEMPTS} attempts") from reason
    outcome = WRONG if problem else REFUSED if trial.errors else RIGHT
    detail = problem or next(iter(trial.errors), "")
    where = str(moment) if moment.in_training else f"{moment} ({list(PHASES)[trial.phases]})"
    seconds = round(time.monotonic() - began, 1)
    return Result(name, number, seed, where, outcome, len(trial.commands), seconds, detail)


def _attempt(
    kind: Kind, folder: Path, make: Callable[[], Trial], keep: Path | None
) -> tuple[Trial, str]:
    """A trial, and what is wrong with it: an empty string if nothing is."""
    problem = ""
    try:
        with kind.around(folder):
            trial = make()
            try:
                kind.act(trial)
                trial.finish()
            except (Wrong, TimeoutError, subprocess.TimeoutExpired) as error:
                problem = str(error)
            finally:
                trial.kill()
                for place in (folder, logs_of(folder)) if problem and keep else ():
                    shutil.copytree(place, keep / place.name, dirs_exist_ok=True)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        shutil.rmtree(logs_of(folder), ignore_errors=True)
    return trial, problem
