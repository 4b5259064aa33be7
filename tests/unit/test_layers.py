"""The layers of the package: imports run downwards, and nothing imports itself by way of others."""

from __future__ import annotations

import ast
from collections import Counter
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest
from conftest import ROOT
from xltransfer.records import code

PACKAGE = ROOT / "workflow" / "xltransfer"
LAYERS = [
    *("runtime", "corpora", "records", "encoders", "embeddings", "tasks", "training", "study"),
    *("analyses", "stages", "results_page", "public", "commands"),
]
"""Each may import what comes before it."""


def module_of(path: Path) -> str:
    parts = path.relative_to(PACKAGE).with_suffix("").parts
    return ".".join(part for part in parts if part != "__init__")


MODULES = {module_of(path): path for path in PACKAGE.rglob("*.py") if path.parent != PACKAGE}


def folder_of(module: str) -> str:
    is_package = MODULES[module].name == "__init__.py"
    return module if is_package else module.rpartition(".")[0]


def imported(module: str) -> set[str]:
    """The modules of the package that a module imports, those for annotations alone left out."""
    path = MODULES[module]
    package = module if path.name == "__init__.py" else module.rpartition(".")[0]
    tree = ast.parse(path.read_text(encoding="utf-8"))
    for node in ast.walk(tree):
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING":
            node.body = [ast.Pass()]
    found: set[str] = set()
    for node in ast.walk(tree):
        if not isinstance(node, ast.ImportFrom):
            continue
        base = (node.module or "").removeprefix("xltransfer").lstrip(".")
        if node.level:
            parts = package.split(".")
            above = parts[: len(parts) - node.level + 1]
            base = ".".join([*above, *([node.module] if node.module else [])])
        elif not (node.module or "").startswith("xltransfer"):
            continue
        names = {f"{base}.{alias.name}" if base else alias.name for alias in node.names}
        found |= {name if name in MODULES else base for name in names}
    return (found & set(MODULES)) - {module}


GRAPH = {module: imported(module) for module in MODULES}


def test_the_package_has_layers_alone() -> None:
    assert {path.name for path in PACKAGE.glob("*.py")} == {"__init__.py", "__main__.py"}
    assert {path.parent.name for path in PACKAGE.glob("*/__init__.py")} == set(LAYERS)


@pytest.mark.parametrize("layer", LAYERS)
def test_imports_run_downwards(layer: str) -> None:
    below = set(LAYERS[: LAYERS.index(layer) + 1])
    upward = {
        f"{module} imports {other}"
        for module, others in GRAPH.items()
        for other in others
        if module.split(".")[0] == layer and other.split(".")[0] not in below
    }
    assert not upward


def test_no_two_modules_have_one_name() -> None:
    """A name that is heard in a talk or read in a traceback leads to one file."""
    names = Counter(path.stem for path in MODULES.values() if path.stem != "__init__")
    assert [name for name, number in names.items() if number > 1] == []


def test_no_file_imports_itself_by_way_of_others() -> None:
    try:
        TopologicalSorter(GRAPH).prepare()
    except CycleError as error:
        pytest.fail(" imports ".join(reversed(error.args[1])))


def test_no_folder_imports_itself_by_way_of_others() -> None:
    """Folders within a layer, too."""
    folders: dict[str, set[str]] = {}
    for module, others in GRAPH.items():
        folder = folder_of(module)
        found = {folder_of(other) for other in others} - {folder}
        # A folder and the folders in it are one thing.
        found = {f for f in found if not f"{f}.".startswith(f"{folder}.")}
        folders.setdefault(folder, set()).update(
            f for f in found if not f"{folder}.".startswith(f"{f}.")
        )
    try:
        TopologicalSorter(folders).prepare()
    except CycleError as error:
        pytest.fail(" imports ".join(reversed(error.args[1])))


@pytest.mark.parametrize("stage", sorted(path.stem for path in (PACKAGE / "stages").glob("[a-z]*")))
def test_no_digest_of_a_stage_holds_what_changes_no_result(stage: str) -> None:
    assert not {m for m in code.modules(stage) if m.startswith("xltransfer.runtime")}


@pytest.mark.parametrize("stage", sorted(path.stem for path in (PACKAGE / "stages").glob("[a-z]*")))
def test_no_digest_of_a_stage_holds_the_study(stage: str) -> None:
    """What a stage does is decided by its command line, not by how a study is planned."""
    assert not {m for m in code.modules(stage) if m.startswith("xltransfer.study")}
