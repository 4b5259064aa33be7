"""User-correctable errors."""

from __future__ import annotations

import re

LONGEST = 2000
"""Maximum length of a message in characters."""
_UNPRINTABLE = re.compile(r"[^ -~]")


class InputError(Exception):
    """An error that the user can fix; the message is one line: what, where, and remedy.

    Messages quote values of untrusted files, so control characters, line separators and other
    unprintable characters are escaped here.
    """

    def __init__(self, message: str) -> None:
        super().__init__(one_line(message))


class DivergedError(InputError):
    """A model computes NaN or infinity."""


def one_line(text: str) -> str:
    """Text as one printable line of at most ``LONGEST`` characters.

    Characters that Python calls unprintable (control and format characters, line separators, spaces
    other than U+0020, lone surrogates) are escaped as in string literals. Longer text is cut in the
    middle, because a message begins with the place and ends with the remedy.
    """
    if len(text) > LONGEST:
        text = f"{text[: LONGEST // 2]} … {text[-LONGEST // 4 :]}"
    shown = _UNPRINTABLE.sub(lambda match: _escaped(match[0]), text)
    return shown if len(shown) <= LONGEST else f"{shown[: LONGEST // 2]} … {shown[-LONGEST // 4 :]}"


def _escaped(character: str) -> str:
    return character if character.isprintable() else repr(character)[1:-1]
