"""Files that people send to each other, given to the commands that users type."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
import running
import yaml
from conftest import copy_workflow
from planning import SMALL, install_fake_stages, snakemake, with_fake_stages

REAL = {
    "tasks": ["parsing"],
    "unseen": {"languages": []},
    "parallel": {"treebanks": []},
    "ablations": ["none"],
    "parsing": {
        "sources": ["en_ewt"],
        "ablated_sources": ["en_ewt"],
        "targets": ["en_ewt", "fr_pud"],
    },
}
"""A study of real languages: the default one needs neither downloads nor typology."""


@pytest.fixture
def attacked(tmp_path: Path) -> Path:
    """A workspace two folders down, whose stages only write the files they should."""
    folder = tmp_path / "home" / "clone"
    folder.mkdir(parents=True)
    copy_workflow(folder)
    (folder / "study.yaml").write_text(yaml.safe_dump(REAL))
    install_fake_stages(folder)
    return folder


def edit(folder: Path, table: str, key: str, **changes: str) -> None:
    """Change columns of the row of a table that begins with a key."""
    path = folder / "resources" / table
    header, *rows = path.read_text(encoding="utf-8").splitlines()
    for number, row in enumerate(rows):
        if row.startswith(f"{key}\t"):
            values = dict(zip(header.split("\t"), row.split("\t"), strict=True))
            rows[number] = "\t".join((values | changes).values())
    path.write_text("\n".join([header, *rows]) + "\n", encoding="utf-8")


def owned(folder: Path) -> list[Path]:
    """What an attack has left anywhere."""
    return [path for path in folder.parent.parent.rglob("*") if path.name.startswith("owned")]


def refused(folder: Path, reason: str, *arguments: str, **environment: str) -> str:
    done = snakemake(folder, *arguments, **environment)
    errors = [line for line in done.stderr.splitlines() if line.startswith("error: ")]
    assert done.returncode != 0 and len(errors) == 1, done.stderr
    assert reason in errors[0]
    assert not owned(folder)
    return done.stdout + done.stderr


def test_row_cannot_write_outside_the_clone(attacked: Path) -> None:
    secret = attacked.parent / "secret.conllu"
    secret.write_text("secret")
    address = {"url": f"file://{secret}", "checksum": "unchecked"}
    edit(attacked, "treebanks.tsv", "fr_pud", name="../../../..")
    edit(attacked, "treebank_files.tsv", "fr_pud", file="owned.conllu", **address)
    command = ("results/treebanks/fr_pud/test.conllu", "--configfile", "study.yaml")
    refused(attacked, "is no address of a catalogue", *command, **running.environment())
    edit(attacked, "treebank_files.tsv", "fr_pud", url="https://example.org/x")
    refused(attacked, "is no path inside a mirror", *command, **running.environment())


SHELL = "$(touch owned)"


def test_checksum_is_not_run_by_a_shell(attacked: Path) -> None:
    for name in ("wals/cldf/languages.csv", "wals/raw/value.csv", "wals/raw/domainelement.csv"):
        path = attacked / "resources" / "downloads" / "typology" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("there already")
    edit(attacked, "typology_files.tsv", "wals\tvalues", checksum=SHELL)
    command = ("results/typology/features.csv", "--configfile", "study.yaml")
    refused(attacked, "is none of sha256:", *command, **with_fake_stages(attacked))


def test_scheme_is_not_run_by_a_shell(attacked: Path) -> None:
    for table in ("transliterations.tsv", "transliteration/schemes.tsv"):
        path = attacked / "resources" / table
        path.write_text(path.read_text(encoding="utf-8").replace("embedded-cyrl", SHELL))
    command = ("results/treebanks/qcx_latn_embedded/test.conllu",)
    refused(attacked, "is not of the form", *command, **with_fake_stages(attacked))


def test_password_of_a_mirror_is_nowhere(attacked: Path) -> None:
    password = "hunter2"
    study = REAL | {"mirrors": [f"http://user:{password}@127.0.0.1:9/ud"]}
    (attacked / "study.yaml").write_text(yaml.safe_dump(study))
    target = "results/treebanks/fr_pud/test.conllu"
    environment = running.environment()
    said = refused(attacked, "~/.netrc", target, "--configfile", "study.yaml", **environment)
    assert password not in said
    for path in attacked.rglob("*"):
        if path.is_file() and path.name != "study.yaml":
            assert password.encode() not in path.read_bytes(), path


@pytest.mark.parametrize("argument", ["--configfile", "--configfiles"])
def test_code_of_a_study_file_is_reported_by_the_workflow(argument: str, attacked: Path) -> None:
    """It has run by then: only ``check_study`` comes before."""
    study = yaml.safe_dump(SMALL | {"study": "?'x' * 3", "__use_yte__": True})
    (attacked / "code.yaml").write_text(study)
    refused(attacked, "is code that Snakemake runs", "--dry-run", argument, "code.yaml")


def test_the_commands_of_this_package_do_not_run_code(attacked: Path) -> None:
    study = yaml.safe_dump(SMALL | {"study": "?open('owned', 'w')", "__use_yte__": True})
    (attacked / "code.yaml").write_text(study)
    for command in (
        ["check_study", "code.yaml"],
        ["plan", "--configfile", "code.yaml"],
        ["check_language", "wo", "--configfile", "code.yaml"],
    ):
        done = subprocess.run(
            [sys.executable, "-m", "xltransfer", *command],
            cwd=attacked,
            capture_output=True,
            text=True,
            env={**os.environ, "PYTHONPATH": str(attacked / "workflow")},
        )
        assert done.returncode == 2 and "is code that Snakemake runs" in done.stderr, command
        assert not owned(attacked)
