"""The table of languages: counts of the data, categories, what is refused."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pandas as pd
import pytest
from conftest import ROOT
from test_tokenizer_statistics import NAMES, write_counts
from xltransfer.analyses.language_table import read_categories
from xltransfer.runtime.errors import InputError
from xltransfer.stages.language_tables import language_tables

CATEGORIES = ROOT / "resources" / "joshi.tsv"
CONFIG = {
    "study": "a study",
    "config": "0123",
    "seeds": [1],
    "varieties": [
        {"code": "wo", "name": "Wolof", "iso": "wol", "script": "Latn", "family": "Niger-Congo",
         "original": ""},
        {"code": "ug", "name": "Uyghur", "iso": "uig", "script": "Arab", "family": "Turkic",
         "original": ""},
        {"code": "ug_latn", "name": "Uyghur", "iso": "uig", "script": "Latn", "family": "Turkic",
         "original": "ug"},
        {"code": "mt", "name": "Maltese", "iso": "mlt", "script": "Latn", "family": "Afro-Asiatic",
         "original": ""},
    ],
    "seen": ["mt", "en"],
}  # fmt: skip


@pytest.fixture
def counts(tmp_path: Path) -> list[Path]:
    """Uyghur in two scripts with two encoders, Wolof with raw text, nothing for Maltese."""
    files = [
        ("ug", "tiny", "ug_udt", "train", "treebank", 100, 1000),
        ("ug", "bytes", "ug_udt", "train", "treebank", 100, 1000),
        ("ug", "tiny", "ug_udt", "test", "treebank", 50, 600),
        ("ug_latn", "tiny", "ug_latn_udt", "train", "treebank", 100, 1000),
        ("wo", "tiny", "wo_raw", "training", "raw text", 7, 70),
    ]
    return [
        write_counts(
            tmp_path / f"{place}.json", variety=variety, encoder=encoder, corpus=corpus,
            part=part, kind=kind, sentences=sentences, words=words,
        )
        for place, (variety, encoder, corpus, part, kind, sentences, words) in enumerate(files)
    ]  # fmt: skip


@pytest.fixture
def categories(tmp_path: Path) -> Path:
    path = tmp_path / "joshi.tsv"
    path.write_text("iso\tcategory\tnote\nmlt\t2\tunverified: why\nuig\t1\t\nwol\t\tnot entered\n")
    return path


def read(path: Path) -> pd.DataFrame:
    return pd.read_csv(path, dtype=str, keep_default_na=False)


def test_languages_and_their_data(counts: list[Path], categories: Path, tmp_path: Path) -> None:
    language_tables(counts, categories, CONFIG, tmp_path / "tables")
    table = read(tmp_path / "tables" / "languages.csv").set_index("code")
    assert list(table.index) == ["wo", "ug", "mt"]
    assert table.loc["ug"].to_dict() == {
        "language": "Uyghur", "iso": "uig", "script": "Arab", "family": "Turkic",
        "category": "1", "category_note": "", "treebank_sentences": "150",
        "treebank_tokens": "1600", "raw_text_sentences": "", "raw_text_tokens": "", "seen": "no",
    }  # fmt: skip
    assert list(table["category"]) == ["", "1", "2"]
    assert list(table["category_note"]) == ["", "", "unverified"]
    assert list(table["seen"]) == ["no", "no", "yes"]
    assert list(table["raw_text_tokens"]) == ["70", "", ""]
    data = read(tmp_path / "tables" / "language_data.csv")
    assert [tuple(row) for row in data.to_numpy()] == [
        ("wo", "raw text", "wo_raw", "training", "7", "70"),
        ("ug", "treebank", "ug_udt", "train", "100", "1000"),
        ("ug", "treebank", "ug_udt", "test", "50", "600"),
    ]
    provenance = json.loads((tmp_path / "tables" / "languages.provenance.json").read_text())
    assert set(provenance["inputs"]) == {str(path) for path in (*counts, categories)}


def test_same_bytes_every_time(counts: list[Path], categories: Path, tmp_path: Path) -> None:
    written = []
    for _ in range(2):
        shutil.rmtree(tmp_path / "tables", ignore_errors=True)
        language_tables(counts, categories, CONFIG, tmp_path / "tables")
        written.append({path.name: path.read_bytes() for path in (tmp_path / "tables").iterdir()})
    assert len(written[0]) == 2 * 6 and written[0] == written[1]


@pytest.mark.parametrize("seen", [[], None])
def test_unknown_pretraining_data_is_no_claim(
    seen: list | None, counts: list[Path], categories: Path, tmp_path: Path
) -> None:
    language_tables(counts, categories, {**CONFIG, "seen": seen}, tmp_path / "tables")
    assert set(read(tmp_path / "tables" / "languages.csv")["seen"]) == {""}


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"variety": "qq"}, "config: varieties: no 'qq'"),
        (
            {"variety": "ug", "encoder": "other", "corpus": "ug_udt", "words": 999},
            "ug_udt, train: files of counts differ",
        ),
    ],
)
def test_unfit_counts_are_refused(
    change: dict, message: str, counts: list[Path], categories: Path, tmp_path: Path
) -> None:
    counts.append(write_counts(tmp_path / "more.json", **{**NAMES, "sentences": 100, **change}))
    with pytest.raises(InputError, match=message):
        language_tables(counts, categories, CONFIG, tmp_path / "tables")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", "1: column 'iso' is missing"),
        ("iso\tnote\n", "1: column 'category' is missing"),
        ("iso\tcategory\tnote\nwol\t2\n", "2: not 3 columns"),
        ("iso\tcategory\tnote\nwol\t2\t\nuig\t6\t\n", "3: '6' is no category"),
        ("iso\tcategory\tnote\nwol\t2\t\nwol\t2\t\n", "3: 'wol' is listed twice"),
    ],
)
def test_broken_categories_are_refused(content: str, message: str, tmp_path: Path) -> None:
    path = tmp_path / "joshi.tsv"
    path.write_text(content)
    with pytest.raises(InputError, match=f"joshi.tsv:{message}") as caught:
        read_categories(path)
    assert "\n" not in str(caught.value)


def test_categories_of_the_catalogued_languages() -> None:
    """Every real language has a row; what is entered says that nobody has checked it."""
    found = read_categories(CATEGORIES)
    languages = pd.read_csv(ROOT / "resources" / "languages.tsv", sep="\t")
    real = languages[~languages["family"].str.startswith("Embedded")]
    assert set(real["iso"]) <= set(found)
    assert {found[iso][0] for iso in ("eng", "spa", "deu", "jpn", "fra", "ara", "cmn")} == {"5"}
    assert all(note == "unverified" for category, note in found.values() if category)
    assert list(found) == sorted(found)
