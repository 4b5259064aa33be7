"""A first check of the configuration for values that no study needs."""

from __future__ import annotations

import math
import re
from typing import Any

from ..runtime.errors import InputError

LARGEST = 2**53
"""Largest integer that programs with floating-point numbers represent exactly."""
DEEPEST = 20
"""Maximum nesting of mappings and lists; the schema has seven levels."""
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")


def check_plain(value: Any, key: str = "", depth: int = 0) -> None:
    """Raise an error for values that JSON cannot represent, or that would fail in later stages.

    Args:
        value: configuration, or a part of it.
        key: dotted path of the value.
        depth: nesting depth of the value.

    Raises:
        InputError: a key is not a string; a string has control characters; a number is not finite
            or an integer beyond ``LARGEST``; a value has another type than these, ``null``,
            booleans, mappings and lists; or the nesting exceeds ``DEEPEST``.
    """
    if isinstance(value, dict):
        for name, part in value.items():
            if not isinstance(name, str):
                raise InputError(_message(key, f"the key {name!r:.60} is no text; quote it"))
            _check_text(name, key)
            check_plain(part, f"{key}.{name}" if key else name, _deeper(key, depth))
    elif isinstance(value, list):
        for place, part in enumerate(value):
            check_plain(part, f"{key}.{place}", _deeper(key, depth))
    elif isinstance(value, str):
        _check_text(value, key)
    elif isinstance(value, bool) or value is None:
        pass
    elif not isinstance(value, int | float):
        raise InputError(_message(key, f"a value of type {type(value).__name__}; quote it"))
    elif isinstance(value, float) and not math.isfinite(value):
        raise InputError(_message(key, f"{value} is no number; write a finite one"))
    elif isinstance(value, int) and abs(value) > LARGEST:
        raise InputError(_message(key, f"an integer beyond {LARGEST}; write a smaller one"))


def _check_text(text: str, key: str) -> None:
    if found := _CONTROL.search(text):
        shown = f"'{text[:60]}' has the control character '{found[0]}'; remove it"
        raise InputError(_message(key, shown))


def _deeper(key: str, depth: int) -> int:
    if depth >= DEEPEST:
        raise InputError(_message(key[:100], f"more than {DEEPEST} levels are nested"))
    return depth + 1


def _message(key: str, problem: str) -> str:
    return f"config: {key}: {problem}" if key else f"config: {problem}"
