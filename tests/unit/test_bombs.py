"""Small files that ask for gigabytes or hours are refused in a line, within limits."""

from __future__ import annotations

import bz2
import gzip
import json
import lzma
import os
import re
import resource
import subprocess
import sys
import tarfile
import zlib
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest
from xltransfer.corpora.confined import confined_lines
from xltransfer.corpora.raw_text import read_lines
from xltransfer.corpora.wikitext import HIGHEST_COST
from xltransfer.corpora.wikitext_cost import parsing_cost
from xltransfer.runtime.errors import InputError

MEBIBYTES = 1 << 20
READ = """
import sys
from xltransfer.corpora.confined import confined_lines
from xltransfer.runtime.errors import InputError
try:
    print(sum(len(line) for line in confined_lines(*sys.argv[1:])), "characters")
except InputError as error:
    print("refused:", error)
"""
HEAD = b"<mediawiki><siteinfo><namespaces><namespace key='0'/></namespaces></siteinfo>"
ARTICLE = b"<page><ns>0</ns><revision><text>%s</text></revision></page>"


def dump(*parts: bytes) -> bytes:
    return HEAD + b"".join(parts) + b"</mediawiki>"


def write_gzip(path: Path, content: bytes) -> None:
    path.write_bytes(gzip.compress(content))


def names(count: int) -> bytes:
    return b"".join(b"<n%d/>" % number for number in range(count))


def write_parquet(path: Path, length: int, rows: int, **options: object) -> None:
    """So many rows of one text, which the file has once."""
    import pyarrow
    from pyarrow import parquet

    texts = pyarrow.DictionaryArray.from_arrays(
        pyarrow.array([0] * rows, pyarrow.int32()), pyarrow.array(["x" * length])
    )
    table = pyarrow.table({"text": texts.cast(pyarrow.string()) if options else texts})
    parquet.write_table(table, path, compression="zstd", **options)


def write_xz_window(path: Path, content: bytes) -> None:
    """A file whose header asks the decompressor for a window of 4 GiB."""
    data = bytearray(lzma.compress(content))
    size = 4 * (data[12] + 1)
    assert data[14] == 0x21 and data[15] == 1
    data[16] = 40
    data[12 + size - 4 : 12 + size] = zlib.crc32(data[12 : 12 + size - 4]).to_bytes(4, "little")
    path.write_bytes(data)


def write_tar_header(path: Path) -> None:
    """An archive whose first header has a name of 500 MB."""
    with gzip.open(path, "wb") as file:
        info = tarfile.TarInfo("././@LongLink")
        info.type, info.size = tarfile.GNUTYPE_LONGNAME, 500 * MEBIBYTES
        file.write(info.tobuf(tarfile.GNU_FORMAT))
        for _ in range(500):
            file.write(bytes(MEBIBYTES))


