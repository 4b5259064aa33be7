"""Adding named entities and raw text to the catalogue or to a study."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import pytest
from conftest import ROOT
from test_added_treebanks import clone, tables  # noqa: F401
from test_downloads import Server, server  # noqa: F401
from xltransfer.commands.add import add
from xltransfer.commands.new import new
from xltransfer.corpora.catalogue import Catalogue
from xltransfer.corpora.checksums import checksum_of
from xltransfer.corpora.new_entities import part_of, recognised
from xltransfer.corpora.new_raw_text import kind_of_file
from xltransfer.public.functions import open_study
from xltransfer.runtime.errors import InputError

IOB2 = "Sani B-PER\nBala I-PER\nya O\n\nKano B-LOC\n\n"
HAUSA = {"language_name": "Hausa", "family": "Afro-Asiatic, Chadic"}
STUDY = "mine/study.yaml"


@pytest.fixture
def mirror(tmp_path: Path) -> Path:
    """A mirror with a corpus of Hausa, a language that is not catalogued."""
    folder = tmp_path / "ner" / "News" / "hau"
    folder.mkdir(parents=True)
    for split in ("train", "test"):
        (folder / f"{split}.txt").write_text(f"{split} O\n\n{IOB2}")
    (folder / "README.md").write_text("License: CC BY 4.0\n")
    return tmp_path / "ner"


def catalogue() -> Catalogue:
    return Catalogue("resources", "2.18", "mine/catalogue")


def test_named_entities_of_a_new_language_beside_a_study(
    mirror: Path,
    clone: Path,  # noqa: F811
    capsys: pytest.CaptureFixture,
) -> None:
    before = tables(clone / "resources")
    add("News/hau", ner=True, from_=str(mirror), study=STUDY, **HAUSA)
    out = capsys.readouterr().out
    assert f"name {mirror} under `mirrors`" in out and "entities: LOC, PER" in out
    assert tables(clone / "resources") == before
    found = catalogue()
    language, corpus = found.languages["ha"], found.entities["ha_news"]
    assert (language.name, language.iso, language.script) == ("Hausa", "hau", "Latn")
    form = (corpus.layout, corpus.scheme, corpus.broken_tags, corpus.encoding)
    assert form == ("columns", "iob2", "refuse", "utf-8")
    assert (corpus.name, corpus.licence, corpus.splits) == (
        *("News/hau", "CC BY 4.0", ("train", "test")),
    )
    test = mirror / "News" / "hau" / "test.txt"
    assert corpus.files["test"].checksum == f"sha256:{checksum_of(test, 'sha256')}"
    written = tables(Path("mine/catalogue"))
    add("News/hau", ner=True, from_=str(mirror), study=STUDY)
    assert "ha_news: is in the catalogue already" in capsys.readouterr().out
    assert tables(Path("mine/catalogue")) == written
    # A study of it is valid.
    options = {"task": ["ner"], "mirror": [str(mirror)], "seeds": [1]}
    new(Path(STUDY), source=["qaa_embedded"], target=["ha_news"], **options)
    assert open_study(STUDY).targets("ner") == ["ha_news", "qaa_embedded"]


def test_the_folder_of_a_corpus_may_be_relative(
    mirror: Path,
    clone: Path,  # noqa: F811
    capsys: pytest.CaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    study = clone / STUDY
    monkeypatch.chdir(mirror / "News" / "hau")
    add("News/hau", ner=True, from_=".", study=str(study), **HAUSA)
    assert f"name {mirror} under `mirrors`" in capsys.readouterr().out


def test_other_files_of_a_corpus_are_refused(mirror: Path, clone: Path) -> None:  # noqa: F811
    add("News/hau", ner=True, from_=str(mirror), **HAUSA)
    (mirror / "News/hau/test.txt").write_text("other O\n")
    with pytest.raises(InputError, match=r"has another test part .*--code"):
        add("News/hau", ner=True, from_=str(mirror))
    # A further part is added to those that are there.
    (mirror / "News/hau/test.txt").unlink()
    (mirror / "News/hau/valid.txt").write_text(IOB2)
    add("News/hau", ner=True, from_=str(mirror))
    assert Catalogue("resources", "2.18").entities["ha_news"].splits == ("train", "dev", "test")


def test_named_entities_at_a_url(
    mirror: Path,
    clone: Path,  # noqa: F811
    server: Server,  # noqa: F811
) -> None:
    for name in ("train.txt", "test.txt", "README.md"):
        path = f"ner/News/hau/{name}"
        server.files[path] = (mirror.parent / path).read_bytes()
    add("News/hau", ner=True, from_=f"{server.url}/ner", study=STUDY, **HAUSA)
    corpus = catalogue().entities["ha_news"]
    assert corpus.files["test"].url == f"{server.url}/ner/News/hau/test.txt"
    assert (corpus.splits, corpus.licence) == (("train", "test"), "CC BY 4.0")
    with pytest.raises(InputError, match=r"has no train, dev or test with the suffix \.txt"):
        add("News/swa", ner=True, from_=f"{server.url}/ner", study=STUDY)
    server.files["ner/C/eng.testb"] = IOB2.encode()
    options = {"from_": f"{server.url}/ner", "study": STUDY, "language": "en"}
    add("C", ner=True, files=["eng.testb"], **options)
    assert catalogue().entities["en_c"].files["test"].name == "eng.testb"
    with pytest.raises(InputError, match="found nowhere"):
        add("C", ner=True, files=["eng.testb", "eng.train"], **options)


FORMS = {
    "columns iob2 refuse": IOB2,
    "columns iob1 refuse": "-DOCSTART- -X- O\n\nSani N I-PER\nKano N B-PER\nya V O\n",
    "columns bioes refuse": "Sani B-PER\nBala E-PER\nya O\n\nKano S-LOC\n",
    "columns iob2 repair": "Sani B-PER\nKano I-LOC\nBala B-PER\n",
    "columns bioes repair": "Sani B-PER\nya O\n\nKano S-LOC\nKano E-LOC\n",
    "wikiann iob2 refuse": "ha:Sani\tB-PER\nha:ya\tO\n",
    "uner iob2 refuse": "# sent_id = 1\n1\tS-Bahn\tB-LOC\t-\t-\n2\tya\tO\t-\t-\n",
}


@pytest.mark.parametrize("form", FORMS)
def test_layouts_and_schemes_are_recognised(form: str, tmp_path: Path) -> None:
    path = tmp_path / "test.txt"
    path.write_text(FORMS[form])
    found = recognised([path], "", "", "utf-8")
    assert f"{found.layout} {found.scheme} {found.broken_tags}" == form


BROKEN = {
    "uner": ("# sent_id = 1\n1\tSani\tE-PER\t-\t-\n", "E-PER"),
    "wikiann": ("ha:Sani\tE-PER\nha:ya\tO\n", "E-PER"),
}


@pytest.mark.parametrize("layout", BROKEN)
def test_the_warning_is_about_the_form_that_is_taken(
    layout: str, tmp_path: Path, capsys: pytest.CaptureFixture
) -> None:
    path = tmp_path / "test.txt"
    path.write_text(BROKEN[layout][0])
    found = recognised([path], "", "", "utf-8")
    assert (found.layout, found.broken_tags) == (layout, "repair")
    written = capsys.readouterr().err
    assert BROKEN[layout][1] in written and found.scheme in written and "'-'" not in written


def test_the_catalogue_has_the_forms_that_are_recognised(shared: Path) -> None:
    """Of every corpus that is here: what people wrote into its row."""
    checked = 0
    for corpus in Catalogue(ROOT / "resources", "2.18").entities.values():
        folder = shared / "ner" / corpus.name
        paths = [folder / file.name for file in corpus.files.values()]
        if not paths or not all(path.is_file() for path in paths):
            continue
        found = recognised(paths, "", "", corpus.encoding)
        assert (found.layout, found.scheme) == (corpus.layout, corpus.scheme), corpus.code
        checked += 1
    assert checked > 5


@pytest.mark.parametrize(
    ("file", "part"),
    [
        ("train.txt", "train"),
        ("en_pud-ud-test.iob2", "test"),
        ("eng.testa", "dev"),
        ("esp.testb", "test"),
        ("valid.conll", "dev"),
        ("README.md", ""),
        ("testing.txt", ""),
    ],
)
def test_part_of_a_file(file: str, part: str) -> None:
    assert part_of(file) == part


@pytest.mark.parametrize(
    ("name", "change", "options", "message"),
    [
        ("News/hau", "", {}, "the language 'ha' is new, .*--language-name"),
        ("News/swa", "", {}, "holds no folder News/swa"),
        ("News/hau", "Sani X\n", HAUSA, "test.txt:1: 'X' is no tag"),
        ("News/hau", "Sani\n", HAUSA, "test.txt:1: not a token and a tag"),
        ("News/hau", "", {**HAUSA, "layout": "uner"}, "not the five columns"),
        ("News/hau", "", {**HAUSA, "files": ["x.txt"]}, "no file x.txt whose name ends"),
        ("News/hau", "", {**HAUSA, "code": "HA"}, "--code: the code 'HA' is not of the form"),
        ("News/hau", "", {**HAUSA, "code": "sw_x", "language": "ha"}, "does not start with"),
        ("News/hau", "", {**HAUSA, "kind": "text"}, "--kind is of --text, not of --ner"),
        ("News/hau", "", {**HAUSA, "text": True}, "--ner and --text: give one"),
        ("News", "", HAUSA, "does not say which language it is; give --language"),
        ("../hau", "", {**HAUSA, "code": "ha_x"}, "holds no folder ../hau"),
    ],
)
def test_named_entities_that_are_wrong_write_nothing(
    name: str,
    change: str,
    options: dict,
    message: str,
    mirror: Path,
    clone: Path,  # noqa: F811
) -> None:
    if change:
        (mirror / "News" / "hau" / "test.txt").write_text(change)
    (mirror / "News" / "test.txt").write_text(IOB2)
    before = tables(clone / "resources")
    with pytest.raises(InputError, match=message):
        add(name, ner=True, from_=str(mirror), **options)
    assert tables(clone / "resources") == before


def test_two_files_of_one_part(mirror: Path, clone: Path) -> None:  # noqa: F811
    (mirror / "News/hau/other-test.txt").write_text(IOB2)
    with pytest.raises(InputError, match=r"other-test.txt and test.txt are both a test part"):
        add("News/hau", ner=True, from_=str(mirror), **HAUSA)
    add("News/hau", ner=True, from_=str(mirror), files=["test.txt"], **HAUSA)
    assert Catalogue("resources", "2.18").entities["ha_news"].splits == ("test",)


def test_a_raw_text_in_a_file(
    tmp_path: Path,
    clone: Path,  # noqa: F811
    capsys: pytest.CaptureFixture,
) -> None:
    file = tmp_path / "news.txt.gz"
    file.write_bytes(gzip.compress(b"Sani ya tafi Kano.\n" * 3))
    options = {"from_": str(file), "study": STUDY}
    add("ha_news", text=True, licence="CC0-1.0", title="News in Hausa", **options, **HAUSA)
    assert f"no address: name {tmp_path} under `mirrors`" in capsys.readouterr().out
    text = catalogue().raw_corpora["ha_news"]
    assert (text.kind, text.file, text.url) == ("text", "news.txt.gz", "")
    assert (text.name, text.licence, text.language) == ("News in Hausa", "CC0-1.0", "ha")
    assert text.checksum == f"sha256:{checksum_of(file, 'sha256')}"
    add("ha_news", text=True, **options)
    out, err = capsys.readouterr()
    assert "ha_news: is in the catalogue already" in out and "licence" not in err
    file.write_bytes(gzip.compress(b"Another text.\n"))
    with pytest.raises(InputError, match=r"another file .*give the corpus another code"):
        add("ha_news", text=True, **options)


def test_a_text_in_another_script_than_its_language(
    tmp_path: Path,
    clone: Path,  # noqa: F811
    capsys: pytest.CaptureFixture,
) -> None:
    (tmp_path / "a.txt").write_text("Это хорошо.\n", encoding="utf-8")
    add("en_a", text=True, from_=str(tmp_path / "a.txt"), licence="CC0-1.0")
    assert "most letters are Cyrl, but English is Latn" in capsys.readouterr().err


def test_raw_text_at_a_url_and_of_a_dataset(
    clone: Path,  # noqa: F811
    server: Server,  # noqa: F811
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    server.files["data/ha.jsonl"] = b'{"text": "Sani ya tafi."}\n'
    url = f"{server.url}/data/ha.jsonl"
    add("ha_web", text=True, from_=url, study=STUDY, licence="CC0-1.0", **HAUSA)
    text = catalogue().raw_corpora["ha_web"]
    assert (text.url, text.file, text.kind) == (url, "ha.jsonl", "hub")
    publisher = {"url": "https://example.org/ha.jsonl", "licence": "CC0-1.0"}
    add("ha_mirror", text=True, from_=url, study=STUDY, **publisher)
    assert catalogue().raw_corpora["ha_mirror"].url == publisher["url"]
    commit = "0123456789" * 4
    monkeypatch.setattr(
        "xltransfer.corpora.new_raw_text.present_dataset_commit",
        lambda repository, revision: {("o/web", None): commit, ("o/web", "v1"): "b" * 40}[
            repository, revision
        ],
    )
    asked = []

    def fetched(output: Path, file: str, address: str, *_: object) -> None:
        asked.append((file, address))
        output.write_text('{"text": "Sani."}\n')

    monkeypatch.setattr("xltransfer.corpora.new_raw_text.fetch_file", fetched)
    for place, revision in (
        ("o/web/x/ha.jsonl", commit),
        ("o/web@v1/x/ha.jsonl", "b" * 40),
        (f"o/web@{'c' * 40}/x/ha.jsonl", "c" * 40),
    ):
        code = f"ha_{revision[:1] * 3}"
        options = {"study": STUDY, "licence": "CC0-1.0"}
        add(code, text=True, from_=f"hf://datasets/{place}", **options)
        address = f"hf://datasets/o/web@{revision}/x/ha.jsonl"
        assert asked[-1] == ("o-web/x/ha.jsonl", address)
        assert catalogue().raw_corpora[code].url == address


def test_the_present_commit_of_a_dataset(server: Server) -> None:  # noqa: F811
    from xltransfer.corpora.hub_datasets import present_dataset_commit

    commit = "0123456789" * 4
    server.headers = {"Content-Type": "application/json"}
    for path in ("o/web", "o/web/revision/v1"):
        answer = {"id": "o/web", "sha": commit if path == "o/web" else "b" * 40}
        server.files[f"api/datasets/{path}"] = json.dumps(answer).encode()
    assert present_dataset_commit("o/web", None, server.url) == commit
    assert present_dataset_commit("o/web", "v1", server.url) == "b" * 40
    server.files["api/datasets/o/odd"] = json.dumps({"id": "o/odd"}).encode()
    with pytest.raises(InputError, match=r"o/odd: its commit is not known"):
        present_dataset_commit("o/odd", None, server.url)
    with pytest.raises(InputError, match=r"o/none: its commit is not known"):
        present_dataset_commit("o/none", None, server.url)


@pytest.mark.parametrize(
    ("code", "content", "options", "message"),
    [
        ("news", b"a\n", {}, "--text: the code 'news' is not of the form"),
        ("ha_news", b"a\n", {}, "the language 'ha' is new"),
        ("ha_news", b"\xff\n", HAUSA, "text.txt:1: byte 0xff is not UTF-8"),
        ("ha_news", b"", HAUSA, "an empty file"),
        ("ha_news", b"\n \n", HAUSA, "holds no text"),
        ("ha_news", b"<!doctype html>", HAUSA, "a web page, not the file"),
        ("ha_news", b"12\n", HAUSA, "has no letters; give --script"),
        ("ha_news", b"a\n", {**HAUSA, "kind": "wikipedia"}, "text.txt"),
        ("ha_news", b"a\n", {**HAUSA, "url": "ftp://x/y"}, "no address of a catalogue"),
        ("ha_news", b"a\n", {**HAUSA, "from_": "none.txt"}, "none.txt: no such file"),
        ("ha_news", b"a\n", {**HAUSA, "from_": ""}, "with --from"),
        ("ha_news", b"a\n", {**HAUSA, "from_": "hf://datasets/x"}, "is not hf://datasets/<owner>"),
        ("ha_news", b"a\n", {**HAUSA, "scheme": "iob2"}, "--scheme is of --ner, not of --text"),
    ],
)
def test_raw_text_that_is_wrong_writes_nothing(
    code: str,
    content: bytes,
    options: dict,
    message: str,
    tmp_path: Path,
    clone: Path,  # noqa: F811
) -> None:
    (tmp_path / "text.txt").write_bytes(content)
    before = tables(clone / "resources")
    with pytest.raises(InputError, match=message):
        add(code, text=True, **{"from_": str(tmp_path / "text.txt"), **options})
    assert tables(clone / "resources") == before


@pytest.mark.parametrize(
    ("file", "kind"),
    [
        ("wowiki-20261101-pages-articles.xml.bz2", "wikipedia"),
        ("wol_newscrawl_2016_10K.tar.gz", "leipzig"),
        ("train-00000-of-00001.parquet", "hub"),
        ("wo.jsonl.zst", "hub"),
        ("text.txt.xz", "text"),
        ("train.bam", "text"),
    ],
)
def test_kind_of_a_file(file: str, kind: str) -> None:
    assert kind_of_file(file) == kind
