"""The table of the checks, as it goes into the page of the benchmarks."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from .checks import Check

NOT_RUN = {"status": "not run"}


def table(content: dict[str, Any], checks: Sequence[Check]) -> str:
    """Markdown: a line per check, remarks, and what it was run on.

    Args:
        content: of the file of results.
        checks: all checks, in the order of the table.
    """
    found = [(check, content["checks"].get(check.key, NOT_RUN)) for check in checks]
    runs = []
    for _, outcome in found:
        if (run := outcome.get("run")) and run not in runs:
            runs.append(run)
    lines = [
        "| check | what | result | target | |",
        "|---|---|---|---|---|",
        *(_line(check, outcome) for check, outcome in found),
        "",
        *(
            f"- `{check.key}`: {outcome['remark']}."
            for check, outcome in found
            if outcome.get("remark")
        ),
        "",
        *map(_of_run, runs),
    ]
    return "\n".join(lines) + "\n"


def _of_run(run: dict[str, str]) -> str:
    return (
        f"Run on {run['device']}; {run['machine']}; {run['versions']}; commit {run['commit']}, "
        f"{run['date']}; {run['size']} size."
    )


def _line(check: Check, found: dict[str, Any]) -> str:
    if found["status"] != "done":
        return f"| `{check.key}` | {check.what} | {found['status']} | | |"
    verdict = ("reached" if found["reached"] else "not reached") if found["target"] else ""
    return f"| `{check.key}` | {check.what} | {found['result']} | {found['target']} | {verdict} |"
