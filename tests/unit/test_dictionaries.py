"""Bilingual dictionaries: files, the catalogue, and those of the embedded world."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from conftest import ROOT
from xltransfer.corpora.catalogue import Catalogue
from xltransfer.corpora.dictionaries import by_source_word, read_dictionary, write_dictionary
from xltransfer.corpora.dictionary_catalogue import COLUMNS, read_dictionary_catalogue
from xltransfer.corpora.embedded_world.concepts import OPEN_CLASSES
from xltransfer.corpora.embedded_world.translations import form_pairs, split_pairs, stem_pairs
from xltransfer.corpora.embedded_world.writers import World
from xltransfer.runtime.errors import InputError
from xltransfer.stages.check_dictionary import check_dictionary
from xltransfer.stages.embedded_dictionary import embedded_dictionary
from xltransfer.study import Study
from xltransfer.study.study_files import read_config

SENTENCES = range(30_000_000, 30_000_400)


def test_pairs_are_read_in_order(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_text("the la\nthe\tle\n\n the  la \nto à\n", encoding="utf-8")
    pairs = read_dictionary(path)
    assert pairs == [("the", "la"), ("the", "le"), ("to", "à")]
    assert by_source_word(pairs) == {"the": ["la", "le"], "to": ["à"]}
    write_dictionary(tmp_path / "b.tsv", pairs)
    assert (tmp_path / "b.tsv").read_text(encoding="utf-8") == "the\tla\nthe\tle\nto\tà\n"


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", ": no pair of words"),
        ("\n \n", ": no pair of words"),
        ("a b\nthe\n", ":2: 1 words, not a source word and a target word"),
        ("ice cream glace\n", ":1: 3 words"),
        ("a\x00 b\n", r":1: control character"),
        (f"a {'b' * 1001}\n", ":1: a word of more than 1000 characters"),
        ("a b\rc d\n", ":1: a carriage return"),
    ],
)
def test_broken_files_are_refused_with_their_line(text: str, reason: str, tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_bytes(text.encode())
    with pytest.raises(InputError) as caught:
        read_dictionary(path)
    assert str(caught.value).startswith(f"{path}{reason}")


def test_a_web_page_is_no_dictionary(tmp_path: Path) -> None:
    path = tmp_path / "en-fr.txt"
    path.write_text("<html> login\n")
    with pytest.raises(InputError, match="a web page"):
        check_dictionary(path, tmp_path / "out.tsv")
    path.write_text("the le\n")
    with pytest.raises(InputError, match="not the catalogued file"):
        check_dictionary(path, tmp_path / "out.tsv", f"sha256:{'0' * 64}")
    check_dictionary(path, tmp_path / "out.tsv")
    assert (tmp_path / "out.tsv").read_text() == "the\tle\n"


ROW = {
    "dictionary": "en_fr_x",
    "source": "en",
    "target": "fr",
    "name": "X",
    "part": "train",
    "file": "x/en-fr.txt",
    "checksum": "unchecked",
    "url": "",
    "licence": "CC0-1.0",
}


def table(folder: Path, *rows: dict[str, str]) -> Path:
    path = folder / "dictionaries.tsv"
    lines = ["\t".join(COLUMNS), *("\t".join(row[c] for c in COLUMNS) for row in rows)]
    path.write_text("\n".join([*lines, ""]))
    return path


def test_rows_of_the_catalogue(tmp_path: Path) -> None:
    found = read_dictionary_catalogue(table(tmp_path, ROW, {**ROW, "part": "test"}))
    assert list(found["en_fr_x"].files) == ["train", "test"]
    assert not found["en_fr_x"].is_embedded


@pytest.mark.parametrize(
    ("rows", "reason"),
    [
        ([{"dictionary": "fr_en_x"}], "does not start with its languages' codes"),
        ([{"dictionary": "../x"}], "dictionary '../x' is not of the form"),
        ([{"target": "en", "dictionary": "en_en_x"}], "source and target are both 'en'"),
        ([{"part": "dev"}], "part 'dev' is none of train, test"),
        ([{"file": "../x"}], "no path inside a mirror"),
        ([{"checksum": "md5:0"}], "checksum 'md5:0' is none of"),
        ([{"url": "file:///x"}], "is no address of a catalogue"),
        ([{}, {}], "the train part of 'en_fr_x' stands in the table twice"),
        ([{}, {"part": "test", "licence": "GPL-3.0"}], "licence 'GPL-3.0' differs from 'CC0-1.0'"),
    ],
)
def test_wrong_rows_of_dictionaries_are_refused(rows: list, reason: str, tmp_path: Path) -> None:
    path = table(tmp_path, *({**ROW, **change} for change in rows))
    with pytest.raises(InputError) as caught:
        read_dictionary_catalogue(path)
    assert str(caught.value).startswith(f"{path}:{len(rows) + 1}: ")
    assert reason in str(caught.value)


def test_the_catalogue_of_the_project() -> None:
    """MUSE dictionaries have both parts and their licence; the embedded world's need no files."""
    catalogue = Catalogue(ROOT / "resources", "2.18")
    for code, entry in catalogue.dictionaries.items():
        assert set(entry.files) == {"train", "test"}, code
        if code.endswith("_muse"):
            assert entry.licence == "CC-BY-NC-4.0"
            assert all(file.url.startswith("https://") for file in entry.files.values())


