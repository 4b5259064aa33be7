"""Records of stages, and following them from a table back to raw data."""

from __future__ import annotations

import getpass
import hashlib
import json
import platform
import subprocess
from pathlib import Path

import pytest
import yaml
from conftest import ROOT
from xltransfer.records import record as records
from xltransfer.records import trace as provenance
from xltransfer.records.code import stage_digest
from xltransfer.records.record import processor_name, record_path, write_record, write_times
from xltransfer.records.trace import follow, table_provenance, training_times
from xltransfer.records.verification import verified_checksums, verified_model
from xltransfer.runtime.files import digest, sha256_of_file, write_json
from xltransfer.study import Study

WHOLE = {"study": "test", "tasks": ["pos"], "seeds": [1], "encoders": [{"path": "../encoder"}]}
CONFIG = {"study": "test", "config": WHOLE, "seeds": [1]}


def write(path: Path, text: str = "") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text or path.name)
    return path


@pytest.fixture
def chain(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, Path]:
    """Files from raw data to scores, with the records that the stages write."""
    monkeypatch.chdir(tmp_path)
    files = {
        name: write(Path(path))
        for name, path in {
            "download": "downloads/x-ud-test.conllu",
            "training download": "downloads/x-ud-train.conllu",
            "config": "encoder/config.json",
            "weights": "encoder/model.safetensors",
            "tokenizer": "encoder/tokenizer.json",
            "gold": "treebanks/x/test.conllu",
            "training": "treebanks/x/train.conllu",
            "report": "models/x/seed-1/training.json",
            "prediction": "predictions/x/seed-1/x-test.conllu",
            "score": "scores/x-test.parquet",
        }.items()
    }
    for output, stage, inputs in (
        ("gold", "check_treebank", ["download"]),
        ("training", "check_treebank", ["training download"]),
        ("report", "finetune", ["config", "weights", "tokenizer", "training"]),
        ("prediction", "predict", ["report", "gold"]),
        ("score", "score", ["gold", "prediction"]),
    ):
        read = verified_checksums(files[name] for name in inputs)
        facts = {"device": "cpu"} if stage in ("finetune", "predict") else {}
        write_record(files[output], stage, read, **facts)
    write_times(files["report"].parent, 12.34, on_gpu=False)
    return files


def sources(files: dict[str, Path], *names: str) -> dict[str, str]:
    return {str(files[name]): sha256_of_file(files[name]) for name in names}


RAW = ("download", "training download", "config", "weights", "tokenizer")


def test_record_names_what_an_output_was_made_of(chain: dict[str, Path]) -> None:
    record = json.loads(Path("treebanks/x/test.provenance.json").read_text())
    versions = record.pop("versions")
    assert {"python", "torch", "snakemake"} <= set(versions)
    assert record.pop("processor") == processor_name()
    assert record == {
        "stage": "check_treebank",
        "path": "test.conllu",
        "code": stage_digest("check_treebank"),
        "inputs": {"downloads/x-ud-test.conllu": hashlib.sha256(b"x-ud-test.conllu").hexdigest()},
        "output": hashlib.sha256(b"test.conllu").hexdigest(),
    }


def test_table_is_followed_back_to_raw_data(chain: dict[str, Path]) -> None:
    content = table_provenance(CONFIG, [chain["score"]], "score_tables").content
    assert content["inputs"] == sources(chain, "score")
    assert content["sources"] == sources(chain, *RAW)
    assert content["inconsistent"] == {}
    stages = content["stages"]
    assert set(stages) == {"check_treebank", "finetune", "predict", "score"}
    for stage, facts in stages.items():
        assert facts["code"] == [stage_digest(stage)]
    assert stages["finetune"]["device"] == stages["predict"]["device"] == ["cpu"]
    assert content["study"] == "test"
    assert content["config"] == digest(WHOLE) and content["configuration"] == WHOLE
    assert content["processor"] == processor_name() and "untracked" in content
    assert all(facts["processor"] == [processor_name()] for facts in stages.values())
    assert content["code"] == stage_digest("score_tables") and content["seeds"] == [1]


def test_made_up_data_is_a_source(chain: dict[str, Path]) -> None:
    """Its record says how it was made, of no file."""
    write_record(chain["download"], "embedded_world", {}, config={"seed": 1})
    trace = follow(verified_checksums([chain["score"]]))
    assert trace.sources == sources(chain, *RAW) and "embedded_world" in trace.stages


