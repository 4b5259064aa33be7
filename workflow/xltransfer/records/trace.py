"""The provenance of tables, traced through the records of all stages back to raw data."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ..runtime.errors import InputError
from ..runtime.files import digest, json_object
from .code import stage_digest
from .record import (
    PACKAGES,
    PRETRAINING,
    RESULTS,
    TIMES,
    TRAINING,
    located,
    portable,
    processor_name,
    record_path,
    versions,
    without_absolute_paths,
)
from .verification import verified_checksums

RECORDED = ("code", "device", "processor", "threads", "versions")
"""Facts that are listed for the stages behind a table."""
ROOT = Path(__file__).parent.parent.parent
"""The workflow's checkout."""
STUDIED = ("workflow", "Snakefile", "config.yaml", "resources")
"""The parts of the checkout that results depend on."""


@dataclass(frozen=True)
class Provenance:
    """The provenance of a table.

    Attributes:
        content: everything the table depends on, reproducible.
        times: durations of the trainings behind it, which differ from run to run.
    """

    content: Mapping[str, Any]
    times: Mapping[str, Any]


@dataclass
class Trace:
    """The provenance of some files.

    Attributes:
        stages: stage → fact of ``RECORDED`` → its distinct values.
        sources: path → SHA-256 of the files that have no inputs or no record: raw data, artificial
            data and files of the workflow.
        inconsistent: path → distinct SHA-256 of files that stages used in other versions than the
            present one. Empty if Snakemake has brought everything up to date.
        users: examples of files made from one of the versions of each file in ``inconsistent``.
        trainings: reports of trainings → the stage that made them, ``""`` if unknown.
    """

    stages: dict[str, dict[str, list[Any]]] = field(default_factory=dict)
    sources: dict[str, str] = field(default_factory=dict)
    inconsistent: dict[str, list[str]] = field(default_factory=dict)
    users: dict[str, list[str]] = field(default_factory=dict)
    trainings: dict[str, str] = field(default_factory=dict)


def table_provenance(config: Mapping[str, Any], inputs: Sequence[Path], stage: str) -> Provenance:
    """Trace what a table depends on.

    Args:
        config: configuration of the table; its ``config`` is that of the study without the keys
            that no result depends on.
        inputs: every file it is made from.
        stage: stage that makes the table.

    Returns:
        As content: study, seeds, configuration and its digest, commit, untracked files, processor
        and versions; the code, devices, processors, threads and versions of every stage behind the
        table; the checksums of its inputs and of the sources of these.

    Raises:
        InputError: an input does not match its record, or stages behind the table used different
            versions of one file.
    """
    read = verified_checksums(inputs)
    found = {portable(path): checksum for path, checksum in read.items()}
    trace = follow(found)
    _refuse_inconsistent(trace)
    content = {
        "study": config["study"],
        "config": digest(config["config"]),
        "configuration": without_absolute_paths(config["config"]),
        "stage": stage,
        "code": stage_digest(stage),
        "commit": git_commit(),
        "untracked": untracked_files(),
        "processor": processor_name(),
        "seeds": config["seeds"],
        "versions": versions(*PACKAGES),
        "inputs": found,
        "stages": trace.stages,
        "sources": trace.sources,
        "inconsistent": trace.inconsistent,
    }
    return Provenance(content, training_times(trace))


def follow(inputs: Mapping[str, str]) -> Trace:
    """Follow the records of files back to the sources.

    Args:
        inputs: path, as written by ``record.portable`` → SHA-256.
    """
    trace = Trace()
    waiting, seen = sorted(inputs.items(), reverse=True), set(inputs.items())
    users: dict[tuple[str, str], str] = {}
    while waiting:
        path, checksum = waiting.pop()
        record = record_of(path)
        known = record.get("output", checksum)
        if known != checksum:
            _note_versions(trace, path, [checksum, known], users.get((path, checksum)))
        stage = record.get("stage", "") if known == checksum else ""
        if Path(path).name in (TRAINING, PRETRAINING):
            trace.trainings[path] = stage
        if stage:
            _merge(trace.stages, record)
        if not stage or not record["inputs"]:
            first = trace.sources.setdefault(path, checksum)
            if first != checksum:
                for version in (first, checksum):
                    _note_versions(trace, path, [first, checksum], users.get((path, version)))
            continue
        behind = set(record["inputs"].items()) - seen
        users |= dict.fromkeys(behind, path)
        seen |= behind
        waiting += sorted(behind, reverse=True)
    for facts in trace.stages.values():
        for values in facts.values():
            values.sort(key=digest)
    return trace


