"""What a stage made of what: a record beside each output, which tables follow back to raw data.

A record is JSON: the place and the SHA-256 of the output, the SHA-256 of every file it was made
from, the digest of the stage's code, the processor and the versions of packages. What a record says
is the same whenever and however often the stage runs on the same machine; how long trainings took,
which is not, is in files of its own.

Trainings import this module, and are done anew if its code changes: what only tables need is in
``provenance``.
"""

from __future__ import annotations

import hashlib
import os
import platform
from collections.abc import Iterable, Mapping
from contextlib import suppress
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path, PurePosixPath, PureWindowsPath
from typing import Any

from ..runtime.files import sha256_of_file, write_json
from .code import stage_digest

PACKAGES = ("numpy", "pandas", "pyarrow", "snakemake", "tokenizers", "torch", "transformers")
TRAINING = "training.json"
WEIGHTS = "model.safetensors"
TOKENIZER_CONFIG = "tokenizer_config.json"
"""What it says of special tokens is read by the trainings of encoders alone."""
PRETRAINING = "pretraining.json"
"""Like ``TRAINING`` the report of a training, with the checksum of the weights."""
TIMES = "timing.json"
NEEDED_BY = "needed_by"
"""Folder of notes beside weights that may be dropped: a note for each file made from them."""
CPUINFO = Path("/proc/cpuinfo")
"""Where Linux describes the processor."""
RESULTS = "XLTRANSFER_RESULTS"
"""Environment variable that tells stages the folder of results."""
_ENCODER = ("config.json", WEIGHTS, "tokenizer.json", PRETRAINING)


@cache
def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "not installed"


def versions(*packages: str) -> dict[str, str]:
    """Versions of Python and of some installed packages."""
    found = {package: _version(package) for package in packages}
    return {"python": platform.python_version(), **found}


@cache
def processor_name() -> str:
    """The processor's model, or its architecture where the system does not name the model.

    Libraries choose instructions by the processor, so the last bits of a result may depend on it.
    """
    with suppress(OSError):
        for line in CPUINFO.read_text(encoding="utf-8", errors="replace").splitlines():
            key, _, value = line.partition(":")
            if key.strip() == "model name" and value.strip():
                return value.strip()
    return platform.processor() or platform.machine()


def record_path(output: Path | str) -> Path:
    """Where the record of an output lies."""
    return Path(output).with_suffix(".provenance.json")


def below_results(path: Path | str) -> str | None:
    """Path of a file relative to the folder of results; ``None`` if it is elsewhere.

    By hand, where ``XLTRANSFER_RESULTS`` does not say what the folder of results is, no file is
    known to be in it.
    """
    results = os.environ.get(RESULTS, "")
    whole = Path(os.path.abspath(path))
    if not results or not whole.is_relative_to(os.path.abspath(results)):
        return None
    return whole.relative_to(os.path.abspath(results)).as_posix()


def portable(path: Path | str) -> str:
    """A path as records have it: no absolute path, which would name users and machines.

    Args:
        path: of a file. One in the folder of results is written as ``<results>/…``, so that records
            are right wherever that folder is moved. Other relative paths stay. An absolute one in
            the working directory becomes relative to that, and any other
            ``<absolute path 1a2b3c4d>/<name>`` with a digest of its folder, so that files of
            different folders have different names. By hand, where ``XLTRANSFER_RESULTS`` does not
            say what the folder of results is, paths stay.
    """
    place, path = below_results(path), str(path)
    if place is not None:
        return f"<results>/{place}"
    if not os.path.isabs(path) or not os.environ.get(RESULTS):
        return path
    if Path(path).is_relative_to(os.getcwd()):
        return str(Path(path).relative_to(os.getcwd()))
    folder, name = os.path.split(path)
    return f"<absolute path {hashlib.sha256(folder.encode()).hexdigest()[:8]}>/{name}"


def located(path: str) -> str:
    """Where a file is that ``portable`` has named; unknown folders stay unknown."""
    if path.startswith("<results>/"):
        return f"{os.environ.get(RESULTS, '<results>')}/{path.removeprefix('<results>/')}"
    return path


def without_absolute_paths(content: Any) -> Any:
    """JSON content with the last part alone of absolute paths, which name users and machines."""
    if isinstance(content, Mapping):
        return {key: without_absolute_paths(value) for key, value in content.items()}
    if isinstance(content, list | tuple):
        return [without_absolute_paths(value) for value in content]
    if not isinstance(content, str):
        return content
    path = content.removeprefix("file://")
    kind = PurePosixPath if path.startswith(("/", "~")) else PureWindowsPath
    absolute = path.startswith("~") or kind(path).is_absolute()
    return f"<absolute path>/{kind(path).name}" if absolute else content


def output_identity(output: Path | str) -> dict[str, str]:
    """What a record says of the file that it is about: its place and its checksum.

    The place is relative to the folder of results, so that the folder can be moved and two files
    of it cannot be exchanged. Of a file elsewhere it is the name.
    """
    place = below_results(output) or Path(output).name
    return {"path": place, "output": sha256_of_file(output)}


def write_record(
    output: Path | str, stage: str, inputs: Mapping[str, str], **facts: object
) -> None:
    """Write the record of an output, which is there already.

    Args:
        output: a file that the stage made.
        stage: name of its module in this package.
        inputs: path → SHA-256 of every file it was made from.
        facts: what else decided it, as JSON content: ``config``, ``device``, ``threads``, …
    """
    content: dict[str, Any] = {
        **without_absolute_paths(facts),
        "stage": stage,
        "code": stage_digest(stage),
        "inputs": {portable(path): checksum for path, checksum in inputs.items()},
        **output_identity(output),
        "processor": processor_name(),
        "versions": versions(*PACKAGES),
    }
    write_json(record_path(output), content)


def encoder_files(directory: Path, more: Iterable[str] = ()) -> list[Path]:
    """The files of an encoder that what is made with it depends on, so far as they are there.

    Args:
        directory: of the encoder.
        more: names of files that its kind has beside those that others have.
    """
    paths = (directory / name for name in dict.fromkeys((*_ENCODER, *more)))
    return [path for path in paths if path.exists()]


def write_times(directory: Path, seconds: float, on_gpu: bool) -> None:
    """Write how long a training took, beside its report.

    Args:
        directory: of the model.
        seconds: of wall time, also those of processes that were killed.
        on_gpu: whether they were spent on a GPU.
    """
    times = {"wall_seconds": round(seconds, 1), "gpu_seconds": round(seconds, 1) * on_gpu}
    write_json(directory / TIMES, times)
