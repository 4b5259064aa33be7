"""Snakemake's report without absolute paths, which reveal users and machines.

A report shows parameters of jobs and paths of results. If encoders or the folder of results have
absolute paths, these would appear in a file that is meant to be shared.
"""

from __future__ import annotations

import json
import os
import zipfile
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from ..records.record import portable
from ..runtime.files import replacing


def names_to_shorten(folders: Iterable[str], here: Path, results: str) -> dict[str, str]:
    """Replacements of paths in a report, the longest first.

    Args:
        folders: paths in the configuration; absolute ones are shortened.
        here: working directory.
        results: folder of results.
    """
    found = {path: portable(path) for path in folders if os.path.isabs(path)}
    if os.path.isabs(results):
        found[results] = "<results>"
    found |= {f"{here}/": "", str(here): "."}
    return {path: found[path] for path in sorted(found, key=len, reverse=True)}


def shorten(text: str, names: dict[str, str]) -> str:
    """A text with paths replaced, including paths in JSON and in nested JSON strings."""
    for path, name in names.items():
        for _ in range(3):
            text = text.replace(path, name)
            path, name = json.dumps(path)[1:-1], json.dumps(name)[1:-1]
    return text


def shorten_report(report: Path, names: dict[str, str]) -> None:
    """Shorten the paths in a report.

    Args:
        report: file ``.html``, or ``.zip`` with a page and the results, which stay unchanged.
        names: replacements from ``names_to_shorten``.
    """
    if report.suffix != ".zip":
        text = shorten(report.read_text(encoding="utf-8"), names)
        with replacing(report) as temporary:
            temporary.write_text(text, encoding="utf-8")
        return
    with (
        zipfile.ZipFile(report) as old,
        replacing(report) as temporary,
        zipfile.ZipFile(temporary, "w", zipfile.ZIP_DEFLATED) as new,
    ):
        for entry in old.infolist():
            content = old.read(entry)
            if entry.filename.endswith("/report.html"):
                content = shorten(content.decode("utf-8"), names).encode("utf-8")
            new.writestr(entry, content)


def private(
    create_report: Callable[..., Any], folders: Iterable[str], results: str
) -> Callable[..., Any]:
    """`Workflow.create_report`, followed by the shortening of paths in the report.

    Args:
        create_report: original method; it takes `report_settings`.
        folders, results: arguments of ``names_to_shorten``.
    """
    names = names_to_shorten(folders, Path.cwd(), results)

    def guarded(*arguments: Any, report_settings: Any, **named: Any) -> Any:
        result = create_report(*arguments, report_settings=report_settings, **named)
        if path := getattr(report_settings, "path", None):
            shorten_report(Path(path), names)
        return result

    return guarded
