"""Results on disk: ``results.json`` keeps every measurement, ``results.md`` is made of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from xltransfer.runtime.files import read_json, replacing, write_json

from .gpu.page import section
from .measurement import Pair, Target, summarise
from .rows import Row

NOT_RUN = {"status": "not run"}

TITLE = """\
# Benchmarks

Made by `make bench` ([how](../CONTRIBUTING.md)). Each row is measured in pairs, this project and
the other side in turn, each in a process of its own, on the same machine with as many threads. A
ratio with a target of ≥ says how many times faster this project is; with ≤, how many times longer
it takes. Given are the median, the least and the greatest of all pairs. Memory is that of the
largest process of each side, this project first. Every measurement is in `results.json`.
"159 of 206 GFLOP/s" is what matrix products reach within the stage, and what the fastest product of
square matrices reaches in the same process.

"""


def outcome(
    target: Target, pairs: Sequence[Pair], bound: str, note: str, peer: str, run: int
) -> dict[str, Any]:
    """What is kept of a row that was measured.

    Args:
        target: of the row.
        pairs: all measurements.
        bound: what bounds this project's side.
        note: what else to say.
        peer: name and version of the other side.
        run: number of the run among all that are on record.
    """
    return {
        "status": "measured",
        "ratios": [target.ratio(pair) for pair in pairs],
        "pairs": [[asdict(side) for side in pair] for pair in pairs],
        "bound": bound,
        "note": note,
        "peer": peer,
        "run": run,
    }


def load(path: Path) -> dict[str, Any]:
    """``rows``, outcomes by key, and ``runs``; both empty where nothing is on record."""
    return read_json(path) if path.exists() else {"rows": {}, "runs": []}


def keep(content: dict[str, Any], key: str, found: dict[str, Any]) -> None:
    """Put a row's outcome on record; one that was not measured takes no measurement's place."""
    known = content["rows"].get(key, NOT_RUN)
    if found["status"] == "measured" or known["status"] != "measured":
        content["rows"][key] = found


def save(path: Path, content: dict[str, Any], rows: Sequence[Row]) -> None:
    """Write results as JSON and, beside it, as Markdown.

    Args:
        path: the JSON file. The page has a section on GPUs if ``gpu.json`` is beside it.
        content: as ``load`` returns it. Runs that no row is of are left out.
        rows: all rows, in the order of the table.
    """
    outcomes = content["rows"]
    used = sorted({found["run"] for found in outcomes.values() if "run" in found})
    numbers = {old: new for new, old in enumerate(used)}
    content = {
        "rows": {
            key: {**found, "run": numbers[found["run"]]} if "run" in found else found
            for key, found in outcomes.items()
        },
        "runs": [content["runs"][old] for old in used],
    }
    write_json(path, content)
    page = markdown(content, rows) + section(path.with_name("gpu.json"))
    with replacing(path.with_suffix(".md")) as temporary:
        temporary.write_text(page, encoding="utf-8")


def markdown(content: dict[str, Any], rows: Sequence[Row]) -> str:
    """The page: a table of rows, remarks on them, a table of runs."""
    found = [(row, content["rows"].get(row.key, NOT_RUN)) for row in rows]
    lines = [
        "| row | stage | compared with | target | ratio | | peak memory | run |",
        "|---|---|---|---|---|---|---|---|",
        *(_table_line(row, outcome) for row, outcome in found),
        "",
        "What bounds each stage, and what else was seen:",
        "",
        *(remark for row, outcome in found if (remark := _remark(row, outcome))),
        "",
        "| run | date | commit | machine | threads | versions |",
        "|---|---|---|---|---|---|",
    ]
    for number, run in enumerate(content["runs"], start=1):
        cells = (str(run[key]) for key in ("date", "commit", "machine", "threads", "versions"))
        lines.append(f"| {number} | {' | '.join(cells)} |")
    return TITLE + "\n".join(lines) + "\n"


def _table_line(row: Row, found: dict[str, Any]) -> str:
    peer = found.get("peer") or row.compared_with
    start = f"| `{row.key}` | {row.stage} | {peer} | {row.target} |"
    if found["status"] != "measured":
        return f"{start} – | {found['status']} | | |"
    median, least, greatest = summarise(found["ratios"])
    ratio = f"**{median:.2f}** ({least:.2f}–{greatest:.2f}; {len(found['ratios'])})"
    sides = zip(*found["pairs"], strict=True)
    memory = " / ".join(_memory(max(side["peak_bytes"] for side in measured)) for measured in sides)
    verdict = row.target.verdict(median)
    return f"{start} {ratio} | {verdict} | {memory} | {found['run'] + 1} |"


def _memory(size: float) -> str:
    return f"{size / 1e9:.2f} GB" if size else "–"


def _remark(row: Row, found: dict[str, Any]) -> str:
    remarks = "; ".join(text for text in (found.get("bound"), found.get("note")) if text)
    return f"- `{row.key}`: {remarks}." if remarks else ""
