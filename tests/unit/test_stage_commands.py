"""The command lines of the stages, which are made from their functions."""

from __future__ import annotations

import ast
import json
import re
from argparse import ArgumentParser
from collections.abc import Callable, Mapping, Sequence
from importlib import import_module
from pathlib import Path
from typing import Annotated, Any, Literal

import pytest
import yaml
from conftest import ROOT
from running import stage as run_by_hand
from xltransfer.runtime import entry as command_line
from xltransfer.runtime import signatures
from xltransfer.runtime.errors import InputError
from xltransfer.runtime.signatures import Keys, parser_of, required_keys
from xltransfer.study import Study
from xltransfer.study.analyses import ANALYSES, Analysis

FILES = sorted((ROOT / "workflow" / "xltransfer" / "stages").glob("[a-z]*.py"))
STAGES = {path.stem: path for path in FILES}
RULES = [path.read_text() for path in (ROOT / "workflow" / "rules").glob("*.smk")]


def function_of(stage: str) -> Callable[..., None]:
    return getattr(import_module(f"xltransfer.stages.{stage}"), stage)


def call(function: Callable[..., object], *arguments: object) -> None:
    """Call a function as its command line would."""
    signatures._call(function, parser_of(function).parse_args([*map(str, arguments)]))


def needed(parser: ArgumentParser) -> list[str]:
    """A command line with a value for everything that must be given."""
    found: list[str] = []
    for action in parser._actions:
        value = next(iter(action.choices)) if action.choices else "1"
        if action.required:
            found += [*action.option_strings, "{}" if action.metavar == "JSON" else value]
    return found


@pytest.mark.parametrize("stage", STAGES)
def test_every_option_is_explained(stage: str) -> None:
    parser = parser_of(function_of(stage))
    assert parser.description.endswith(".")
    assert "argparse" not in STAGES[stage].read_text()
    for action in parser._actions:
        assert action.help, action.dest
    assert "usage: " in parser.format_help()


@pytest.mark.parametrize("stage", STAGES)
def test_a_key_that_is_missing_is_named(stage: str, capsys: pytest.CaptureFixture) -> None:
    """Before a file is read: there is none."""
    function = function_of(stage)
    if "config" not in required_keys(function):
        return
    with pytest.raises(InputError, match=r"^--config: key '\w+' is missing$"):
        call(function, *needed(parser_of(function)))


@pytest.mark.parametrize("stage", STAGES)
def test_keys_that_a_stage_reads_are_required(stage: str) -> None:
    """Those that its module takes from ``config`` by subscription, in every case."""
    if stage == "split":
        return  # Which keys it needs depends on how it divides.
    tree = ast.parse(STAGES[stage].read_text())
    read = {
        node.slice.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Subscript)
        and isinstance(node.value, ast.Name)
        and node.value.id == "config"
        and isinstance(node.slice, ast.Constant)
    }
    if stage == "embedded_world":
        read -= {"translation"}  # Of parallel text.
    if stage == "draw":
        read -= {"tasks", "ablations", "languages"}  # Of some figures.
    if stage == "embedded_world":
        read -= {"translation"}  # Of parallel text.
    assert read <= set(required_keys(function_of(stage)).get("config", ()))


@pytest.mark.parametrize("analysis", ANALYSES, ids=lambda analysis: analysis.stage)
def test_analyses_give_the_options_that_their_stage_needs(analysis: Analysis) -> None:
    study = Study(yaml.safe_load((ROOT / "config.yaml").read_text()), ROOT)
    given = analysis.arguments(analysis.inputs(study, "results"), "results")
    options = {"--config", "--directory", *(word for word in given if word.startswith("--"))}
    actions = parser_of(function_of(analysis.stage))._actions
    assert options <= {option for action in actions for option in action.option_strings}
    assert options >= {action.option_strings[0] for action in actions if action.required}


OF_RULES = set(STAGES) - {"write_tokenizer"} - {analysis.stage for analysis in ANALYSES}


@pytest.mark.parametrize("stage", sorted(OF_RULES))
def test_rules_give_options_that_there_are(stage: str) -> None:
    known = {option for a in parser_of(function_of(stage))._actions for option in a.option_strings}
    commands = [
        "".join(re.findall(r'"([^"\n]*)"', text[match.start() - 40 :].partition("> {log")[0]))
        for text in RULES
        for match in re.finditer(rf"python -m xltransfer {stage} ", text)
    ]
    assert commands
    for command in commands:
        assert set(re.findall(r"--[a-z][a-z-]*", command)) <= known


def test_a_stage_run_by_hand(tmp_path: Path) -> None:
    done = run_by_hand("embedded_world", "text", "--config", "{}", "--output", tmp_path / "x")
    assert (done.returncode, done.stderr) == (2, "error: --config: key 'seed' is missing\n")
    config = json.dumps({"task": "pos", "settings": {"kind": "tagging"}})
    options = ["--encoders", "e", "--training", "t", "--development", "d", "--ablation", "none",
               "--seeds", 1, "--models", "m", "--checkpoints", "c"]  # fmt: skip
    done = run_by_hand("finetune", *options, "--config", config)
    expected = "error: --config: key 'settings.training' is missing\n"
    assert (done.returncode, done.stderr) == (2, expected)


