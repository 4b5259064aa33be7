"""Device, threads and determinism of computations."""

from __future__ import annotations

import os

import torch

from ..encoders.lean_torch import compute_deterministically
from ..runtime.errors import InputError
from ..runtime.gpus import take_gpu


def prepare_device(threads: int) -> torch.device:
    """Choose the device and make computations on it deterministic.

    Args:
        threads: number of CPU threads. They split sums, so another number may change the last bits
            of a result.

    Returns:
        A GPU that no other job uses, or the CPU if the machine has no GPU.

    Raises:
        InputError: the number is below 1.
    """
    if threads < 1:
        raise InputError(f"--threads {threads}: give 1 or more")
    # Makes cuBLAS deterministic; otherwise it may choose another algorithm in the next run.
    os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")
    # Tokenizers would otherwise use all CPU cores.
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
    if torch.backends.cuda.is_built():
        take_gpu()
    torch.set_num_threads(threads)
    compute_deterministically()
    # The fill only helps to find bugs, and costs an extra write of every new tensor.
    torch.utils.deterministic.fill_uninitialized_memory = False
    return torch.device("cuda" if torch.cuda.is_available() else "cpu")


def device_name(device: torch.device) -> str:
    """The name of a device in provenance records."""
    return torch.cuda.get_device_name(device) if device.type == "cuda" else "cpu"
