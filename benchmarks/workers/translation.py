"""Word translation by CSLS between large vocabularies."""

from __future__ import annotations

import time
from typing import Any

import numpy as np
import torch
from xltransfer.embeddings.csls import nearest_by_csls, unit
from xltransfer.embeddings.few_queries import nearest_by_csls_of_few

NEAREST = 10


def spaces(words: int, dimensions: int) -> tuple[np.ndarray, np.ndarray]:
    """Unit vectors in clusters, and the same with noise: a good map between two languages."""
    draws = np.random.default_rng(1)
    centres = draws.standard_normal((2000, dimensions), dtype=np.float32)
    source = draws.standard_normal((words, dimensions), dtype=np.float32)
    source += 0.6 * centres[draws.integers(0, len(centres), words)]
    source = unit(source)
    noise = draws.standard_normal((words, dimensions), dtype=np.float32)
    return source, unit(source + 0.035 * noise)


def of_few(arguments: dict[str, Any]) -> dict[str, Any]:
    """Translate some words as the stage ``translate_words`` does.

    Args:
        arguments: ``words`` and ``dimensions`` of both vocabularies, number of ``queries``, and
            ``threads``.
    """
    return _translate(arguments, nearest_by_csls_of_few)


def of_all(arguments: dict[str, Any]) -> dict[str, Any]:
    """Translate them with r of every target word; arguments as for ``of_few``."""
    return _translate(arguments, nearest_by_csls)


def _translate(arguments: dict[str, Any], search: Any) -> dict[str, Any]:
    torch.set_num_threads(arguments["threads"])
    source, target = spaces(arguments["words"], arguments["dimensions"])
    places = np.linspace(0, len(source) - 1, arguments["queries"]).astype(np.int64)
    started = time.perf_counter()
    _, found = search(source[places], source, target, NEAREST)
    seconds = time.perf_counter() - started
    right = float((found[:, 0] == places).mean())
    facts = {"right": right, "found": int(found.sum())}
    return {"seconds": seconds, "work": len(places), "facts": facts}
