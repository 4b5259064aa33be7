"""The completion script, as bash runs it."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from xltransfer.commands.completion import ZSH, completion


@pytest.fixture(scope="module")
def script(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("completion") / "script"
    with pytest.MonkeyPatch.context() as patch:
        lines: list[str] = []
        patch.setattr("builtins.print", lambda text, end="\n": lines.append(text + end))
        completion("bash")
    path.write_text("".join(lines))
    return path


def completed(script: Path, folder: Path, *words: str) -> list[str]:
    """What bash offers for the last word."""
    quoted = " ".join(f"'{word}'" for word in ("xltransfer", *words))
    code = (
        f"source '{script}'; COMP_WORDS=({quoted}); COMP_CWORD={len(words)}; _xltransfer; "
        'printf "%s\\n" "${COMPREPLY[@]}"'
    )
    command = ["bash", "--norc", "-euc", code]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True)
    assert done.stderr == ""
    return done.stdout.split()


def test_commands_options_values_and_files(script: Path, tmp_path: Path) -> None:
    (tmp_path / "study.yaml").touch()
    assert completed(script, tmp_path, "a") == ["add", "annotate"]
    assert "finetune" not in completed(script, tmp_path, "")
    assert {"--ner", "--from", "--language-name"} <= set(completed(script, tmp_path, "add", "--"))
    assert completed(script, tmp_path, "add", "x", "--enco") == ["--encoder", "--encoding"]
    assert completed(script, tmp_path, "list", "t") == ["treebanks", "texts", "tasks"]
    assert completed(script, tmp_path, "annotate", "m", "--format", "c") == ["conllu"]
    assert completed(script, tmp_path, "check", "st") == ["study.yaml"]
    assert completed(script, tmp_path, "list", "treebanks", "--study", "") == ["study.yaml"]
    assert completed(script, tmp_path, "nothing", "--x") == []


def test_zsh_reads_the_script_of_bash(capsys: pytest.CaptureFixture) -> None:
    completion("zsh")
    out = capsys.readouterr().out
    assert out.startswith(ZSH) and "complete -o filenames -F _xltransfer xltransfer" in out
