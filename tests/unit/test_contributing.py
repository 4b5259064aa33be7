"""The map of the code in CONTRIBUTING.md and README.md names places that exist."""

from __future__ import annotations

import re

import pytest
from conftest import ROOT
from xltransfer.study.analyses import ANALYSES

ABOVE = (ROOT, ROOT / "workflow" / "xltransfer", ROOT / "resources")
PATH = re.compile(r"`((?:[a-z_*]+/)+[a-z_*]*(?:\.[a-z]+)?|[a-z_]+\.(?:py|smk|tsv|yaml))`")
ELSEWHERE = re.compile(r"results/|data/|resources/downloads/|run_mlm")
"""Paths that are made, or are not part of the repository."""


@pytest.mark.parametrize("document", ["CONTRIBUTING.md", "README.md"])
def test_every_path_of_the_map_exists(document: str) -> None:
    text = (ROOT / document).read_text(encoding="utf-8")
    paths = {path for path in PATH.findall(text) if not ELSEWHERE.match(path)}
    assert len(paths) > 10
    missing = {
        path
        for path in paths
        if not any(
            list(folder.glob(path)) or ("/" not in path and list(folder.rglob(path)))
            for folder in ABOVE
        )
    }
    assert not missing


def test_the_example_rule_and_stage_exist_under_one_name() -> None:
    """Rules, stages and their modules have the same name where a stage has one rule."""
    stages = {path.stem for path in (ROOT / "workflow/xltransfer/stages").glob("[a-z]*.py")}
    rules = "\n".join(path.read_text() for path in (ROOT / "workflow/rules").glob("*.smk"))
    run = set(re.findall(r"python -m xltransfer (\w+)", rules))
    run |= {analysis.stage for analysis in ANALYSES}
    assert run <= stages
    assert stages - run <= {"write_tokenizer"}
