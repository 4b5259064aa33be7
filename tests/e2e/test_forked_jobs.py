"""Snakemake's jobs run in forks of one process, with the results of processes of their own."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
import yaml
from conftest import copy_workflow
from running import snakemake
from xltransfer.runtime.fork_client import FOLDER

TARGETS = ["qaa_embedded", "qab_embedded", "qac_embedded"]
STUDY = {
    "tasks": ["parsing"],
    "unseen": {"languages": []},
    "parallel": {"treebanks": []},
    "typology_features": [],
    "seeds": [1],
    "ablations": ["none"],
    "parsing": {
        "sources": ["qaa_embedded"],
        "targets": TARGETS,
        "training": {"epochs": 1, "training_sentences": 60},
    },
}
NOTES_FORKS = """
import os, pathlib, sys

def note():
    if any("fork_server" in argument for argument in sys.orig_argv):
        pathlib.Path("{folder}", str(os.getpid())).touch()

os.register_at_fork(after_in_child=note)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="forks are used on Linux alone")
def test_jobs_run_in_forks(tmp_path: Path) -> None:
    (tmp_path / "hook").mkdir()
    results = {}
    for kind in ("forked", "own"):
        folder, noted = tmp_path / kind, tmp_path / f"{kind}-forks"
        copy_workflow(folder)
        noted.mkdir()
        (folder / "study.yaml").write_text(yaml.safe_dump(STUDY))
        hook = NOTES_FORKS.format(folder=noted)
        (tmp_path / "hook" / "sitecustomize.py").write_text(hook)
        settings = {FOLDER: ""} if kind == "own" else {}
        done = snakemake(
            folder, "--configfile", "study.yaml", PYTHONPATH=str(tmp_path / "hook"), **settings
        )
        assert done.returncode == 0, done.stderr
        forks = len(list(noted.iterdir()))
        # All predictions and scores, and some of the jobs that come before the server is ready.
        assert forks >= 2 * len(TARGETS) if kind == "forked" else forks == 0
        results[kind] = {
            str(path.relative_to(folder)): path.read_bytes()
            for path in sorted((folder / "results").rglob("*"))
            if path.suffix in (".csv", ".md", ".parquet", ".safetensors", ".conllu", ".txt")
        }
    assert len(results["own"]) > 20
    assert results["forked"] == results["own"]
