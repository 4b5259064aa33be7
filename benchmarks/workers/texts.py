"""Transliteration and tokenizer statistics of raw text, and the plain loops beside them."""

from __future__ import annotations

import cProfile
import pstats
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from uroman.uroman import DEFAULT_ROM_MAX_CACHE_SIZE, Uroman
from xltransfer.analyses.tokenizers.tokenizer_statistics import (
    CountingTokenizer,
    tokenizer_statistics,
)
from xltransfer.corpora.transliteration.loading import load_scheme
from xltransfer.runtime.files import sha256_of_file
from xltransfer.stages.count_pieces import raw_sentences
from xltransfer.stages.transliterate import transliterate

from benchmarks.shares import shares_of_time

from . import plain
from .plain import plain_table

LIBRARIES = {
    "uroman": ("uroman/", "'uroman."),
    "tokenizers": ("tokenizers/", "'tokenizers."),
    "regex": ("regex/", "'_regex."),
}
"""Other people's code: what its files and functions have in their names."""


def own_transliteration(arguments: dict[str, Any]) -> dict[str, Any]:
    """Transliterate a text; arguments ``text``, ``output``, ``scheme`` and ``schemes``."""
    _warm(arguments)
    started = time.perf_counter()
    _transliterate(arguments)
    return _transliterated(arguments, time.perf_counter() - started)


def plain_transliteration(arguments: dict[str, Any]) -> dict[str, Any]:
    """The same line by line: a table's letters searched in each, or uroman asked for each."""
    _warm(arguments)
    seconds = _loop(arguments, _plain(arguments["scheme"], Path(arguments["schemes"])))
    return _transliterated(arguments, seconds)


def remembering_uroman(arguments: dict[str, Any]) -> dict[str, Any]:
    """Line by line by a uroman that remembers words, as its own command does; counts nothing."""
    romaniser = Uroman(cache_size=DEFAULT_ROM_MAX_CACHE_SIZE)
    return _transliterated(arguments, _loop(arguments, romaniser.romanize_string))


def _loop(arguments: dict[str, Any], spell: Callable[[str], str]) -> float:
    """Seconds for writing a text, a line at a time."""
    started = time.perf_counter()
    with open(arguments["text"], encoding="utf-8") as lines, _writing(arguments) as output:
        output.writelines(map(spell, lines))
    return time.perf_counter() - started


def _plain(scheme: str, schemes: Path) -> Callable[[str], str]:
    if scheme == "uroman":
        return load_scheme(scheme, schemes, True).transliterate
    return plain_table(schemes / f"{scheme}.tsv")


def _writing(arguments: dict[str, Any]) -> Any:
    return open(arguments["output"], "w", encoding="utf-8")


def _warm(arguments: dict[str, Any]) -> None:
    """Load tables and libraries, which takes seconds."""
    load_scheme(arguments["scheme"], Path(arguments["schemes"]), True).transliterate("а")


def _transliterate(arguments: dict[str, Any]) -> None:
    paths = Path(arguments["text"]), Path(arguments["output"])
    transliterate(*paths, arguments["scheme"], Path(arguments["schemes"]))


def _transliterated(arguments: dict[str, Any], seconds: float) -> dict[str, Any]:
    result = sha256_of_file(arguments["output"])
    return {"seconds": seconds, "work": _megabytes(arguments), "facts": {"result": result}}


def _megabytes(arguments: dict[str, Any]) -> float:
    return Path(arguments["text"]).stat().st_size / 1e6


def own_statistics(arguments: dict[str, Any]) -> dict[str, Any]:
    """Statistics of a tokenizer on a text; arguments ``text``, ``output`` and ``encoder``."""
    started = time.perf_counter()
    found = _count(arguments)
    return _counted(arguments, time.perf_counter() - started, found)


def _count(arguments: dict[str, Any]) -> dict[str, float]:
    sentences = raw_sentences(Path(arguments["text"]))
    return tokenizer_statistics(sentences, CountingTokenizer(Path(arguments["encoder"])))


def plain_statistics(arguments: dict[str, Any]) -> dict[str, Any]:
    """The same numbers, of one line after the other."""
    started = time.perf_counter()
    sentences = raw_sentences(Path(arguments["text"]))
    found = plain.plain_statistics(sentences, Path(arguments["encoder"]), "[UNK]")
    return _counted(arguments, time.perf_counter() - started, found)


def _counted(arguments: dict[str, Any], seconds: float, found: dict[str, float]) -> dict[str, Any]:
    numbers = {name: round(float(value), 9) for name, value in found.items()}
    return {"seconds": seconds, "work": _megabytes(arguments), "facts": {"result": numbers}}


def transliteration_bound(arguments: dict[str, Any]) -> dict[str, Any]:
    """The share of the time within other packages."""
    _warm(arguments)
    return _shares(partial(_transliterate, arguments))


def statistics_bound(arguments: dict[str, Any]) -> dict[str, Any]:
    """The share of the time within other packages."""
    return _shares(partial(_count, arguments))


def _shares(compute: Callable[[], None]) -> dict[str, Any]:
    """Where the processor is, by the profiler: a package's code, or everything else."""
    profiler = cProfile.Profile()
    profiler.runcall(compute)
    return {"work": 1, "facts": {"bound": shares_of_time(pstats.Stats(profiler), LIBRARIES)}}
