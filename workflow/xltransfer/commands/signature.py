"""Print one line for a paper: what a table was made with."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from ..runtime.command import warn
from ..runtime.errors import InputError
from ..runtime.files import read_json, sha256_of_file
from ..tasks.properties import KINDS, kind_of

SUFFIX = ".provenance.json"
WEIGHTS = "model.safetensors"
HIDDEN = "<absolute path"
"""Start of the name that records give to folders outside the project."""
SHOWN = 12
"""Hexadecimal digits of digests that are shown."""


def signature(table: Path, /) -> None:
    """Print one line for a paper: what a table was made with.

    It has the version, the digests of code and configuration, the encoder's commit or checksum, the
    UD release, tasks with their metric, seeds, and the checksum of the table itself.

    Args:
        table: a table of a study (results/tables/randominit.csv), beside which its provenance is.

    Raises:
        InputError: there is no provenance, or the table is not the one that it describes.
    """
    record = table.with_suffix(SUFFIX)
    content = read_json(record)
    if not isinstance(content, dict) or not isinstance(content.get("configuration"), dict):
        raise InputError(f"{record}:1: not the provenance of a table; make the table again")
    try:
        found = sha256_of_file(table)
    except OSError as error:
        raise InputError(f"{table}: cannot be read ({error.strerror})") from None
    if table.name != Path(str(content.get("path", table.name))).name:
        raise InputError(
            f"{table}: {record.name} is about {Path(content['path']).name}, from which this file "
            "is made; name that file"
        )
    if content.get("output") != found:
        raise InputError(
            f"{table}: changed since it was made: sha256 {found}, but {record.name} says "
            f"{content.get('output')}; delete it, and run the study again"
        )
    if content.get("inconsistent"):
        warn(f"{table}: made from files of several versions, which {record.name} lists")
    try:
        parts = [*_parts(content)]
    except (AttributeError, KeyError, TypeError):
        raise InputError(
            f"{record}:1: not the configuration of a study; make the table again"
        ) from None
    print("; ".join([*parts, f"table sha256 {found[:SHOWN]}"]))


def _parts(content: Mapping[str, Any]) -> Iterator[str]:
    study = content["configuration"]
    yield f"xltransfer {_version()} ({_commit(str(content.get('commit')))})"
    yield f"code {content.get('code')}, configuration {content.get('config')}"
    yield f'study "{study.get("study")}"'
    items = study.get("encoders", ())
    weights = _weights(items, content.get("sources", {}))
    for item in items:
        if said := _encoder(item, weights):
            yield said
    if release := study.get("ud_release"):
        yield f"Universal Dependencies up to {release}"
    for task in study.get("tasks", ()):
        section = study.get(task, {})
        if section.get("kind") not in KINDS:
            continue
        label = f" of {section['label']}" if "label" in section else ""
        yield f"{task}: {kind_of(section).metric}{label}"
    seeds = content.get("seeds") or study.get("seeds", ())
    yield f"seeds {', '.join(map(str, seeds))}"


def _commit(described: str) -> str:
    """The commit of the code, as the provenance describes it."""
    commit, changed = described.removesuffix("-dirty"), described.endswith("-dirty")
    if not re.fullmatch("[0-9a-f]{40}", commit):
        return "no git checkout"
    return f"commit {commit[:SHOWN]}" + ", with changes" * changed


def _weights(items: Sequence[Mapping[str, Any]], sources: Mapping[str, str]) -> dict[str, str]:
    """Encoder with a path → checksum of its weights, for those that the table depends on.

    Records hide folders outside the project, and a path may be a variable. What then has no name
    that agrees is the weights of the one encoder without any.
    """
    files = {Path(path): sources[path] for path in sources if Path(path).name == WEIGHTS}
    found: dict[str, str] = {}
    unknown = []
    for item in (item for item in items if "path" in item):
        own = [file for file in files if file.parent.name == Path(item["path"]).name]
        if own:
            found[item["name"]] = files.pop(own[0])
        else:
            unknown.append(item["name"])
    hidden = [sum_ for file, sum_ in files.items() if file.parent.name.startswith(HIDDEN)]
    if len(unknown) == len(hidden) == 1:
        found[unknown[0]] = hidden[0]
    return found


def _encoder(item: Mapping[str, Any], weights: Mapping[str, str]) -> str:
    """An encoder that the table depends on, else ``""``."""
    name = item.get("name")
    if "hub" in item:
        return f"encoder {name}: {item['hub']}@{item['revision'][:SHOWN]}"
    if "path" in item:
        return f"encoder {name}: sha256 {weights[name][:SHOWN]}" if name in weights else ""
    return f"encoder {name}: from {item['from']}" if "from" in item else ""


def _version() -> str:
    try:
        return version("xltransfer")
    except PackageNotFoundError:
        return "of a clone"
