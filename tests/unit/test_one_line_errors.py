"""Errors of users on one line: unknown targets, keys of the configuration, memory, fetches."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import pytest
import yaml
from conftest import ROOT
from running import in_child
from xltransfer.corpora.downloads import is_permanent
from xltransfer.runtime import command
from xltransfer.runtime.errors import InputError
from xltransfer.runtime.memory import explain_no_memory
from xltransfer.runtime.unknown_targets import explaining_targets, unknown_target
from xltransfer.study import Study
from xltransfer.study.key_places import with_place
from xltransfer.study.plan import problem_of
from xltransfer.study.study_files import read_config, read_study_file
from xltransfer.study.without_gpu import announced, slow_without_gpu

NAMES = ["qaa_embedded", "qab_embedded", "embedded", "pos", "parsing", "randominit"]


def test_broken_yaml_names_its_line(tmp_path: Path) -> None:
    path = tmp_path / "study.yaml"
    path.write_text("study: x\nseeds: [1, 2\ntasks: [pos]\n")
    with pytest.raises(InputError, match=r"study\.yaml:3: not YAML: .*; correct it$"):
        read_study_file(path)


def test_an_error_names_the_line_of_the_key(tmp_path: Path) -> None:
    path = tmp_path / "study.yaml"
    path.write_text("study: x\n\nseeds: [1,\n  two]\n")
    config = {"study": "x", "seeds": [1, "two"]}
    error = InputError("config: seeds.1: 'two' is not of type integer")
    found = str(with_place(error, [path], config))
    assert found == f"config: seeds.1: 'two' is not of type integer ({path}:4)"


def test_a_value_that_is_no_number_has_its_line(tmp_path: Path) -> None:
    """NaN is not equal to itself."""
    path = tmp_path / "study.yaml"
    path.write_text("study: x\nparsing: {head_dropout: .nan}\n")
    error = InputError("config: parsing.head_dropout: nan is no number; write a finite one")
    config = {"parsing": {"head_dropout": float("nan")}}
    assert str(with_place(error, [path], config)).endswith(f"({path}:2)")


def test_an_exponent_without_a_sign_is_text() -> None:
    config = read_config([])
    config["parsing"]["training"]["encoder_learning_rate"] = "2.5e3"
    with pytest.raises(InputError, match=r"with a point and a sign: write 2\.5e\+3"):
        Study(config, ROOT)


def test_the_file_that_is_used_is_named_and_none_for_the_command_line(tmp_path: Path) -> None:
    first, second = tmp_path / "a.yaml", tmp_path / "b.yaml"
    first.write_text("parsing:\n  head_dropout: 2\n")
    second.write_text("# nothing else\n\nparsing: {head_dropout: 3}\n")
    error = InputError("config: parsing.head_dropout: 3 is too large; the greatest is 1")
    config = {"parsing": {"head_dropout": 3}}
    assert str(with_place(error, [first, second], config)).endswith(f"({second}:3)")
    assert str(with_place(error, [second, first], config)).endswith(f"({second}:3)")
    of_command_line = {"parsing": {"head_dropout": 7}}
    assert with_place(error, [first, second], of_command_line) is error


def test_a_missing_key_has_the_line_of_its_section(tmp_path: Path) -> None:
    path = tmp_path / "study.yaml"
    path.write_text("study: x\nparsing:\n  kind: parsing\n")
    error = InputError("config: parsing.arc_units: the key is missing; config.yaml explains it")
    assert str(with_place(error, [path], {"parsing": {"kind": "parsing"}})).endswith(f"{path}:2)")


@pytest.mark.parametrize("message", ["resources/languages.tsv:3: twice", "config: no place"])
def test_other_errors_stay_as_they_are(message: str, tmp_path: Path) -> None:
    error = InputError(message)
    assert with_place(error, [ROOT / "config.yaml", tmp_path / "none"], {}) is error


@pytest.mark.parametrize(
    ("target", "expected"),
    [
        ("results/scores/embedded/pos/qaa_embeded/qab_embedded-test.parquet", "'qaa_embedded'"),
        ("results/scores/embeded/pos/qaa_embedded/qab_embedded-dev.parquet", "'embedded'"),
        ("results/tables/randominits.csv", "'randominit'"),
        ("results/table/randominit.csv", "'tables'"),
        ("results/question/qaa_embedded/test.json", "'questions'"),
        ("results/dictionary_texts/a/treebanks/qaa_embedded/train.conllu", "'dictionary_text'"),
    ],
)
def test_what_was_meant_by_a_target(target: str, expected: str) -> None:
    assert unknown_target(target, NAMES).startswith(f"{target}: no rule makes it; ")
    assert unknown_target(target, NAMES).endswith(f"did you mean {expected}?")


def test_a_target_that_resembles_nothing() -> None:
    assert "correct the path" in unknown_target("foo", NAMES)


def raising(error: Exception) -> Callable[[], None]:
    def build() -> None:
        raise error

    return build


def test_snakemake_errors_about_names_become_one_line() -> None:
    from snakemake.exceptions import InputFunctionException, MissingRuleException

    error = MissingRuleException("results/tables/randominits.csv")
    with pytest.raises(SystemExit, match=r"^error: results/.*did you mean 'randominit'\?$"):
        explaining_targets(raising(error), lambda: NAMES)()
    rule = SimpleNamespace(workflow=SimpleNamespace(linemaps={}), lineno=1, snakefile="s", name="r")
    for key, ends in (("qaa_embeded", "did you mean 'qaa_embedded'?"), ("zz_y", "has the names")):
        error = InputFunctionException(KeyError(key), wildcards={"corpus": key}, rule=rule)
        with pytest.raises(SystemExit) as caught:
            explaining_targets(raising(error), lambda: NAMES)()
        assert str(caught.value).startswith("error: '") and str(caught.value).endswith(ends)


def test_errors_of_the_program_stay_tracebacks() -> None:
    """A key that no path has, or that the study knows, is a fault of the program."""
    from snakemake.exceptions import InputFunctionException

    rule = SimpleNamespace(workflow=SimpleNamespace(linemaps={}), lineno=1, snakefile="s", name="r")
    for key, wildcards in (("layers", {"corpus": "x"}), ("pos", {"task": "pos"})):
        error = InputFunctionException(KeyError(key), wildcards=wildcards, rule=rule)
        with pytest.raises(InputFunctionException):
            explaining_targets(raising(error), lambda: NAMES)()


class OutOfMemoryError(RuntimeError):
    """Named as torch's."""


