"""The table of the checks, as it goes into the page of the benchmarks."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from xltransfer.runtime.files import read_json

SECTION = """
## On a GPU

Made by `benchmarks/gpu.sh` on one GPU, with encoders that were never pretrained and sentences of
invented words, which take as long as real ones. Every measurement is in `gpu.json`.

"""


def section(path: Path) -> str:
    """The section of the page of the benchmarks; empty where no check was run.

    Args:
        path: file of results.
    """
    return SECTION + table(read_json(path)) if path.exists() else ""


def table(content: dict[str, Any]) -> str:
    """Markdown: a line per check, remarks, and what it was run on.

    Args:
        content: of the file of results.
    """
    found = content["checks"]
    runs: list[dict[str, str]] = []
    for outcome in found.values():
        if outcome["run"] not in runs:
            runs.append(outcome["run"])
    remarks = [f"- `{key}`: {one['remark']}." for key, one in found.items() if one.get("remark")]
    lines = [
        "| check | what | result | target | | run |",
        "|---|---|---|---|---|---|",
        *(_line(key, outcome, runs.index(outcome["run"])) for key, outcome in found.items()),
        "",
        *remarks,
        *([""] if remarks else []),
        "| run | date | commit | GPU | machine | size | versions |",
        "|---|---|---|---|---|---|---|",
        *(_of_run(number, run) for number, run in enumerate(runs, start=1)),
    ]
    return "\n".join(lines) + "\n"


def _of_run(number: int, run: dict[str, str]) -> str:
    cells = (run[key] for key in ("date", "commit", "device", "machine", "size", "versions"))
    return f"| {number} | {' | '.join(cells)} |"


def _line(key: str, found: dict[str, Any], run: int) -> str:
    start = f"| `{key}` | {found['what']} |"
    if found["status"] != "done":
        return f"{start} {found['status']} | {found.get('target', '')} | | {run + 1} |"
    verdict = ("reached" if found["reached"] else "not reached") if found["target"] else ""
    return f"{start} {found['result']} | {found['target']} | {verdict} | {run + 1} |"
