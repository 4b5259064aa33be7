"""Running cases in processes of their own, which may crash or hang."""

from __future__ import annotations

import importlib
import multiprocessing
import os
import random
import resource
import signal
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path

from .cases import CRASH, HANG, Outcome, outcome_of

SECONDS = 2
"""Of processor time, after which a case counts as a hang: other processes do not matter then."""
DEADLINE = 300
"""Seconds without an answer after which a case counts as a hang, whatever it waits for, and after
which a process counts as one that does not start."""
MEMORY = 8 << 30
"""Bytes of address space of a process."""
READERS = (
    "conllu",
    "unannotated",
    "entities",
    "wals",
    "cldf",
    "catalogues",
    "transliteration",
    "raw_text",
    "parallel_text",
    "wikitext",
    "predictions",
    "configuration",
    "tokenizer",
    "encoder",
    "adapters",
    "word_vectors",
    "questions",
    "relation_files",
    "classification",
)
"""Modules of ``fuzz.readers``."""


@dataclass(frozen=True)
class Result:
    """One case and what became of it.

    Attributes:
        reader: one of ``READERS``.
        number: of the case.
        outcome: its outcome.
    """

    reader: str
    number: int
    outcome: Outcome


def rng_of(seed: int, reader: str, number: int) -> random.Random:
    """The random numbers that decide a case."""
    return random.Random(f"{seed} {reader} {number}")


def run(seed: int, reader: str, numbers: range) -> Iterator[Result]:
    """Run the cases of a reader; one that ends its process costs that case alone."""
    start = numbers.start
    while start < numbers.stop:
        ours, theirs = multiprocessing.Pipe(duplex=False)
        rest = range(start, numbers.stop)
        worker = multiprocessing.get_context("spawn").Process(
            target=_work, args=(theirs, seed, reader, rest)
        )
        worker.start()
        theirs.close()
        if not ours.poll(2 * DEADLINE):
            worker.kill()
            raise RuntimeError(f"{reader}: the process of the reader does not start")
        ours.recv()
        for number in rest:
            start = number + 1
            outcome = _answer(ours, worker)
            yield Result(reader, number, outcome)
            if outcome.kind in (HANG, CRASH):
                break
        worker.join(10)
        worker.kill()


def _answer(pipe: Connection, worker: multiprocessing.process.BaseProcess) -> Outcome:
    try:
        if pipe.poll(DEADLINE):
            return pipe.recv()
        worker.kill()
        return Outcome(HANG, f"no answer within {DEADLINE} s")
    except EOFError:
        worker.join()
    if worker.exitcode == -signal.SIGPROF:
        return Outcome(HANG, f"more than {SECONDS} s of processor time")
    return Outcome(CRASH, f"the process ended with {worker.exitcode}")


def _work(pipe: Connection, seed: int, reader: str, numbers: range) -> None:
    os.environ.update(TOKENIZERS_PARALLELISM="false", OMP_NUM_THREADS="1", HF_HUB_OFFLINE="1")
    # What libraries print of their own accord is not looked at.
    os.dup2(os.open(os.devnull, os.O_WRONLY), 2)
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    with tempfile.TemporaryDirectory(prefix="fuzz-") as folder:
        subject = importlib.import_module(f"fuzz.readers.{reader}").SUBJECT(Path(folder))
        pipe.send(None)
        for number in numbers:
            content = subject.make(rng_of(seed, reader, number))
            signal.setitimer(signal.ITIMER_PROF, SECONDS)
            outcome = outcome_of(subject, content)
            signal.setitimer(signal.ITIMER_PROF, 0)
            pipe.send(outcome)