def _note_versions(trace: Trace, path: str, versions: Sequence[str], user: str | None) -> None:
    """Note that a file is used in several versions, with one file made from it."""
    _add(trace.inconsistent.setdefault(path, []), versions)
    _add(trace.users.setdefault(path, []), [user] if user else [])


def _refuse_inconsistent(trace: Trace) -> None:
    """Raise an error if two versions of one file were used; the remedy is to regenerate one.

    This happens if a stage has run again and the stages that use its output have not: after
    `snakemake --touch`, in a folder that was copied in parts, or if a model whose weights were
    dropped was retrained on another device or with other versions of packages.
    """
    if not trace.inconsistent:
        return
    path, checksums = next(iter(trace.inconsistent.items()))
    others = f" and {len(trace.inconsistent) - 1} more files" if len(trace.inconsistent) > 1 else ""
    made = ", ".join(trace.users[path])
    folder = os.environ.get(RESULTS, "results")
    raise InputError(
        f"{path}{others}: used in versions with sha256 {' and '.join(checksums)}, by {made}; "
        f"`python -m xltransfer check_results {folder} --delete` deletes what was made of other "
        "versions than the present ones, then run the same command again"
    )


def record_of(path: str) -> dict[str, Any]:
    """The record of a file; empty if there is no valid one.

    Args:
        path: path as written by ``record.portable``.
    """
    content = json_object(record_path(located(path)))
    usable = isinstance(content.get("inputs"), dict) and {"stage", "output"} <= content.keys()
    return content if usable else {}


def _merge(stages: dict[str, dict[str, list[Any]]], record: Mapping[str, Any]) -> None:
    """Add the facts of a record; the record of a table also has those of the stages behind it."""
    facts = stages.setdefault(record["stage"], {})
    for name in RECORDED:
        if name in record:
            _add(facts.setdefault(name, []), [record[name]])


def _add(values: list[Any], more: Sequence[Any]) -> None:
    values += [value for value in more if value not in values]


def training_times(trace: Trace) -> dict[str, Any]:
    """Training times by stage and in total: wall time and GPU time in seconds.

    Trainings with unknown times, which ran elsewhere, are counted.
    """
    nothing = {"models": 0, "without_times": 0, "wall_seconds": 0.0, "gpu_seconds": 0.0}
    rows: dict[str, dict[str, float]] = {"all": {**nothing}}
    for path, stage in trace.trainings.items():
        times = json_object(Path(located(path)).with_name(TIMES))
        for name in ("all", stage or "elsewhere"):
            sums = rows.setdefault(name, {**nothing})
            sums["models"] += 1
            sums["without_times"] += "wall_seconds" not in times
            for key in ("wall_seconds", "gpu_seconds"):
                sums[key] = round(sums[key] + times.get(key, 0.0), 1)
    return rows


def git_commit() -> str:
    """The commit of the workflow's checkout, marked if tracked files have changes."""
    found = _git("describe", "--always", "--dirty", "--abbrev=40")
    return "not a git checkout" if found is None else found.strip()


def untracked_files() -> list[str] | None:
    """Untracked files that a result may depend on.

    Returns:
        Files and folders below ``STUDIED`` that git neither tracks nor ignores, relative to the
        checkout; ``None`` where there is no git.
    """
    options = ("--others", "--exclude-standard", "--directory", "--no-empty-directory", "-z")
    found = _git("ls-files", *options, "--", *STUDIED)
    return None if found is None else sorted(filter(None, found.split("\0")))


def _git(*arguments: str) -> str | None:
    """The output of a git command in the checkout; ``None`` if it fails."""
    try:
        command = ["git", "-C", str(ROOT), *arguments]
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout
    except (OSError, subprocess.CalledProcessError):
        return None
