"""The workflow as a module of another one, in another folder."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
import yaml
from conftest import ROOT
from planning import SMALL, snakemake
from xltransfer.study.study_files import merged

MODULE = """\
configfile: "config.yaml"


module xltransfer:
    snakefile:
        "{snakefile}"
    config:
        config


use rule * from xltransfer{names}


rule sentence:
    input:
        "results/tables/randominit.csv",
    output:
        "sentence.txt",
    shell:
        "head -1 {{input}} > {{output}}"
"""


@pytest.fixture
def foreign(tmp_path: Path) -> Path:
    """A folder with the configuration of the small study, and no workflow."""
    content = yaml.safe_load((ROOT / "config.yaml").read_text(encoding="utf-8"))
    # Another folder than the workspace's, which a test may have, too.
    folder = tmp_path / "foreign"
    folder.mkdir()
    (folder / "config.yaml").write_text(yaml.safe_dump(merged(content, SMALL)))
    return folder


def plan(folder: Path, *arguments: str) -> subprocess.CompletedProcess:
    # Without the profile of the clone, and as a new process of the user's: the package is found by
    # way of the rules alone.
    return snakemake(folder, "-n", "--quiet", "rules", *arguments, PYTHONPATH="")


def jobs(done: subprocess.CompletedProcess) -> dict[str, int]:
    """The number of jobs of each rule."""
    assert done.returncode == 0, done.stdout + done.stderr
    lines = [line.split() for line in done.stdout.splitlines()]
    return {line[0]: int(line[1]) for line in lines if len(line) == 2 and line[1].isdigit()}


def test_another_workflow_uses_this_one(foreign: Path, small: Path) -> None:
    text = MODULE.format(snakefile=ROOT / "Snakefile", names="")
    (foreign / "Snakefile").write_text(text)
    refused = plan(foreign, "--", "sentence")
    assert refused.returncode != 0 and "Traceback" not in refused.stderr
    assert "this folder has no `resources` with the catalogues: ln -s" in refused.stderr
    (foreign / "resources").symlink_to(ROOT / "resources")
    found = jobs(plan(foreign, "--", "sentence"))
    own = plan(small, "--configfile", "small.yaml", "--", "results/tables/randominit.csv")
    expected = jobs(own)
    assert expected["finetune"] > 0
    assert found.pop("sentence") == 1
    assert found.pop("total") == expected.pop("total") + 1
    assert found == expected


def test_rules_of_a_module_can_have_a_prefix(foreign: Path) -> None:
    (foreign / "resources").symlink_to(ROOT / "resources")
    text = MODULE.format(snakefile=ROOT / "workflow" / "Snakefile", names=" as xltransfer_*")
    (foreign / "Snakefile").write_text(text)
    found = jobs(plan(foreign, "--", "sentence"))
    assert found["sentence"] == 1 and found["xltransfer_finetune"] > 0
