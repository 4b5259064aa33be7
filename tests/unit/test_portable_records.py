"""Records that are passed on with results name no user, machine or folder, and can be followed."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from xltransfer.records.record import located, portable, record_path, write_record
from xltransfer.records.trace import follow, table_provenance
from xltransfer.records.verification import verified_checksums
from xltransfer.runtime.files import sha256_of_file

SECRET = "jane-doe"


@pytest.fixture
def study(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A checkout to work in, an absolute folder of results, and encoders elsewhere."""
    home = tmp_path / SECRET
    for folder in ("checkout", "scratch/results/treebanks", "scratch/results/models", "a", "b"):
        (home / folder).mkdir(parents=True)
    for name in "ab":
        (home / name / "config.json").write_text(name)
    monkeypatch.chdir(home / "checkout")
    monkeypatch.setenv("XLTRANSFER_RESULTS", str(home / "scratch" / "results"))
    return home


def test_paths_are_portable_and_can_be_located(study: Path) -> None:
    results = f"{study}/scratch/results"
    assert portable("results/x") == "results/x"
    assert portable(f"{results}/models/x.json") == "<results>/models/x.json"
    assert located("<results>/models/x.json") == f"{results}/models/x.json"
    assert portable(f"{study}/checkout/resources/x") == "resources/x"
    first, second = (portable(f"{study}/{name}/config.json") for name in "ab")
    assert first != second and SECRET not in first + second
    assert first.startswith("<absolute path ") and first.endswith(">/config.json")
    assert portable(f"{study}/a/config.json") == first
    # Not in the folder of results, though its name begins like it.
    assert portable(f"{results}-old/x").startswith("<absolute path ")


def test_without_the_workflow_paths_stay(study: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("XLTRANSFER_RESULTS")
    assert portable(f"{study}/a/config.json") == f"{study}/a/config.json"


def test_records_of_an_absolute_folder_of_results_are_followed(study: Path) -> None:
    results = study / "scratch" / "results"
    treebank, model = results / "treebanks" / "train.conllu", results / "models" / "training.json"
    treebank.write_text("trees")
    write_record(treebank, "check_treebank", {})
    model.write_text("{}")
    encoders = [study / name / "config.json" for name in "ab"]
    settings = {"identifier": f"{study}/model.bin", "kept": "a/b"}
    write_record(model, "finetune", verified_checksums([treebank, *encoders]), config=settings)
    config = {"study": "x", "seeds": [1], "config": {"encoders": [{"path": f"{study}/a"}]}}
    table = table_provenance(config, [model], "score_tables")
    written = record_path(model).read_text() + json.dumps(table.content)
    assert SECRET not in written and str(study.parent) not in written
    assert json.loads(record_path(model).read_text())["config"] == {
        "identifier": "<absolute path>/model.bin",
        "kept": "a/b",
    }
    assert set(table.content["stages"]) == {"finetune", "check_treebank"}
    assert table.content["inconsistent"] == {}
    sources = table.content["sources"]
    assert sources["<results>/treebanks/train.conllu"] == sha256_of_file(treebank)
    assert sorted(sources.values()) == sorted(map(sha256_of_file, [treebank, *encoders]))
    assert table.times["all"]["models"] == 1
    treebank.write_text("other trees")
    write_record(treebank, "check_treebank", {})
    trace = follow({portable(model): sha256_of_file(model)})
    assert list(trace.inconsistent) == ["<results>/treebanks/train.conllu"]