def test_every_distinct_fact_is_listed(chain: dict[str, Path]) -> None:
    path = record_path(chain["prediction"])
    record = json.loads(path.read_text())
    other = write(Path("predictions/x/seed-2/x-test.conllu"))
    write_record(other, "predict", record["inputs"], device="NVIDIA H100")
    trace = follow(verified_checksums([chain["prediction"], other]))
    assert sorted(trace.stages["predict"]["device"]) == ["NVIDIA H100", "cpu"]
    assert len(trace.stages["predict"]["code"]) == 1


def test_the_processor_is_called_what_the_system_calls_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without a model name, as on ARM, there is still the architecture."""
    lines = "processor\t: 0\nmodel name\t: Some CPU: 9 @ 2.20GHz\nprocessor\t: 1\n"
    for text, expected in (
        (lines, "Some CPU: 9 @ 2.20GHz"),
        ("processor\t: 0\nCPU part\t: 0xd0c\n", "aarch64"),
        (None, "aarch64"),
    ):
        monkeypatch.setattr(records, "CPUINFO", tmp_path / "cpuinfo")
        monkeypatch.setattr(platform, "processor", lambda: "")
        monkeypatch.setattr(platform, "machine", lambda: "aarch64")
        (tmp_path / "cpuinfo").unlink(missing_ok=True)
        if text is not None:
            (tmp_path / "cpuinfo").write_text(text)
        processor_name.cache_clear()
        assert processor_name() == expected
    processor_name.cache_clear()


@pytest.fixture
def checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A git checkout of a workflow."""
    folder = tmp_path / "checkout"
    for name in ("workflow/xltransfer/stage.py", "Snakefile", ".gitignore", "resources/a.tsv",
                 "resources/studies/a.yaml", "docs/page.md"):  # fmt: skip
        write(folder / name, "__pycache__/\nresources/downloads/\n")
    for command in (
        ["init", "--quiet"], ["add", "."],
        ["-c", "user.name=x", "-c", "user.email=x@example.org", "commit", "--quiet", "-m", "x"],
    ):  # fmt: skip
        subprocess.run(["git", "-C", str(folder), *command], check=True)
    monkeypatch.setattr(provenance, "ROOT", folder)
    return folder


def test_untracked_files_are_named(checkout: Path, chain: dict[str, Path]) -> None:
    """Those that a study may have used: code, catalogues, configurations; not what git ignores."""

    def found() -> dict:
        return dict(table_provenance(CONFIG, [chain["score"]], "score_tables").content)

    commit = found()["commit"]
    assert found()["untracked"] == [] and len(commit) == 40
    for name in ("docs/draft.md", "notes.txt", "workflow/__pycache__/x.pyc",
                 "resources/downloads/x"):  # fmt: skip
        write(checkout / name)
    assert found()["untracked"] == []
    for name in ("workflow/xltransfer/new.py", "resources/studies/mine ö.yaml", "resources/b"):
        write(checkout / name)
    expected = ["resources/b", "resources/studies/mine ö.yaml", "workflow/xltransfer/new.py"]
    assert found()["untracked"] == expected
    assert found()["commit"] == commit, "no tracked file has changed"
    (checkout / "Snakefile").write_text("changed")
    assert found()["commit"] == f"{commit}-dirty"


