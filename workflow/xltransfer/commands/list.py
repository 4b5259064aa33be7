"""List what a study can name: languages, treebanks, encoders, tasks, studies and others."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Literal

from ..corpora.catalogue import Catalogue
from ..runtime.safe_values import printable
from ..study.catalogued_files import read_catalogue
from ..study.encoder_catalogue import catalogued_encoders
from ..study.project import project_folder
from ..study.schema import checked_config
from ..study.study_files import read_study_file

KINDS = (
    *("languages", "treebanks", "entities", "texts", "encoders", "tasks", "studies", "schemes"),
    "identifiers",
)


def list(what: Literal[KINDS], /, study: str = "") -> None:
    """List what a study can name: languages, treebanks, encoders, tasks, studies and others.

    Args:
        what: what to list.
        study: study file whose own tables and encoders are listed, too.

    Raises:
        InputError: a catalogue or the study file cannot be read.
    """
    project = project_folder()
    config = checked_config([study] if study else [])
    rows = [*_rows(what, project, config)]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        cells = (cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        print(printable("  ".join(cells).rstrip()))


def _rows(what: str, project: Path, config: dict) -> Iterator[tuple[str, ...]]:
    """Rows of the list, the first one the heading."""
    if what == "encoders":
        yield "encoder", "from"
        for item in config["encoders"]:
            origin = item.get("path") or item.get("hub") or item.get("from") or "trained here"
            yield item["name"], f"{origin} (of the configuration)"
        for row in catalogued_encoders(read_catalogue(project, config)).values():
            yield row.hub, f"hub, {row.size.layers} layers of width {row.size.hidden}"
    elif what == "tasks":
        yield "task", "kind", "label"
        for name, section in config.items():
            if isinstance(section, dict) and "kind" in section:
                yield name, section["kind"], section.get("label", "")
    elif what == "studies":
        yield "file", "study", "tasks"
        for path in sorted((project / "resources" / "studies").glob("*.yaml")):
            content = read_study_file(path)
            yield str(path), str(content["study"]), ", ".join(content.get("tasks", ()))
    else:
        yield from _catalogued(what, read_catalogue(project, config))


def _catalogued(what: str, catalogue: Catalogue) -> Iterator[tuple[str, ...]]:
    if what == "languages":
        yield "code", "language", "ISO 639-3", "script", "family"
        for row in catalogue.languages.values():
            yield row.code, row.name, row.iso, row.script, row.family
    elif what in ("treebanks", "entities"):
        yield "code", "name", "release", "parts", "licence"
        for corpus in getattr(catalogue, what).values():
            parts = " ".join(corpus.splits) or "none up to this release"
            yield corpus.code, corpus.name, corpus.release or "-", parts, corpus.licence
    elif what == "texts":
        yield "code", "name", "kind", "licence"
        for text in catalogue.raw_corpora.values():
            yield text.code, text.name, text.kind, text.licence
    elif what == "identifiers":
        yield "identifier", "name", "licence"
        for model in catalogue.identifiers.values():
            yield model.code, model.title, model.licence
    else:
        yield "scheme", "varieties"
        for name in catalogue.schemes:
            made = catalogue.transliterations.items()
            yield name, " ".join(code for code, row in made if row.scheme == name) or "-"
