"""The folder of the project's own files: configuration, rules and catalogues.

Commands run in a clone, or anywhere if the package is installed from a wheel, which holds these
files in its folder ``project``.
"""

from __future__ import annotations

from pathlib import Path

from ..runtime.errors import InputError

PACKAGE = Path(__file__).parents[1]
NEEDED = ("Snakefile", "config.yaml", "resources/languages.tsv")
"""Files by which a folder of the project is recognised."""


def is_project(folder: Path) -> bool:
    """Whether a folder has the project's files."""
    return all((folder / name).is_file() for name in NEEDED)


def project_folder() -> Path:
    """The working folder if it has the project's files, else the folder that came with the package.

    In a clone the result is relative, and so are the paths in messages.
    """
    if is_project(Path()):
        return Path()
    clone = PACKAGE.parent.parent
    return clone if is_project(clone) else PACKAGE / "project"


def workflow_folder() -> Path:
    """The folder of schemas and captions, which belong to the code, wherever a command runs."""
    beside = PACKAGE.parent
    return beside if (beside / "schemas").is_dir() else PACKAGE / "project" / "workflow"


def check_working_folder() -> None:
    """Check that Snakemake runs in a folder with the project's tables.

    Another workflow that uses this one as a module runs in its own folder.

    Raises:
        InputError: the folder has no tables; says how to get them.
    """
    if not Path("resources", "languages.tsv").is_file():
        folder = project_folder() / "resources"
        raise InputError(
            f"this folder has no `resources` with the catalogues: ln -s {folder} resources, or cp "
            "-r, so that downloads stay here"
        )
