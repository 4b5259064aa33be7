"""The tables that a study appends to the catalogue, and the key of the study that names them."""

from __future__ import annotations

import json
from pathlib import Path

import yaml

from ..runtime.errors import InputError
from ..runtime.files import read_text, replacing
from .study_files import read_study_file

KEY, FOLDER = "catalogue", "catalogue"


def catalogue_folder(study: Path) -> Path:
    """The folder of a study's own tables: the one that it names, else ``catalogue`` beside it.

    Raises:
        InputError: the study file exists and cannot be read.
    """
    named = read_study_file(study).get(KEY) if study.exists() else None
    return Path(named) if isinstance(named, str) else study.parent / FOLDER


def name_catalogue(study: Path, folder: Path) -> None:
    """Write the key ``catalogue`` at the end of a study file that exists and lacks it.

    Comments and all other lines stay as they are.

    Raises:
        InputError: the file cannot be extended by a line, for example because it is JSON.
    """
    if not study.exists():
        return
    content = read_study_file(study)
    if KEY in content:
        return
    text = read_text(study)
    text += "" if text.endswith("\n") or not text else "\n"
    text += f"\n# Tables of languages and corpora that only this study uses.\n{line(folder)}\n"
    try:
        same = yaml.safe_load(text) == {**content, KEY: str(folder)}
    except yaml.YAMLError:
        same = False
    if not same:
        raise InputError(f"{study}: cannot be extended by a line; write `{line(folder)}` into it")
    with replacing(study) as temporary:
        temporary.write_text(text, encoding="utf-8", newline="\n")


def line(folder: Path) -> str:
    """The line of a study file that names its tables."""
    # A JSON string is a YAML string.
    return f"{KEY}: {json.dumps(str(folder), ensure_ascii=False)}"
