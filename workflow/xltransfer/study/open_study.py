"""Opening a study by its files."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from ..runtime.errors import InputError
from . import Study
from .key_places import with_place
from .project import project_folder
from .study_files import read_config


def open_study(files: Sequence[Path | str]) -> Study:
    """A validated study: the project's ``config.yaml`` with study files over it.

    Args:
        files: study files; later ones override earlier ones.

    Raises:
        InputError: a file or a key is invalid; names file, line and remedy.
    """
    project, config = project_folder(), read_config(files)
    try:
        return Study(config, project)
    except InputError as error:
        raise with_place(error, [project / "config.yaml", *files], config) from None
