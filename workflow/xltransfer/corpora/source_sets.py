"""Codes of corpora that a model is trained on together, such as ``en_ewt+fr_sequoia``.

The language of such a set is written in the same way: ``en+fr``.
"""

from __future__ import annotations

from collections.abc import Iterable

TOGETHER = "+"


def members(code: str) -> list[str]:
    """The corpora of a set, or the languages of its language; the code itself if it is no set."""
    return code.split(TOGETHER)


def together(codes: Iterable[str]) -> str:
    """The code of a set; repeated codes count once."""
    return TOGETHER.join(dict.fromkeys(codes))
