"""Files with a JSON object on each line (JSON Lines), as corpora of relations are published."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ..runtime.errors import InputError
from .lines import read_text_lines

_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")


def read_json_lines(path: Path | str) -> Iterator[tuple[str, dict[str, Any]]]:
    """The objects of a file, each with its place (``path:line``) for messages.

    Args:
        path: path of a file in UTF-8; empty lines are skipped, Windows line ends are accepted.

    Raises:
        InputError: the file is missing, not UTF-8, or a line is no JSON object: it repeats a key,
            has half of a surrogate pair, or a number that JSON does not have (NaN).
    """
    for number, line in enumerate(read_text_lines(path).split("\n"), start=1):
        if line.strip(" \t"):
            place = f"{path}:{number}"
            yield place, json_object(line, place)


def json_object(text: str, place: str) -> dict[str, Any]:
    """The JSON object in a text.

    Args:
        text: text of one object.
        place: file and line, for messages.

    Raises:
        InputError: as for ``read_json_lines``.
    """
    try:
        found = json.loads(text, object_pairs_hook=_without_repeats, parse_constant=_no_constant)
    except json.JSONDecodeError as error:
        raise InputError(f"{place}: not JSON ({error.msg}); correct the line") from None
    except (RecursionError, ValueError) as error:
        raise InputError(f"{place}: JSON that cannot be read ({error}); correct it") from None
    if not isinstance(found, dict):
        raise InputError(f"{place}: no JSON object ({{…}}); write one on each line")
    if "\\u" in text:
        try:
            json.dumps(found, ensure_ascii=False).encode()
        except UnicodeEncodeError:
            raise InputError(
                f"{place}: half of a surrogate pair in a string; correct the line"
            ) from None
    return found


def text_of(item: dict[str, Any], key: str, place: str) -> str:
    """The value of a key that must be a text that is not blank."""
    value = item.get(key)
    if not isinstance(value, str) or not value.strip():
        raise InputError(f"{place}: '{key}' is no text; correct the line")
    return value


def words_of(item: dict[str, Any], key: str, place: str) -> tuple[str, ...]:
    """The value of a key that must be a list of words.

    Raises:
        InputError: it is no list, empty, or a word is no text, blank, or has a control character.
    """
    words = item.get(key)
    if not isinstance(words, list) or not words:
        raise InputError(f"{place}: '{key}' is no list of words; correct the line")
    for position, word in enumerate(words):
        if not is_word(word):
            raise InputError(
                f"{place}: '{key}'[{position}] is no word ('{str(word)[:40]}'); write a text that "
                "is not blank and has no control characters"
            )
    return tuple(words)


def list_of(item: dict[str, Any], key: str, place: str) -> list[Any]:
    """The value of a key that must be a list."""
    value = item.get(key)
    if not isinstance(value, list):
        raise InputError(f"{place}: '{key}' is no list; correct the line")
    return value


def is_word(value: Any) -> bool:
    """Whether a value is a text that a line of a corpus can hold as one word."""
    return isinstance(value, str) and bool(value.strip()) and not _CONTROL.search(value)


def is_number(value: Any) -> bool:
    """Whether a value is an integer; ``true`` is none."""
    return isinstance(value, int) and not isinstance(value, bool)


def _without_repeats(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        keys = [key for key, _ in pairs]
        twice = next(key for key in keys if keys.count(key) > 1)
        raise ValueError(f"the key '{twice}' stands twice")
    return found


def _no_constant(name: str) -> Any:
    raise ValueError(f"{name} is no number of JSON")
