"""The wheel holds the project's files, too: rules, schemas, catalogues, studies.

Everything else about the package is in pyproject.toml.
"""

from __future__ import annotations

import shutil
from pathlib import Path

from setuptools import setup
from setuptools.command.build_py import build_py

FILES = ("Snakefile", "config.yaml")
FOLDERS = ("resources", "profiles", "slurm", "envs", "workflow/rules", "workflow/schemas")
FOLDERS += ("workflow/report",)
LEFT_OUT = shutil.ignore_patterns("downloads", "__pycache__", "*.py", ".*")


class BuildWithProject(build_py):
    """Copies the project's files into the package's folder ``project``."""

    def run(self) -> None:
        """Build the package, and copy the files unless the installation is editable."""
        super().run()
        if self.editable_mode:
            return
        target = Path(self.build_lib, "xltransfer", "project")
        shutil.rmtree(target, ignore_errors=True)
        target.mkdir(parents=True)
        for name in FILES:
            shutil.copy(name, target / name)
        for name in FOLDERS:
            shutil.copytree(name, target / name, ignore=LEFT_OUT)


setup(cmdclass={"build_py": BuildWithProject})
