"""User-correctable errors."""

from __future__ import annotations

import re

LONGEST = 2000
"""Characters of a message; longer ones quote something that nobody reads to its end."""
_UNPRINTABLE = re.compile(r"[^ -~]")


class InputError(Exception):
    """Something the user gave cannot be used; the message is one line: what, where, and remedy.

    Messages quote values of files from anywhere, so that control characters, line separators and
    everything else without a printable form is escaped here.
    """

    def __init__(self, message: str) -> None:
        super().__init__(one_line(message))


class DivergedError(InputError):
    """A model computes something that is not a number."""


def one_line(text: str) -> str:
    """Text as one printable line of at most ``LONGEST`` characters.

    What is not printable to Python (control and format characters, line separators, spaces other
    than U+0020, lone surrogates) is written as in its string literals; of longer text the middle is
    left out, for a message begins with the place and ends with the remedy.
    """
    if len(text) > LONGEST:
        text = f"{text[: LONGEST // 2]} … {text[-LONGEST // 4 :]}"
    shown = _UNPRINTABLE.sub(lambda match: _escaped(match[0]), text)
    return shown if len(shown) <= LONGEST else f"{shown[: LONGEST // 2]} … {shown[-LONGEST // 4 :]}"


def _escaped(character: str) -> str:
    return character if character.isprintable() else repr(character)[1:-1]
