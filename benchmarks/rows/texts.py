"""Rows about raw text."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial

from .. import data
from ..measurement import Measurement, Pair, Target, call_worker
from ..options import ROOT, Options
from . import Comparison, Row

PEER = "the plain loop over lines"


def _transliteration(scheme: str, language: str, options: Options) -> Comparison:
    own = {
        "text": str(data.verse_lines(options, language)),
        "output": str(options.work / "data" / f"{language}-own.txt"),
        "scheme": scheme,
        "schemes": str(ROOT / "resources" / "transliteration"),
    }
    arguments = {**own, "output": str(options.work / "data" / f"{language}-other.txt")}

    def other(_: int) -> Measurement:
        found = call_worker(options, "texts:plain_transliteration", arguments)
        if scheme != "uroman":
            return found
        third = call_worker(options, "texts:remembering_uroman", arguments)
        return replace(found, facts={**found.facts, "remembering": third.seconds})

    return Comparison(
        own=lambda _: call_worker(options, "texts:own_transliteration", own),
        other=other,
        bound=lambda: call_worker(options, "texts:transliteration_bound", own).facts["bound"],
        peer=PEER,
        note=_note,
    )


def _note(pairs: Sequence[Pair]) -> str:
    own, other = pairs[0]
    expected = other.facts["result"]
    found = own.facts["result"]
    # The plain loop counts some numbers fewer.
    if isinstance(expected, dict):
        found = {name: found[name] for name in expected}
    equal = found == expected
    note = f"{own.work / own.seconds:.1f} MB/s; results {'equal' if equal else 'differ'}"
    if "remembering" in other.facts:
        times = statistics.median(other.facts["remembering"] / own.seconds for own, other in pairs)
        note += (
            f"; a loop for which uroman remembers words takes {times:.2f} × as long as this side"
        )
    return note


def _statistics(options: Options) -> Comparison:
    arguments = {
        "text": str(data.all_verses(options)),
        "encoder": str(options.encoder_directory()),
    }
    return Comparison(
        own=lambda _: call_worker(options, "texts:own_statistics", arguments),
        other=lambda _: call_worker(options, "texts:plain_statistics", arguments),
        bound=lambda: call_worker(options, "texts:statistics_bound", arguments).facts["bound"],
        peer=PEER,
        note=_note,
    )


def _row(key: str, stage: str, measure: Callable[[Options], Comparison]) -> Row:
    return Row(key, f"{stage}, MB/s", PEER, Target(5, at_least=True), measure)


ROWS = [
    _row(
        "transliteration-table",
        "transliteration by a table",
        partial(_transliteration, "cyrillic-iso9", "ukr"),
    ),
    _row(
        "transliteration-uroman",
        "transliteration by uroman",
        partial(_transliteration, "uroman", "hye"),
    ),
    _row("tokenizer-statistics", "tokenizer statistics", _statistics),
]
