"""The grid of ablations on one GPU: one model after the other, several at once, or as one batch."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from typing import Any

from xltransfer.runtime.gpus import SHARED_BY

from ..measurement import LAST_LINES, FailedError, Measurement
from ..options import ROOT
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


def _at_once(setting: Setting, count: int) -> float:
    """Steps a second of all processes that share the GPU.

    Raises:
        FailedError: one of them failed.
    """
    folder = setting.work / "grid" / f"processes-{count}"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    started = time.perf_counter()
    processes = []
    for number in range(count):
        given = {**_arguments(setting), "threads": 1, "meet": [str(folder), number, count]}
        command = [
            sys.executable, "-m", "benchmarks.worker", "grid:single", json.dumps(given),
            str(folder / f"{number}.json"),
        ]  # fmt: skip
        # The process that measures has a place on the GPU, too.
        environment = setting.environment(**{SHARED_BY: str(count + 1)})
        with open(folder / f"{number}.log", "wb") as log:
            processes.append(
                subprocess.Popen(command, stdout=log, stderr=log, cwd=ROOT, env=environment)
            )
    for number, process in enumerate(processes):
        if process.wait():
            lines = (folder / f"{number}.log").read_text(errors="replace").strip().splitlines()
            raise FailedError(" / ".join(lines[-LAST_LINES:]))
    found = [json.loads((folder / f"{number}.json").read_text()) for number in range(count)]
    rate = sum(one["work"] / one["seconds"] for one in found)
    together = Measurement(1 / rate, 1, 0, {"processes": count})
    setting.note("grid:single", together, {}, time.perf_counter() - started)
    return rate


def grid(setting: Setting) -> Found:
    """Steps a second of a grid's models in several ways, as multiples of one after the other."""
    arguments = _arguments(setting)
    alone = _rate(setting.measure("grid:single", **arguments))
    ways: dict[str, Callable[[], float]] = {}
    if setting.on_gpu:
        ways["one, its steps captured as a graph"] = lambda: _rate(
            setting.measure("grid:graphed", **arguments)
        )
    for count in setting.size.grid_models:
        ways[f"{count} as one batch of models"] = lambda count=count: _rate(
            setting.measure("grid:stacked", **arguments, models=count)
        )
        ways[f"{count} processes"] = lambda count=count: _at_once(setting, count)
    rates, failed = {}, []
    for name, measure in ways.items():
        try:
            rates[name] = measure()
        except (FailedError, RuntimeError) as error:
            reason = " ".join(str(error).split())[:200]
            failed.append(f"{name} failed: {reason}".replace(str(setting.work), "work"))
    if not rates:
        raise FailedError("; ".join(failed))
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


CHECKS = [Check("grid", "an ablation grid, multilingual BERT's size", grid, 150)]
