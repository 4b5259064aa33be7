"""One line for a paper, made from the provenance of a table."""

from __future__ import annotations

from pathlib import Path

import pytest
from xltransfer.commands.signature import signature
from xltransfer.runtime.errors import InputError
from xltransfer.runtime.files import read_json, sha256_of_file, write_json


def provenance(folder: Path, **changes: object) -> Path:
    table = folder / "randominit.csv"
    table.write_text("a,b\n1,2\n")
    content = {
        "output": sha256_of_file(table),
        "commit": "0123456789" * 4 + "-dirty",
        "code": "c0de",
        "config": "c0f1",
        "seeds": [1, 2],
        "inconsistent": {},
        "sources": {"resources/models/embedded/model.safetensors": "ab" * 32},
        "configuration": {
            "study": "mine",
            "ud_release": "2.18",
            "tasks": ["pos"],
            "seeds": [1, 2],
            "pos": {"kind": "tagging", "label": "UPOS"},
            "encoders": [
                {"name": "embedded", "path": "resources/models/embedded"},
                {"name": "mbert", "hub": "google-bert/m", "revision": "f" * 40},
            ],
        },
        **changes,
    }
    write_json(folder / "randominit.provenance.json", content)
    return table


def test_a_signature_is_one_line(tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    table = provenance(tmp_path)
    signature(table)
    (line,) = capsys.readouterr().out.splitlines()
    assert "(commit 012345678901, with changes); code c0de, configuration c0f1" in line
    assert 'study "mine"; encoder embedded: sha256 abababababab; ' in line
    assert "encoder mbert: google-bert/m@ffffffffffff; Universal Dependencies up to 2.18" in line
    digest = sha256_of_file(table)[:12]
    assert line.endswith(f"pos: accuracy of UPOS; seeds 1, 2; table sha256 {digest}")


def test_a_signature_has_the_weights_of_a_hidden_folder(
    tmp_path: Path, capsys: pytest.CaptureFixture
) -> None:
    """The path is a variable, and the record hides folders outside the project."""
    table = provenance(tmp_path)
    record = table.with_suffix(".provenance.json")
    content = read_json(record)
    encoders = [
        {"name": "local", "path": "$XLTRANSFER_ENCODER"},
        {"name": "trimmed", "from": "local"},
    ]
    hidden = {"<absolute path 719a5341>/model.safetensors": "cd" * 32}
    configuration = {**content["configuration"], "encoders": encoders}
    write_json(record, {**content, "sources": hidden, "configuration": configuration})
    signature(table)
    said = capsys.readouterr().out
    assert "encoder local: sha256 cdcdcdcdcdcd; encoder trimmed: from local" in said
    # Of two, it is not known which is which.
    twice = [*encoders, {"name": "other", "path": "$OTHER"}]
    configuration["encoders"] = twice
    write_json(record, {**content, "sources": hidden, "configuration": configuration})
    signature(table)
    assert "cdcdcd" not in capsys.readouterr().out
    (tmp_path / "randominit.md").write_text("| a |")
    write_json(record, {**content, "path": "tables/randominit.csv"})
    with pytest.raises(InputError, match=r"is about randominit\.csv, from which this file is made"):
        signature(tmp_path / "randominit.md")


def test_a_table_that_was_changed_has_no_signature(
    tmp_path: Path, capsys: pytest.CaptureFixture
) -> None:
    table = provenance(tmp_path, inconsistent={"x": ["1", "2"]})
    signature(table)
    assert "of several versions" in capsys.readouterr().err
    table.write_text("a,b\n1,3\n")
    with pytest.raises(InputError, match=r"randominit.csv: changed since it was made"):
        signature(table)
    with pytest.raises(InputError, match="cannot be read"):
        signature(tmp_path / "none.csv")
