"""Transliteration and tokenizer statistics of raw text, and the plain loops beside them."""

from __future__ import annotations

import cProfile
import pstats
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from tokenizers import Tokenizer
from xltransfer.files import sha256_of_file
from xltransfer.tokenizer_statistics import count
from xltransfer.transliterate import transliterate
from xltransfer.transliteration.loading import load_scheme

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
    """The same line by line: uroman itself, or the scheme itself where there is no library."""
    spell = _warm(arguments)
    started = time.perf_counter()
    with open(arguments["text"], encoding="utf-8") as lines, _writing(arguments) as output:
        for line in lines:
            output.write(spell(line.rstrip("\n")) + "\n")
    return _transliterated(arguments, time.perf_counter() - started)


def _writing(arguments: dict[str, Any]) -> Any:
    return open(arguments["output"], "w", encoding="utf-8")


def _warm(arguments: dict[str, Any]) -> Callable[[str], str]:
    """Load tables and libraries, which takes seconds; what spells a line."""
    if arguments["scheme"] == "uroman":
        from xltransfer.transliteration.universal import _loaded

        romaniser, _ = _loaded()
        return romaniser.romanize_string
    return load_scheme(arguments["scheme"], Path(arguments["schemes"]), True).transliterate


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
    _count(arguments)
    return {"seconds": time.perf_counter() - started, "work": _megabytes(arguments)}


def _count(arguments: dict[str, Any]) -> None:
    paths = (Path(arguments[key]) for key in ("encoder", "text"))
    count(*paths, {}, Path(arguments["output"]))


def plain_statistics(arguments: dict[str, Any]) -> dict[str, Any]:
    """Pieces, unknown pieces and words kept whole, of one line after the other."""
    started = time.perf_counter()
    tokenizer = Tokenizer.from_file(str(Path(arguments["encoder"]) / "tokenizer.json"))
    tokenizer.no_truncation()
    tokenizer.no_padding()
    unknown = tokenizer.token_to_id("[UNK]")
    pieces = unknown_pieces = whole = 0
    with open(arguments["text"], encoding="utf-8") as lines:
        for line in lines:
            words = line.split()
            encoding = tokenizer.encode(words, is_pretokenized=True, add_special_tokens=False)
            pieces += len(encoding.ids)
            unknown_pieces += encoding.ids.count(unknown)
            owners = encoding.word_ids
            whole += sum(owners.count(word) == 1 for word in range(len(words)))
    seconds = time.perf_counter() - started
    return {"seconds": seconds, "work": _megabytes(arguments), "facts": {"pieces": pieces}}


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
    seconds = dict.fromkeys([*LIBRARIES, "Python"], 0.0)
    for (file, _, name), row in pstats.Stats(profiler).stats.items():
        owners = (
            library
            for library, marks in LIBRARIES.items()
            if any(mark in file or mark in name for mark in marks)
        )
        seconds[next(owners, "Python")] += row[2]
    total = sum(seconds.values())
    largest = max(seconds, key=lambda owner: seconds[owner])
    shares = ", ".join(f"{owner} {spent / total:.0%}" for owner, spent in seconds.items())
    return {"work": 1, "facts": {"bound": f"bound by {largest}: of the time {shares}"}}
