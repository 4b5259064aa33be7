"""Raw corpora: the catalogue, readers of every kind, and files of hub datasets."""

from __future__ import annotations

import bz2
import gzip
import hashlib
import io
import json
import lzma
import tarfile
from collections import Counter
from pathlib import Path

import pyarrow
import pyarrow.parquet
import pytest
from test_downloads import REVISION, Server, no_waiting, server  # noqa: F401
from xltransfer.corpora import raw_text
from xltransfer.corpora.downloads import fetch_file
from xltransfer.corpora.hub_datasets import fetch_dataset_file
from xltransfer.corpora.raw_corpora import COLUMNS, HubFile, hub_file, read_raw_corpora
from xltransfer.corpora.raw_text import read_lines
from xltransfer.corpora.wikitext import wikitext_to_text
from xltransfer.runtime.errors import InputError

ROOT = Path(__file__).parents[2]
ROW = {
    "corpus": "wo_x",
    "language": "wo",
    "name": "X",
    "kind": "text",
    "file": "wol/x.txt",
    "checksum": "unchecked",
    "url": "https://example.org/x.txt",
    "licence": "CC0-1.0",
}
PAGE = """  <page>
    <title>{title}</title>
    <ns>{ns}</ns>
    <id>1</id>{redirect}
    <revision><id>2</id><text xml:space="preserve">{text}</text></revision>
  </page>
"""
HEAD = """<mediawiki xmlns="http://www.mediawiki.org/xml/export-0.11/" xml:lang="wo">
  <siteinfo><namespaces>
    <namespace key="0" case="first-letter" />
    <namespace key="6" case="first-letter">Dencukaay</namespace>
    <namespace key="14" case="first-letter">Wàll</namespace>
  </namespaces></siteinfo>
"""
LINES = ["Maki Sàll digoon na.", "", "Looloo tax réewi Afrig."]
TEXT = "\n".join(LINES) + "\n"

LANGUAGES = "fo xmf pcm gsw bm wo qaf mt bxr mhr myv olo ug sd ckb"


def page(text: str, title: str = "T", ns: int = 0, redirect: str = "") -> str:
    return PAGE.format(title=title, ns=ns, text=text, redirect=redirect)


def dump(path: Path, *pages: str, end: str = "</mediawiki>\n") -> Path:
    path.write_bytes(bz2.compress((HEAD + "".join(pages) + end).encode()))
    return path


def archive(path: Path, members: dict[str, str]) -> Path:
    with tarfile.open(path, "w:gz") as file:
        for name, text in members.items():
            member = tarfile.TarInfo(name)
            member.size = len(text.encode())
            file.addfile(member, io.BytesIO(text.encode()))
    return path


def catalogue(path: Path, *rows: dict[str, str]) -> Path:
    table = [list(COLUMNS), *([row[column] for column in COLUMNS] for row in rows)]
    path.write_text("".join("\t".join(row) + "\n" for row in table), encoding="utf-8")
    return path


# The catalogue.


def test_catalogue_has_what_the_study_needs() -> None:
    corpora = read_raw_corpora(ROOT / "resources" / "raw_corpora.tsv")
    by_language = Counter(corpus.language for corpus in corpora.values())
    for language in [
        "fo",
        "xmf",
        "pcm",
        "gsw",
        "bm",
        "wo",
        "qaf",
        "mt",
        "bxr",
        "mhr",
        "myv",
        "olo",
        "ug",
        "sd",
        "ckb",
    ]:
        assert by_language[language], language
    assert {corpus.kind for corpus in corpora.values()} == {
        "wikipedia", "leipzig", "oscar", "hub", "text"
    }  # fmt: skip
    lafand = corpora["wo_lafand"]
    assert lafand.file == "wol/lafand-train.txt"
    assert lafand.checksum.startswith("sha256:ba96bb2f")
    for corpus in corpora.values():
        assert (hub_file(corpus.url) is not None) == (corpus.kind in ("hub", "oscar"))


def test_catalogued_files_are_those_of_a_mirror(shared: Path) -> None:
    corpora = read_raw_corpora(ROOT / "resources" / "raw_corpora.tsv")
    for code in ("wo_lafand", "pcm_lafand", "bm_lafand"):
        content = (shared / "raw" / corpora[code].file).read_bytes()
        assert corpora[code].checksum == f"sha256:{hashlib.sha256(content).hexdigest()}"


