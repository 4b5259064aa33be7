"""A study file that states what differs from ``config.yaml``."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml

from ..corpora.catalogue import Catalogue
from ..runtime.errors import InputError
from ..tasks.properties import kind_of
from .encoder_catalogue import COMMIT, HUB, catalogued_encoders
from .study_files import read_study_file

EMBEDDED = "embedded"
PUBLISHED_SETTINGS = {
    "parsing": "mbert.yaml",
    "pos": "mbert.yaml",
    "ner": "pires2019.yaml",
}
"""The study with the published settings of each task, which suit a pretrained encoder of the usual
size; those of ``config.yaml`` suit the small encoder of the embedded world."""
_HUB = re.compile(rf"({HUB.pattern})(?:@(.*))?")
HEADING = """\
# A study of transfer, written by `xltransfer new`. What is not stated here is as in config.yaml,
# which explains every key.
"""
COMMENTS = {
    "mirrors": "Folders and base URLs with the layout of a UD release, which are searched first.",
    "catalogue": "Tables of languages and corpora that only this study uses.",
    "ablations": "`pairs` re-initialises each pair of consecutive layers in turn.",
    "parallel": "Treebanks with parallel sentences, for similarities of representations.",
    "typology_features": "Features of WALS (81A, 85A, …); with an empty list, nothing is fetched.",
    "unseen": "Languages that the encoder has never seen (docs/unseen-languages.md).",
}


def encoder_item(encoder: str, known: Catalogue) -> dict[str, Any]:
    """The item of ``encoders`` for what a user names.

    Args:
        encoder: ``embedded``, a directory, or ``<hub name>@<commit hash>``; without the hash, that
            of ``encoders.tsv``, else the hub's present one.
        known: the catalogue, with the study's own tables.

    Raises:
        InputError: it is none of these, or the hub cannot be asked.
    """
    if encoder == EMBEDDED:
        return {"name": EMBEDDED, "path": "resources/models/embedded", "layers": 12}
    if Path(encoder).is_dir() or encoder.startswith(("$", "/", ".")):
        return {"name": short_name(Path(encoder).name.lstrip("$")), "path": encoder}
    hub, revision = hub_and_revision(encoder)
    row = catalogued_encoders(known).get(hub)
    if not revision and not (row and row.revision):
        # A local import, because the client of the hub is needed for new repositories only.
        from ..encoders.hub_commits import present_commit

        revision = present_commit(hub)
    item = {"name": short_name(hub), "hub": hub, "revision": revision or row.revision}
    return item | ({"layers": row.size.layers} if row else {})


def hub_and_revision(encoder: str) -> tuple[str, str]:
    """The repository and the commit hash of an encoder of the hub; ``""`` without a hash.

    Raises:
        InputError: it is no name of a repository, or what follows ``@`` is no commit hash.
    """
    found = _HUB.fullmatch(encoder)
    if found is None:
        raise InputError(
            f"encoder {encoder}: no such directory, and no repository of the hub like owner/name "
            "or owner/name@<40 hexadecimal digits>"
        )
    if found[2] is not None and not COMMIT.fullmatch(found[2]):
        raise InputError(f"{encoder}: '{found[2]}' is no commit hash of 40 hexadecimal digits")
    return found[1], found[2] or ""


def short_name(hub: str) -> str:
    """A name for paths and tables of what a repository or a directory is called."""
    return re.sub("[^a-z0-9]+", "-", hub.rpartition("/")[2].lower()).strip("-") or "local"


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
    known: Catalogue,
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
        known: the catalogue with these tables.

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
    for task in tasks:
        if task not in PUBLISHED_SETTINGS:
            names = ", ".join(PUBLISHED_SETTINGS)
            raise InputError(f"--task {task}: none of {names}; other tasks are sections to write")
        content[task] = _section(task, encoder, sources, targets, default, known, project)
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
