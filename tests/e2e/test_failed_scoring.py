"""A treebank gets a new release, scoring is killed, and the same command makes the new table."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

import yaml
from conftest import ROOT, copy_workflow
from running import environment, snakemake
from xltransfer.corpora.embedded_world.languages import read_language
from xltransfer.corpora.embedded_world.writers import World, write_treebank
from xltransfer.runtime.files import sha256_of_file

TABLE = "results/tables/randominit_by_target.csv"
STUDY = {
    "ud_release": "2.18",
    "tasks": ["parsing"],
    "unseen": {"languages": []},
    "parallel": {"treebanks": []},
    "typology_features": [],
    "seeds": [1],
    "ablations": ["none"],
    "parsing": {
        "sources": ["qaa_embedded"],
        "targets": ["qaa_embedded", "zz_new"],
        "training": {"epochs": 1, "training_sentences": 60},
    },
}
KILLS_SCORING = """#!/bin/sh
case "$*" in *"-m xltransfer score "*) kill -9 $$ ;; esac
exec "{python}" "$@"
"""


def add_row(folder: Path, table: str, *values: str) -> None:
    with open(folder / "resources" / table, "a", encoding="utf-8") as file:
        file.write("\t".join(values) + "\n")


def release(folder: Path, number: str, sentences: range) -> None:
    """Put a release of a treebank where downloads lie, and into the catalogue."""
    path = folder / "resources" / "downloads" / f"ud-{number}" / "UD_New-Test" / "new-test.conllu"
    path.parent.mkdir(parents=True)
    languages = ROOT / "resources" / "embedded_world" / "languages.tsv"
    language = read_language(languages, "qab", "Embedded, Alvic", "Latn")
    write_treebank(path, World(1, language), sentences)
    row = ("zz_new", number, "test", path.name, str(path.stat().st_size))
    row += (f"sha256:{sha256_of_file(path)}", f"https://example.org/{number}/{path.name}")
    add_row(folder, "treebank_files.tsv", *row)


def run(folder: Path, **more: str) -> int:
    arguments = (TABLE, "--keep-going", "--configfile", "study.yaml")
    return snakemake(folder, *arguments, **more).returncode


def test_the_table_is_that_of_the_new_release(tmp_path: Path) -> None:
    folder, scratch = copy_workflow(tmp_path / "study"), tmp_path / "scratch"
    (folder / "study.yaml").write_text(yaml.safe_dump(STUDY))
    add_row(folder, "languages.tsv", "zz", "New", "zzz", "Latn", "Isolate")
    add_row(folder, "treebanks.tsv", "zz_new", "zz", "UD_New-Test", "CC0-1.0")
    release(folder, "2.17", range(20))
    assert run(folder) == 0
    old = (folder / TABLE).read_bytes()
    shutil.copytree(folder, scratch)
    for name in ("treebanks/zz_new", "predictions", "scores", "tables"):
        shutil.rmtree(scratch / "results" / name)
    for study in (folder, scratch):
        release(study, "2.18", range(20, 60))
    assert run(scratch) == 0
    new = (scratch / TABLE).read_bytes()
    assert new != old

    program = folder / "bin" / "python"
    program.parent.mkdir()
    program.write_text(KILLS_SCORING.format(python=sys.executable))
    program.chmod(0o755)
    killed = run(folder, PATH=f"{program.parent}{os.pathsep}{environment()['PATH']}")
    assert killed != 0 and (folder / TABLE).read_bytes() == old
    assert run(folder) == 0
    assert (folder / TABLE).read_bytes() == new