def test_hub_address() -> None:
    found = hub_file("hf://datasets/team/data@main/a/b.parquet")
    assert found == HubFile("team/data", "main", "a/b.parquet")
    assert hub_file("https://example.org/a") is None


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"kind": "epub"}, "kind 'epub' is none of wikipedia"),
        ({"corpus": "ug_x"}, "does not start with its language's code, 'wo_'"),
        ({"checksum": "sha256:12"}, "checksum 'sha256:12' is none of"),
        ({"file": "/etc/passwd"}, "no path inside a mirror"),
        ({"file": "../x"}, "no path inside a mirror"),
        ({"url": "hf://datasets/team/data/a"}, "is not hf://datasets/"),
    ],
)
def test_broken_rows_are_refused(change: dict[str, str], message: str, tmp_path: Path) -> None:
    path = catalogue(tmp_path / "c.tsv", {**ROW, "corpus": "wo_y"}, {**ROW, **change})
    with pytest.raises(InputError) as caught:
        read_raw_corpora(path)
    assert str(caught.value).startswith(f"{path}:3: ")
    assert message in str(caught.value)


def test_broken_tables_are_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r":3: 'wo_x' stands in the table twice"):
        read_raw_corpora(catalogue(tmp_path / "a.tsv", ROW, ROW))
    (tmp_path / "b.tsv").write_text("corpus\tlanguage\n")
    with pytest.raises(InputError, match=r"b\.tsv:1: column 'name' is missing"):
        read_raw_corpora(tmp_path / "b.tsv")
    with pytest.raises(InputError, match=r"cannot be read \(No such file"):
        read_raw_corpora(tmp_path / "c.tsv")
    path = catalogue(tmp_path / "d.tsv", ROW)
    path.write_text(path.read_text() + "one\ttwo\n")
    with pytest.raises(InputError, match=r"d\.tsv:3: not 8 columns"):
        read_raw_corpora(path)


# Plain text.


def zstandard(data: bytes) -> bytes:
    return pyarrow.compress(data, codec="zstd", asbytes=True)


@pytest.mark.parametrize(
    ("suffix", "compress"),
    [
        ("", bytes),
        (".gz", gzip.compress),
        (".bz2", bz2.compress),
        (".xz", lzma.compress),
        (".zst", zstandard),
    ],
)
def test_text_is_read_line_by_line(suffix: str, compress, tmp_path: Path) -> None:
    path = tmp_path / f"a.txt{suffix}"
    path.write_bytes(compress(TEXT.encode()))
    assert list(read_lines(path, "text")) == LINES
    # Compressed files may be several, one after the other.
    path.write_bytes(compress(TEXT.encode()) + compress(b"And more"))
    assert list(read_lines(path, "text")) == [*LINES, "And more"]


