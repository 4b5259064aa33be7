"""Ending early on a signal: at once, or at the next safe point.

Schedulers send SIGTERM before they kill (time limit, preemption, cancellation), users press Ctrl-C,
and both may reach every process of a job. A stage ends at once and removes its temporary files.
Code that must not be interrupted, such as a training step and the checkpoint after it, runs in
``postponed`` and checks for signals itself. Only the first signal has an effect.
"""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

SIGNALS = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGUSR1)


class Interrupted(BaseException):
    """The process has been asked to end; not an ``Exception``, so ``except Exception`` ignores it.

    Attributes:
        number: signal number.
        note: message for the user about what is saved.
    """

    def __init__(self, number: int, note: str = "") -> None:
        name = signal.Signals(number).name
        super().__init__(f"interrupted by {name}{': ' if note else ''}{note}")
        self.number = number

    @property
    def exit_code(self) -> int:
        """The exit code that shells report for a process ended by this signal."""
        return 128 + self.number


class _State:
    """The signal state of this process.

    Attributes:
        heard: signals with a handler.
        received: first signal received.
        at_once: whether a signal raises.
        raised: whether one has raised; a second exception would interrupt the cleanup.
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
    """Ignore signals from now on: the work is done and the process is about to exit.

    Without effect before ``listen``.
    """
    for number in _State.heard:
        signal.signal(number, signal.SIG_IGN)
    _State.heard = ()


def received() -> bool:
    """Whether a signal has been received."""
    return _State.received is not None


def check(note: str = "") -> None:
    """End here if a signal has been received.

    Args:
        note: message for the user about what is saved.

    Raises:
        Interrupted: a signal has been received.
    """
    if _State.received is not None:
        _State.raised = True
        raise Interrupted(_State.received, note)


@contextmanager
def postponed() -> Iterator[None]:
    """Only record signals inside the block; the caller uses ``received`` and ``check``."""
    yield from _with(at_once=False)


@contextmanager
def not_postponed() -> Iterator[None]:
    """Let signals end this block at once, inside a ``postponed`` block."""
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
