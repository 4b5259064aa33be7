"""The grid of ablations on one GPU: one model after the other, several at once, or as one batch."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from ..measurement import FailedError, Measurement
from ..rows.parsing import PARSER
from .checks import Check, Found, Setting


def _arguments(setting: Setting) -> dict[str, Any]:
    return {
        "encoder": str(setting.encoder("mbert")),
        "vocabulary": setting.size.encoders["mbert"]["vocab_size"],
        "sizes": {"arc": PARSER["arc_units"], "relation": PARSER["relation_units"]},
        "batch": list(setting.size.grid_batch),
        "steps": setting.size.grid_steps,
    }


def _rate(measured: Measurement) -> float:
    """Steps of a model per second."""
    return measured.work / measured.seconds


def _side_by_side(setting: Setting, count: int) -> float:
    """Steps a second of all processes that share the GPU."""
    folder = setting.work / "grid" / f"meet-{count}"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)

    def one(number: int) -> Measurement:
        meet = [str(folder), number, count]
        return setting.measure("grid:single", f"grid/{number}", **_arguments(setting), meet=meet)

    with ThreadPoolExecutor(count) as pool:
        return sum(map(_rate, pool.map(one, range(count))))


def grid(setting: Setting) -> Found:
    """Steps a second of a grid's models in several ways, as multiples of one after the other."""
    alone = _rate(setting.measure("grid:single", "grid/alone", **_arguments(setting)))
    ways: dict[str, Callable[[], float]] = {}
    for count in setting.size.grid_models:
        ways[f"{count} processes"] = lambda count=count: _side_by_side(setting, count)
        ways[f"{count} as one batch of models"] = lambda count=count: _rate(
            setting.measure("grid:stacked", "grid/stacked", **_arguments(setting), models=count)
        )
    if setting.on_gpu:
        ways["one, its steps captured as a graph"] = lambda: _rate(
            setting.measure("grid:graphed", "grid/graphed", **_arguments(setting))
        )
    rates, failed = {}, []
    for name, measure in ways.items():
        try:
            rates[name] = measure()
        except FailedError as error:
            failed.append(f"{name}: {error}".replace(str(setting.work), "work"))
    best = max(rates, key=lambda name: rates[name])
    ratio = rates[best] / alone
    remarks = [f"{name} {rate / alone:.2f} ×" for name, rate in rates.items()]
    return Found(
        f"{best}: {ratio:.2f} × one process after the other",
        "≥ 3 ×",
        ratio >= 3,
        f"one after the other {alone:.1f} steps/s; " + "; ".join([*remarks, *failed]),
        {"alone": alone, **rates},
    )


CHECKS = [Check("grid", "an ablation grid, multilingual BERT's size", grid, 180)]
