"""The row about CoNLL-U."""

from __future__ import annotations

import importlib.util
from collections.abc import Sequence
from importlib import metadata

from ..measurement import Pair, Target, call_worker
from ..options import Options
from . import Comparison, Row


def _prepare(options: Options) -> Comparison:
    treebank = options.treebank("UD_English-EWT", "en_ewt-ud-train.conllu")
    own = {"treebank": str(treebank), "output": str(options.work / "data" / "own.conllu")}
    other = {**own, "output": str(options.work / "data" / "other.conllu")}
    (options.work / "data").mkdir(parents=True, exist_ok=True)
    return Comparison(
        own=lambda _: call_worker(options, "conllu:own", own),
        other=lambda _: call_worker(options, "conllu:library", other),
        bound=lambda: call_worker(options, "conllu:bound", own).facts["bound"],
        peer=f"conllu {metadata.version('conllu')}",
        note=_note,
    )


def _note(pairs: Sequence[Pair]) -> str:
    own, other = pairs[0]
    trees = "equal" if own.facts["trees"] == other.facts["trees"] else "DIFFERENT"
    written = ["equal to" if side.facts["same_file"] else "not" for side in (own, other)]
    rate = own.work / own.seconds
    return (
        f"{rate:.0f} MB/s; trees {trees}; the file written is {written[0]} the file read, "
        f"the library's is {written[1]}"
    )


def _missing(_: Options) -> str:
    found = importlib.util.find_spec("conllu")
    return "" if found else "skipped: no peer, pip install conllu"


ROWS = [
    Row(
        "conllu",
        "reading and writing CoNLL-U, MB/s",
        "conllu",
        Target(5, at_least=True),
        _prepare,
        _missing,
    )
]