def test_windows_line_ends_and_no_last_one(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_bytes(b"one\r\ntwo\x0bthree\r\n\r\nfour")
    assert list(read_lines(tmp_path / "a.txt", "text")) == ["one", "two\x0bthree", "", "four"]


def test_other_encodings_are_refused_with_the_line(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_bytes("héé\n".encode() + "hé\n".encode("latin-1"))
    with pytest.raises(InputError) as caught:
        list(read_lines(path, "text"))
    assert str(caught.value) == (f"{path}:2: byte 0xe9 is not UTF-8; convert the file to UTF-8")


def test_a_line_without_end_is_refused(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(raw_text, "LONGEST_LINE", 100)
    (tmp_path / "a.txt").write_text("short\n" + "x" * 200)
    with pytest.raises(InputError, match=r"a\.txt:2: the line has no end"):
        list(read_lines(tmp_path / "a.txt", "text"))


@pytest.mark.parametrize(
    ("suffix", "compress"), [(".gz", gzip.compress), (".bz2", bz2.compress), (".xz", lzma.compress)]
)
def test_truncated_and_false_compression_is_one_line(suffix, compress, tmp_path: Path) -> None:
    path = tmp_path / f"a.txt{suffix}"
    whole = compress("".join(f"{number} line\n" for number in range(5000)).encode())
    for content in (whole[: len(whole) // 2], b"not compressed at all"):
        path.write_bytes(content)
        with pytest.raises(InputError) as caught:
            list(read_lines(path, "text"))
        assert str(caught.value).startswith(f"{path}: cannot be ")
        assert "\n" not in str(caught.value)


def test_a_missing_file_and_an_unknown_kind(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"a: cannot be read \(No such file"):
        list(read_lines(tmp_path / "a", "text"))
    with pytest.raises(InputError, match=r"kind 'epub' is none of"):
        list(read_lines(tmp_path / "a", "epub"))


# Leipzig archives.


def test_leipzig_sentences(tmp_path: Path) -> None:
    members = {
        "wol_2021/wol_2021-words.txt": "1\tna\t10\n",
        "wol_2021/wol_2021-sentences.txt": "1\tMaki\tSàll.\n2\tLooloo.\n",
    }
    path = archive(tmp_path / "wol_2021.tar.gz", members)
    assert list(read_lines(path, "leipzig")) == ["Maki\tSàll.", "Looloo."]


def test_broken_leipzig_archives_are_refused(tmp_path: Path) -> None:
    path = archive(tmp_path / "a.tar.gz", {"a-words.txt": "1\tna\t10\n"})
    with pytest.raises(InputError, match=r"a\.tar\.gz: no member \*-sentences\.txt"):
        list(read_lines(path, "leipzig"))
    path = archive(tmp_path / "b.tar.gz", {"b-sentences.txt": "1\tFine.\nLooloo.\n"})
    with pytest.raises(InputError, match=r"\(b-sentences\.txt\):2: not a number, a tab"):
        list(read_lines(path, "leipzig"))
    (tmp_path / "c.tar.gz").write_bytes(b"not an archive")
    with pytest.raises(InputError, match=r"c\.tar\.gz: cannot be decompressed"):
        list(read_lines(tmp_path / "c.tar.gz", "leipzig"))


# Datasets.


def test_documents_of_datasets_are_split_at_line_ends(tmp_path: Path) -> None:
    documents = ["One.\nTwo.", "Three."]
    rows = "".join(json.dumps({"content": text, "warc": {}}) + "\n" for text in documents)
    oscar = tmp_path / "wo_meta.jsonl.zst"
    oscar.write_bytes(zstandard(rows.encode()))
    table = pyarrow.table({"id": [1, 2, 3], "text": [*documents, None]})
    pyarrow.parquet.write_table(table, tmp_path / "train.parquet")
    for path, kind in ((oscar, "oscar"), (tmp_path / "train.parquet", "hub")):
        counts: Counter[str] = Counter()
        assert list(read_lines(path, kind, counts)) == ["One.", "Two.", "Three."]
        assert counts == {"documents": 2}


def test_broken_datasets_are_refused(tmp_path: Path) -> None:
    cases = {
        "a.jsonl": ('{"text": "a"}\n{"text"\n', r"a\.jsonl:2: not JSON"),
        "b.jsonl": ('{"text": "a"}\n{"body": "b"}\n', r"b\.jsonl:2: no document with a field text"),
        "c.jsonl": ('["a"]\n', r"c\.jsonl:1: no document"),
        "d.parquet": ("no parquet", r"d\.parquet: not a Parquet file"),
    }
    for name, (content, message) in cases.items():
        (tmp_path / name).write_text(content)
        with pytest.raises(InputError, match=message) as caught:
            list(read_lines(tmp_path / name, "hub"))
        assert "\n" not in str(caught.value)
    pyarrow.parquet.write_table(pyarrow.table({"id": [1]}), tmp_path / "e.parquet")
    with pytest.raises(InputError, match=r"e\.parquet: no column text or content"):
        list(read_lines(tmp_path / "e.parquet", "hub"))


# Wikipedia.


def test_dump_of_articles_only(tmp_path: Path) -> None:
    path = dump(
        tmp_path / "w.xml.bz2",
        page("'''Ndar''' mooy [[dëkk]] bu ñuy wax [[Saint-Louis|Senlu]].\n\n== Taariix ==\nNdaa."),
        page("A template", "Royuwaay:A", ns=10),
        page("#REDIRECT [[Ndar]]", "Senlu", redirect='<redirect title="Ndar" />'),
        page("{{Infobox|a=b}}\n[[Dencukaay:A.jpg|thumb|A picture]]Dakaar.\n[[Wàll:Dëkk]]"),
    )
    counts: Counter[str] = Counter()
    assert list(read_lines(path, "wikipedia", counts)) == [
        "Ndar mooy dëkk bu ñuy wax Senlu.",
        "Ndaa.",
        "Dakaar.",
    ]
    assert counts == {"pages": 4, "pages_of_other_namespaces": 1, "redirects": 1}


def test_truncated_dumps_are_refused_with_the_line(tmp_path: Path) -> None:
    path = dump(tmp_path / "w.xml.bz2", page("One."), page("Two."), end="")
    with pytest.raises(InputError, match=r"w\.xml\.bz2:\d+: not the XML of a dump"):
        list(read_lines(path, "wikipedia"))


@pytest.mark.parametrize(
    ("source", "text"),
    [
        ("a <ref name=x>b</ref> c<ref name=y /> d", "a  c d"),
        ("a {{b|c={{d}}}} e", "a  e"),
        ("{| class=x\n| a || b\n|}\nc", "\nc"),
        ("* one\n* [[two|''2'']]", "\n one\n\n 2"),
        ("[https://example.org a b] [https://example.org]", "a b "),
        ("[[:Category:A]] [[Category:B]] [[File:c.png|c [[d]]]]", "Category:A  "),
        ("a [[de:A]]b", "a b"),
        ("[[Dialog: A play|the play]]", "the play"),
        ("a&nbsp;b &lt;c&gt;", "a\xa0b <c>"),
        ("a<!-- b -->c __NOTOC__", "ac "),
        ("<math>x^2</math> a<br/>b <sub>2</sub>", " a\nb 2"),
        ("l'''a''' ''b", "la b"),
        ("[[unclosed {{too", "[[unclosed {{too"),
    ],
)
def test_wikitext(source: str, text: str) -> None:
    assert wikitext_to_text(source) == text


def test_memory_of_dumps_is_bounded(tmp_path: Path) -> None:
    import tracemalloc

    path = dump(tmp_path / "w.xml.bz2", *(page(f"Number {n}. " * 50) for n in range(1000)))
    for _ in read_lines(path, "wikipedia"):
        break
    tracemalloc.start()
    assert sum(1 for _ in read_lines(path, "wikipedia")) == 1000
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    # The dump is 0.6 MB; its tree would be more.
    assert peak < 400_000


# Files of hub datasets.

PARQUET = b"PAR1..."


@pytest.fixture
def hub(server: Server, monkeypatch: pytest.MonkeyPatch) -> Server:  # noqa: F811
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", False)
    server.headers = {"X-Repo-Commit": REVISION}
    server.files[f"datasets/team/data/resolve/{REVISION}/wo/train.parquet"] = PARQUET
    return server


def test_file_of_a_dataset(hub: Server, tmp_path: Path) -> None:
    checksum = "sha256:" + hashlib.sha256(PARQUET).hexdigest()
    output = tmp_path / "raw" / "train.parquet"
    fetch_dataset_file(
        output, "team/data", REVISION, "wo/train.parquet", checksum, endpoint=hub.url
    )
    assert output.read_bytes() == PARQUET
    assert [path.name for path in output.parent.iterdir()] == ["train.parquet"]


def test_catalogued_file_of_a_dataset_comes_from_a_mirror_or_the_hub(
    hub: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # What HF_ENDPOINT sets, read when the client is imported.
    template = hub.url + "/{repo_id}/resolve/{revision}/{filename}"
    monkeypatch.setattr("huggingface_hub.constants.ENDPOINT", hub.url)
    monkeypatch.setattr("huggingface_hub.constants.HUGGINGFACE_CO_URL_TEMPLATE", template)
    url = f"hf://datasets/team/data@{REVISION}/wo/train.parquet"
    checksum = "sha256:" + hashlib.sha256(PARQUET).hexdigest()
    fetch_file(tmp_path / "a" / "train.parquet", "wo/train.parquet", url, checksum, [])
    assert (tmp_path / "a" / "train.parquet").read_bytes() == PARQUET
    asked = len(hub.requests)
    mirror = [str(tmp_path / "mirror")]
    (tmp_path / "mirror" / "wo").mkdir(parents=True)
    (tmp_path / "mirror" / "wo" / "train.parquet").write_bytes(PARQUET)
    fetch_file(tmp_path / "b" / "train.parquet", "wo/train.parquet", url, checksum, mirror)
    assert (tmp_path / "b" / "train.parquet").read_bytes() == PARQUET
    assert len(hub.requests) == asked
    with pytest.raises(InputError, match="not the catalogued file"):
        fetch_file(tmp_path / "c", "wo/train.parquet", url, "sha256:" + "0" * 64, [])
    assert not (tmp_path / "c").exists()


def test_file_of_a_dataset_that_cannot_be_had(hub: Server, tmp_path: Path) -> None:
    def refusal(path: str, checksum: str, endpoint: str = hub.url, **more: int) -> str:
        with pytest.raises(InputError) as caught:
            fetch_dataset_file(
                tmp_path / "out", "team/data", REVISION, path, checksum, endpoint=endpoint, **more
            )
        assert not (tmp_path / "out").exists()
        assert "\n" not in str(caught.value)
        return str(caught.value)

    assert "team/data@0123456789ab has no missing.txt" in refusal("missing.txt", "unchecked")
    assert "not the catalogued file" in refusal("wo/train.parquet", "sha256:" + "0" * 64)
    assert "more than 6 bytes" in refusal("wo/train.parquet", "unchecked", largest=6)
    assert refusal("wo/train.parquet", "unchecked", "http://127.0.0.1:9").startswith(
        "team/data@0123456789ab"
    )
