"""Where numbers come from: versions, digests and checksums beside every table."""

from __future__ import annotations

import platform
import subprocess
from collections.abc import Mapping, Sequence
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from .files import digest, read_json, sha256_of_file
from .identity import stage_digest

PACKAGES = ("numpy", "pandas", "pyarrow", "snakemake", "tokenizers", "torch", "transformers")


def versions(*packages: str) -> dict[str, str]:
    """Versions of Python and of some installed packages."""
    found = {"python": platform.python_version()}
    for package in packages:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            found[package] = "not installed"
    return found


def git_commit() -> str:
    """The commit of the workflow's checkout, marked if files differ from it."""
    folder = Path(__file__).parent
    try:
        command = ["git", "-C", str(folder), "describe", "--always", "--dirty", "--abbrev=40"]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        return "not a git checkout"
    return done.stdout.strip()


def table_provenance(
    config: Mapping[str, Any], scores: Sequence[Path], reports: Sequence[Path], stage: str
) -> dict[str, Any]:
    """What a table depends on.

    Args:
        config: of the table; its ``config`` is the digest of the whole configuration.
        scores: files the table is made from.
        reports: training reports of the models behind the scores.
        stage: the stage that makes the table.

    Returns:
        JSON content: study, digests of configuration and code, commit, seeds, versions here and
        where models were trained, and checksums of scores and of the data models were trained on.
    """
    trained = [read_json(path) for path in reports]
    distinct = {
        key: _distinct(report[key] for report in trained)
        for key in ("code", "device", "threads", "versions", "inputs")
    }
    return {
        "study": config["study"],
        "config": config["config"],
        "code": {stage: stage_digest(stage), "finetune": distinct["code"]},
        "commit": git_commit(),
        "seeds": config["seeds"],
        "versions": versions(*PACKAGES),
        "training": {key: distinct[key] for key in ("device", "threads", "versions", "inputs")},
        "scores": {str(path): sha256_of_file(path) for path in scores},
    }


def derived_provenance(
    config: Mapping[str, Any], inputs: Sequence[Path], stage: str
) -> dict[str, Any]:
    """What a table depends on that is made from other tables or from representations.

    Args:
        config: of the table; its ``config`` is the digest of the whole configuration.
        inputs: files it is made from; a table among them has a provenance of its own.
        stage: the stage that makes the table.
    """
    return {
        "study": config["study"],
        "config": config["config"],
        "code": {stage: stage_digest(stage)},
        "commit": git_commit(),
        "seeds": config["seeds"],
        "versions": versions(*PACKAGES),
        "inputs": {str(path): sha256_of_file(path) for path in inputs},
    }


def _distinct(values: Any) -> list[Any]:
    return list({digest(value): value for value in values}.values())
