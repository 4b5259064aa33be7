"""Readers of parallel corpora: each layout by hand, and what each refuses."""

from __future__ import annotations

import gzip
import io
import json
import re
import zipfile
from collections import Counter
from pathlib import Path

import pyarrow as pa
import pytest
from pyarrow import parquet
from xltransfer.corpora.parallel_text import Layout, confined_pairs, read_pairs
from xltransfer.corpora.sentence_pairs import Pair
from xltransfer.runtime.errors import InputError

PLAIN = Layout("tsv", ("fr", "fra"), ("wo", "wol"), ("first", "second"))
MOSES = Layout("moses", ("fr", "fra"), ("wo", "wol"))
NAMED = Layout("identifiers", ("fr",), ("wo",))
TMX = Layout("tmx", ("en", "eng"), ("wo", "wol"))
DATASET = Layout("dataset", ("fr", "fra"), ("wo", "wol"))


def read(folder: Path, layout: Layout, **contents: str | bytes) -> tuple[list[Pair], Counter[str]]:
    """The pairs of files with these names and contents, in a process of their own and without."""
    files = []
    for name, content in contents.items():
        path = folder / name.replace("__", ".")
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        files.append(path)
    counts, confined_counts = Counter(), Counter()
    pairs = list(read_pairs(files, layout, counts))
    assert list(confined_pairs(files, layout, confined_counts)) == pairs
    assert confined_counts == counts
    return pairs, counts


def refusal(folder: Path, layout: Layout, **contents: str | bytes) -> str:
    """The message, without the folder."""
    with pytest.raises(InputError) as caught:
        read(folder, layout, **contents)
    message = str(caught.value)
    assert "\n" not in message
    return message.replace(f"{folder}/", "")


# Tables.


def test_two_columns(tmp_path: Path) -> None:
    text = "\ufeffBonjour\tSalaam\r\nÇa va ?\tNanga def?\n"
    pairs, counts = read(tmp_path, PLAIN, a__tsv=text)
    assert pairs == [("1", "Bonjour", "Salaam"), ("2", "Ça va ?", "Nanga def?")]
    assert not counts


def test_columns_are_those_of_the_catalogue(tmp_path: Path) -> None:
    columns = ("-", "second", "identifier", "first")
    layout = Layout("tsv", ("fr",), ("wo",), columns, header=True)
    text = "n\twolof\tid\tfrançais\n7\tSalaam\ta.1\tBonjour\n8\tWaaw\ta.2\t\n"
    assert read(tmp_path, layout, a__tsv=text)[0] == [
        ("a.1", "Bonjour", "Salaam"),
        ("a.2", "", "Waaw"),
    ]


def test_numbers_of_lines_count_the_header(tmp_path: Path) -> None:
    layout = Layout("tsv", ("fr",), ("wo",), ("first", "second"), header=True)
    assert read(tmp_path, layout, a__tsv="a\tb\nc\td\n")[0] == [("2", "c", "d")]


def test_lines_with_other_columns_are_refused(tmp_path: Path) -> None:
    message = refusal(tmp_path, PLAIN, a__tsv="a\tb\nc\n")
    assert message == (
        "a.tsv:2: 1 cells separated by tabs instead of 2 (first second); correct the line, or "
        "`columns` in the catalogue"
    )
    assert "a.tsv:2: 3 cells" in refusal(tmp_path, PLAIN, a__tsv="a\tb\na\tb\tc\n")
    assert "a.tsv:1: byte 0xe9 is not UTF-8" in refusal(tmp_path, PLAIN, a__tsv=b"\xe9\tb\n")


def test_identifiers_of_tables_are_unique(tmp_path: Path) -> None:
    layout = Layout("tsv", ("fr",), ("wo",), ("identifier", "first", "second"))
    message = refusal(tmp_path, layout, a__tsv="x\ta\tb\ny\ta\tb\nx\tc\td\n")
    assert message == "a.tsv:3: identifier 'x' is also in line 1; remove one of the lines"
    assert "a.tsv:1: '' is no identifier" in refusal(tmp_path, layout, a__tsv="\ta\tb\n")


# Two files with identifiers.