@pytest.mark.parametrize(
    ("error", "name", "expected"),
    [
        (OutOfMemoryError("CUDA out of memory"), "finetune", "`training.batch_pieces`"),
        (OutOfMemoryError("CUDA out of memory"), "predict", "XLTRANSFER_JOBS_PER_GPU"),
        (OutOfMemoryError("CUDA out of memory"), "pretrain", "`by.training.batch_pieces`"),
        (
            RuntimeError("DefaultCPUAllocator: can't allocate"),
            "finetune",
            "job_size.finetune.ablations",
        ),
        (MemoryError(), "predict", "a machine with more memory"),
    ],
)
def test_exhausted_memory_names_the_setting(
    error: Exception, name: str, expected: str, tmp_path: Path
) -> None:
    def stage(_: argparse.Namespace) -> None:
        raise error

    def main() -> None:
        command.run(argparse.ArgumentParser(prog=f"python -m xltransfer {name}"), stage)

    log = tmp_path / "log"
    # A process of its own: a command keeps its signal handlers until its end.
    assert in_child(main, [], log, "never", print) == command.USER_ERROR
    written = log.read_text()
    assert written.startswith("error: ") and written.count("\n") == 1 and expected in written


def test_other_runtime_errors_are_no_lack_of_memory() -> None:
    assert explain_no_memory(RuntimeError("shapes differ"), "finetune") is None


def test_which_answers_of_servers_are_final() -> None:
    assert not any(map(is_permanent, (408, 425, 429, 500, 502, 503)))
    assert all(map(is_permanent, (401, 403, 404, 410)))


def test_no_rule_repeats_a_fetch() -> None:
    """The stage repeats what may succeed; Snakemake would repeat a wrong checksum, too."""
    for rules in (ROOT / "workflow" / "rules").glob("*.smk"):
        assert "retries" not in rules.read_text(encoding="utf-8"), rules


@pytest.fixture
def large() -> Study:
    config = read_config([ROOT / "resources" / "studies" / "mbert.yaml"])
    return Study(config, ROOT)


def test_a_study_for_gpus_is_announced_on_a_machine_without(
    large: Study, capsys: pytest.CaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("xltransfer.study.without_gpu.visible_gpus", list)
    ran = []

    def plugin(dry: bool, remote: bool) -> SimpleNamespace:
        settings = SimpleNamespace(dryrun_exec=dry, non_local_exec=remote)
        return SimpleNamespace(common_settings=settings)

    execute = announced(lambda *a, executor_plugin, **n: ran.append(n) or "done", large)
    assert execute(executor_plugin=plugin(False, False), given=1) == "done"
    assert "warning: no GPU was found" in capsys.readouterr().err
    execute(executor_plugin=plugin(True, False))
    execute(executor_plugin=plugin(False, True))
    monkeypatch.setattr("xltransfer.study.without_gpu.visible_gpus", lambda: ["0"])
    execute(executor_plugin=plugin(False, False))
    assert capsys.readouterr().err == "" and ran == [{"given": 1}, {}, {}, {}]


def test_the_default_study_needs_no_gpu(large: Study) -> None:
    config = yaml.safe_load((ROOT / "config.yaml").read_text(encoding="utf-8"))
    assert slow_without_gpu(Study(config, ROOT), gpus=0, cores=2) is None
    assert "days on 2 cores" in slow_without_gpu(large, gpus=0, cores=2)


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        (["Building", "error: config: seeds: x", "Error in rule"], "config: seeds: x"),
        (
            [
                "MissingInputException in rule finetune in file f, line 8:",
                "    affected files:",
                "        /nowhere/config.json",
                "        /nowhere/tokenizer.json",
                "Using workflow specific profile p for setting default command line arguments.",
            ],
            "/nowhere/config.json (and 1 more): is missing, and no rule makes it; put it there, or "
            "correct the study",
        ),
        (["Using profile", "WorkflowError:", "x", "y"], "WorkflowError:"),
        (["a", "b"], "b"),
        ([], "snakemake --dry-run ended without a word"),
    ],
)
def test_the_problem_of_a_dry_run(lines: list[str], expected: str) -> None:
    assert problem_of(lines) == expected
