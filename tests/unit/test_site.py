"""The documentation as a site: it builds without a warning, and its reference names everything."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest
import yaml
from conftest import ROOT
from xltransfer.runtime.entry import commands


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The built site. Sphinx warns about links that lead nowhere and pages that nothing lists."""
    folder = tmp_path_factory.mktemp("site")
    options = ["--quiet", "--fail-on-warning", "--keep-going"]
    done = subprocess.run(
        [sys.executable, "-m", "sphinx", *options, "docs", folder],
        cwd=ROOT, capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-3000:]
    return folder


@pytest.fixture(scope="module")
def reference() -> ModuleType:
    spec = importlib.util.spec_from_file_location("reference", ROOT / "docs" / "reference.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_site_has_every_document(site: Path) -> None:
    pages = {path.stem for path in site.glob("*.html")}
    assert {path.stem for path in (ROOT / "docs").glob("*.md")} <= pages
    assert "RANDOM-INIT" in (site / "start.html").read_text(encoding="utf-8")


def test_reference_has_every_key_command_and_module(site: Path) -> None:
    text = {
        path.stem: path.read_text(encoding="utf-8") for path in (site / "reference").glob("*.html")
    }
    config = yaml.safe_load((ROOT / "config.yaml").read_text(encoding="utf-8"))
    for key in config:
        assert f">{key}</span>" in text["configuration"], key
    assert all(f'id="{name.replace("_", "-")}"' in text["commands"] for name in commands())
    for path in (ROOT / "resources").glob("*.tsv"):
        assert path.name in text["catalogues"]
    assert "records.verification" in text["modules"]


def test_comments_are_those_above_the_keys(reference: ModuleType) -> None:
    text = (
        "# One\n# line.\na: 1  # not this\nb:\n  # Of c:\n  # - x\n  # - y\n  c: [2]\n\n"
        "d:\n  - e: 1\n    f: 2\ng:\n"
    )
    keys = [(key.path, key.comment, key.value) for key in reference.commented_keys(text)]
    assert keys == [
        (("a",), "One line.", "1"),
        (("b",), "", ""),
        (("b", "c"), "Of c:\n\n- x\n- y", "[2]"),
        (("d",), "", ""),
        (("g",), "", ""),
    ]
