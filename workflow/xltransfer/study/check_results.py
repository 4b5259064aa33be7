"""Compare all files of a folder of results with their records, and delete invalid ones.

A stage reports only the first changed file that it reads. After a disk error or an incomplete copy,
this command finds all changed files, and also outdated ones, which were made from another version
of a file than the present one.
"""

from __future__ import annotations

import os
import shutil
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ..records.record import NEEDED_BY, RESULTS, TRAINING, WEIGHTS, located, portable, record_path
from ..records.verification import verified_checksums, verified_model
from ..runtime.errors import InputError
from ..runtime.files import read_json


def wrong_files(results: Path) -> dict[Path, str]:
    """Files below a folder of results that the next run must make again, and why.

    Args:
        results: path of the folder, as in ``XLTRANSFER_RESULTS``.

    Returns:
        Files that do not match their records, unreadable records, and outdated files: those made
        from another version of a file than the present one, or from such a file.
    """
    wrong: dict[Path, str] = {}
    records: dict[str, dict[str, Any]] = {}
    for path in sorted(results.rglob("*.provenance.json")):
        try:
            content = read_json(path)
            file = results / content["path"]
            if record_path(file) != path:
                raise InputError(f"{path}: the record of another file, {content['path']}")
            records[portable(file)] = {"inputs": dict(content["inputs"]), **content}
        except (InputError, KeyError, TypeError, ValueError) as error:
            wrong[path] = f"{path}: a record that cannot be used ({error})"
            continue
        if file.exists() and (reason := _changed(file)):
            wrong[file] = reason
    return wrong | _outdated(results, records)


def _changed(file: Path) -> str | None:
    try:
        verified_checksums([file])
        if file.name == TRAINING:
            verified_model(file.parent)
    except InputError as error:
        return str(error)
    return None


def _outdated(results: Path, records: Mapping[str, Mapping[str, Any]]) -> dict[Path, str]:
    """Files made from other versions than the present ones, or from such files."""
    present = {path: record["output"] for path, record in records.items()}
    for path in _used_in_versions(records):
        if path not in present and Path(path).is_file():
            present |= verified_checksums([path])
    found: dict[str, str] = {}
    waiting = True
    while waiting:
        waiting = False
        for path, record in records.items():
            for name, checksum in record["inputs"].items():
                if path in found or (name not in found and present.get(name, checksum) == checksum):
                    continue
                found[path] = f"{path}: made from another version of {name}"
                waiting = True
    files = {results / records[path]["path"]: reason for path, reason in found.items()}
    return {file: reason for file, reason in files.items() if file.exists()}


def _used_in_versions(records: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """Files of which several versions were used."""
    used = {item for record in records.values() for item in record["inputs"].items()}
    return [path for path, count in Counter(path for path, _ in used).items() if count > 1]


def delete_files(files: Mapping[Path, str]) -> None:
    """Delete files with their records, so that the next run makes them again.

    If a deleted file was made from dropped weights, its marker files are deleted as well, so that
    the model is retrained.
    """
    for file in files:
        record = record_path(file)
        for path in _inputs(record):
            if path.name == TRAINING and not (path.parent / WEIGHTS).exists():
                shutil.rmtree(path.parent / NEEDED_BY, ignore_errors=True)
        # An unusable record does not name its file, so files of the same name are deleted.
        beside = file.parent.glob(f"{file.name.removesuffix('.provenance.json')}.*")
        for path in beside if file.name.endswith(".provenance.json") else (file, record):
            path.unlink(missing_ok=True)


def _inputs(record: Path) -> list[Path]:
    try:
        return [Path(located(path)) for path in read_json(record)["inputs"]]
    except (InputError, KeyError, TypeError):
        return []


def check_results(results: Path, /, delete: bool = False) -> None:
    """Compare all files of a folder of results with their records.

    Args:
        results: folder of results.
        delete: files that must be made again are deleted.

    Raises:
        InputError: there is no such folder.
    """
    if not results.is_dir():
        raise InputError(f"{results}: no such folder; name the folder of results")
    os.environ[RESULTS] = str(results)
    found = wrong_files(results)
    for reason in found.values():
        print(reason)
    if delete:
        delete_files(found)
    done = "deleted; run the study again" if delete else "to make again"
    print(f"{len(found)} files {done}" if found else "all files are what their records say")
