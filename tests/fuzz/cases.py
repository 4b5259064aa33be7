"""Readers under test, verdicts of oracles, and the outcomes of cases."""

from __future__ import annotations

import random
import traceback
from abc import ABC, abstractmethod
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from xltransfer.runtime.errors import InputError

LONGEST_MESSAGE = 2500
"""Characters; a longer message is not one line that anybody reads."""

READ, REFUSED = "read", "refused"
TRACEBACK, HANG, CRASH = "traceback", "hang", "crash"
WRONGLY_READ, MISREAD, WRONGLY_REFUSED = "wrongly read", "misread", "wrongly refused"
NOT_ONE_LINE = "not one line"
GOOD = (READ, REFUSED)
BAD = (TRACEBACK, CRASH, HANG, WRONGLY_READ, MISREAD, WRONGLY_REFUSED, NOT_ONE_LINE)
OUTCOMES = (*GOOD, *BAD)
"""Of a case: the columns of the table. ``misread`` is accepted with another meaning than the
oracle's; ``crash`` is the end of the process."""


@dataclass(frozen=True)
class Verdict:
    """What an oracle says of an input.

    Attributes:
        may_be_read, may_be_refused: at least one of them is true.
        meaning: of the input, in the form in which ``Reader.read`` returns it; ``None`` where the
            oracle does not know it.
        reason: why it must be refused, for the report.
    """

    may_be_read: bool
    may_be_refused: bool
    meaning: Any = None
    reason: str = ""


def refuse(reason: str) -> Verdict:
    """The input must be refused."""
    return Verdict(False, True, reason=reason)


def accept(meaning: Any = None) -> Verdict:
    """The input must be read, with this meaning if it is known."""
    return Verdict(True, False, meaning)


def either(meaning: Any = None) -> Verdict:
    """Both are right; if the input is read, then with this meaning if it is known."""
    return Verdict(True, True, meaning)


@dataclass(frozen=True)
class Outcome:
    """What became of a case.

    Attributes:
        kind: one of ``OUTCOMES``.
        detail: the message, the traceback or what differs; ``""`` for a good outcome.
    """

    kind: str
    detail: str = ""


class Reader(ABC):
    """A reader of outside data, with a generator of inputs and an oracle.

    An input is the bytes of a file, or files by name.

    Args:
        folder: for the files of one case after the other.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    @abstractmethod
    def make(self, rng: random.Random) -> Any:
        """An input, valid or mutated."""

    @abstractmethod
    def judge(self, content: Any) -> Verdict:
        """What must become of an input; uses nothing of the project's readers."""

    @abstractmethod
    def read(self, content: Any) -> Any:
        """Have the project read an input and return its meaning."""


def outcome_of(reader: Reader, content: Any) -> Outcome:
    """Judge an input, have it read, and compare."""
    verdict = reader.judge(content)
    try:
        meaning = reader.read(content)
    except InputError as error:
        return _of_refusal(str(error), verdict)
    except KeyboardInterrupt:
        raise
    except BaseException:  # some libraries raise errors that derive from BaseException alone
        return Outcome(TRACEBACK, traceback.format_exc(limit=-6))
    if not verdict.may_be_read:
        return Outcome(WRONGLY_READ, verdict.reason)
    if verdict.meaning is not None and meaning != verdict.meaning:
        return Outcome(MISREAD, f"read {meaning!r:.1500}\nmeant {verdict.meaning!r:.1500}")
    return Outcome(READ)


def _of_refusal(message: str, verdict: Verdict) -> Outcome:
    if len(message) > LONGEST_MESSAGE or not message.isprintable():
        return Outcome(NOT_ONE_LINE, repr(message)[:1500])
    if not verdict.may_be_refused:
        return Outcome(WRONGLY_REFUSED, message)
    return Outcome(REFUSED)
