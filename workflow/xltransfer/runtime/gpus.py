"""GPUs of this machine: counting them, and reserving one for this process.

This module does not import torch: Snakemake calls it whenever it reads the workflow, and CUDA reads
``CUDA_VISIBLE_DEVICES`` only once, when it is initialised.
"""

from __future__ import annotations

import fcntl
import logging
import os
import re
import shutil
import subprocess
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from .errors import InputError

VISIBLE = "CUDA_VISIBLE_DEVICES"
SHARED_BY = "XLTRANSFER_JOBS_PER_GPU"
"""Environment variable: how many jobs may share a GPU when models are small; default 1."""

SLURM_JOB = "SLURM_JOB_ID"

NODES = Path("/dev")
WAIT_SECONDS = 1.0

log = logging.getLogger(__name__)

_taken: list[int] = []
"""File descriptors of the locks; the operating system releases them when the process ends."""


def visible_gpus() -> list[str]:
    """CUDA device names of the GPUs that jobs can use: numbers or identifiers; may be empty."""
    given = os.environ.get(VISIBLE)
    if given is None:
        return [str(number) for number in range(_count())]
    found = []
    for name in (part.strip() for part in given.split(",")):
        # CUDA ignores all entries after the first invalid one.
        if not re.fullmatch(r"\d+|(GPU|MIG)-.+", name):
            break
        found.append(name)
    return found


def _count() -> int:
    """Number of GPUs of this machine or container, from the device files."""
    nodes = [path for path in NODES.glob("nvidia*") if re.fullmatch(r"nvidia\d+", path.name)]
    if nodes or not (tool := shutil.which("nvidia-smi")):
        return len(nodes)
    try:
        done = subprocess.run([tool, "-L"], capture_output=True, text=True, timeout=10)
    except (OSError, subprocess.TimeoutExpired):
        return 0
    return sum(line.startswith("GPU ") for line in done.stdout.splitlines())


def jobs_at_once() -> int:
    """How many jobs can use the GPUs of this machine at once; 0 if there are none.

    Raises:
        InputError: ``XLTRANSFER_JOBS_PER_GPU`` is not a number.
    """
    return len(visible_gpus()) * _jobs_per_gpu()


def _jobs_per_gpu() -> int:
    given = os.environ.get(SHARED_BY, "1")
    if not given.isdecimal() or int(given) < 1:
        raise InputError(f"{SHARED_BY}: '{given}' is not a number of jobs; unset it or set it to 1")
    return int(given)


def take_gpu() -> None:
    """Reserve a free GPU until this process ends; wait if there is none.

    It becomes the only GPU that this process sees. Without GPUs, or if this process has already
    reserved one, nothing happens. A GPU is chosen only among those that Slurm gave to the job.
    """
    if _taken or (SLURM_JOB in os.environ and VISIBLE not in os.environ):
        return
    devices = visible_gpus()
    if not devices:
        return
    # Every GPU gets a first job before any GPU gets a second one.
    places = [(device, place) for place in range(_jobs_per_gpu()) for device in devices]
    waits = False
    while (device := _lock_one(places)) is None:
        if not waits:
            log.info("waiting for a GPU: all of %s are taken by other jobs", ", ".join(devices))
        waits = True
        time.sleep(WAIT_SECONDS)
    os.environ[VISIBLE] = device
    log.info("GPU %s", device)


def _lock_one(places: Sequence[tuple[str, int]]) -> str | None:
    """Lock the first free place and return its device; ``None`` if all are locked."""
    # Lock files of other users cannot be opened. Two Slurm jobs may use one number for two GPUs.
    owner = [str(os.getuid()), *filter(None, [os.environ.get(SLURM_JOB)])]
    folder = Path(tempfile.gettempdir()) / "-".join(["xltransfer", *owner])
    folder.mkdir(mode=0o700, exist_ok=True)
    for device, place in places:
        name = re.sub(r"\W", "-", f"gpu-{device}-{place}")
        descriptor = os.open(folder / name, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(descriptor)
            continue
        _taken.append(descriptor)
        return device
    return None
