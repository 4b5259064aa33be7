"""What a row of a catalogue says cannot leave its folder, reach a shell or carry a password."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from conftest import ROOT
from hypothesis import given
from hypothesis import strategies as st
from xltransfer.corpora.catalogue import Catalogue
from xltransfer.runtime.errors import InputError
from xltransfer.runtime.safe_values import check_path, check_url, printable, without_credentials

SHELL = "$(touch${IFS}owned)"
SHA256 = "sha256:" + 64 * "0"

# Table, column and value of a row that is otherwise right.
ATTACKS = [
    ("languages.tsv", "code", "../ar"),
    ("languages.tsv", "code", ".ar"),
    ("languages.tsv", "code", "ar;id"),
    ("languages.tsv", "code", ""),
    ("languages.tsv", "iso", "ar/"),
    ("languages.tsv", "script", "arab$"),
    ("languages.tsv", "name", "Arabic\x1b]0;owned\x07"),
    ("treebanks.tsv", "treebank", "../../en_ewt"),
    ("treebanks.tsv", "name", "../../../outside"),
    ("treebanks.tsv", "name", "/tmp/outside"),
    ("treebanks.tsv", "name", "UD_X/.."),
    ("treebanks.tsv", "name", "-rf"),
    ("treebanks.tsv", "licence", "CC\x1b[2J"),
    ("treebank_files.tsv", "treebank", "en ewt"),
    ("treebank_files.tsv", "file", "../x.conllu"),
    ("treebank_files.tsv", "file", ".bashrc"),
    ("treebank_files.tsv", "file", "a\\b.conllu"),
    ("treebank_files.tsv", "file", "{input}.conllu"),
    ("treebank_files.tsv", "file", ""),
    ("treebank_files.tsv", "checksum", SHELL),
    ("treebank_files.tsv", "checksum", "sha256:abc"),
    ("treebank_files.tsv", "checksum", "md5:" + 32 * "0"),
    ("treebank_files.tsv", "bytes", "-1"),
    ("treebank_files.tsv", "bytes", "1e3"),
    ("treebank_files.tsv", "url", "file:///etc/passwd"),
    ("treebank_files.tsv", "url", "/etc/passwd"),
    ("treebank_files.tsv", "url", "ftp://example.org/x"),
    ("treebank_files.tsv", "url", "https:///x"),
    ("treebank_files.tsv", "url", "https://[::1/x"),
    ("treebank_files.tsv", "url", "https://user:secret@example.org/x"),
    ("treebank_files.tsv", "url", "https://example.org/a b"),
    ("entity_corpora.tsv", "corpus", "xx/../yy_z"),
    ("entity_corpora.tsv", "name", "../CoNLL"),
    ("entity_corpora.tsv", "name", "CoNLL$HOME"),
    ("entity_files.tsv", "file", "..\\train.txt"),
    ("entity_files.tsv", "file", "/train.txt"),
    ("entity_files.tsv", "checksum", SHELL),
    ("entity_files.tsv", "url", "FILE:///etc/passwd"),
    ("raw_corpora.tsv", "corpus", "wo_../x"),
    ("raw_corpora.tsv", "file", "a/../../x.txt"),
    ("raw_corpora.tsv", "file", "a//x.txt"),
    ("raw_corpora.tsv", "file", "a/.x.txt"),
    ("raw_corpora.tsv", "file", "a;id.txt"),
    ("raw_corpora.tsv", "checksum", "unchecked;id"),
    ("raw_corpora.tsv", "url", "file:///etc/passwd"),
    ("raw_corpora.tsv", "url", "hf://datasets/../x@main/y.parquet"),
    ("raw_corpora.tsv", "url", "hf://datasets/a/b@main/../../y.parquet"),
    ("raw_corpora.tsv", "url", "http://token@example.org/x"),
    ("raw_files.tsv", "corpus", "../x"),
    ("raw_files.tsv", "file", "a/../../x.parquet"),
    ("raw_files.tsv", "checksum", SHELL),
    ("raw_files.tsv", "url", "hf://datasets/a/b@main/../../y.parquet"),
    ("language_identifiers.tsv", "identifier", "../glotlid-3"),
    ("language_identifiers.tsv", "identifier", "glotlid"),
    ("language_identifiers.tsv", "file", "../model.bin"),
    ("language_identifiers.tsv", "checksum", SHELL),
    ("language_identifiers.tsv", "url", "file:///etc/passwd"),
    ("language_identifiers.tsv", "url", "hf://models/a/b@main/x.bin"),
    ("language_identifiers.tsv", "licence", "\x1b[2J"),
    ("parallel_corpora.tsv", "corpus", "sw_wo_../x"),
    ("parallel_corpora.tsv", "first", SHELL),
    ("parallel_corpora.tsv", "second", "../wo"),
    ("parallel_corpora.tsv", "layout", SHELL),
    ("parallel_corpora.tsv", "columns", SHELL),
    ("parallel_files.tsv", "corpus", "../x"),
    ("parallel_files.tsv", "file", "a/../../x.tsv"),
    ("parallel_files.tsv", "file", "a;id.tsv"),
    ("parallel_files.tsv", "checksum", SHELL),
    ("parallel_files.tsv", "url", "file:///etc/passwd"),
    ("parallel_files.tsv", "url", "hf://datasets/a/b@main/../../y.parquet"),
    ("parallel_files.tsv", "url", "http://token@example.org/x"),
    ("transliterations.tsv", "scheme", SHELL),
    ("typology_databases.tsv", "database", "../x"),
    ("typology_databases.tsv", "layout", SHELL),
    ("typology_files.tsv", "database", SHELL),
    ("typology_files.tsv", "table", SHELL),
    ("typology_files.tsv", "file", "../../wals.csv"),
    ("typology_files.tsv", "checksum", SHELL),
    ("typology_files.tsv", "url", "file:///etc/passwd"),
    ("transliteration/schemes.tsv", "scheme", SHELL),
    ("transliteration/schemes.tsv", "scheme", "../uly"),
    ("transliteration/schemes.tsv", "tables", "../../../etc/passwd"),
    ("transliteration/schemes.tsv", "tables", "/etc/passwd"),
    ("transliteration/schemes.tsv", "language", "$(id)"),
]


def resources(folder: Path) -> Path:
    """A copy of the shipped catalogues."""
    for path in (ROOT / "resources").glob("*.tsv"):
        shutil.copy(path, folder)
    shutil.copytree(ROOT / "resources" / "transliteration", folder / "transliteration")
    return folder


def add_row(path: Path, **changes: str) -> int:
    """Repeat the last row of a table with some values changed; the number of its line."""
    lines = path.read_text(encoding="utf-8").splitlines()
    row = dict(zip(lines[0].split("\t"), lines[-1].split("\t"), strict=True)) | changes
    path.write_text("\n".join([*lines, "\t".join(row.values())]) + "\n", encoding="utf-8")
    return len(lines) + 1


@pytest.mark.parametrize(("table", "column", "value"), ATTACKS)
def test_unsafe_values_of_catalogues_are_refused(
    table: str, column: str, value: str, tmp_path: Path
) -> None:
    folder = resources(tmp_path)
    changes = {column: value}
    if column not in ("code", "treebank", "corpus", "file", "scheme", "variety", "identifier"):
        # A row of its own, or it would be refused as one that is there twice.
        fresh = {
            "languages.tsv": {"code": "zzz"},
            "treebanks.tsv": {"treebank": "yo_new"},
            "treebank_files.tsv": {"treebank": "yo_ytb", "release": "1.0"},
            "entity_corpora.tsv": {"corpus": "yo_new"},
            "entity_files.tsv": {"split": "dev"},
            "raw_corpora.tsv": {"corpus": "xmf_new"},
            "parallel_files.tsv": {"file": "new.tsv"},
            "typology_databases.tsv": {"database": "new"},
            "language_identifiers.tsv": {"identifier": "new-1", "file": "new.bin"},
            "typology_files.tsv": {"table": "codes", "file": "new.csv"},
            "transliteration/schemes.tsv": {"scheme": "new"},
        }
        changes = fresh.get(table, {}) | changes
    if table == "treebank_files.tsv" and column == "file":
        changes["release"] = "1.0"
    if table == "entity_files.tsv" and column == "file":
        changes["split"] = "dev"
    if table == "language_identifiers.tsv" and column == "file":
        changes["identifier"] = "new-1"
    if table == "raw_corpora.tsv" and column == "file":
        changes["corpus"] = "xmf_new"
    if table == "transliteration/schemes.tsv" and column == "tables":
        changes |= {"kind": "table"}
    line = add_row(folder / table, **changes)
    with pytest.raises(InputError, match=rf"{Path(table).name}:{line}: ") as caught:
        Catalogue(folder, "2.18")
    message = str(caught.value)
    assert "twice" not in message and "secret" not in message and "token@" not in message
    assert printable(message) == message


def test_rows_like_those_of_the_attacks_are_accepted(tmp_path: Path) -> None:
    """What the attacks are built on is right without them."""
    folder = resources(tmp_path)
    add_row(folder / "languages.tsv", code="zzz_latn", iso="zzz", script="Latn", name="Új (née)")
    add_row(
        folder / "treebanks.tsv", treebank="zzz_latn_new", language="zzz_latn", name="UD_New-1.0"
    )
    add_row(
        folder / "treebank_files.tsv",
        treebank="zzz_latn_new",
        release="1.0",
        file="a/b_c-1.conllu",
        checksum=SHA256,
        url="https://example.org/a%20b?raw=true",
        bytes="12",
    )
    known = Catalogue(folder, "2.18").treebanks["zzz_latn_new"]
    (file,) = known.files.values()
    assert (file.name, file.bytes, known.name) == ("a/b_c-1.conllu", 12, "UD_New-1.0")


@given(st.text(max_size=40))
def test_accepted_paths_stay_inside_and_need_no_quoting(path: str) -> None:
    import shlex

    try:
        check_path(path, "table.tsv:1", "file")
    except InputError as error:
        assert printable(str(error)) == str(error)
        return
    assert shlex.quote(path) == path
    assert Path("/folder").joinpath(path).is_relative_to("/folder") and ".." not in path.split("/")


@given(st.text(max_size=40))
def test_any_address_is_accepted_or_refused_in_a_line(rest: str) -> None:
    for url in (rest, f"https://{rest}"):
        try:
            check_url(url, "table.tsv:1")
        except InputError as error:
            assert printable(str(error)) == str(error)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("at http://u:p@host/x and ftp://v@h", "at http://…@host/x and ftp://…@h"),
        ("https://host/a@b me@host", "https://host/a@b me@host"),
        ("https://u:p@w@host/x", "https://…@host/x"),
    ],
)
def test_addresses_lose_their_credentials(text: str, shown: str) -> None:
    assert without_credentials(text) == shown


def test_control_characters_are_written_as_escapes() -> None:
    assert printable("a\x1b[2J\u2028ü\t\x9b") == "a\\x1b[2J\\u2028ü\\t\\x9b"
