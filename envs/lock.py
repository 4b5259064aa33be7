"""Write the locks of the environment this runs in: requirements*.txt and the conda environment.

What is locked are the dependencies in pyproject.toml, those of the extras in ``LOCKED`` and
everything that they need, at the versions that are installed. GPU libraries are left to torch,
whose builds differ by platform.
"""

from __future__ import annotations

import tomllib
from importlib.metadata import distribution
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

HERE = Path(__file__).parent
GPU_LIBRARIES = ("nvidia-", "cuda-", "triton")
LOCKED = ("corpora", "slurm")
"""Extras whose packages are part of the locked environment, as studies in resources/ use them."""
CONDA = """\
# Made by envs/lock.py from the same versions as requirements.txt.
name: xltransfer
channels: [conda-forge, nodefaults]
dependencies:
  - python=3.11
  - pip
  - pip:
"""


def closure(requirements: list[str]) -> dict[str, str]:
    """Package → installed version, for requirements and everything they need here."""
    versions: dict[str, str] = {}
    waiting = [Requirement(text) for text in requirements]
    seen: set[str] = set()
    while waiting:
        wanted = waiting.pop()
        name = canonicalize_name(wanted.name)
        if str(wanted) in seen or name.startswith(GPU_LIBRARIES):
            continue
        seen.add(str(wanted))
        found = distribution(name)
        versions[name] = found.version.partition("+")[0]
        extras = wanted.extras or {""}
        for line in found.requires or []:
            needed = Requirement(line)
            if needed.marker is None or any(needed.marker.evaluate({"extra": e}) for e in extras):
                waiting.append(needed)
    return dict(sorted(versions.items()))


def main() -> None:
    """Write the three files."""
    project = tomllib.loads((HERE.parent / "pyproject.toml").read_text())["project"]
    extras = project["optional-dependencies"]
    needed = [*project["dependencies"], *(line for name in LOCKED for line in extras[name])]
    run = closure(needed)
    test = closure([*needed, *extras["test"]])
    only_test = {name: version for name, version in test.items() if name not in run}
    run["setuptools"] = distribution("setuptools").version
    lines = [f"{name}=={version}\n" for name, version in sorted(run.items())]
    (HERE / "requirements.txt").write_text("".join(lines))
    (HERE / "requirements-test.txt").write_text(
        "".join(f"{name}=={version}\n" for name, version in only_test.items())
    )
    conda = CONDA + "".join(f"      - {line}" for line in lines)
    (HERE / "xltransfer.yaml").write_text(conda)


if __name__ == "__main__":
    main()
