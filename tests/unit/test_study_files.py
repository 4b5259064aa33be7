"""Study files are data: nothing in them runs, leaves the folder or gives secrets away."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from conftest import ROOT
from hypothesis import given
from hypothesis import strategies as st
from xltransfer.runtime.errors import InputError
from xltransfer.runtime.safe_values import printable
from xltransfer.study import Study
from xltransfer.study.study_files import read_config, read_study_file

RUNS = "open('owned', 'w').close()"

CODE = {
    "flag": f"__use_yte__: true\nstudy: ?{RUNS}\n",
    "flag that is off": "__use_yte__: false\nstudy: x\n",
    "escaped flag": f'"__use_\\x79te__": true\nstudy: ?{RUNS}\n',
    "definitions": f"__definitions__:\n  - {RUNS}\nstudy: x\n",
    "variables": "__variables__:\n  a: ?1\n",
    "value": "study: ?1 + 1\n",
    "item": "mirrors: [a, '?1']\n",
    "condition": "?if True:\n  study: x\n",
    "nested": "parsing:\n  training:\n    ?for i in range(3):\n      epochs: 1\n",
    "JSON": '{"__use_yte__": true, "study": "?1"}',
    "alias": "a: &a {'?1': x}\nb: *a\n",
}


@pytest.mark.parametrize("name", CODE)
def test_code_is_refused_and_not_run(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("study.yaml").write_text(CODE[name])
    with pytest.raises(InputError, match=r"^study\.yaml: '.*' is code that Snakemake runs"):
        read_study_file("study.yaml")
    assert not Path("owned").exists()


def bomb(levels: int = 12) -> str:
    """Lists of nine times the list before."""
    lines = ["a0: &a0 [x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, levels)]
    return "\n".join(lines)


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (bomb(), "more values than any study has"),
        ("a: &a [*a]", "more values than any study has"),
        ("[" * 3000, "not YAML|lists in lists"),
        ("a: " + "[" * 60 + "]" * 60, "lists in lists"),
        ("x" * (1 << 20) + "y", "more than any study"),
        ("a: !!python/object/apply:os.system ['touch owned']", "not YAML"),
        ("a: [1", "not YAML"),
        ("a: \x1b]0;x\x07", "not YAML"),
        ("- a", "no keys and values"),
        (b"\xff\xfe\xff", "not YAML"),
    ],
    ids=lambda value: str(value)[:20],
)
def test_what_is_no_study_is_refused_in_a_line(
    content: str | bytes, reason: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "study.yaml"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(InputError, match=reason) as caught:
        read_study_file(path)
    assert printable(str(caught.value)) == str(caught.value)
    assert not Path("owned").exists()


@given(st.binary(max_size=200))
def test_any_file_is_read_or_refused_in_a_line(tmp_path_factory, content: bytes) -> None:
    path = tmp_path_factory.mktemp("study") / "study.yaml"
    path.write_bytes(content)
    try:
        read_study_file(path)
    except InputError as error:
        assert printable(str(error)) == str(error)


def test_files_are_merged_as_snakemake_merges_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from snakemake.utils import update_config

    monkeypatch.chdir(ROOT)
    first, second = tmp_path / "a.yaml", tmp_path / "b.yaml"
    first.write_text("study: a\nparsing: {training: {epochs: 7}, targets: [x]}\nnew: {a: 1}\n")
    second.write_text("study: b\nparsing: {training: {patience: 2}}\nnew: 3\nmirrors: null\n")
    expected = yaml.safe_load(Path("config.yaml").read_text())
    for path in (first, second):
        update_config(expected, yaml.safe_load(path.read_text()))
    assert read_config([first, second]) == expected


def check(*files: Path, **environment: str) -> subprocess.CompletedProcess:
    command = [sys.executable, "-m", "xltransfer", "check_study", *map(str, files)]
    env = {**os.environ, **environment}
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, env=env)


def test_check_says_what_a_study_reaches(tmp_path: Path) -> None:
    path = tmp_path / "study.yaml"
    change = {
        "pathvars": {"results": "/elsewhere/results"},
        "unseen": {"languages": []},
        "mirrors": ["/data/ud", "https://example.org/ud", "$XLTRANSFER_UD_MIRROR"],
        "encoders": [{"name": "embedded", "path": "$XLTRANSFER_ENCODER", "layers": 12}],
    }
    path.write_text(yaml.safe_dump(change))
    where = {"XLTRANSFER_ENCODER": "/models/x", "XLTRANSFER_UD_MIRROR": "/mirror"}
    done = check(path, **where)
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[1:] == [
        "  results: /elsewhere/results (outside this folder)",
        "  encoder embedded: /models/x (outside this folder)",
        "  mirror: /data/ud, read first",
        "  mirror: https://example.org/ud, asked first",
        "  mirror: /mirror, read first",
    ]


def test_check_refuses_code_and_wrong_studies(tmp_path: Path) -> None:
    path = tmp_path / "study.yaml"
    path.write_text(CODE["flag"])
    done = check(path)
    assert done.returncode == 2
    assert re.match(rf"error: {path}: '(__use_yte__|\?open.*)' is code", done.stderr)
    assert done.stderr.count("\n") == 1 and not (ROOT / "owned").exists()
    path.write_text("parsing: {targets: [qaa_embedded, xx_none]}\n")
    done = check(path)
    assert done.returncode == 2 and "no 'xx_none' in" in done.stderr


SECRET = "http://user:hunter2@example.org/ud"

WRONG = {
    "password": ({"mirrors": [SECRET]}, r"mirrors\.0: 'http://…@example.org/ud' carries"),
    "password in a variable": ({"mirrors": ["$WITH_PASSWORD"]}, r"mirrors\.0: .* carries"),
    "password in no list": ({"mirrors": SECRET}, "mirrors: 'http://…@example.org/ud' is not of"),
    "token is sent": ({"mirrors": ["https://evil.example/$TOKEN"]}, "would send what is in"),
    "host is a token": ({"mirrors": ["https://${TOKEN}.evil.example"]}, "would send what is in"),
    "kind of mirror": ({"mirrors": ["ftp://example.org"]}, r"mirrors\.0: .* neither a folder nor"),
    "control in a mirror": ({"mirrors": ["/data\x1b[2J"]}, r"mirrors\.0: .* control character"),
    "results above": ({"pathvars": {"results": "../x"}}, r"pathvars\.results: '\.\./x' is no fol"),
    "results around": ({"pathvars": {"results": "a/../../x"}}, r"pathvars\.results"),
    "results absolute around": ({"pathvars": {"results": "/a/../etc"}}, r"pathvars\.results"),
    "hidden results": ({"pathvars": {"results": ".git"}}, r"pathvars\.results"),
    "results with a wildcard": ({"pathvars": {"results": "r/{x}"}}, r"pathvars\.results"),
    "results of a shell": ({"pathvars": {"results": "$(id)"}}, r"pathvars\.results"),
    "empty part": ({"pathvars": {"results": "a//b"}}, r"pathvars\.results"),
    "name of the study": ({"study": "x\x1b]0;y\x07"}, r"study: .* has the control character"),
    "line end in a task": ({"tasks": ["pos\n"]}, r"tasks\.0: 'pos\\n' has the control"),
    "line end in a name": (
        {"encoders": [{"name": "a\n", "path": "x", "layers": 12}]}, r"'a\\n' has the control",
    ),
    "hub": (
        {"encoders": [{"name": "a", "hub": "../x", "revision": "0" * 40, "layers": 12}]},
        r"hub: '\.\./x' is not of the form",
    ),
    "parallel": ({"parallel": {"treebanks": ["../x"]}}, r"treebanks\.0: '\.\./x' is not of"),
    "source": ({"parsing": {"sources": ["$(id)"]}}, r"sources\.0: '\$\(id\)' is not of"),
    "seen": ({"unseen": {"seen_languages": ["a;b"]}}, r"seen_languages\.0: 'a;b' is not of"),
}  # fmt: skip


@pytest.mark.parametrize("name", WRONG)
def test_unsafe_configurations_are_refused(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(ROOT)
    monkeypatch.setenv("TOKEN", "hf_secret")
    monkeypatch.setenv("WITH_PASSWORD", SECRET)
    change, reason = WRONG[name]
    (tmp_path / "study.yaml").write_text(yaml.safe_dump(change))
    with pytest.raises(InputError, match=reason) as caught:
        Study(read_config([tmp_path / "study.yaml"]))
    message = str(caught.value)
    assert printable(message) == message
    assert "hunter2" not in message and "hf_secret" not in message


@pytest.mark.parametrize("results", ["results/x", "a b/ü", "/scratch/José/x", "results"])
def test_folders_of_results(results: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    config = read_config([]) | {"pathvars": {"results": results}}
    assert Study(config).results == results