def test_identifiers_are_joined_in_the_order_of_the_first_file(tmp_path: Path) -> None:
    pairs, counts = read(
        tmp_path,
        NAMED,
        a__tsv="\ufeffMAT.1.2\tdeux\nMAT.1.1\tun\nMAT.1.4\tquatre\n",
        b__tsv="\ufeffMAT.1.1\tbenn\nMAT.1.3\tñett\nMAT.1.2\tñaar\nMAT.1.5\tjuróom\n",
    )
    assert pairs == [("MAT.1.2", "deux", "ñaar"), ("MAT.1.1", "un", "benn")]
    assert counts == {
        "identifiers_without_partner_in_the_first_file": 1,
        "identifiers_without_partner_in_the_second_file": 2,
    }


@pytest.mark.parametrize(
    ("first", "second", "message"),
    [
        ("a\tx\na\ty\n", "a\tx\n", "a.tsv:2: identifier 'a' is also in line 1; remove one of"),
        ("a\tx\n", "b\tx\na\ty\nb\tz\n", "b.tsv:3: identifier 'b' is also in line 1; remove"),
        ("a\tx\nb\n", "a\tx\n", "a.tsv:2: not an identifier, a tab and a text: 'b'"),
        ("a\tx\ty\n", "a\tx\n", "a.tsv:1: not an identifier, a tab and a text: 'a\\tx\\ty'"),
        ("a\tx\n", "b\tx\n", "a.tsv: no identifier is also in b.tsv; are the files of one corpus"),
        ("a\u200b\tx\n", "a\tx\n", "a.tsv:1: 'a\\u200b' is no identifier: 1 to 200 printable"),
    ],
)
def test_wrong_identifiers_are_refused(
    first: str, second: str, message: str, tmp_path: Path
) -> None:
    assert refusal(tmp_path, NAMED, a__tsv=first, b__tsv=second).startswith(message)


# Moses.


def test_aligned_lines(tmp_path: Path) -> None:
    pairs, _ = read(tmp_path, MOSES, a__fr="un\n\ntrois\tx\n", b__wo__gz=gzip.compress(b"a\nb\nc"))
    assert pairs == [("1", "un", "a"), ("2", "", "b"), ("3", "trois\tx", "c")]


@pytest.mark.parametrize(("longer", "other"), [("a", "b"), ("b", "a")])
def test_files_of_other_lengths_are_refused(longer: str, other: str, tmp_path: Path) -> None:
    lines = {longer: "x\n" * 4, other: "x\n" * 2}
    message = refusal(tmp_path, MOSES, a__fr=lines["a"], b__wo=lines["b"])
    names = {"a": "a.fr", "b": "b.wo"}
    assert message == (
        f"{names[longer]}:3: a line without a partner: {names[other]} has 2 lines, so the files "
        "are not aligned line by line; fetch both again"
    )


def archive(**members: str) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name.replace("__", "."), content)
    return file.getvalue()


def test_archive_with_a_file_per_language(tmp_path: Path) -> None:
    content = archive(
        README="of\nthe corpus\n", News__fr_wo__wol="benn\nñaar\n", News__fr_wo__xml="<x/>",
        News__fr_wo__fr_FR="un\ndeux\n",
    )  # fmt: skip
    assert read(tmp_path, MOSES, a__zip=content)[0] == [("1", "un", "benn"), ("2", "deux", "ñaar")]


def test_wrong_archives_are_refused(tmp_path: Path) -> None:
    message = refusal(tmp_path, MOSES, a__zip=archive(x__fr="un\n", x__en="one\n", LICENSE="free"))
    assert message == (
        "a.zip: needs one file per language, whose name ends with the code (fr/fra and wo/wol); "
        "has x.fr, x.en, LICENSE; is it the archive of this pair?"
    )
    longer = archive(x__fr="un\ndeux\n", x__wo="benn\n")
    assert refusal(tmp_path, MOSES, a__zip=longer).startswith("a.zip(x.fr):2: a line without")
    damaged = archive(x__fr="un\n" * 500, x__wo="benn\n" * 500)
    place = damaged.index(b"x.fr") + 8
    damaged = damaged[:place] + bytes([damaged[place] ^ 255]) + damaged[place + 1 :]
    assert "a.zip: cannot be decompressed" in refusal(tmp_path, MOSES, a__zip=damaged)
    assert "a.zip: cannot be decompressed" in refusal(tmp_path, MOSES, a__zip=b"PK\x03\x04")
    assert "is a .zip with a file per language" in refusal(tmp_path, MOSES, a__txt="un\n")


