"""Adding an encoder of the hub: its row in the catalogue, and an item of a study's encoders."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from ..encoders.families import family_of
from ..encoders.hub_commits import configuration, present_commit
from ..runtime.errors import InputError
from ..runtime.files import read_text, replacing
from . import Study
from .additions import Target
from .encoder_catalogue import TABLE, catalogued_encoders, size_of
from .new_study import hub_and_revision, short_name
from .project import project_folder
from .study_files import merged, read_config, read_study_file

KEY = "encoders"


def add_encoder(target: Target, name: str) -> list[str]:
    """Add an encoder of the hub, at a commit that does not change.

    Args:
        target: where its row goes; a study file that exists gets an item of ``encoders``, too.
        name: repository, with or without ``@`` and a commit hash; by default the present commit.

    Returns:
        Lines for the user.

    Raises:
        InputError: the hub cannot be reached, the encoder is of no supported family or lacks a
            file, or the study has another encoder of its name.
    """
    hub, revision = hub_and_revision(name)
    revision = revision or present_commit(hub)
    content = configuration(hub, revision)
    place = f"{hub}@{revision[:12]}: config.json"
    causal, size = family_of(content, place).causal, size_of(content, place)
    item = {"name": short_name(hub), "hub": hub, "revision": revision, "layers": size.layers}
    item |= {"causal": True} if causal else {}
    known = catalogued_encoders(target.known).get(hub)
    if known is not None and known.size != size:
        raise InputError(
            f"{hub}: {TABLE} has other sizes than the commit {revision}; correct its row there"
        )
    row = {"hub": hub, "revision": revision, **{k: str(v) for k, v in vars(size).items()}}
    study = target.study if target.study is not None and target.study.exists() else None
    # The study is extended in memory first, because it may be one that no line extends.
    text = "" if study is None else extended_by_encoder(study, item)
    if study is not None:
        changed = merged(read_config([study]), yaml.safe_load(text))
        Study(changed, project_folder())
    lines = target.write({TABLE: [] if known else [row]}, hub)
    if study is None:
        return [*lines, f"as an item of `{KEY}`: {json.dumps(item)}"]
    if item["name"] not in _names(study):
        # Once more, because the study may have got its key `catalogue` just now.
        with replacing(study) as temporary:
            temporary.write_text(extended_by_encoder(study, item), encoding="utf-8", newline="\n")
        lines.append(f"{study}: {KEY}: {json.dumps(item)}")
    return lines


def _names(study: Path) -> list[str]:
    """The names of a study's encoders."""
    return [item["name"] for item in read_study_file(study).get(KEY, ())]


def extended_by_encoder(study: Path, item: Mapping[str, Any]) -> str:
    """The text of a study file with one more encoder; all other lines stay as they are.

    Args:
        study: study file that exists.
        item: item of ``encoders``.

    Returns:
        The new text; the present one if the encoder is there.

    Raises:
        InputError: another encoder has the same name, or the list cannot be extended by a line.
    """
    content, text = read_study_file(study), read_text(study)
    listed = content.get(KEY)
    line = json.dumps(dict(item), ensure_ascii=False)
    if not isinstance(listed, list) or not listed:
        raise InputError(f"{study}: has no list `{KEY}` to extend; write `{KEY}: [{line}]` into it")
    for one in listed:
        if isinstance(one, dict) and one.get("name") == item["name"]:
            if all(one.get(key) == item[key] for key in ("hub", "revision")):
                return text
            raise InputError(
                f"{study}: an encoder '{item['name']}' is there already, which is not "
                f"{item['hub']}@{item['revision']}; rename it"
            )
    node = next(value for key, value in yaml.compose(text).value if key.value == KEY)
    lines = text.splitlines(keepends=True)
    last = node.value[-1]
    # A block list: its items begin in the column of the text behind their dashes.
    start = lines[last.start_mark.line][: last.start_mark.column]
    place = last.end_mark.line + (last.end_mark.column > 0)
    new = f"{start[: start.rfind('-')]}- {line}\n"
    if lines and not lines[-1].endswith("\n"):
        lines[-1] += "\n"
    extended = "".join([*lines[:place], new, *lines[place:]])
    try:
        same = yaml.safe_load(extended) == {**content, KEY: [*listed, dict(item)]}
    except yaml.YAMLError:
        same = False
    if not same:
        raise InputError(f"{study}: cannot be extended by a line; add {line} to its `{KEY}`")
    return extended