def test_without_git_nothing_is_known_of_untracked_files(
    chain: dict[str, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(provenance, "ROOT", tmp_path)
    content = table_provenance(CONFIG, [chain["score"]], "score_tables").content
    assert content["untracked"] is None and content["commit"] == "not a git checkout"


def test_the_configuration_has_no_absolute_paths(chain: dict[str, Path]) -> None:
    """They name users and machines, and nothing depends on them."""
    private = {
        "encoders": [{"name": "a", "path": f"/home/{getpass.getuser()}/models/a"}],
        "cleaning": {"identifier": "~/models/lid.bin", "url": "https://example.org/x"},
        "other": [r"C:\Users\someone\b", "file:///srv/c", "resources/models/d", "a/b", 1, None],
    }
    content = table_provenance(
        {**CONFIG, "config": private}, [chain["score"]], "score_tables"
    ).content
    assert content["config"] == digest(private)
    assert content["configuration"] == {
        "encoders": [{"name": "a", "path": "<absolute path>/a"}],
        "cleaning": {"identifier": "<absolute path>/lid.bin", "url": "https://example.org/x"},
        "other": ["<absolute path>/b", "<absolute path>/c", "resources/models/d", "a/b", 1, None],
    }


@pytest.mark.parametrize("file", ["config.yaml", "resources/studies/unseen.yaml"])
def test_table_stages_are_given_the_decisive_configuration(file: str) -> None:
    """As an argument, of which Linux takes 128 KiB at most."""
    config = yaml.safe_load((ROOT / file).read_text(encoding="utf-8"))
    study = Study(config, ROOT)
    made = [study.table_config(), study.unseen.table_config(), study.parallel.cka_config()]
    for text in made:
        given = json.loads(text)["config"]
        assert given["keep"] == {"precision": config["keep"]["precision"]}
        assert given["parsing"] == config["parsing"] if "parsing" in config else given["pos"]
        assert not {"mirrors", "job_size", "pathvars", "training_threads"} & set(given)
        assert len(text.encode()) < 32 * 1024
    # What decides nothing causes no rerun.
    other = {**config, "mirrors": ["/elsewhere"], "training_threads": 7}
    assert Study(other, ROOT).table_config() == made[0]
    assert Study({**config, "seeds": [7]}, ROOT).table_config() != made[0]


@pytest.mark.parametrize("damage", ["missing", "not JSON", "of another program", "a list"])
def test_without_a_record_a_file_is_a_source(damage: str, chain: dict[str, Path]) -> None:
    """Results may be older than records are; what is known is said all the same."""
    record = record_path(chain["gold"])
    record.unlink()
    contents = {"not JSON": "{", "of another program": '{"inputs": {}}', "a list": "[]"}
    if damage in contents:
        record.write_text(contents[damage])
    trace = follow(verified_checksums([chain["score"]]))
    known = ("gold", "training download", "config", "weights", "tokenizer")
    assert trace.sources == sources(chain, *known)
    assert not trace.inconsistent


def test_other_versions_of_a_file_are_told(chain: dict[str, Path]) -> None:
    """A treebank was made anew, and scored, but not by predictions of the new one."""
    old = sha256_of_file(chain["gold"])
    chain["gold"].write_text("changed")
    write_record(chain["gold"], "check_treebank", verified_checksums([chain["download"]]))
    trace = follow(verified_checksums([chain["score"]]))
    new = sha256_of_file(chain["gold"])
    assert trace.inconsistent == {str(chain["gold"]): [old, new]}
    assert trace.sources[str(chain["gold"])] == old


def test_two_versions_of_raw_data_are_told(chain: dict[str, Path]) -> None:
    old = sha256_of_file(chain["download"])
    chain["download"].write_text("changed")
    other = write(Path("treebanks/y/test.conllu"))
    write_record(other, "check_treebank", verified_checksums([chain["download"]]))
    trace = follow(verified_checksums([chain["score"], other]))
    both = trace.inconsistent[str(chain["download"])]
    assert sorted(both) == sorted([old, sha256_of_file(chain["download"])])


def test_model_is_recorded_by_its_report(chain: dict[str, Path]) -> None:
    write(chain["report"], json.dumps({"weights": "0"}))
    write_record(chain["report"], "finetune", {})
    assert list(verified_model(chain["report"].parent)) == [str(chain["report"])]
    encoder = [str(chain[name]) for name in ("config", "weights", "tokenizer")]
    assert list(verified_model(chain["config"].parent)) == encoder


def test_times_are_summed_by_stage(chain: dict[str, Path]) -> None:
    second = write(Path("models/x/seed-2/training.json"))
    write_record(second, "finetune", {})
    write_times(second.parent, 100, on_gpu=True)
    old = write(Path("models/x/seed-3/training.json"))
    adapted = write(Path("encoders/x/pretraining.json"))
    write_record(adapted, "adapt", {})
    write_times(adapted.parent, 7, on_gpu=True)
    trace = follow(verified_checksums([chain["score"], second, old, adapted]))
    row = ("models", "without_times", "wall_seconds", "gpu_seconds")
    assert training_times(trace) == {
        "all": dict(zip(row, (4, 1, 119.3, 107.0), strict=True)),
        "finetune": dict(zip(row, (2, 0, 112.3, 100.0), strict=True)),
        "elsewhere": dict(zip(row, (1, 1, 0.0, 0.0), strict=True)),
        "adapt": dict(zip(row, (1, 0, 7.0, 7.0), strict=True)),
    }


def test_times_do_not_touch_the_provenance(chain: dict[str, Path]) -> None:
    before = table_provenance(CONFIG, [chain["score"]], "score_tables")
    write_times(chain["report"].parent, 99, on_gpu=True)
    after = table_provenance(CONFIG, [chain["score"]], "score_tables")
    assert after.content == before.content
    assert after.times["all"]["gpu_seconds"] == 99 and before.times["all"]["gpu_seconds"] == 0
    write_json(chain["report"].with_name("timing.json"), [])
    assert (
        table_provenance(CONFIG, [chain["score"]], "score_tables").times["all"]["without_times"]
        == 1
    )
