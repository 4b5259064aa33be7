"""Identities of jobs: what changes them, and what does not."""

from __future__ import annotations

import copy
import os
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml
from conftest import ROOT
from planning import encoders_with
from test_study import change
from xltransfer.records.remembered import LARGE, REMEMBERED
from xltransfer.study import Study
from xltransfer.study.catalogued_files import FOLDER
from xltransfer.study.local_files import LocalFiles


@pytest.fixture
def config() -> dict:
    return yaml.safe_load((ROOT / "config.yaml").read_text(encoding="utf-8"))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with a catalogue that has no checksum of any treebank, and nothing fetched."""
    resources, table = tmp_path / "resources", "treebank_files.tsv"
    resources.mkdir()
    for path in (ROOT / "resources").iterdir():
        if path.name not in ("downloads", table):
            (resources / path.name).symlink_to(path)
    header, *rows = (ROOT / "resources" / table).read_text(encoding="utf-8").splitlines()
    column = header.split("\t").index("checksum")
    rows = [[*r[:column], "unchecked", *r[column + 1 :]] for r in (row.split("\t") for row in rows)]
    lines = [header, *("\t".join(row) for row in rows)]
    (resources / table).write_text("\n".join(lines) + "\n", encoding="utf-8")
    return tmp_path


def test_large_files_are_known_by_content_though_their_times_stay(tmp_path: Path) -> None:
    path = tmp_path / "weights"
    path.write_bytes(bytes(LARGE))
    times = path.stat().st_atime_ns, path.stat().st_mtime_ns
    first = LocalFiles(tmp_path).checksum(path)
    assert (tmp_path / REMEMBERED).exists()
    with open(path, "r+b") as file:
        file.write(b"\1")
    os.utime(path, ns=times)
    assert LocalFiles(tmp_path).checksum(path) != first


def test_a_file_has_one_version_before_and_after_it_is_fetched(tmp_path: Path) -> None:
    path = tmp_path / "text"
    assert LocalFiles(tmp_path).version("text") == ""
    path.write_text("first")
    assert LocalFiles(tmp_path).version("text") == ""
    path.write_text("second")
    second = LocalFiles(tmp_path).version("text")
    assert second
    path.unlink()
    assert LocalFiles(tmp_path).version("text") == second
    path.write_text("first")
    assert LocalFiles(tmp_path).version("text") == ""


def test_unchecked_files_change_what_is_made_of_them(folder: Path, config: dict) -> None:
    config["parsing"]["targets"].append("fr_pud")
    corpus = ("parsing", "fr_pud", "test")
    path = folder / FOLDER / Study(config, folder).downloads.path("treebanks", *corpus[1:])
    path.parent.mkdir(parents=True)

    def identities() -> tuple[str, str, str]:
        """Those of the file, of the table, and of models that have nothing to do with them."""
        made = Study(config, folder).identities
        model = made.model("embedded", "parsing", "qaa_embedded")
        return made.gold(*corpus), made.table("randominit"), model

    missing = identities()
    path.write_text("a")
    assert identities() == missing
    path.write_text("b")
    changed = identities()
    assert changed[0] != missing[0] and changed[1] != missing[1] and changed[2] == missing[2]


@pytest.mark.parametrize(
    ("apply", "changes_unseen"),
    [
        (change(job_size__finetune__seeds=1, training_threads=3), False),
        (lambda config: config["seeds"].reverse(), False),
        (change(cleaning__maximum_lines=7), True),
        (change(encoders=encoders_with("embedded-adapted", by__training__epochs=7)), True),
        (change(unseen__bilstm__training__epochs=7), True),
    ],
    ids=["job-size", "order-of-seeds", "cleaning", "adaptation", "baseline"],
)
def test_what_a_change_does_not_concern_keeps_its_identity(
    apply: Callable[[dict], None], changes_unseen: bool, config: dict
) -> None:
    def scores_of(study: Study) -> list[str]:
        of = "embedded", "parsing", study.sources("parsing"), "qab_embedded", "test"
        return [study.identities.scoring_job(*of), study.identities.similarity("embedded", of[3])]

    def scores_of_unseen(study: Study) -> list[str]:
        return [study.identities.unseen.scoring_job(*pair) for pair in study.unseen.pairs]

    before = Study(copy.deepcopy(config), ROOT)
    apply(config)
    after = Study(config, ROOT)
    assert scores_of(after) == scores_of(before)
    assert (scores_of_unseen(after) != scores_of_unseen(before)) == changes_unseen
