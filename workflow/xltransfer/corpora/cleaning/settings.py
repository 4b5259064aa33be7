"""Validated settings of cleaning."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any

from ...runtime.errors import InputError
from .identification import SETTINGS
from .scripts import is_script

LOWEST_SIMILARITY = 0.5
"""Minimum; below it too many lines share a band to find near-duplicates in bounded memory."""


@dataclass(frozen=True)
class Settings:
    """Settings of the cleaning of a corpus.

    Attributes:
        language: ISO 639-3 code of the language to keep.
        script: ISO 15924 code of its script.
        minimum_characters, maximum_characters: limits of the length of a line, inclusive.
        script_share: minimum share of letters of the script; letters without a specific script
            (modifier letters) do not count.
        identifier: setting one of ``SETTINGS``, or the path of a fastText model.
        near_duplicates: setting ``None``, or ``{"similarity": s}``: lines whose Jaccard similarity
            to an earlier line is at least about s are dropped.
        held_out_share: share of held-out lines, chosen by a hash of their content.
        split_sentences: whether lines are paragraphs that must be split.
        maximum_lines: maximum number of lines to keep; ``None`` for all.
        keep_evaluation_sentences: whether to keep lines with development or test sentences.
    """

    language: str
    script: str
    minimum_characters: int
    maximum_characters: int
    script_share: float
    identifier: str
    near_duplicates: Mapping[str, float] | None
    held_out_share: float
    split_sentences: bool
    maximum_lines: int | None
    keep_evaluation_sentences: bool

    @classmethod
    def from_json(cls, config: Any) -> Settings:
        """Settings from a configuration with all keys.

        Raises:
            InputError: a key is missing or unknown, or its value is invalid.
        """
        return cls(**_checked(config, [item.name for item in fields(cls)]))


@dataclass(frozen=True)
class PairSettings:
    """Settings of the cleaning of a parallel corpus.

    Attributes:
        minimum_characters, maximum_characters: limits of the length of both texts of a pair,
            inclusive.
        held_out_share, test_share: shares of held-out and of test pairs, chosen by a hash of their
            identifiers; for a part that a corpus publishes, the published one is used instead.
        maximum_pairs: maximum number of pairs to keep of the training part; ``None`` for all.
        keep_evaluation_sentences: whether to keep pairs with development or test sentences.
    """

    minimum_characters: int
    maximum_characters: int
    held_out_share: float
    test_share: float
    maximum_pairs: int | None
    keep_evaluation_sentences: bool

    @classmethod
    def from_json(cls, config: Mapping[str, Any]) -> PairSettings:
        """Settings from a configuration that has these keys, among others.

        Raises:
            InputError: a key is missing, or its value is invalid.
        """
        names = [item.name for item in fields(cls)]
        own = {name: config[name] for name in names if name in config}
        settings = cls(**_checked(own, names))
        if settings.held_out_share + settings.test_share >= 1:
            raise InputError("--config: held_out_share and test_share leave no pair to train on")
        return settings


def _checked(config: Any, names: Sequence[str]) -> dict[str, Any]:
    """A configuration with exactly these keys, all of them valid."""
    if not isinstance(config, dict):
        raise InputError("--config: not a JSON object with the keys of cleaning")
    for name in names:
        if name not in config:
            raise InputError(f"--config: key '{name}' is missing")
    for name, value in config.items():
        if name not in names:
            raise InputError(f"--config: unknown key '{name}'; keys are {', '.join(names)}")
        wanted, holds = _RULES[name]
        if not holds(value):
            raise InputError(f"--config: {name} is {value!r}; it must be {wanted}")
    if config["minimum_characters"] > config["maximum_characters"]:
        raise InputError("--config: minimum_characters is above maximum_characters")
    return config


def _is_count(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 1


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _is_near(value: Any) -> bool:
    if value is None:
        return True
    if not isinstance(value, dict) or set(value) != {"similarity"}:
        return False
    similarity = value["similarity"]
    return _is_number(similarity) and LOWEST_SIMILARITY <= similarity <= 1


_LENGTH = ("a whole number from 1", _is_count)
_LIMIT = ("null or a whole number from 1", lambda value: value is None or _is_count(value))
_SHARE = ("at least 0 and below 1", lambda value: _is_number(value) and 0 <= value < 1)
_SWITCH = ("true or false", lambda value: isinstance(value, bool))
_RULES: dict[str, tuple[str, Callable[[Any], bool]]] = {
    "language": (
        "an ISO 639-3 code, three small letters",
        lambda value: isinstance(value, str) and re.fullmatch("[a-z]{3}", value) is not None,
    ),
    "script": (
        "an ISO 15924 code that Unicode knows, like Latn",
        lambda value: isinstance(value, str) and is_script(value),
    ),
    "minimum_characters": _LENGTH,
    "maximum_characters": _LENGTH,
    "script_share": ("from 0 to 1", lambda value: _is_number(value) and 0 <= value <= 1),
    "identifier": (
        f"{', '.join(SETTINGS)} or the path of a fastText model",
        lambda value: isinstance(value, str) and value != "",
    ),
    "near_duplicates": (
        f"null or {{similarity: s}} with s from {LOWEST_SIMILARITY} to 1",
        _is_near,
    ),
    "held_out_share": _SHARE,
    "test_share": _SHARE,
    "maximum_pairs": _LIMIT,
    "split_sentences": _SWITCH,
    "keep_evaluation_sentences": _SWITCH,
    "maximum_lines": _LIMIT,
}
