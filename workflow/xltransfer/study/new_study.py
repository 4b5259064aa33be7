"""A study file that states what differs from ``config.yaml``."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml

from ..corpora.catalogue import Catalogue
from ..corpora.table_reader import read_table
from ..runtime.errors import InputError
from ..tasks.properties import kind_of
from .study_files import read_study_file

EMBEDDED = "embedded"
PUBLISHED_SETTINGS = {
    "parsing": "mbert.yaml",
    "pos": "mbert.yaml",
    "ner": "pires2019.yaml",
}
"""The study with the published settings of each task, which suit a pretrained encoder of the usual
size; those of ``config.yaml`` suit the small encoder of the embedded world."""
_HUB = re.compile(r"([A-Za-z0-9_][A-Za-z0-9._-]*(?:/[A-Za-z0-9_][A-Za-z0-9._-]*)?)(?:@(.*))?")
HEADING = """\
# A study of transfer, written by `xltransfer new`. What is not stated here is as in config.yaml,
# which explains every key.
"""
COMMENTS = {
    "mirrors": "Folders and base URLs with the layout of a UD release, which are searched first.",
    "catalogue": "Tables of languages and corpora that only this study uses.",
    "ablations": "`pairs` re-initialises each pair of consecutive layers in turn.",
    "parallel": "Treebanks with parallel sentences, for similarities of representations.",
    "typology_features": "Features of WALS (81A, 85A, …); with an empty list, WALS is not fetched.",
    "unseen": "Languages that the encoder has never seen (docs/unseen-languages.md).",
}


def encoder_item(encoder: str, project: Path) -> dict[str, Any]:
    """The item of ``encoders`` for what a user names.

    Args:
        encoder: ``embedded``, a directory, or ``<hub name>@<commit hash>``; without the hash, that
            of the project's own studies, else the hub's present one.
        project: folder of the project's files.

    Raises:
        InputError: it is none of these, or the hub cannot be asked.
    """
    if encoder == EMBEDDED:
        return {"name": EMBEDDED, "path": "resources/models/embedded", "layers": 12}
    if Path(encoder).is_dir() or encoder.startswith(("$", "/", ".")):
        return {"name": _short(Path(encoder).name.lstrip("$")), "path": encoder}
    found = _HUB.fullmatch(encoder)
    if found is None:
        raise InputError(
            f"--encoder {encoder}: no such directory, and no repository of the hub like owner/name "
            "or owner/name@<40 hexadecimal digits>"
        )
    # A local import, because the client of the hub is needed for new repositories only.
    from ..encoders.hub_commits import present_commit

    revision = found[2] or _known_encoders(project).get(found[1]) or present_commit(found[1])
    item = {"name": _short(found[1].rpartition("/")[2]), "hub": found[1], "revision": revision}
    for _, row in read_table(project / "resources" / "encoders.tsv", ("hub", "layers")):
        if row["hub"] == found[1]:
            item["layers"] = int(row["layers"])
    return item


def _short(name: str) -> str:
    """A name for paths and tables."""
    return re.sub("[^a-z0-9]+", "-", name.lower()).strip("-") or "local"


def _known_encoders(project: Path) -> dict[str, str]:
    """Hub name → commit hash, of the project's own studies."""
    studies = sorted((project / "resources" / "studies").glob("*.yaml"))
    items = [item for path in studies for item in read_study_file(path).get("encoders", ())]
    return {item["hub"]: item["revision"] for item in items if "hub" in item}


def overlay(
    name: str,
    encoder: Mapping[str, Any],
    tasks: Sequence[str],
    sources: Sequence[str],
    targets: Sequence[str],
    seeds: Sequence[int],
    mirrors: Sequence[str],
    catalogue: Path | None,
    project: Path,
) -> dict[str, Any]:
    """The keys of a new study.

    Args:
        name: name of the study; also of its folder below ``results``.
        encoder: item of ``encoders``.
        tasks: sections of ``config.yaml``.
        sources, targets: codes of corpora; each task gets those that are corpora of its kind.
        seeds: seeds of the models.
        mirrors: folders and base URLs.
        catalogue: folder of the study's own tables.
        project: folder of the project's files.

    Raises:
        InputError: a task is not known, or has no sources or targets.
    """
    default = read_study_file(project / "config.yaml")
    own = {} if catalogue is None else {"catalogue": str(catalogue)}
    content = {
        "study": name,
        "pathvars": {"results": f"results/{name}"},
        **({"mirrors": list(mirrors)} if mirrors else {}),
        **own,
        "encoders": [dict(encoder)],
        "transfer_encoders": "all",
        "tasks": list(tasks),
        "ablations": ["none", "pairs"],
        "seeds": list(seeds),
        "parallel": {"treebanks": []},
        "typology_features": [],
    }
    corpora = Catalogue(project / "resources", default["ud_release"], own.get("catalogue"))
    for task in tasks:
        if task not in PUBLISHED_SETTINGS:
            known = ", ".join(PUBLISHED_SETTINGS)
            raise InputError(f"--task {task}: none of {known}; other tasks are sections to write")
        content[task] = _section(task, encoder, sources, targets, default, corpora, project)
    for option, codes in (("--source", sources), ("--target", targets)):
        for code in codes:
            if not any(code in content[task][f"{option[2:]}s"] for task in tasks):
                raise InputError(
                    f"{option} {code}: no corpus of {' or '.join(tasks)} in the catalogue; "
                    "`xltransfer list treebanks` lists them, `xltransfer add` adds one"
                )
    return {**content, "unseen": {"languages": []}}


def _section(
    task: str,
    encoder: Mapping[str, Any],
    sources: Sequence[str],
    targets: Sequence[str],
    default: Mapping[str, Any],
    catalogue: Catalogue,
    project: Path,
) -> dict[str, Any]:
    """The section of a task."""
    section = dict(default[task])
    if encoder["name"] != EMBEDDED:
        settings = project / "resources" / "studies" / PUBLISHED_SETTINGS[task]
        section = dict(read_study_file(settings)[task])
    known = getattr(catalogue, kind_of(section).corpora)
    section["sources"] = [code for code in sources if code in known]
    section["targets"] = [code for code in targets if code in known]
    tested = {known[code].language for code in section["targets"]}
    # Zero-shot scores are compared with the score on the source language.
    section["targets"] += [c for c in section["sources"] if known[c].language not in tested]
    if not section["sources"]:
        raise InputError(f"--source: no corpus for {task} among {', '.join(sources) or 'none'}")
    return {**section, "ablated_sources": "all"}


def text_of(content: Mapping[str, Any]) -> str:
    """The study file: YAML with comments."""
    parts = [HEADING]
    for key, value in content.items():
        comment = f"# {COMMENTS[key]}\n" if key in COMMENTS else ""
        flow = not isinstance(value, dict) and key != "encoders"
        text = yaml.safe_dump(
            {key: value}, sort_keys=False, allow_unicode=True, default_flow_style=None, width=95
        )
        if flow:
            text = f"{key}: {json.dumps(value, ensure_ascii=False)}\n"
        parts.append(f"{comment}{text}")
    return "\n".join(parts)
