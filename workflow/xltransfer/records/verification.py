"""Verification of files against their records before a stage uses them.

Disks, network folders and copies can corrupt files: a flipped bit, a truncated file, two swapped
files. Many such files can still be read, and would give other numbers. Every stage therefore hashes
its inputs before it reads them, and raises an error if one does not match its record. The same
checksums enter the record of its output.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from ..runtime.errors import InputError
from ..runtime.files import read_json, sha256_of_file
from .record import PRETRAINING, TRAINING, WEIGHTS, below_results, encoder_files, record_path
from .remembered import recall

RUN_AGAIN = "delete it and run the same command again"


def verified_checksums(files: Iterable[Path | str]) -> dict[str, str]:
    """Path → SHA-256 of the inputs of a stage, each compared with its record.

    Files in the folder of results must have a record, which also contains their path. Other files,
    provided by users, need none; large ones are compared with the checksum cached at planning time.

    Args:
        files: inputs of a stage.

    Raises:
        InputError: a file cannot be read, does not match its record, or lacks a record.
    """
    found = {}
    for path in map(Path, files):
        found[str(path)] = checksum = _checksum(path)
        _compare_with_record(path, checksum)
    return found


def verified_encoder(directory: Path, more: Iterable[str] = ()) -> dict[str, str]:
    """Path → SHA-256 of the files of an encoder that are there, each compared as above.

    ``pretraining.json``, if there is one, must be about these weights and this tokenizer.

    Args:
        directory: of the encoder, of any kind.
        more: as for ``encoder_files``.

    Raises:
        InputError: as for ``verified_checksums``.
    """
    found = verified_checksums(encoder_files(directory, more))
    report = directory / PRETRAINING
    content = read_json(report) if str(report) in found else {}
    for key, name in (("weights", WEIGHTS), ("tokenizer", "tokenizer.json")):
        path = directory / name
        expected = content.get(key) if isinstance(content, dict) else None
        if isinstance(expected, str) and found.get(str(path), expected) != expected:
            raise InputError(
                f"{path}: not the file that {report.name} is about: sha256 {found[str(path)]}, "
                f"but {report.name} says {expected}; restore it, or remove {report} if it was "
                "changed on purpose"
            )
    return found


def verified_model(directory: Path, more: Iterable[str] = ()) -> dict[str, str]:
    """Path → SHA-256 of what stands for a model in a record, after all its files are compared.

    For a fine-tuned model this is ``training.json``, which lists the checksums of its other files.
    Missing files are reported by the code that opens the model.

    Args:
        directory: of a fine-tuned model or of an encoder.
        more: of an encoder, as for ``encoder_files``.

    Raises:
        InputError: a file differs from the one that the training wrote.
    """
    report = directory / TRAINING
    if not report.exists():
        return verified_encoder(directory, more)
    found = verified_checksums([report])
    for name, expected in _files_of_model(report).items():
        path = directory / name
        checksum = _checksum(path) if path.exists() else expected
        if checksum != expected:
            raise InputError(
                f"{path}: changed since it was made: sha256 {checksum}, but {report.name} says "
                f"{expected}; delete {report} and run the same command again, which trains the "
                "model again"
            )
    return found


def _files_of_model(report: Path) -> Mapping[str, str]:
    """Name → SHA-256 of the files of a model. Older reports list only the weights."""
    content = read_json(report)
    try:
        files = {WEIGHTS: content["weights"], **content.get("files", {})}
    except (AttributeError, KeyError, TypeError):
        raise InputError(f"{report}:1: not a training report; {RUN_AGAIN}") from None
    return files


def _checksum(path: Path) -> str:
    try:
        return sha256_of_file(path)
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror})") from None


def _compare_with_record(path: Path, checksum: str) -> None:
    place, record = below_results(path), record_path(path)
    remedy = RUN_AGAIN if place else f"restore it, or remove {record} if it was changed on purpose"
    content = _read_record(record, required=place is not None)
    if content is None and place is not None:
        raise InputError(f"{path}: has no record, {record.name}, of what it holds; {RUN_AGAIN}")
    if content is None:
        _compare_with_remembered(path, checksum)
        return
    if content["output"] != checksum:
        raise InputError(
            f"{path}: changed since it was made: sha256 {checksum}, but {record.name} says "
            f"{content['output']}; {remedy}"
        )
    if place is not None and content.get("path") != place:
        raise InputError(
            f"{path}: its record is that of another file, {content.get('path')}; {RUN_AGAIN}"
        )


def _read_record(record: Path, required: bool) -> dict[str, Any] | None:
    """The content of a record; ``None`` if there is none.

    Args:
        record: path of the record.
        required: whether JSON of another program at this path is an error.
    """
    if not record.exists():
        return None
    try:
        content = read_json(record)
        usable = isinstance(content, dict) and isinstance(content.get("output"), str)
    except InputError:
        usable, required = False, True
    if not usable and required:
        raise InputError(
            f"{record}: a damaged record; delete it and the file that it is about, and run the "
            "same command again"
        )
    return content if usable else None


def _compare_with_remembered(path: Path, checksum: str) -> None:
    expected = recall(path)
    if expected is not None and expected != checksum:
        raise InputError(
            f"{path}: changed, but its size and time did not: sha256 {checksum}, but {expected} "
            f"when the study was planned; restore it, or `touch` it if it was changed on purpose"
        )
