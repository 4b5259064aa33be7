"""What a check is, and what it is given."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from xltransfer.runtime.gpus import VISIBLE

from ..measurement import Measurement, call_worker
from ..options import Options
from .material import write_encoder, write_treebank
from .sizes import Size

SEED = 1


class CheckFailedError(Exception):
    """What a check must show is not so; the message is one line."""


@dataclass(frozen=True)
class Setting:
    """What a check is given.

    Attributes:
        size: how much to do.
        on_gpu: whether on a GPU; otherwise on the processor.
        work: folder for what it makes, which others may have filled.
        threads: of a process.
        cores: of the machine.
    """

    size: Size
    on_gpu: bool
    work: Path
    threads: int
    cores: int

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

    def measure(self, function: str, name: str, **arguments: Any) -> Measurement:
        """Call a function of ``benchmarks.workers`` in a process of its own.

        Args:
            function: ``module:function``.
            name: of the folder that it works in.
            arguments: besides ``threads`` and ``folder``.
        """
        folder = self.work / name
        folder.mkdir(parents=True, exist_ok=True)
        options = Options(folder, 1, self.threads, Path(), None)
        given = {"threads": self.threads, "folder": str(folder), **arguments}
        return call_worker(options, function, given)

    def environment(self, **more: str) -> dict[str, str]:
        """Of a process: it sees the GPUs that this one sees, or none."""
        found = {**os.environ, **more}
        if not self.on_gpu:
            found[VISIBLE] = ""
        return found


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
        run: does it.
        seconds: after which it is ended.
    """

    key: str
    what: str
    run: Callable[[Setting], Found]
    seconds: int
