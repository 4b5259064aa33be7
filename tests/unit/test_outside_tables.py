"""Tables from outside: whatever is in them, they are read or refused in one line."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from conftest import ROOT
from xltransfer.corpora.catalogue import Catalogue
from xltransfer.corpora.table_reader import read_table
from xltransfer.corpora.transliteration.rules import read_rules
from xltransfer.corpora.wals import read_wals
from xltransfer.runtime.errors import InputError
from xltransfer.stages.published_comparison import read_published


def write(path: Path, content: str | bytes) -> Path:
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def test_rows_have_their_places(tmp_path: Path) -> None:
    path = write(tmp_path / "a.tsv", '\ufeffa\tb\tc\r\n1\t\t"3\r\n\r\n4\t5\t6')
    assert list(read_table(path, ("a", "c"))) == [
        (f"{path}:2", {"a": "1", "b": "", "c": '"3'}),
        (f"{path}:4", {"a": "4", "b": "5", "c": "6"}),
    ]


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ("a\tb\n1\n", "2: not 2 columns"),
        ("a\tb\n1\t2\t3\n", "2: not 2 columns"),
        ("a\n1\n", "1: column 'b' is missing"),
        ("", "1: column 'a' is missing"),
        ("a\tb\ta\n1\t2\t3\n", "1: column 'a' is there twice"),
        ("a\tb\n1\t\x1b[31m\n", r"2: control character '\\x1b'"),
        ("a\tb\n1\t\u2028\n", r"2: control character '\\u2028'"),
        ("a\tb\n1\t" + "x" * 200_000, "2: a cell of more than 2000 characters"),
        ("a\tb\n1\r2\n", "2: a carriage return"),
        (b"a\tb\n1\t\xff\n", "2: byte 0xff is not UTF-8"),
    ],
)
def test_broken_tables_are_refused(content: str | bytes, reason: str, tmp_path: Path) -> None:
    path = write(tmp_path / "a.tsv", content)
    with pytest.raises(InputError, match=rf"a\.tsv:{reason}") as caught:
        list(read_table(path, ("a", "b")))
    assert str(caught.value).isprintable()


CATALOGUES = {
    "not UTF-8": ("languages.tsv", b"Bambara", b"B\xe4mbara", "is not UTF-8"),
    "over-long": ("languages.tsv", b"Bambara", b"x" * 200_000, "a cell of more than"),
    "release of other digits": (
        "treebank_files.tsv",
        b"\t2.5\t",
        "\t２.5\t".encode(),
        "no release",
    ),
    "release with a sign": ("treebank_files.tsv", b"\t2.5\t", b"\t2.-5\t", "no release number"),
    "encoding": ("entity_corpora.tsv", b"\tlatin-1", b"\tlatin-99", "encoding 'latin-99' is none"),
    "no text encoding": ("entity_corpora.tsv", b"\tlatin-1", b"\thex", "encoding 'hex' is none"),
}


@pytest.mark.parametrize("name", CATALOGUES)
def test_broken_catalogues_are_refused_in_one_line(name: str, tmp_path: Path) -> None:
    table, old, new, reason = CATALOGUES[name]
    resources = shutil.copytree(
        ROOT / "resources", tmp_path / "resources", ignore=shutil.ignore_patterns("models", "down*")
    )
    content = (resources / table).read_bytes()
    assert old in content
    write(resources / table, content.replace(old, new, 1))
    with pytest.raises(InputError, match=rf"{table}:\d+: .*{reason}") as caught:
        Catalogue(resources, "2.18")
    assert str(caught.value).isprintable()


LANGUAGES = "ID,Name,ISO639P3code\neng,English,eng\n"
VALUES = "id,domainelement_pk\n81A-eng,3\n82A-eng,4\n"
ELEMENTS = 'pk,name\n3,"SVO, mostly"\n4,VS\n'


def wals(folder: Path, languages: str | bytes, values: str | bytes, elements: str | bytes) -> dict:
    files = (
        write(folder / "l", languages),
        write(folder / "v", values),
        write(folder / "e", elements),
    )
    return read_wals(*files, ["eng"], ["81A"])


def test_wals(tmp_path: Path) -> None:
    assert wals(tmp_path, LANGUAGES, VALUES, ELEMENTS) == {"eng": {"81A": "SVO, mostly"}}


@pytest.mark.parametrize(
    ("languages", "values", "elements", "reason"),
    [
        (LANGUAGES, "id,domainelement_pk\n81A-eng\n", ELEMENTS, "v:2: 1 columns instead of 2"),
        (LANGUAGES, "id,domainelement_pk\n81A-eng,9\n", ELEMENTS, "v:2: no name of value '9'"),
        (LANGUAGES, "id,domainelement_pk\n81A,3\n", ELEMENTS, "v:2: id '81A' is not like"),
        (LANGUAGES, VALUES + "81A-eng,4\n", ELEMENTS, "v:4: '81A-eng' has two values"),
        (LANGUAGES, VALUES, 'pk,name\n3,"SVO\n', "e:2: not CSV"),
        (LANGUAGES, VALUES, "pk,name\n3," + "x" * 200_000, "e:2: not CSV"),
        (LANGUAGES, VALUES, "pk,name\n3,\n", "v:2: no name of value '3'"),
        (LANGUAGES, VALUES, b"pk,name\n3,S\xffO\n", "e:2: byte 0xff is not UTF-8"),
        ("ID,Name\neng,English\n", VALUES, ELEMENTS, "l:1: column 'ISO639P3code' is missing"),
        (LANGUAGES + "deu\n", VALUES, ELEMENTS, "l:3: 1 columns instead of 3"),
    ],
)
def test_broken_files_of_wals_are_refused(
    languages: str, values: str, elements: str, reason: str, tmp_path: Path
) -> None:
    with pytest.raises(InputError, match=reason) as caught:
        wals(tmp_path, languages, values, elements)
    assert str(caught.value).isprintable()


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ("U+D800\ta\t\t\t", "half of a surrogate pair"),
        ("{x}\t\t\t\t", "no class in braces"),
        ("{x\ta b\t\t\t", "no class in braces"),
    ],
)
def test_broken_rules_of_transliteration(row: str, reason: str, tmp_path: Path) -> None:
    path = write(tmp_path / "t.tsv", f"source\ttarget\tafter\tbefore\tnote\n{row}\n")
    with pytest.raises(InputError, match=rf"t\.tsv:2: .*{reason}"):
        read_rules([path])


def test_two_spaces_in_a_class_add_no_member(tmp_path: Path) -> None:
    rows = "{v}\ta  e\t\t\t\nx\ty\t{v}\t\t\n"
    path = write(tmp_path / "t.tsv", f"source\ttarget\tafter\tbefore\tnote\n{rows}")
    assert [rule.after for rule in read_rules([path])] == [("a", "e")]


def test_published_numbers_are_numbers(tmp_path: Path) -> None:
    text = (ROOT / "resources" / "published" / "pires2019.tsv").read_text(encoding="utf-8")
    for value in ("90,7", "nan", "٩٠.٧", ""):
        path = write(tmp_path / "p.tsv", text.replace("\t90.70\t", f"\t{value}\t", 1))
        with pytest.raises(InputError, match=r"p\.tsv:2: value '.*' is no decimal number"):
            read_published([path])
