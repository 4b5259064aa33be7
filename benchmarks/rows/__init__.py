"""Rows of the table of benchmarks: what is compared, and how."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from ..measurement import Measurement, Pair, Target
from ..options import Options


def _nothing(_: Sequence[Pair]) -> str:
    return ""


@dataclass(frozen=True)
class Comparison:
    """The two sides of a row, ready to be measured.

    Attributes:
        own, other: measure a side; they take the number of the pair.
        bound: says what bounds this project's side, as measured.
        peer: name and version of the other side.
        note: what else to say of all pairs.
    """

    own: Callable[[int], Measurement]
    other: Callable[[int], Measurement]
    bound: Callable[[], str]
    peer: str
    note: Callable[[Sequence[Pair]], str] = _nothing


def _always(_: Options) -> str:
    return ""


@dataclass(frozen=True)
class Row:
    """A row.

    Attributes:
        key: its name on the command line.
        stage: what is measured.
        compared_with: the other side.
        target: what the ratio must reach.
        prepare: makes the data that both sides need.
        missing: why the row cannot be measured; empty if it can.
        long: whether it runs only when asked for.
        pairs: if not as many as the others.
    """

    key: str
    stage: str
    compared_with: str
    target: Target
    prepare: Callable[[Options], Comparison]
    missing: Callable[[Options], str] = _always
    long: bool = False
    pairs: int | None = None


def peer_missing(option: str) -> Callable[[Options], str]:
    """Says that a peer was not named.

    Args:
        option: its name on the command line, without dashes before it.
    """

    def missing(options: Options) -> str:
        named = getattr(options, option.replace("-", "_"))
        return "" if named else f"skipped: no peer, name it with --{option}"

    return missing
