"""The row about word translation by CSLS."""

from __future__ import annotations

from collections.abc import Sequence

from ..measurement import Pair, Target, call_worker
from ..options import Options
from . import Comparison, Row

SIZES = {"words": 200_000, "dimensions": 300, "queries": 1500}


def _prepare(options: Options) -> Comparison:
    arguments = {**SIZES, "threads": options.threads}
    return Comparison(
        own=lambda _: call_worker(options, "translation:of_few", arguments),
        other=lambda _: call_worker(options, "translation:of_all", arguments),
        bound=lambda: "bound by products of matrices",
        peer="r of every target word",
        note=_note,
    )


def _note(pairs: Sequence[Pair]) -> str:
    own, other = pairs[0]
    same = own.facts["found"] == other.facts["found"]
    return (
        f"{SIZES['queries']} words among {SIZES['words']:,} of {SIZES['dimensions']} dimensions; "
        f"{'the same' if same else 'other'} neighbours; {own.seconds:.0f} s and "
        f"{own.peak_bytes / 1e9:.1f} GB against {other.seconds:.0f} s"
    )


ROWS = [
    Row(
        "csls",
        "word translation by CSLS",
        "r of every target word",
        Target(2, at_least=True),
        _prepare,
        long=True,
        pairs=1,
    )
]
