"""Reading files of any content: what cannot be read is refused in one line."""

from __future__ import annotations

from pathlib import Path

import pytest
from xltransfer.corpora.lines import read_text_lines
from xltransfer.runtime.errors import InputError
from xltransfer.runtime.files import read_json, read_text


def write(path: Path, content: bytes) -> Path:
    path.write_bytes(content)
    return path


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"[" * 200_000, "JSON that cannot be read"),
        (b'{"a": ' * 50_000, "JSON that cannot be read"),
        (b"1" * 5000, "JSON that cannot be read"),
        (b'{\n"a": }', ":2: not JSON"),
        (b'"\xff"', ":1: byte 0xff is not UTF-8"),
    ],
)
def test_json_that_cannot_be_read(content: bytes, reason: str, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=f"a.json.*{reason}"):
        read_json(write(tmp_path / "a.json", content))


def test_line_ends(tmp_path: Path) -> None:
    assert read_text_lines(write(tmp_path / "a", b"a\r\nb\n")) == "a\nb\n"
    with pytest.raises(InputError, match="a:2: a carriage return without a line feed"):
        read_text_lines(write(tmp_path / "a", b"a\r\nb\rc\n"))


def test_one_byte_order_mark_is_dropped(tmp_path: Path) -> None:
    assert read_text(write(tmp_path / "a", b"\xef\xbb\xbfx")) == "x"
    assert read_text(write(tmp_path / "a", "x".encode("utf-16")), "utf-16") == "x"
    with pytest.raises(InputError, match="a:1: a byte-order mark too many"):
        read_text(write(tmp_path / "a", b"\xef\xbb\xbf\xef\xbb\xbfx"))


def test_truncated_encodings_are_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="a:1: byte 0x78 is not UTF-16"):
        read_text(write(tmp_path / "a", b"\xff\xfea\x00x"), "utf-16")