def test_a_missing_file_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"a\.tsv: cannot be read \(No such file"):
        list(read_pairs([tmp_path / "a.tsv"], PLAIN))
    with pytest.raises(InputError, match="layout 'xml' is none of tsv, identifiers, moses"):
        list(read_pairs([tmp_path / "a.tsv"], Layout("xml", ("fr",), ("wo",))))


# TMX.


def unit(*variants: tuple[str, str]) -> str:
    inside = "".join(f'<tuv xml:lang="{code}"><seg>{text}</seg></tuv>' for code, text in variants)
    return f"<tu>{inside}</tu>\n"


def tmx(*units: str, head: str = "") -> str:
    head = f'<?xml version="1.0"?>\n{head}<tmx version="1.4"><header/><body>\n'
    return f"{head}{''.join(units)}</body></tmx>"


def test_translation_units(tmp_path: Path) -> None:
    content = tmx(
        unit(("wo", "Salaam"), ("en-GB", "Hello &amp; welcome")),
        unit(("en", "only English")),
        unit(("EN_us", "One"), ("fr", "un"), ("wol", "Benn"), ("en", "A single one")),
        unit(("en", 'a <bpt i="1">&lt;b></bpt><hi>bold</hi><ept i="1">&lt;/b></ept> word'),
             ("wo", "x")),
    )  # fmt: skip
    pairs, counts = read(tmp_path, TMX, a__tmx=content)
    assert pairs == [
        ("1", "Hello & welcome", "Salaam"),
        ("3", "One", "Benn"),
        ("4", "a bold word", "x"),
    ]
    assert counts == {"units_without_both_languages": 1, "further_variants": 1}
    packed = gzip.compress(content.replace("xml:lang", "lang").encode())
    assert read(tmp_path, TMX, a__tmx__gz=packed)[0] == pairs
    assert read(tmp_path, TMX, b__tmx=content.encode("utf-16"))[0] == pairs


ENTITIES = '<!DOCTYPE tmx [<!ENTITY a "xxxxxxxx">]>\n'


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (tmx(unit(("en", "a"), ("wo", "&a;")), head=ENTITIES), "a.tmx:2: not TMX .* a document ty"),
        (tmx(unit(("en", "a"), ("wo", "b")), head="<!DOCTYPE tmx>"), "a.tmx:2: .* a document type"),
        (tmx(unit(("en", "a"), ("wo", "&a;"))), r"a.tmx:3: not XML \(undefined entity\)"),
        (tmx(unit(("en", "a"), ("wo", "b")))[:-9], r"a.tmx:4: not XML \(unclosed token\); is the"),
        (tmx("<tu>\n<tuv><seg>a</seg></tuv></tu>"), "a.tmx:4: .* a tuv without xml:lang"),
        (tmx("<tu>\n<tu/></tu>"), "a.tmx:4: not TMX that can be read: a tu in a tu"),
        ("<xliff/>", "a.tmx:1: not TMX .* the first element is 'xliff', not tmx"),
        (tmx(unit(("en", "a"), ("de", "b"))), r"a.tmx: no text in both languages \(en/eng and wo/w"
         r"ol\); it has en, de; is it the file of this pair\?"),
        (tmx("<a>" * 40), "a.tmx:3: .* elements in elements"),
        (tmx(unit(("en", "x" * ((1 << 20) + 1)), ("wo", "b"))), "a.tmx:3: .* a unit of more than"),
        (tmx("<tu a='" + "x" * (3 << 20) + "'/>"), "a.tmx:.* a tag or comment of more than"),
        ('<?xml version="1.0" encoding="none"?>\n<tmx/>', "a.tmx:1: not XML "),
    ],
    ids=lambda value: str(value)[:12],
)  # fmt: skip
def test_wrong_units_are_refused(content: str, message: str, tmp_path: Path) -> None:
    assert re.match(message, refusal(tmp_path, TMX, a__tmx=content))


# Datasets.


def rows(*texts: object) -> str:
    return "".join(json.dumps({"id": 1, "translation": text}) + "\n" for text in texts)


