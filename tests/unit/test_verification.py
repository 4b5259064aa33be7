"""Files that change between the stage that makes them and the stages that read them are refused."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from reading_stages import (
    BY_TARGET,
    SENTENCE,
    STAGES,
    TABLE,
)
from xltransfer.analyses.scores import read_scores
from xltransfer.encoders.configuration import read_config
from xltransfer.records import remembered
from xltransfer.records.record import record_path, write_record
from xltransfer.records.trace import table_provenance
from xltransfer.records.verification import verified_checksums, verified_encoder, verified_model
from xltransfer.runtime import files as xltransfer_files
from xltransfer.runtime.errors import InputError
from xltransfer.runtime.files import sha256_of_file, write_json
from xltransfer.stages.score import COLUMNS, pa, parquet, with_sentence_ids
from xltransfer.stages.search import finished_row, save_row
from xltransfer.study import check_results

TAMPERED = ["flipped", "truncated", "exchanged", "exchanged with its record", "without a record",
            "with a damaged record"]  # fmt: skip
NO_RECORD = ("models/m/seed-1/config.json", "models/m/seed-1/model.safetensors",
             "models/m/seed-1/task.json", "models/m/seed-1/tokenizer.json")  # fmt: skip
"""Parts of a model, which its training report names."""


def content(path: str, other: bool = False) -> str:
    if path.endswith("by_target.csv"):
        return BY_TARGET + "f,pos,accuracy,aa,aa,none,1\n" * other
    if path.endswith(".conllu"):
        return SENTENCE.format(f"{path} {other}")
    if path == "searches/e/pos/aa_x.json":
        rates = {"encoder_learning_rate": 1e-3, "head_learning_rate": 1e-3}
        return json.dumps({"chosen": {"epochs": 2 if other else 1, **rates}})
    return json.dumps({"about": f"{path} {other}", "model_type": "xltransfer-bilstm"})


def make(path: str, text: str) -> Path:
    file = Path("results") / path
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text)
    return file


def make_report(folder: str) -> None:
    parts = {name.rpartition("/")[2]: name for name in NO_RECORD if name.startswith(folder)}
    checksums = {name: sha256_of_file(f"results/{path}") for name, path in parts.items()}
    weights = checksums.pop("model.safetensors", "none")
    report = make(f"{folder}/training.json", json.dumps({"weights": weights, "files": checksums}))
    write_record(report, "finetune", {})


@pytest.fixture(scope="module")
def intact(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a folder of results in which every file has its record."""
    folder = tmp_path_factory.mktemp("intact")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        patch.setenv("XLTRANSFER_RESULTS", "results")
        for path in dict.fromkeys(path for paths, _ in STAGES.values() for path in paths):
            if not path.endswith("/training.json"):
                file = make(path, content(path))
                if path not in NO_RECORD:
                    write_record(file, "check_treebank", {})
        for name in ("models/m/seed-1", "models/e/pos/aa_x/none/seed-1"):
            make_report(name)
    return folder


@pytest.fixture
def results(intact: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of that folder of results, in the working directory."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XLTRANSFER_RESULTS", "results")
    monkeypatch.setattr(xltransfer_files, "_sync", lambda path: None)  # which takes most time here
    shutil.copytree(intact / "results", tmp_path / "results")
    return tmp_path / "results"


