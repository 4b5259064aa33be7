"""Records of provenance: a file next to each output, from which tables are traced to raw data.

A record is JSON: the path and the SHA-256 of the output, the SHA-256 of every input, the digest of
the stage's code, the processor and the versions of packages. A record is reproducible: the stage
writes the same one each time it runs on the same machine. Training times vary and are therefore in
separate files.

Training stages import this module, so a change of its code retrains all models: code that only
tables need is in ``trace``.
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
"""File whose special tokens only the pretraining of encoders reads."""
PRETRAINING = "pretraining.json"
"""Report of a pretraining with the checksum of the weights, like ``TRAINING``."""
TIMES = "timing.json"
NEEDED_BY = "needed_by"
"""Folder of marker files next to weights that may be dropped, one for each file made from them."""
CPUINFO = Path("/proc/cpuinfo")
"""Linux's description of the processor."""
RESULTS = "XLTRANSFER_RESULTS"
"""Environment variable with the folder of results, read by stages."""
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
    """The model of the CPU, or its architecture if the system does not report the model.

    Libraries choose instructions by CPU model, so the last bits of a result may depend on it.
    """
    with suppress(OSError):
        for line in CPUINFO.read_text(encoding="utf-8", errors="replace").splitlines():
            key, _, value = line.partition(":")
            if key.strip() == "model name" and value.strip():
                return value.strip()
    return platform.processor() or platform.machine()


def record_path(output: Path | str) -> Path:
    """Path of the record of an output."""
    return Path(output).with_suffix(".provenance.json")


def below_results(path: Path | str) -> str | None:
    """Path of a file relative to the folder of results; ``None`` if it is elsewhere.

    If ``XLTRANSFER_RESULTS`` is not set (a stage run by hand), it is ``None`` for every file.
    """
    results = os.environ.get(RESULTS, "")
    whole = Path(os.path.abspath(path))
    if not results or not whole.is_relative_to(os.path.abspath(results)):
        return None
    return whole.relative_to(os.path.abspath(results)).as_posix()


def portable(path: Path | str) -> str:
    """A path for a record, without absolute paths, which would reveal users and machines.

    Args:
        path: path of a file. In the folder of results it becomes ``<results>/…``, so that records
            stay valid if that folder is moved. Other relative paths stay. An absolute path in the
            working directory becomes relative to it. Any other becomes
            ``<absolute path 1a2b3c4d>/<name>`` with a digest of its folder, to keep files of
            different folders apart. Without ``XLTRANSFER_RESULTS`` (stages run by hand) paths stay.
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
    """The inverse of ``portable``; names of unknown folders stay as they are."""
    if path.startswith("<results>/"):
        return f"{os.environ.get(RESULTS, '<results>')}/{path.removeprefix('<results>/')}"
    return path


def without_absolute_paths(content: Any) -> Any:
    """JSON content with absolute paths cut to their last component, to hide users and machines."""
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
    """The entry of the output in its record: path and checksum.

    The path is relative to the folder of results, so that moving the folder is possible and swapped
    files are detected. For a file elsewhere it is the name.
    """
    place = below_results(output) or Path(output).name
    return {"path": place, "output": sha256_of_file(output)}


def write_record(
    output: Path | str, stage: str, inputs: Mapping[str, str], **facts: object
) -> None:
    """Write the record of an existing output.

    Args:
        output: file that the stage made.
        stage: name of its module in this package.
        inputs: path → SHA-256 of every file it was made from.
        facts: other facts that decided it, as JSON content: ``config``, ``device``, ``threads``, …
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
    """Write the duration of a training next to its report.

    Args:
        directory: directory of the model.
        seconds: wall time, including processes that were killed.
        on_gpu: whether the training ran on a GPU.
    """
    times = {"wall_seconds": round(seconds, 1), "gpu_seconds": round(seconds, 1) * on_gpu}
    write_json(directory / TIMES, times)
