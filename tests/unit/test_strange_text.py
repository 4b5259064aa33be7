"""Raw text from anywhere: what cannot be text is refused with its line, not with a traceback."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pytest
from pyarrow import parquet
from xltransfer.corpora.raw_text import read_lines
from xltransfer.corpora.wikitext import wikitext_to_text
from xltransfer.runtime.errors import InputError

ROW = b'{"text": "a"}\n'


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (b'{"text": "a", "x": ' + b"[" * 100_000 + b"]" * 100_000 + b"}", "cannot be read"),
        (b'{"text": "a", "x": ' + b"1" * 5000 + b"}", "cannot be read"),
        (b'{"text": "a\\ud800b"}', "half of a surrogate pair"),
        (b'{"text": "a\\nb\\udc00"}', "half of a surrogate pair"),
        (b'{"text": 1}', "no document"),
    ],
)
def test_json_lines(line: bytes, reason: str, tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_bytes(ROW + line + b"\n" + ROW)
    with pytest.raises(InputError, match=rf"a\.jsonl:2: .*{reason}"):
        list(read_lines(path, "hub"))


def test_whole_surrogate_pairs_are_characters(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_bytes(b'{"text": "\\ud83d\\ude42"}\n')
    assert list(read_lines(tmp_path / "a.jsonl", "hub")) == ["🙂"]


@pytest.mark.parametrize(
    "column",
    [
        pa.array([1, 2]),
        pa.array([["a"]]),
        pa.array([b"a"]),
        pa.array([{"a": "b"}]),
        pa.array([None]),
    ],
)
def test_columns_that_are_no_text(column: pa.Array, tmp_path: Path) -> None:
    path = tmp_path / "a.parquet"
    parquet.write_table(pa.table({"text": column}), path)
    with pytest.raises(InputError, match=r"a\.parquet: column 'text' has values of type"):
        list(read_lines(path, "hub"))


def test_long_strings_are_text(tmp_path: Path) -> None:
    path = tmp_path / "a.parquet"
    parquet.write_table(pa.table({"text": pa.array(["a\nb", None], pa.large_string())}), path)
    assert list(read_lines(path, "hub")) == ["a", "b"]


@pytest.mark.parametrize("encoding", ["utf-99", "utf-16"])
def test_dumps_in_other_encodings(encoding: str, tmp_path: Path) -> None:
    path = tmp_path / "a.xml"
    path.write_text(f'<?xml version="1.0" encoding="{encoding}"?><mediawiki></mediawiki>')
    with pytest.raises(InputError, match=r"a\.xml:1: not the XML of a dump"):
        list(read_lines(path, "wikipedia"))


def test_entities_that_are_no_characters() -> None:
    assert wikitext_to_text("a&#xD800;b&#233;c&eacute;d") == "abécéd"
    assert wikitext_to_text("a&#x10FFFF;b").encode()


def test_numbers_of_leipzig_are_in_ascii(tmp_path: Path) -> None:
    import io
    import tarfile

    with tarfile.open(tmp_path / "a.tar.gz", "w:gz") as archive:
        content = "1\ta\n٢\tb\n".encode()
        member = tarfile.TarInfo("x-sentences.txt")
        member.size = len(content)
        archive.addfile(member, io.BytesIO(content))
    with pytest.raises(InputError, match=r"x-sentences\.txt\):2: not a number, a tab"):
        list(read_lines(tmp_path / "a.tar.gz", "leipzig"))
