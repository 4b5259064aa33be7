"""What the device itself can do."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import torch
from xltransfer.training.devices import prepare_device

from .training import wait_for

SIZES = {"cuda": 8192, "cpu": 1024}
NUMBERS = {"cuda": 2**30, "cpu": 2**22}
"""Of a tensor that is copied, 4 bytes each."""

TIMES = 10


def peak(arguments: dict[str, Any]) -> dict[str, Any]:
    """The rate of a large product of matrices and of a large copy within the device's memory.

    Products are of bfloat16 on a GPU, of float32 on a processor. Bytes count as read and written.
    """
    device = prepare_device(arguments["threads"])
    size = SIZES[device.type]
    kind = torch.bfloat16 if device.type == "cuda" else torch.float32
    one, other = (torch.randn(size, size, device=device, dtype=kind) for _ in range(2))
    product = _seconds(lambda: one @ other, device)
    numbers = torch.randn(NUMBERS[device.type], device=device)
    copied = torch.empty_like(numbers)
    copying = _seconds(lambda: copied.copy_(numbers), device)
    facts = {"products": 2 * size**3 / product, "copied": 8 * len(numbers) / copying}
    return {"seconds": product, "work": 1, "facts": facts}


def _seconds(compute: Callable[[], object], device: torch.device) -> float:
    """Mean of some calls after three to warm up."""
    for _ in range(3):
        compute()
    wait_for(device)
    started = time.perf_counter()
    for _ in range(TIMES):
        compute()
    wait_for(device)
    return (time.perf_counter() - started) / TIMES
