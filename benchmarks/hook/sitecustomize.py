"""Python imports this at its start: note how long this process trains and computes.

Only where ``BENCHMARK_COMPUTED`` names a folder. At its end a process writes the seconds
that it spent in the functions below to a file there; calls within calls count once.
"""

from __future__ import annotations

import atexit
import importlib.abc
import importlib.machinery
import json
import os
import sys
import time

COMPUTING = {
    "xltransfer.training.loop": "train",
    "xltransfer.training.prediction": "predict",
    "xltransfer.training.representation": "sentence_vectors",
}
"""Modules and their functions that take steps and forward passes."""

spent = 0.0
depth = 0


def timed(function):
    """A function whose time is added up."""

    def wrapped(*arguments, **named):
        global spent, depth
        depth += 1
        started = time.perf_counter()
        try:
            return function(*arguments, **named)
        finally:
            depth -= 1
            if depth == 0:
                spent += time.perf_counter() - started

    return wrapped


class Finder(importlib.abc.MetaPathFinder):
    """Wraps the functions when their modules are imported."""

    def find_spec(self, name, path, target=None):
        """Of the modules above: what Python finds itself, with another end."""
        if name not in COMPUTING:
            return None
        spec = importlib.machinery.PathFinder.find_spec(name, path, target)
        execute = spec.loader.exec_module

        def and_wrap(module):
            execute(module)
            setattr(module, COMPUTING[name], timed(getattr(module, COMPUTING[name])))

        spec.loader.exec_module = and_wrap
        return spec


def write() -> None:
    """At the end of the process."""
    if spent:
        folder = os.environ["BENCHMARK_COMPUTED"]
        with open(os.path.join(folder, f"{os.getpid()}.json"), "w") as file:
            json.dump(spent, file)


if "BENCHMARK_COMPUTED" in os.environ:
    sys.meta_path.insert(0, Finder())
    atexit.register(write)
