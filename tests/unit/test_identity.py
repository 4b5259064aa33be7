"""The digest of a stage's code changes with what the code does, and only then."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from conftest import ROOT
from xltransfer.records import code as identity


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the package whose files can be edited."""
    copy = tmp_path / "xltransfer"
    shutil.copytree(
        ROOT / "workflow" / "xltransfer", copy, ignore=shutil.ignore_patterns("__pycache__")
    )
    monkeypatch.setattr(identity, "ROOT", copy)
    return copy


def digests() -> dict[str, str]:
    identity.stage_digest.cache_clear()
    identity._module.cache_clear()
    stages = ("check_treebank", "finetune", "predict", "score", "score_tables", "draw")
    return {stage: identity.stage_digest(stage) for stage in stages}


def changed(before: dict[str, str]) -> set[str]:
    return {stage for stage, digest in digests().items() if digest != before[stage]}


def edit(path: Path, old: str, new: str) -> None:
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")


def test_comments_docstrings_and_formatting_do_not_count(package: Path) -> None:
    before = digests()
    path = package / "training" / "loop.py"
    edit(path, '"""The training loop', '"""Another docstring.')
    edit(path, "def train(", "# A comment.\n\n\ndef train(")
    edit(path, '"""Train a model;', '"""Another;')
    edit(path, '"""Number of losses read', '"""Another number of losses read')
    assert not changed(before)


@pytest.mark.parametrize(
    ("module", "old", "new", "stages"),
    [
        ("training/optimiser.py", "betas=(0.9,", "betas=(0.8,", {"finetune"}),
        ("encoders/batching.py", "// 2", "// 3", {"finetune", "predict"}),
        ("tasks/heads/spanning_tree.py", "+ 1) * (words", "+ 2) * (words", {"finetune", "predict"}),
        ("tasks/metrics/attachment.py", "attached += 1", "attached += 2",
         {"finetune", "predict", "score"}),
        ("corpora/lines.py", '"\\r\\n", "\\n"', '"\\r\\n", " "',
         {"check_treebank", "finetune", "predict", "score"}),
        ("analyses/plots.py", "#D55E00", "#D55E01", {"draw"}),
        ("stages/score.py", "int64", "int32", {"score"}),
        ("stages/score_tables.py", '"zeroshot": matrix', '"other": matrix', {"score_tables"}),
        ("records/trace.py", '"study": config', '"name": config', {"score_tables"}),
        ("analyses/tables.py", "font: 14px", "font: 15px", {"score_tables"}),
    ],
)  # fmt: skip
def test_an_edit_counts_where_it_is_imported(
    module: str, old: str, new: str, stages: set[str], package: Path
) -> None:
    before = digests()
    edit(package / module, old, new)
    assert changed(before) == stages


def test_embedded_world_does_not_reach_training(package: Path) -> None:
    before = digests()
    edit(package / "corpora" / "embedded_world" / "grammar.py", "self.draws.chance(0.12)", "True")
    assert not changed(before)