def test_json_lines_of_a_dataset(tmp_path: Path) -> None:
    content = rows({"wol": "Benn", "fr": "Un"}, {"fr": "Deux\nfois", "wol": "Ñaar", "en": None})
    expected = [("1", "Un", "Benn"), ("2", "Deux\nfois", "Ñaar")]
    assert read(tmp_path, DATASET, a__json=content)[0] == expected
    assert read(tmp_path, DATASET, a__json__gz=gzip.compress(content.encode()))[0] == expected


def test_parquet_of_a_dataset(tmp_path: Path) -> None:
    def packed(values: list[object], column: str = "translation") -> bytes:
        file = io.BytesIO()
        parquet.write_table(pa.table({column: values, "id": range(len(values))}), file)
        return file.getvalue()

    texts = [{"fr": "Un", "wo": "Benn"}, {"fr": "Deux", "wo": "Ñaar"}]
    expected = [("1", "Un", "Benn"), ("2", "Deux", "Ñaar")]
    assert read(tmp_path, DATASET, a__parquet=packed(texts))[0] == expected
    broken = [texts[0], {"fr": "Deux", "wo": None}]
    message = refusal(tmp_path, DATASET, a__parquet=packed(broken))
    assert message == "a.parquet: row 2: 'wo' is no text; remove the row"
    message = refusal(tmp_path, DATASET, a__parquet=packed([*texts, None]))
    assert message == "a.parquet: row 3: has no translation; remove the row"
    assert "no column translation" in refusal(tmp_path, DATASET, a__parquet=packed(texts, "text"))
    message = refusal(tmp_path, DATASET, a__parquet=packed(["a", "b"]))
    assert "column 'translation' has values of type string, not struct" in message


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (rows({"fr": "a", "wo": "b"}) + "{", "a.json:2: not JSON"),
        (rows({"fr": "a", "wo": "b"}, ["a", "b"]), "a.json:2: no object with a field 'tra"),
        ('["translation"]\n', "a.json:1: no object with a field 'translation' of texts by"),
        (rows({"fr": "a", "wo": 3}), "a.json:1: 'wo' is no text; remove the row"),
        (rows({"fr": "a", "en": "b"}), "a.json:1: no text in both languages (fr/fra and wo/wol); "
         "it has fr, en; is it the file of this pair?"),
        (rows({"fr": "a", "wo": "\ud800"}), "a.json:1: half of a surrogate pair"),
    ],
)  # fmt: skip
def test_wrong_rows_are_refused(content: str, message: str, tmp_path: Path) -> None:
    assert refusal(tmp_path, DATASET, a__json=content).startswith(message)


def test_files_that_expand_too_much_are_refused(tmp_path: Path) -> None:
    big = (b"x" * 99_999 + b"\n") * 2000
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr("x.fr", big)
        packed.writestr("x.wo", big)
    path = tmp_path / "a.zip"
    path.write_bytes(content.getvalue())
    assert path.stat().st_size < 1 << 20
    with pytest.raises(InputError, match="expands to more than 200 times its size"):
        for _ in confined_pairs([path], MOSES):
            pass


# Real corpora.


def test_real_bible(shared: Path) -> None:
    """Verses of the New Testament; each translation lacks some that the other has."""
    files = [shared / "parallel" / "bible" / f"{code}.tsv" for code in ("eng", "wol")]
    counts: Counter[str] = Counter()
    pairs = list(confined_pairs(files, NAMED, counts))
    verses = [
        {line.split("\t")[0] for line in path.read_text(encoding="utf-8").splitlines()}
        for path in files
    ]
    assert len(pairs) == len(verses[0] & verses[1]) == 7918
    assert counts == {
        "identifiers_without_partner_in_the_first_file": len(verses[0] - verses[1]),
        "identifiers_without_partner_in_the_second_file": len(verses[1] - verses[0]),
    }


@pytest.mark.parametrize(
    ("part", "number"), [("train", 3360), ("dev", 1506), ("test", 1500)], ids=str
)
def test_real_news(part: str, number: int, shared: Path) -> None:
    path = shared / "parallel" / "lafand" / "fr-wol" / f"{part}.tsv"
    pairs = list(confined_pairs([path], PLAIN))
    assert [pair.identifier for pair in pairs] == [str(n) for n in range(1, number + 1)]
    assert all(pair.first.strip() and pair.second.strip() for pair in pairs)