# Name and kind of the file, how it is written, and what is said of it.
BOMBS: dict[str, tuple[str, str, Callable[[Path], None], str]] = {
    "elements between pages": (
        "x.xml.gz", "wikipedia", lambda p: write_gzip(p, dump(b"<a/>" * 12_000_000)),
        "elements in a page or between two",
    ),
    "elements in a page": (
        "x.xml.gz", "wikipedia", lambda p: write_gzip(p, dump(b"<page>", b"<a/>" * 12_000_000)),
        "elements in a page or between two",
    ),
    "text of a page": (
        "x.xml.gz", "wikipedia", lambda p: write_gzip(p, dump(ARTICLE % (b"a " * 20_000_000))),
        "page 1: .*a text of more than",
    ),
    "names of elements": (
        "x.xml.bz2", "wikipedia", lambda p: p.write_bytes(bz2.compress(dump(names(300_000)))),
        "more kinds of them",
    ),
    "nested elements": (
        "x.xml.gz", "wikipedia", lambda p: write_gzip(p, dump(b"<a>" * 1_000_000)),
        "elements in elements",
    ),
    "a tag": (
        "x.xml.gz", "wikipedia", lambda p: write_gzip(p, dump(b"<a b='" + b"x" * 60_000_000)),
        "a tag or comment of more than",
    ),
    "entities": (
        "x.xml.gz", "wikipedia",
        lambda p: write_gzip(
            p, b"<!DOCTYPE a [<!ENTITY a '%s'>]>" % (b"x" * 9000) + dump(ARTICLE % (b"&a;" * 9000))
        ),
        "a document type",
    ),
    "ratio of a text": (
        "x.txt.gz", "text", lambda p: write_gzip(p, (b"word " * 2000 + b"\n") * 8_000),
        "expands to more than 200 times its size",
    ),
    "window of xz": ("x.txt.xz", "text", lambda p: write_xz_window(p, b"word\n" * 99), "memory"),
    "header of tar": ("x.tar.gz", "leipzig", write_tar_header, "expands to more than 200 times"),
    "dictionary of Parquet": (
        "x.parquet", "hub", lambda p: write_parquet(p, 8 * MEBIBYTES, 100_000),
        "memory|expands to more than|SIG",
    ),
    "page of Parquet": (
        "x.parquet", "hub",
        lambda p: write_parquet(p, MEBIBYTES, 400, use_dictionary=False, data_page_size=1 << 30),
        "memory|expands to more than|SIG",
    ),
    "JSON": (
        "x.jsonl.gz", "oscar", lambda p: write_gzip(p, b'{"a": [' + b"{}," * 21_000_000 + b"{}]}"),
        "memory|expands",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", BOMBS)
def test_bombs(name: str, tmp_path: Path) -> None:
    file, kind, write, reason = BOMBS[name]
    path = tmp_path / file
    write(path)
    assert path.stat().st_size < 20 * MEBIBYTES
    limit = 3 << 30

    def confine() -> None:
        resource.setrlimit(resource.RLIMIT_AS, (limit, limit))

    done = subprocess.run(
        [sys.executable, "-c", READ, str(path), kind],
        capture_output=True,
        text=True,
        timeout=120,
        preexec_fn=confine,
        env={**os.environ, "OPENBLAS_NUM_THREADS": "1"},
    )
    assert done.returncode == 0, done.stderr[-2000:]
    assert re.match(rf"refused: {re.escape(str(path))}: .*({reason})", done.stdout), done.stdout
    assert done.stdout.count("\n") == 1 and done.stderr == ""


def one_page(path: Path, *sources: str) -> Path:
    from xml.sax.saxutils import escape

    path.write_bytes(dump(*(ARTICLE % escape(source).encode() for source in sources)))
    return path


@pytest.mark.parametrize(
    "unclosed",
    ["{{", "{{a|", "{{a|b=", "<b a=", '<a b="', "<b>", "{|\n", "[http://x ", "[[a|", "<!--", "[//"],
)
def test_pages_that_would_take_minutes_are_left_out(unclosed: str, tmp_path: Path) -> None:
    bad = unclosed * (130_000 // len(unclosed))
    path, counts = one_page(tmp_path / "x.xml", "before", bad, "after"), Counter()
    assert list(read_lines(path, "wikipedia", counts)) == ["before", "after"]
    assert (counts["pages"], counts["pages_not_parsed"]) == (3, 1)


def test_brackets_in_brackets_are_left_out(tmp_path: Path) -> None:
    path, counts = one_page(tmp_path / "x.xml", "{{" * 3000 + "}}" * 3000, "after"), Counter()
    assert list(read_lines(path, "wikipedia", counts))[-1] == "after"


def test_ordinary_markup_costs_nothing_and_slips_cost_little() -> None:
    article = (
        "'''Dakar''' is the [[capital city|capital]] of {{flag|{{a}}}}.<ref name=a>{{cite}}</ref>\n"
        "{| class=x\n|-\n! a\n| b\n|}\n* [http://x.org home]<br>a < b > c<ref name=a />\n"
        "<!-- note --><div style='x'>text</div><nowiki>[[</nowiki>\n"
    )
    assert parsing_cost(article * 3000) < HIGHEST_COST / 100
    slips = (article * 300 + "{{unclosed\n[[also <b>and") * 5
    assert parsing_cost(slips) < HIGHEST_COST / 10


def test_a_page_has_a_limit_of_processor_time(tmp_path: Path) -> None:
    source = '<a b="' * 2400
    assert parsing_cost(source) < HIGHEST_COST
    path, counts = one_page(tmp_path / "x.xml", "before", source), Counter()
    lines = confined_lines(path, "wikipedia", counts, seconds=0.3)
    assert next(lines) == "before"
    with pytest.raises(InputError, match=r"about . pages .* more than 0\.3 seconds") as caught:
        list(lines)
    assert "\n" not in str(caught.value)


def test_confined_reading_is_reading(tmp_path: Path) -> None:
    """The same lines, counts and errors, whatever is in the text."""
    texts = ["a\nb", "ü\u2028c\r", "\x1b[2J", "", "L", "E\x00"]
    path = tmp_path / "x.jsonl.gz"
    write_gzip(path, "\n".join(json.dumps({"text": text}) for text in texts).encode())
    counts, confined_counts = Counter(), Counter()
    expected = list(read_lines(path, "oscar", counts))
    assert list(confined_lines(path, "oscar", confined_counts)) == expected and len(expected) > 5
    assert confined_counts == counts == {"documents": 6}
    write_gzip(path, b'{"text": "a"}\nno JSON')
    lines = confined_lines(path, "oscar")
    assert next(lines) == "a"
    with pytest.raises(InputError, match=rf"^{path}:2: not JSON"):
        next(lines)


def test_reader_ends_with_its_stage(tmp_path: Path) -> None:
    path = tmp_path / "x.txt.gz"
    write_gzip(path, b"word\n" * 1_000_000)
    lines = confined_lines(path, "text")
    next(lines)

    def readers() -> list[str]:
        found = []
        for process in Path("/proc").glob("[0-9]*/cmdline"):
            with suppress(OSError):
                found += [process.parent.name] * (str(path).encode() in process.read_bytes())
        return found

    assert len(readers()) == 1
    lines.close()
    assert readers() == []


def test_stage_refuses_bombs_and_login_pages(tmp_path: Path) -> None:
    from running import stage
    from test_clean import CONFIG as CLEANING

    text = tmp_path / "x.txt"
    text.write_text("<!DOCTYPE html><title>Log in</title>\n" * 50)
    outputs = [f"--{name}={tmp_path / name}" for name in ("training", "held-out", "report")]
    config = json.dumps(CLEANING)
    done = stage("clean", "--raw", text, "--kind", "text", "--config", config, *outputs)
    assert done.returncode == 2 and f"error: {text}: a web page" in done.stderr
    assert not (tmp_path / "training").exists()
