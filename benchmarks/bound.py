"""What bounds a computation: arithmetic, memory traffic or Python.

Imported in workers only, since it needs PyTorch.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch.profiler import ProfilerActivity, profile
from torch.utils.flop_counter import FlopCounterMode

PRODUCTS = ("mm", "linear", "conv", "scaled_dot_product", "bilinear", "einsum", "dot", "matmul")
"""What the names of operations contain that are matrix products."""

PEAK_SIZES = (512, 1024, 2048)
PEAK_SECONDS = 2.0


@dataclass(frozen=True)
class Bound:
    """Where the time of a computation goes.

    Attributes:
        products, others, python: shares of the time: matrix products, all other operations on
            tensors (which move more memory than they compute), and what is left.
        rate: floating-point operations per second within matrix products.
        peak: the same of the fastest product of square matrices, before the computation and after.
    """

    products: float
    others: float
    python: float
    rate: float
    peak: float

    def __str__(self) -> str:
        shares = {
            "floating-point operations": self.products,
            "memory traffic": self.others,
            "Python": self.python,
        }
        largest = max(shares, key=lambda name: shares[name])
        return (
            f"bound by {largest}: {self.products:.0%} of the time matrix products "
            f"({self.rate / 1e9:.0f} of {self.peak / 1e9:.0f} GFLOP/s), "
            f"{self.others:.0%} other operations on tensors, {self.python:.0%} Python"
        )


def measure_bound(compute: Callable[[], object]) -> Bound:
    """Profile a computation on the processor.

    Args:
        compute: does the same work whenever it is called; it is called four times.
    """
    before = peak_rate()
    compute()
    with FlopCounterMode(display=False) as counter:
        compute()
    started = time.perf_counter()
    compute()
    plain = time.perf_counter() - started
    started = time.perf_counter()
    with profile(activities=[ProfilerActivity.CPU]) as profiler:
        compute()
    profiled = time.perf_counter() - started
    products = others = 0.0
    for event in profiler.key_averages():
        if event.key.startswith("aten::"):
            seconds = event.self_cpu_time_total / 1e6
            if any(part in event.key for part in PRODUCTS):
                products += seconds
            else:
                others += seconds
    # What the profiler itself costs is nearly all between operations.
    python = max(0.0, min(profiled, plain) - products - others)
    total = products + others + python
    return Bound(
        products / total,
        others / total,
        python / total,
        counter.get_total_flops() / products if products else 0.0,
        max(before, peak_rate()),
    )


def peak_rate() -> float:
    """Floating-point operations per second of the fastest product of square matrices."""
    best = 0.0
    for size in PEAK_SIZES:
        one = torch.rand(size, size)
        since = time.perf_counter()
        while (started := time.perf_counter()) - since < PEAK_SECONDS:
            one @ one
            best = max(best, 2 * size**3 / (time.perf_counter() - started))
    return best