@pytest.fixture(scope="module")
def worlds() -> list[World]:
    study = Study(read_config([]), ROOT)
    return [World(1, study.embedded_world.language(code)) for code in ("qaa", "qda")]


def test_stems_are_those_of_all_open_classes(worlds: list[World]) -> None:
    pairs = stem_pairs(*worlds, SENTENCES)
    concepts = {
        (source, target)
        for (word_class, _), source, target in zip(
            worlds[0].lexicon.words,
            worlds[0].lexicon.words.values(),
            worlds[1].lexicon.words.values(),
            strict=True,
        )
        if word_class in OPEN_CLASSES
    }
    assert len(concepts) <= sum(OPEN_CLASSES.values()) == 352
    assert {source for source, _ in pairs} == {source for source, _ in concepts}
    assert len(pairs) == len(concepts)
    assert all("\u0600" <= letter <= "\u06ff" for _, word in pairs for letter in word)


def test_frequent_words_come_first(worlds: list[World]) -> None:
    text = [word.lemma for number in SENTENCES for word in worlds[0].say(number)]
    words = [source for source, _ in stem_pairs(*worlds, SENTENCES)]
    counts = [text.count(word) for word in words]
    assert sum(counts[:20]) > sum(counts[20:100]) / 2
    assert min(counts[:5]) > 10 * max(counts[-5:])


def test_forms_are_those_of_parallel_sentences(worlds: list[World]) -> None:
    """Each form occurs, and its translation is in the same sentence."""
    pairs = form_pairs(*worlds, range(SENTENCES.start, SENTENCES.start + 40))
    said = [
        [{word.form for word in world.say(number)} for world in worlds]
        for number in range(SENTENCES.start, SENTENCES.start + 40)
    ]
    for source, target in pairs:
        assert any(source in one and target in other for one, other in said)
    stems = {source for source, _ in stem_pairs(*worlds, range(0))}
    assert {source for source, _ in pairs} - stems, "inflected forms"


def test_parts_share_no_source_word() -> None:
    pairs = [("a", "x"), ("b", "y"), ("a", "z"), ("c", "y"), ("d", "v")]
    training, test = split_pairs(pairs)
    assert training == [("a", "x"), ("a", "z"), ("c", "y")]
    assert test == [("b", "y"), ("d", "v")]


def test_the_stage_writes_the_same_bytes_again(tmp_path: Path) -> None:
    study = Study(read_config([]), ROOT)
    config = json.loads(study.embedded_world.dictionary("qaa", "qab"))
    assert config["first"] == 30_000_000 and config["sentences"] == 12_000
    config["sentences"] = 50
    for folder in ("a", "b"):
        for what in ("stems", "forms"):
            files = [tmp_path / folder / what / f"{part}.tsv" for part in ("train", "test")]
            embedded_dictionary(what, config=config, training=files[0], test=files[1])
    for path in sorted((tmp_path / "a").rglob("*.tsv")):
        other = tmp_path / "b" / path.relative_to(tmp_path / "a")
        assert path.read_bytes() == other.read_bytes()
        assert read_dictionary(path)


def test_check_study_names_files_of_vectors(tmp_path: Path, monkeypatch) -> None:
    from xltransfer.study.check_study import reach

    monkeypatch.chdir(ROOT)
    monkeypatch.setenv("VECTORS", "/data/vectors")
    config = read_config([])
    refinement = {"iterations": 0, "maximum_rank": 10}
    config["word_vectors"] |= {
        "embeddings": [
            {
                "name": "wiki",
                "files": [
                    {"language": "en", "path": "$VECTORS/en.vec", "checksum": "unchecked"},
                    {"language": "fr", "url": "https://x.org/fr.vec", "checksum": "unchecked"},
                ],
            }
        ],
        "dictionaries": ["en_fr_muse"],
        "methods": [
            {"name": "p", "kind": "procrustes", "dictionary": "all", "refinement": refinement}
        ],
    }
    study = Study(config)
    lines = [line for line in reach(study) if line.startswith("word vectors")]
    assert lines == [
        "word vectors wiki, en: /data/vectors/en.vec (outside this folder)",
        "word vectors wiki, fr: fetched, https://x.org/fr.vec",
    ]
    assert {"$VECTORS/en.vec", "/data/vectors/en.vec"} <= set(study.local_paths)
    monkeypatch.delenv("VECTORS")
    with pytest.raises(InputError, match="the environment variable VECTORS is not set"):
        study.mapped.given_file("wiki", "en", "")
