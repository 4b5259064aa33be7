"""What a check is, and what it is given."""

from __future__ import annotations

import importlib
import json
import os
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from xltransfer.runtime.gpus import VISIBLE

from ..measurement import Measurement
from .material import write_encoder, write_treebank
from .sizes import Size

SEED = 1


@dataclass(frozen=True)
class Setting:
    """What a check is given.

    Attributes:
        size: how much to do.
        on_gpu: whether on a GPU; otherwise on the processor.
        work: folder for what it makes, which others may have filled.
        threads: of a process.
        cores: of the machine.
        measured: file that gets a line for each measurement, which thus outlives a check that is
            ended.
    """

    size: Size
    on_gpu: bool
    work: Path
    threads: int
    cores: int
    measured: Path

    def encoder(self, name: str) -> Path:
        """The directory of an encoder, made if it is not there."""
        directory = self.work / "encoders" / name
        if not directory.exists():
            write_encoder(directory, self.size.encoders[name])
        return directory

    def treebank(self, name: str, sentences: int, seed: int = SEED) -> Path:
        """A treebank of the words of all encoders' vocabularies, made if it is not there."""
        path = self.work / "treebanks" / f"{name}.conllu"
        if not path.exists():
            smallest = min(c["vocab_size"] for c in self.size.encoders.values())
            write_treebank(path, sentences, smallest, seed)
        return path

    def measure(self, function: str, **arguments: Any) -> Measurement:
        """Call a function of ``benchmarks.workers`` in this process.

        Args:
            function: ``module:function``.
            arguments: besides ``threads`` and ``folder``.
        """
        module, _, name = function.partition(":")
        call = getattr(importlib.import_module(f"benchmarks.workers.{module}"), name)
        folder = self.work / "workers"
        folder.mkdir(parents=True, exist_ok=True)
        if self.on_gpu:
            torch.cuda.empty_cache()
            torch.cuda.reset_peak_memory_stats()
        started = time.perf_counter()
        result = call({"threads": self.threads, "folder": str(folder), **arguments})
        seconds = time.perf_counter() - started
        found = Measurement(result["seconds"], result["work"], 0, result.get("facts", {}))
        self.note(function, found, arguments, seconds)
        return found

    def note(
        self, function: str, found: Measurement, arguments: dict[str, Any], whole: float
    ) -> None:
        """Write a measurement down.

        Args:
            function: that was measured.
            found: by it.
            arguments: of the function.
            whole: seconds of the call with what is not timed.
        """
        line = {
            "function": function,
            "arguments": {key: _short(value) for key, value in arguments.items()},
            "seconds": found.seconds,
            "work": found.work,
            "facts": dict(found.facts),
            "whole": whole,
        }
        with open(self.measured, "a", encoding="utf-8") as file:
            file.write(json.dumps(line, default=float) + "\n")

    def environment(self, **more: str) -> dict[str, str]:
        """Of a process: it sees the GPUs that this one sees, or none."""
        found = {**os.environ, **more}
        if not self.on_gpu:
            found[VISIBLE] = ""
        return found


def _short(value: Any) -> Any:
    """An argument without the folders of this machine."""
    if isinstance(value, str):
        return Path(value).name
    if isinstance(value, dict):
        return {key: _short(item) for key, item in value.items()}
    return len(value) if isinstance(value, list) else value


@dataclass(frozen=True)
class Found:
    """What a check found.

    Attributes:
        result: the cell of the table, a few words.
        target: what it must be; empty if nothing was set.
        reached: whether it is.
        remark: what else was seen, in a sentence.
        figures: all numbers.
    """

    result: str
    target: str = ""
    reached: bool = True
    remark: str = ""
    figures: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Check:
    """A check.

    Attributes:
        key: its name on the command line.
        what: is checked or measured.
        run: does it; raises ``FailedError`` if what it must show is not so.
        seconds: after which it is ended.
    """

    key: str
    what: str
    run: Callable[[Setting], Found]
    seconds: int
