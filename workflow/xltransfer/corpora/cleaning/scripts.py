"""The share of letters of a script in a line."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from functools import cache

import numpy as np
import regex

_COMPOSITE = {
    "Jpan": ("Hani", "Hira", "Kana"),
    "Kore": ("Hang", "Hani"),
    "Hans": ("Hani",),
    "Hant": ("Hani",),
    "Hanb": ("Hani", "Bopo"),
    "Hrkt": ("Hira", "Kana"),
}
"""ISO 15924 codes for several scripts of Unicode, or for a variant of one."""
OTHER, OWN, NO_LETTER = 0, 1, 2


def is_script(code: str) -> bool:
    """Whether an ISO 15924 code is a script that Unicode assigns to letters."""
    if code in _COMPOSITE:
        return True
    if not regex.fullmatch("[A-Z][a-z]{3}", code) or code in ("Zyyy", "Zinh", "Zzzz"):
        return False
    try:
        regex.compile(rf"\p{{Script={code}}}")
    except regex.error:
        return False
    return True


def script_shares(lines: Sequence[str], script: str) -> np.ndarray:
    """Share of letters of a script, per line.

    Letters are characters of the Unicode categories L and M that belong to one script; modifier
    letters and marks shared by many scripts (Script=Common, Inherited) are ignored in numerator and
    denominator.

    Args:
        lines: lines without line ends.
        script: ISO 15924 code.

    Returns:
        A float per line; NaN for a line without letters.
    """
    if not lines:
        return np.empty(0)
    # The line end after each line separates the boundaries of empty lines from the next line.
    points = np.frombuffer(("\n".join(lines) + "\n").encode("utf-32-le"), dtype=np.uint32)
    classes = _classes(script)[points]
    lengths = np.fromiter(map(len, lines), dtype=np.int64, count=len(lines)) + 1
    starts = np.concatenate([[0], np.cumsum(lengths)[:-1]])
    own = np.add.reduceat((classes == OWN).astype(np.int32), starts)
    other = np.add.reduceat((classes == OTHER).astype(np.int32), starts)
    letters = own + other
    return np.divide(own, letters, out=np.full(len(lines), np.nan), where=letters > 0)


@cache
def _classes(script: str) -> np.ndarray:
    """Class of every code point: letter of the script, other letter, or no letter."""
    # Surrogates are not characters; a non-letter replaces them.
    everything = "".join(
        " " if 0xD800 <= point < 0xE000 else chr(point) for point in range(sys.maxunicode + 1)
    )
    classes = np.full(len(everything), NO_LETTER, dtype=np.uint8)
    names = "".join(rf"\p{{Script={name}}}" for name in _COMPOSITE.get(script, (script,)))
    letters = r"[[\p{L}\p{M}]--[\p{Script=Common}\p{Script=Inherited}]]+"
    for pattern, value in ((letters, OTHER), (rf"[[\p{{L}}\p{{M}}]&&[{names}]]+", OWN)):
        for match in regex.finditer(pattern, everything, flags=regex.VERSION1):
            classes[match.start() : match.end()] = value
    return classes
