"""Where and how computations run: device, threads, determinism."""

from __future__ import annotations

import os

import torch

from ..runtime.gpus import take_gpu


def prepare_device(threads: int) -> torch.device:
    """Choose the device and make computations repeatable on it.

    Args:
        threads: processor threads to compute with. Sums are split among them, so another number
            may change the last bits of a result.

    Returns:
        The GPU if there is one, the processor otherwise. Of several GPUs it is one that no other
        job uses.
    """
    # Without it cuBLAS is free to pick another algorithm in the next run.
    os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")
    # Tokenisers would take all processors for the moment that they need.
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
    if torch.backends.cuda.is_built():
        take_gpu()
    torch.set_num_threads(threads)
    torch.use_deterministic_algorithms(True)
    # Only tells bugs from luck, and costs a write of every tensor that is about to be written.
    torch.utils.deterministic.fill_uninitialized_memory = False
    return torch.device("cuda" if torch.cuda.is_available() else "cpu")


def device_name(device: torch.device) -> str:
    """What to call a device in provenance."""
    return torch.cuda.get_device_name(device) if device.type == "cuda" else "cpu"