def example(
    what: Literal["one", "two"],
    /,
    path: Path,
    paths: Sequence[Path],
    config: Annotated[Mapping[str, Any], Keys("a", "b.c")],
    numbers: Sequence[int] = (),
    few_words: str | None = None,
    share: float = 0.5,
    quick: bool = False,
) -> None:
    """Show what there is.

    More about it.

    Args:
        what: kind of the file.
        path, paths: files that are
            read to 100 %.
        config: ``a`` and ``b``.

    Raises:
        InputError: never.
    """
    SEEN.append((what, path, paths, config, numbers, few_words, share, quick))


SEEN: list[tuple[object, ...]] = []
COMMON = ("one", "--path", "x", "--paths", "y", "z", "--config")
GIVEN = {"a": 1, "b": {"c": [{"d": 2}]}}


def test_types_of_parameters() -> None:
    config = json.dumps(GIVEN)
    call(example, *COMMON, config)
    given = ("one", Path("x"), [Path("y"), Path("z")], GIVEN)
    assert SEEN.pop() == (*given, (), None, 0.5, False)
    more = ["--numbers", 1, 2, "--few-words", "w", "--share", "0.1", "--quick"]
    call(example, *COMMON, config, *more)
    assert SEEN.pop() == (*given, [1, 2], "w", 0.1, True)
    call(example, *COMMON, config, "--numbers")
    assert SEEN.pop() == (*given, [], None, 0.5, False)


def test_help() -> None:
    parser = parser_of(example)
    helps = {action.dest: action.help for action in parser._actions}
    assert parser.prog == "python -m xltransfer example"
    assert parser.description == "Show what there is."
    assert helps["path"] == helps["paths"] == "files that are read to 100 %%."
    assert helps["what"] == "kind of the file." and helps["config"] == "a and b."
    assert helps["quick"] is None


@pytest.mark.parametrize(
    "arguments", [["one"], ["three", *COMMON[1:], "{}"], [*COMMON, "{}", "--numbers", "x"]]
)
def test_wrong_command_lines(arguments: list[str], capsys: pytest.CaptureFixture) -> None:
    with pytest.raises(SystemExit) as end:
        parser_of(example).parse_args(arguments)
    assert end.value.code == 2 and "error: " in capsys.readouterr().err


@pytest.mark.parametrize(
    ("config", "reason"),
    [
        ("{}", "--config: key 'a' is missing"),
        ('{"a": 1, "b": {}}', "--config: key 'b.c' is missing"),
        ("{", "--config: not JSON (Expecting property name"),
        ("[1]", "--config: not a JSON object"),
        ('{"a": 1, "b": 3}', "--config: 'b' is no JSON object with a key 'c'"),
        ("nowhere.yaml", "nowhere.yaml: "),
    ],
)
def test_wrong_configurations(config: str, reason: str) -> None:
    with pytest.raises(InputError) as error:
        call(example, *COMMON, config)
    assert str(error.value).startswith(reason)


def test_missing_keys_are_named_wherever_they_are_looked_for() -> None:
    call(example, *COMMON, json.dumps(GIVEN))
    config: Any = SEEN.pop()[3]
    assert config.get("x") is None and "x" not in config and json.dumps(config) == json.dumps(GIVEN)
    for look_up, key in (
        (lambda: config["x"], "x"),
        (lambda: config["b"]["c"][0]["x"], "b.c.0.x"),
        (lambda: (config["b"] | {"y": 1})["x"], "b.x"),
    ):
        with pytest.raises(InputError, match=f"^--config: key '{key}' is missing$"):
            look_up()
    assert (config["b"] | {"y": 1})["y"] == 1


def test_a_configuration_may_be_a_file(tmp_path: Path) -> None:
    (tmp_path / "c.yaml").write_text("a: 1\nb: {c: [{d: 2}]}\n")
    call(example, *COMMON, tmp_path / "c.yaml")
    assert SEEN.pop()[3] == GIVEN
    (tmp_path / "c.yaml").write_text("a: [")
    with pytest.raises(InputError, match=r"c.yaml:1: not YAML \("):
        call(example, *COMMON, tmp_path / "c.yaml")


def test_inline_configurations_are_json() -> None:
    """Which writes 1e-05, text to a YAML reader."""
    call(example, *COMMON, '{"a": 1e-05, "b": {"c": 1}}')
    assert SEEN.pop()[3]["a"] == 1e-5


@pytest.mark.parametrize("name", command_line.TOOLS)
def test_every_tool_has_its_function_and_explains_its_options(name: str) -> None:
    module = command_line.commands()[name]
    parser = parser_of(getattr(import_module(f"xltransfer.{module}"), name))
    assert all(action.help for action in parser._actions), name


def test_help_lists_every_command() -> None:
    done = run_by_hand("--help")
    assert done.returncode == 0, done.stderr
    listed = [line.split(maxsplit=1) for line in done.stdout.splitlines() if line.startswith("  ")]
    assert [name for name, _ in listed] == list(command_line.commands())
    assert all(len(summary) > 15 for _, summary in listed)
