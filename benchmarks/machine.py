"""What a run ran on: processor, cores, versions, commit."""

from __future__ import annotations

import os
import platform
import re
import subprocess
from importlib import metadata
from pathlib import Path

from .options import ROOT

PACKAGES = ("torch", "transformers", "tokenizers", "numpy", "snakemake")


def machine() -> str:
    """Processor model and number of cores."""
    return f"{_processor()}, {os.cpu_count()} cores, {_memory_gigabytes()} GB of memory"


def _processor() -> str:
    information = Path("/proc/cpuinfo")
    if information.exists():
        found = re.search(r"^model name\s*:\s*(.+)$", information.read_text(), re.MULTILINE)
        if found:
            return found.group(1).strip()
    return platform.processor() or platform.machine()


def _memory_gigabytes() -> int:
    return round(os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") / 1e9)


def versions() -> str:
    """Versions of Python and of the packages that the time goes to."""
    found = [f"Python {platform.python_version()}"]
    found += [f"{name} {metadata.version(name)}" for name in PACKAGES]
    return ", ".join(found)


def commit() -> str:
    """The commit of the checkout, with a + where files differ from it."""

    def git(*arguments: str) -> str:
        command = ["git", "-C", str(ROOT), *arguments]
        return subprocess.run(command, capture_output=True, text=True, check=False).stdout.strip()

    found = git("rev-parse", "--short", "HEAD") or "unknown"
    return found + ("+" if git("status", "--porcelain", "--untracked-files=no") else "")


def module_version(python: str, package: str) -> str:
    """The version of a package for another interpreter; ``unknown`` if it has none."""
    code = f"from importlib.metadata import version; print(version({package!r}))"
    done = subprocess.run([python, "-c", code], capture_output=True, text=True, check=False)
    return f"{package} {done.stdout.strip() or 'unknown'}"
