"""The command that checks a study before it runs."""

from __future__ import annotations

import shutil
from collections import namedtuple
from pathlib import Path

import pytest
from conftest import ROOT
from xltransfer.commands import check as command
from xltransfer.runtime.errors import InputError


@pytest.mark.parametrize(
    ("study", "remedy"),
    [
        ("", ", or set `keep: {ablated_weights: false}`"),
        ("ablations: [none]\nkeep: {precision: float32}", ", or set `keep: {precision: bfloat16}`"),
        ("ablations: [none]\nkeep: {precision: bfloat16}", ""),
    ],
)
def test_a_full_disk_has_a_remedy_that_helps(
    study: str, remedy: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without ablations there are no ablated weights to drop; half precision cannot be halved."""
    usage = namedtuple("usage", "total used free")
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage(2, 1, 1))
    monkeypatch.setattr(command, "dry_run", lambda *_: {})
    monkeypatch.chdir(ROOT)
    path = tmp_path / "study.yaml"
    path.write_text(f"study: x\n{study}\n")
    with pytest.raises(InputError) as raised:
        command.check([str(path)])
    assert str(raised.value).endswith(f"make room{remedy}")
