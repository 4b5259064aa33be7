"""A report names neither the user nor the machine, wherever encoders and results are."""

from __future__ import annotations

import shutil
import zipfile
from pathlib import Path

import pytest
import yaml
from conftest import EMBEDDED_ENCODER, copy_workflow
from planning import SMALL, finish, install_fake_stages, snakemake
from xltransfer.records.record import RESULTS
from xltransfer.study.private_report import names_to_shorten, shorten

SECRET = "confidential"
NAMES = """
import getpass, os, platform, socket
getpass.getuser = lambda: "confidential-user"
platform.node = socket.gethostname = socket.getfqdn = lambda *_: "confidential-host"
"""
"""For every Python process: another machine and user."""


def test_report(tmp_path: Path, monkeypatch) -> None:
    home = tmp_path / f"{SECRET}-üser"
    folder, names = home / "clone", tmp_path / "names"
    for path in (folder, names):
        path.mkdir(parents=True)
    (names / "sitecustomize.py").write_text(NAMES)
    monkeypatch.setenv("PYTHONPATH", str(names))
    for variable in ("USER", "LOGNAME"):
        monkeypatch.setenv(variable, f"{SECRET}-user")
    copy_workflow(folder)
    shutil.copytree(EMBEDDED_ENCODER, home / "encoder")
    encoder = {"name": "embedded", "path": str(home / "encoder"), "layers": 12}
    study = SMALL | {"encoders": [encoder], "pathvars": {"results": str(home / "results")}}
    (folder / "small.yaml").write_text(yaml.safe_dump(study))
    install_fake_stages(folder)
    finish(folder, "--configfile", "small.yaml")
    for suffix in (".html", ".zip"):
        report = folder / f"report{suffix}"
        done = snakemake(folder, "--report", str(report), "--configfile", "small.yaml")
        assert done.returncode == 0, done.stderr
        if suffix == ".html":
            text = report.read_text(encoding="utf-8")
        else:
            with zipfile.ZipFile(report) as archive:
                assert archive.testzip() is None and len(archive.namelist()) > 20
                text = archive.read("report/report.html").decode()
        for name in (SECRET, str(tmp_path)):
            place = text.find(name)
            assert place < 0, text[max(0, place - 200) : place + 100]
        assert "<results>/tables/randominit.csv" in text


def test_paths_in_json_in_json_are_shortened(monkeypatch: pytest.MonkeyPatch) -> None:
    import json

    monkeypatch.setenv(RESULTS, "/r")

    path = '/home/jösé "x"/encoder'
    names = names_to_shorten([path, "relative"], Path("/clone"), "/r")
    for text in (path, json.dumps({"a": path}), json.dumps({"a": json.dumps([path])})):
        short = shorten(text, names)
        assert "home" not in short and "encoder" in short
    assert shorten("/clone/results/x in /clone and /r/y", names) == (
        "results/x in . and <results>/y"
    )
