"""Ending early when a signal asks for it: at once, or at the next place where nothing is lost.

Schedulers send SIGTERM before they kill (time limit, preemption, cancellation), people press
Ctrl-C, and either may reach every process of a job. A stage ends at once, with its temporary files
removed; what must not be cut in two, such as a step of training and the checkpoint after it, is
``postponed`` and asks whether it should end. Signals beyond the first change nothing.
"""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

SIGNALS = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGUSR1)


class Interrupted(BaseException):
    """The process has been asked to end; no ``Exception``, so that nothing takes it for a failure.

    Attributes:
        number: of the signal.
        note: what is saved, for the user.
    """

    def __init__(self, number: int, note: str = "") -> None:
        name = signal.Signals(number).name
        super().__init__(f"interrupted by {name}{': ' if note else ''}{note}")
        self.number = number

    @property
    def exit_code(self) -> int:
        """What shells report of a process that a signal has ended."""
        return 128 + self.number


class _State:
    """Of this process.

    Attributes:
        heard: the signals that are listened to.
        received: the first signal that has come.
        at_once: whether a signal raises.
        raised: whether one has raised; a second one would cut the cleaning up short.
    """

    heard: tuple[int, ...] = ()
    received: int | None = None
    at_once = True
    raised = False


def listen() -> None:
    """Handle signals from now on; those that the process was started to ignore stay ignored."""
    _State.heard = tuple(n for n in SIGNALS if signal.getsignal(n) != signal.SIG_IGN)
    for number in _State.heard:
        signal.signal(number, _handle)


def stop_listening() -> None:
    """Ignore signals from now on: the work is done, and the process ends well in a moment.

    Without effect where nobody listens.
    """
    for number in _State.heard:
        signal.signal(number, signal.SIG_IGN)
    _State.heard = ()


def received() -> bool:
    """Whether a signal has come."""
    return _State.received is not None


def check(note: str = "") -> None:
    """End here if a signal has come.

    Args:
        note: what is saved, for the user.

    Raises:
        Interrupted: one has.
    """
    if _State.received is not None:
        _State.raised = True
        raise Interrupted(_State.received, note)


@contextmanager
def postponed() -> Iterator[None]:
    """Signals are only taken note of inside; who uses it asks ``received`` and calls ``check``."""
    yield from _with(at_once=False)


@contextmanager
def not_postponed() -> Iterator[None]:
    """Signals end the block at once, within one in which they are postponed."""
    yield from _with(at_once=True)


def _with(at_once: bool) -> Iterator[None]:
    before = _State.at_once
    _State.at_once = at_once
    try:
        if at_once:
            check()
        yield
    finally:
        _State.at_once = before


def _handle(number: int, _: FrameType | None) -> None:
    if _State.received is None:
        _State.received = number
    if _State.at_once and not _State.raised:
        check()