def tamper(path: str, how: str) -> None:
    """Change a file of the folder of results, or its record."""
    file = Path("results") / path
    data = bytearray(file.read_bytes())
    if how == "flipped":
        data[len(data) // 2] ^= 1
        file.write_bytes(data)
    elif how == "truncated":
        file.write_bytes(data[: len(data) // 2])
    elif how.startswith("exchanged"):
        folder = f"{Path(path).parent}-other"
        other = make(f"{folder}/{file.name}", content(path, other=True))
        write_record(other, "check_treebank", {})
        shutil.copyfile(other, file)
        if how == "exchanged with its record":
            shutil.copyfile(record_path(other), record_path(file))
    elif how == "without a record":
        record_path(file).unlink()
    else:
        record_path(file).write_text('{"output": ')


CASES = [
    (stage, path, how)
    for stage, (paths, _) in STAGES.items()
    for path in paths
    for how in TAMPERED
    if path not in NO_RECORD or how in ("flipped", "truncated", "exchanged")
]


@pytest.mark.parametrize(("stage", "path", "how"), CASES)
def test_stages_refuse_what_is_not_as_it_was_made(
    stage: str, path: str, how: str, results: Path
) -> None:
    tamper(path, how)
    with pytest.raises(InputError) as caught:
        STAGES[stage][1]()
    message = str(caught.value)
    subject = record_path(f"results/{path}") if how == "with a damaged record" else path
    assert str(subject) in message and "delete" in message
    assert "run the same command again" in message
    if how in ("flipped", "truncated", "exchanged"):
        assert "changed since it was made" in message
        assert sha256_of_file(f"results/{path}") in message
    assert not Path("out").exists(), "nothing has been written"


def test_intact_files_are_hashed(results: Path) -> None:
    paths = {Path("results") / path for paths, _ in STAGES.values() for path in paths}
    recorded = [path for path in paths if record_path(path).exists()]
    assert verified_checksums(recorded) == {str(path): sha256_of_file(path) for path in recorded}
    model = Path("results/models/m/seed-1")
    assert verified_model(model) == verified_checksums([model / "training.json"])


def test_the_folder_of_results_can_be_moved(results: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """And a record outside it says what the file holds, not where it is."""
    (results / "treebanks").rename("corpora-elsewhere")
    for folder in ("moved", "/absolute"):
        place = Path(folder) if folder == "moved" else results.parent / "absolute"
        shutil.copytree("corpora-elsewhere", place / "treebanks")
        monkeypatch.setenv("XLTRANSFER_RESULTS", str(place))
        file = place / "treebanks" / "aa_x" / "test.conllu"
        assert verified_checksums([file])
        shutil.move(file, file.with_name("dev.conllu"))
        shutil.move(record_path(file), record_path(file.with_name("dev.conllu")))
        with pytest.raises(InputError, match=r"record is that of another file, treebanks/aa_x/t"):
            verified_checksums([file.with_name("dev.conllu")])
    verified_checksums([Path("corpora-elsewhere/aa_x/test.conllu")])
    Path("corpora-elsewhere/aa_x/test.conllu").write_text("other")
    with pytest.raises(InputError, match=r"or remove corpora-elsewhere/aa_x/test.provenance.json"):
        verified_checksums([Path("corpora-elsewhere/aa_x/test.conllu")])


def test_files_of_users_need_no_record(results: Path) -> None:
    Path("mine.conllu").write_text("x")
    assert verified_checksums(["mine.conllu"]) == {"mine.conllu": sha256_of_file("mine.conllu")}
    Path("mine.provenance.json").write_text('{"by": "another program"}')
    assert verified_checksums(["mine.conllu"])
    with pytest.raises(InputError, match=r"other.conllu: cannot be read \(No such file"):
        verified_checksums(["other.conllu"])


def test_weights_are_compared_with_the_report_of_their_training(results: Path) -> None:
    """Also where there is no record, as in a model that was copied elsewhere by hand."""
    model = Path(shutil.copytree("results/models/m/seed-1", "copy"))
    record_path(model / "training.json").unlink()
    assert verified_model(model)
    (model / "model.safetensors").write_text("other weights")
    with pytest.raises(InputError, match=r"copy/model.safetensors: changed .* trains the model ag"):
        verified_model(model)
    (model / "model.safetensors").unlink()
    assert verified_model(model), "what opens the model says what is missing"
    (model / "training.json").write_text("[]")
    with pytest.raises(InputError, match=r"copy/training.json:1: not a training report"):
        verified_model(model)


def test_encoders_are_compared_with_their_pretraining(tmp_path: Path) -> None:
    for name in ("config.json", "model.safetensors", "tokenizer.json"):
        (tmp_path / name).write_text(name)
    checksums = {"weights": sha256_of_file(tmp_path / "model.safetensors")}
    write_json(tmp_path / "pretraining.json", checksums)
    assert len(verified_encoder(tmp_path)) == 4
    write_json(tmp_path / "pretraining.json", {**checksums, "tokenizer": "0"})
    with pytest.raises(InputError, match=r"tokenizer.json: not the file that pretraining.json is"):
        verified_encoder(tmp_path)
    write_json(tmp_path / "pretraining.json", {"weights": "0"})
    with pytest.raises(InputError, match=r"model.safetensors: not the file .* says 0; restore it"):
        verified_encoder(tmp_path)


def test_a_large_file_is_known_by_content(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A bit that is flipped after planning leaves size and time; the stage that reads notices."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(remembered, "LARGE", 4)
    file = tmp_path / "model.safetensors"
    file.write_bytes(b"weights")
    known = remembered.remembered_checksum(file, tmp_path)
    assert verified_checksums([file]) == {str(file): known}
    status = file.stat()
    with open(file, "r+b") as content:
        content.write(b"v")
    os.utime(file, ns=(status.st_atime_ns, status.st_mtime_ns))
    with pytest.raises(InputError, match=r"its size and time did not: .* or `touch` it if"):
        verified_checksums([file])
    # The next plan is one with the changed file.
    assert remembered.remembered_checksum(file, tmp_path) != known
    assert verified_checksums([file])


def write_scores(path: Path, **changes: object) -> None:
    row = {
        "encoder": "e", "task": "pos", "source": "aa", "target": "bb", "source_corpus": "aa_x",
        "target_corpus": "bb_x", "split": "test", "ablation": "none", "seed": 1,
        "metric": "accuracy", "value": 100 * 2 / 3, "sentences": 2, "words": 3,
        "numerators": [1, 1], "denominators": [2, 1],
    }  # fmt: skip
    table = pa.Table.from_pylist([{**row, **changes}], schema=COLUMNS)
    parquet.write_table(with_sentence_ids(table, ["a", "b"]), path)


def test_values_of_scores_are_those_of_their_counts(tmp_path: Path) -> None:
    path = tmp_path / "x.parquet"
    write_scores(path)
    assert read_scores([path])["value"].tolist() == [100 * 2 / 3]
    for change in (
        {"value": np.nextafter(100 * 2 / 3, 0)}, {"numerators": [1, 0]}, {"sentences": 3},
        {"denominators": [2, 1, 0]}, {"value": None}, {"numerators": None},
    ):  # fmt: skip
        write_scores(path, **change)
        with pytest.raises(InputError, match=r"x.parquet: accuracy of none, seed 1, is .*; delete"):
            read_scores([path])


def test_another_file_of_weights_is_refused(tmp_path: Path) -> None:
    write_json(tmp_path / "config.json", {"model_type": "bert", "transformers_weights": "x.bin"})
    with pytest.raises(InputError, match=r"config.json:1: transformers_weights names 'x.bin'"):
        read_config(tmp_path)


def test_damaged_results_of_a_search_are_trained_again(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    assert finished_row(path, "a") is None
    save_row(path, "a", {"score": 12.5})
    assert finished_row(path, "a") == {"score": 12.5}
    assert finished_row(path, "b") is None, "it is that of another training"
    path.write_text(path.read_text().replace("12.5", "13.5"))
    assert finished_row(path, "a") is None
    for text in ("{", "[]", '{"row": 1}'):
        path.write_text(text)
        assert finished_row(path, "a") is None


@pytest.fixture
def chain(results: Path) -> dict[str, Path]:
    """A treebank, two predictions of it and their scores, and a model without weights."""
    found = {
        name: make(path, name)
        for name, path in {
            "treebank": "chain/treebank.conllu",
            "model": "chain/m/training.json",
            "prediction": "chain/prediction.conllu",
            "scores": "chain/scores.parquet",
            "other": "chain/other.conllu",
        }.items()
    }
    found["download"] = Path("x.conllu")
    found["download"].write_text("an old release")
    found["model"].write_text(json.dumps({"weights": "0"}))
    for name, inputs in {
        "treebank": ["download"], "model": [], "prediction": ["model", "treebank"],
        "scores": ["prediction", "treebank"], "other": ["treebank"],
    }.items():  # fmt: skip
        write_record(found[name], "check_treebank", verified_checksums(found[i] for i in inputs))
    make("chain/m/needed_by/predict", "")
    return found


def test_tables_of_two_versions_of_a_file_are_refused(chain: dict[str, Path]) -> None:
    """A treebank was made again, and scored, but not by a prediction of the new one."""
    old = sha256_of_file(chain["treebank"])
    table_provenance(TABLE, [chain["scores"]], "score_tables")
    chain["treebank"].write_text("new")
    write_record(chain["treebank"], "check_treebank", verified_checksums([chain["download"]]))
    with pytest.raises(InputError) as caught:
        table_provenance(TABLE, [chain["scores"]], "score_tables")
    message = str(caught.value)
    for part in (old, sha256_of_file(chain["treebank"]), "chain/treebank.conllu",
                 "by <results>/chain/", "check_results results --delete"):  # fmt: skip
        assert part in message


def test_all_that_is_wrong_is_found_and_deleted(chain: dict[str, Path]) -> None:
    results = Path("results")
    assert set(check_results.wrong_files(results)) == set()
    chain["other"].write_text("a flipped bit")
    found = check_results.wrong_files(results)
    assert set(found) == {chain["other"]} and "changed since" in found[chain["other"]]
    chain["treebank"].write_text("new")
    write_record(chain["treebank"], "check_treebank", verified_checksums([chain["download"]]))
    record_path(results / "encoders/e/config.json").write_text("{")
    found = check_results.wrong_files(results)
    wrong = {chain[name] for name in ("other", "prediction", "scores")}
    assert set(found) == {*wrong, record_path(results / "encoders/e/config.json")}
    check_results.delete_files(found)
    assert not any(path.exists() or record_path(path).exists() for path in wrong)
    assert not (results / "encoders/e/config.json").exists()
    assert chain["treebank"].exists() and chain["model"].exists()
    assert not (chain["model"].parent / "needed_by").exists(), "so that it is trained again"
    assert set(check_results.wrong_files(results)) == set()


def test_two_versions_of_raw_data_are_found(chain: dict[str, Path]) -> None:
    """What was made from the version that is gone is outdated."""
    chain["download"].write_text("a new release")
    assert check_results.wrong_files(Path("results")) == {}, "the workflow compares parameters"
    second = make("chain/second.conllu", "x")
    write_record(second, "check_treebank", verified_checksums([chain["download"]]))
    found = check_results.wrong_files(Path("results"))
    assert set(found) == {chain[n] for n in ("treebank", "prediction", "scores", "other")}
    with pytest.raises(InputError, match=r"x.conllu: used in versions with sha256"):
        table_provenance(TABLE, [chain["scores"], second], "score_tables")


def test_tables_name_their_place(results: Path) -> None:
    frame = pd.read_csv("results/tables/randominit_by_target.csv")
    assert list(frame["mean"]) == [1, 1]
    record = json.loads(record_path("results/tables/randominit_by_target.csv").read_text())
    assert record["path"] == "tables/randominit_by_target.csv"
