"""Write the workflow into a folder, in which studies can run without a clone."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

from ..runtime.errors import InputError
from ..study.project import NEEDED, project_folder

PARTS = (
    *("Snakefile", "config.yaml", "resources", "profiles", "slurm", "envs"),
    *("workflow/rules", "workflow/schemas", "workflow/report"),
)
"""Files and folders of the workflow. The code itself is that of the installed package."""


def unpack(folder: Path, /) -> None:
    """Write the workflow into a folder, in which studies can run without a clone.

    These are rules, configuration and catalogues, about four megabytes; Snakemake is then used in
    this folder as in a clone.

    Args:
        folder: folder to make; it must not exist, or be empty.

    Raises:
        InputError: the folder has files, or cannot be written.
    """
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise InputError(f"{folder}: exists and is not empty; name a new folder")
    source = project_folder()
    if missing := [name for name in NEEDED if not (source / name).is_file()]:
        raise InputError(f"{source / missing[0]}: is missing; install the package again")
    folder.parent.mkdir(parents=True, exist_ok=True)
    leave_out = shutil.ignore_patterns("downloads", "__pycache__")
    with tempfile.TemporaryDirectory(dir=folder.parent, prefix=".xltransfer-") as scratch:
        target = Path(scratch, folder.name)
        for part in PARTS:
            (target / part).parent.mkdir(parents=True, exist_ok=True)
            if (source / part).is_dir():
                shutil.copytree(source / part, target / part, ignore=leave_out)
            else:
                shutil.copy(source / part, target / part)
        target.replace(folder)
    print(f"{folder}: written; next: cd {folder} && xltransfer new my-study.yaml --help")
