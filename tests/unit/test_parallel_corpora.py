"""The catalogue of parallel corpora: the shipped rows, and rows that do not belong together."""

from __future__ import annotations

from pathlib import Path

import pytest
from conftest import ROOT
from xltransfer.corpora.catalogue import Catalogue
from xltransfer.corpora.checksums import verify_checksum
from xltransfer.corpora.parallel_corpora import (
    COLUMNS,
    FILE_COLUMNS,
    LAYOUTS,
    ParallelFile,
    read_parallel_corpora,
)
from xltransfer.runtime.errors import InputError

CORPUS = ["fr_wo_news", "fr", "wo", "News", "tsv", "first second", "no", "CC0-1.0"]
FILE = ["fr_wo_news", "train", "both", "news/train.tsv", "unchecked", ""]


def catalogue(folder: Path, corpora: list[list[str]], files: list[list[str]]) -> Path:
    for name, columns, rows in (
        ("parallel_corpora.tsv", COLUMNS, corpora),
        ("parallel_files.tsv", FILE_COLUMNS, files),
    ):
        lines = ["\t".join(row) + "\n" for row in [columns, *rows]]
        (folder / name).write_text("".join(lines), encoding="utf-8")
    return folder


def changed(row: list[str], names: tuple[str, ...], /, **values: str) -> list[str]:
    return [values.get(name, cell) for name, cell in zip(names, row, strict=True)]


def test_shipped_corpora() -> None:
    found = Catalogue(ROOT / "resources", "2.18").parallel_corpora
    assert {corpus.layout for corpus in found.values()} == set(LAYOUTS)
    assert found["qaa_qba_embedded"].files == {}
    lafand = found["fr_wo_lafand"]
    assert (lafand.first, lafand.second) == ("fr", "wo") and list(lafand.files) == [
        "train", "dev", "test"
    ]  # fmt: skip
    text = found["fr_wo_lafand_text"].files["test"]
    assert [(file.side, file.name.rpartition("/")[2]) for file in text] == [
        ("first", "test.fr"),
        ("second", "test.wol"),
    ]
    addresses = {
        file.url.partition(":")[0]
        for corpus in found.values()
        for part in corpus.files.values()
        for file in part
    }
    assert addresses == {"", "https", "hf"}


def test_catalogued_checksums_are_those_of_the_files_at_hand(shared: Path) -> None:
    checked = 0
    for corpus in Catalogue(ROOT / "resources", "2.18").parallel_corpora.values():
        for part in corpus.files.values():
            for file in part:
                path = shared / "parallel" / file.name
                if path.exists():
                    verify_checksum(path, file.checksum)
                    checked += 1
    assert checked > 70


def test_files_by_part_and_side(tmp_path: Path) -> None:
    row = changed(CORPUS, COLUMNS, layout="moses", columns="", header="")
    files = [
        changed(FILE, FILE_COLUMNS, side="second", file="a.wo"),
        changed(FILE, FILE_COLUMNS, side="first", file="a.fr"),
        changed(FILE, FILE_COLUMNS, part="test", file="a.zip"),
    ]
    (corpus,) = read_parallel_corpora(catalogue(tmp_path, [row], files)).values()
    assert corpus.columns == () and not corpus.header
    assert corpus.files == {
        "train": (
            ParallelFile("first", "a.fr", "unchecked", ""),
            ParallelFile("second", "a.wo", "unchecked", ""),
        ),
        "test": (ParallelFile("both", "a.zip", "unchecked", ""),),
    }


OF_CORPORA = {
    "same language": ({"second": "fr"}, "2: both languages are 'fr'"),
    "code": ({"first": "en"}, "2: corpus 'fr_wo_news' does not start with .* 'en_wo_'"),
    "layout": ({"layout": "xml"}, "2: layout 'xml' is none of tsv, identifiers"),
    "cells": ({"columns": "first second third"}, "2: column 'third' is none of identifier"),
    "no second": ({"columns": "first -"}, "2: columns 'first -' must have first and second once"),
    "twice": ({"columns": "first second first"}, "2: columns .* must have first and second once"),
    "header": ({"header": "maybe"}, "2: header 'maybe' is none of yes, no"),
    "not of tsv": ({"layout": "tmx"}, "2: columns and header are of the layout tsv; empty both"),
    "control": ({"name": "a\x85b"}, "2: control character"),
}


@pytest.mark.parametrize("name", OF_CORPORA)
def test_wrong_corpora_are_refused(name: str, tmp_path: Path) -> None:
    change, reason = OF_CORPORA[name]
    folder = catalogue(tmp_path, [changed(CORPUS, COLUMNS, **change)], [FILE])
    with pytest.raises(InputError, match=rf"parallel_corpora\.tsv:{reason}") as caught:
        read_parallel_corpora(folder)
    assert "\n" not in str(caught.value)


OF_FILES = {
    "corpus": ({"corpus": "fr_wo_other"}, r"files\.tsv:3: no row 'fr_wo_other' in"),
    "part": ({"part": "training"}, r"files\.tsv:3: part 'training' is none of train, dev, test"),
    "side": ({"part": "dev", "side": "third"}, r"files\.tsv:3: side 'third' is none of both"),
    "twice": ({"file": "b.tsv"}, r"files\.tsv:3: 'fr_wo_news' has two rows of part train and"),
    "origin": (
        {"part": "dev", "checksum": f"git-sha1:{40 * '0'}"},
        r"files\.tsv:3: 'news/train\.tsv' has another checksum or url in a row above",
    ),
    "layout": (
        {"part": "dev", "side": "first", "file": "b.tsv"},
        r"corpora\.tsv:2: part dev of 'fr_wo_news' needs files of side both for the layout tsv",
    ),
    "hub": (
        {"part": "dev", "file": "b.tsv", "url": "hf://datasets/a"},
        r"files\.tsv:3: 'hf://datasets/a' is not hf://datasets/<owner>",
    ),
}


@pytest.mark.parametrize("name", OF_FILES)
def test_wrong_files_are_refused(name: str, tmp_path: Path) -> None:
    change, reason = OF_FILES[name]
    folder = catalogue(tmp_path, [CORPUS], [FILE, changed(FILE, FILE_COLUMNS, **change)])
    with pytest.raises(InputError, match=reason) as caught:
        read_parallel_corpora(folder)
    assert "\n" not in str(caught.value)


def test_every_corpus_has_a_training_part_unless_it_is_generated(tmp_path: Path) -> None:
    files = [changed(FILE, FILE_COLUMNS, part="test")]
    with pytest.raises(InputError, match="2: 'fr_wo_news' has no part train in"):
        read_parallel_corpora(catalogue(tmp_path, [CORPUS], files))
    made = changed(CORPUS, COLUMNS, corpus="fr_wo_embedded")
    assert read_parallel_corpora(catalogue(tmp_path, [made], []))["fr_wo_embedded"].files == {}
    files = [changed(FILE, FILE_COLUMNS, corpus="fr_wo_embedded")]
    with pytest.raises(InputError, match="the embedded world generates 'fr_wo_embedded'"):
        read_parallel_corpora(catalogue(tmp_path, [made], files))
    with pytest.raises(InputError, match="3: 'fr_wo_news' stands in the table twice"):
        read_parallel_corpora(catalogue(tmp_path, [CORPUS, CORPUS], [FILE]))
