"""Write a study file: an encoder, tasks, source and target corpora."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import yaml

from ..corpora.catalogue import Catalogue
from ..runtime.command import warn
from ..runtime.errors import InputError
from ..runtime.files import read_text, replacing
from ..study import Study
from ..study.new_study import EMBEDDED, encoder_item, overlay, text_of
from ..study.project import project_folder
from ..study.study_catalogue import FOLDER
from ..study.study_files import merged, read_config


def new(
    study: Path,
    /,
    source: Sequence[str],
    target: Sequence[str],
    task: Sequence[str] = ("parsing",),
    encoder: str = "embedded",
    seeds: Sequence[int] = (1, 2, 3),
    mirror: Sequence[str] = (),
) -> None:
    """Write a study file: an encoder, tasks, source and target corpora.

    The file states what differs from config.yaml. It is validated before it is written. Tables
    that `xltransfer add --study` has written beside it are used.

    Args:
        study: file to write; its name is that of the study and of its folder below results.
        source: codes of corpora that models are trained on (`xltransfer list treebanks`).
        target: codes of corpora that models are tested on; a source language that is not among
            them is added.
        task: tasks: parsing, pos, ner.
        encoder: embedded, a directory, or a repository of the hub with a commit hash
            (google-bert/bert-base-multilingual-cased@3f07…); without the hash, that of the
            project's studies, else the present one, for which the hub is asked.
        seeds: seeds; with a single one, there are no intervals over seeds.
        mirror: folders and base URLs with the layout of a UD release.

    Raises:
        InputError: a code is not in the catalogue, the study would be invalid, or the file exists.
    """
    project = project_folder()
    folder = study.parent / FOLDER
    own = folder if folder.is_dir() else None
    known = Catalogue(project / "resources", read_config([])["ud_release"], own)
    content = overlay(
        study.stem,
        encoder_item(encoder, known),
        task,
        source,
        target,
        seeds,
        mirror,
        own,
        project,
        known,
    )
    text = text_of(content)
    if yaml.safe_load(text) != content:
        raise InputError(f"{study}: a name cannot be written into a study file; use plain letters")
    Study(merged(read_config([]), content), project)
    real = [code for code in (*source, *target) if not code.endswith(f"_{EMBEDDED}")]
    if encoder == EMBEDDED and real:
        warn(f"the encoder 'embedded' has seen artificial languages only, not that of {real[0]}")
    if study.exists():
        if read_text(study) != text:
            raise InputError(f"{study}: exists and differs; remove it, or name another file")
        print(f"{study}: is there already")
        return
    with replacing(study) as temporary:
        temporary.write_text(text, encoding="utf-8", newline="\n")
    print(f"{study}: written; next: xltransfer check {study}")
