"""Corpora of sentences with labels: the workflow's format, published layouts, the catalogue."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

import pyarrow as pa
import pytest
from conftest import ROOT
from pyarrow import parquet
from xltransfer.corpora.classification_corpora import (
    EMBEDDED,
    LAYOUTS,
    read_classification_corpora,
)
from xltransfer.corpora.classification_layouts import LAYOUTS as READ
from xltransfer.corpora.classification_layouts import read_layout
from xltransfer.corpora.classified_sentences import (
    ClassifiedSentence,
    read_classified,
    write_classified,
)
from xltransfer.corpora.formats import read_sentences
from xltransfer.runtime.errors import InputError
from xltransfer.runtime.files import read_json
from xltransfer.stages.check_classification import check_classification

HEADER = "id\tsentence1\tsentence2\tlabel\n"
XNLI = (
    "language\tgold_label\tsentence1_binary_parse\tsentence1\tsentence2\tpairID\tlabel1\n"
    "de\tneutral\t\tUnd er sagte, Mama.\tEr rief an.\t1\tneutral\n"
    "en\tcontradiction\t\tAnd he said \"Mama.\tHe was\u00a0silent.\t1\tneutral\n"
    "en\tentailment\t\tAnd he said, Mama.\tHe spoke.\t2\n"
)  # fmt: skip


def text_file(folder: Path, content: str, name: str = "file.tsv") -> Path:
    path = folder / name
    path.write_text(content, encoding="utf-8")
    return path


def test_pairs_and_single_sentences_are_read_as_they_were_written(tmp_path: Path) -> None:
    pairs = [ClassifiedSentence("a-1", 'a "b', "c", "x"), ClassifiedSentence("a-2", "d", "語", "y")]
    single = [ClassifiedSentence("1", "one two.", "", "science/technology")]
    for number, sentences in enumerate((pairs, single)):
        path = tmp_path / "classification" / f"{number}.tsv"
        path.parent.mkdir(exist_ok=True)
        write_classified(path, sentences)
        assert read_classified(path) == read_sentences(path) == sentences
    assert pairs[0].forms == ["a", '"b', "c"] and single[0].sent_id == "1"


MALFORMED = {
    "header": ("id\tsentence1\tlabel\n", r":1: the header is not id sentence1 sentence2 label"),
    "columns": (HEADER + "1\ta\tx\n", r":2: not 4 columns"),
    "twice": (HEADER + "1\ta\t\tx\n1\tb\t\tx\n", r":3: '1' occurs twice"),
    "text": (HEADER + "1\t\ta\tx\n", r":2: sentence1 is empty"),
    "label": (HEADER + "1\ta\t\t\n", r":2: label is empty"),
    "identifier": (HEADER + "\ta\t\tx\n", r":2: id is empty"),
    "blanks": (HEADER + "1\ta  b\t\tx\n", r":2: sentence1 has control characters or white"),
    "long": (HEADER + f"1\ta\t\t{'x' * 101}\n", r":2: the label 'x+…' has more than 100"),
    "mixed": (HEADER + "1\ta\t\tx\n2\ta\tb\tx\n", r":3: only some lines have a second"),
    "empty": (HEADER, r"there is no sentence"),
}


@pytest.mark.parametrize("name", MALFORMED)
def test_malformed_lines_are_refused_by_line(name: str, tmp_path: Path) -> None:
    content, reason = MALFORMED[name]
    with pytest.raises(InputError, match=reason) as caught:
        read_classified(text_file(tmp_path, content))
    assert "\n" not in str(caught.value)


def test_a_file_of_xnli_has_several_languages(tmp_path: Path) -> None:
    """Quotes are letters, white space becomes blanks, empty columns at the end may be missing."""
    counts: Counter[str] = Counter()
    assert read_layout(text_file(tmp_path, XNLI), "xnli", "en", counts) == [
        ClassifiedSentence("1", 'And he said "Mama.', "He was silent.", "contradiction"),
        ClassifiedSentence("2", "And he said, Mama.", "He spoke.", "entailment"),
    ]
    assert counts == {"rows_of_other_languages": 1}


def test_multinli_has_pairs_without_a_majority(tmp_path: Path) -> None:
    rows = [
        {"pairID": "31193n", "sentence1": "a", "sentence2": "b", "gold_label": "neutral"},
        {"pairID": "31193e", "sentence1": "a", "sentence2": "c", "gold_label": "-"},
    ]
    path = text_file(tmp_path, "".join(f"{json.dumps(row)}\n" for row in rows), "train.jsonl")
    counts: Counter[str] = Counter()
    found = read_layout(path, "xnli-json-lines", "en", counts)
    assert found == [ClassifiedSentence("31193n", "a", "b", "neutral")]
    assert counts == {"rows_without_label": 1}


def hub_file(folder: Path, labels: list[int], **columns: list) -> Path:
    path = folder / "train.parquet"
    parquet.write_table(pa.table({**columns, "label": pa.array(labels, pa.int64())}), path)
    return path


def test_a_column_without_a_name_is_no_language(tmp_path: Path) -> None:
    """Tables that pandas writes with their index."""
    text = "\tid\tsentence1\tsentence2\tlabel\n0\ta\tA cat.\tIt sleeps.\tanimal\n"
    counts: Counter[str] = Counter()
    [found] = read_layout(text_file(tmp_path, text), "table", "en", counts)
    assert (found.identifier, found.label) == ("a", "animal") and not counts


def test_parquet_of_the_hub(tmp_path: Path) -> None:
    texts = {"premise": ["a", "b", "c"], "hypothesis": ["d", "e", "f"]}
    found = read_layout(hub_file(tmp_path, [2, 0, 1], **texts), "xnli-hub", "de")
    assert [(one.identifier, one.first, one.second, one.label) for one in found] == [
        ("1", "a", "d", "contradiction"), ("2", "b", "e", "entailment"), ("3", "c", "f", "neutral"),
    ]  # fmt: skip
    texts = {"id": [7, 8], "sentence1": ["a", "b"], "sentence2": ["d", "e"]}
    counts: Counter[str] = Counter()
    found = read_layout(hub_file(tmp_path, [1, -1], **texts), "paws-x-hub", "de", counts)
    assert found == [ClassifiedSentence("7", "a", "d", "paraphrase")]
    assert counts == {"rows_without_label": 1}
    with pytest.raises(InputError, match=r"row 2: label '3' is none of 0, 1; correct the row"):
        read_layout(hub_file(tmp_path, [1, 3], **texts), "paws-x-hub", "de")
    with pytest.raises(InputError, match=r"no column premise"):
        read_layout(tmp_path / "train.parquet", "xnli-hub", "de")
    texts["id"] = ["7", "8"]
    with pytest.raises(InputError, match=r"column 'id' has values of type string, not integer"):
        read_layout(hub_file(tmp_path, [1, 0], **texts), "paws-x-hub", "de")


def test_sib_200_quotes_texts_with_quotes(tmp_path: Path) -> None:
    content = (
        'index_id\tcategory\ttext\n61\tscience/technology\t"He said ""today""."\n5\ttravel\ta\n'
    )
    assert read_layout(text_file(tmp_path, content), "sib-200", "en") == [
        ClassifiedSentence("61", 'He said "today".', "", "science/technology"),
        ClassifiedSentence("5", "a", "", "travel"),
    ]


PAWS = "id\tsentence1\tsentence2\tlabel\n"
WRONG = {
    "columns": ("paws-x", PAWS + "1\ta\tb\n", r":2: 3 columns, separated by tabs, instead of 4"),
    "label": ("paws-x", PAWS + "1\ta\tb\t2\n", r":2: label '2' is none of 0, 1"),
    "text": ("paws-x", PAWS + "1\ta\t \t1\n", r":2: sentence2 is empty"),
    "twice": ("paws-x", PAWS + "1\ta\tb\t1\n1\ta\tc\t0\n", r":3: '1' occurs twice"),
    "header": ("paws-x", "id\tlabel\n", r":1: no column 'sentence1'"),
    "language": ("xnli", XNLI, r"no sentence of 'sw' with a label"),
    "quote": ("sib-200", 'index_id\tcategory\ttext\n1\tx\t"a" b\n', r":2: quotes: "),
    "short": ("sib-200", "index_id\tcategory\ttext\n1\tx\n", r":2: 2 columns"),
    "json": ("xnli-json-lines", '{"gold_label": "neutral"}\n', r":1: 'sentence1' is no text"),
    "true": ("xnli-json-lines", '{"gold_label": true}\n', r":1: 'gold_label' is no text"),
}


@pytest.mark.parametrize("name", WRONG)
def test_rows_of_another_layout_are_refused_by_line(name: str, tmp_path: Path) -> None:
    layout, content, reason = WRONG[name]
    with pytest.raises(InputError, match=reason) as caught:
        read_layout(text_file(tmp_path, content), layout, "sw")
    assert "\n" not in str(caught.value)


def test_the_stage_records_what_is_left_out(tmp_path: Path) -> None:
    output = tmp_path / "out.tsv"
    config = {"language": "en", "layout": "xnli"}
    check_classification(text_file(tmp_path, XNLI), "unchecked", config, output)
    assert [one.identifier for one in read_classified(output)] == ["1", "2"]
    record = read_json(tmp_path / "out.provenance.json")
    assert record["sentences"] == 2 and record["left_out"] == {"rows_of_other_languages": 1}
    failed = tmp_path / "failed.tsv"
    with pytest.raises(InputError, match="no sentence of 'sw'"):
        check_classification(
            tmp_path / "file.tsv", "unchecked", {**config, "language": "sw"}, failed
        )
    assert not failed.exists()


def test_the_catalogue_has_the_layouts_that_can_be_read() -> None:
    assert set(LAYOUTS) == {*READ, EMBEDDED}
    corpora = read_classification_corpora(ROOT / "resources")
    xnli = [code for code in corpora if code.endswith("_xnli")]
    assert len(xnli) == 15 and corpora["en_xnli"].splits == ("train", "dev", "test")
    assert corpora["sw_xnli"].splits == ("dev", "test")
    assert len([code for code in corpora if code.endswith("_pawsx")]) == 7
    assert all(c.splits for c in corpora.values())


CORPORA = "corpus\tlanguage\tname\tlicence\tlayout\nde_x\tde\tX\tCC0-1.0\tpaws-x\n"
FILES = "corpus\tsplit\tfile\tchecksum\turl\nde_x\ttest\ta.tsv\tunchecked\t\n"
TABLES = {
    "twice": (CORPORA + "de_x\tde\tX\tCC0-1.0\tpaws-x\n", FILES, "stands in the table twice"),
    "layout": (CORPORA.replace("paws-x", "csv"), FILES, "layout 'csv' is none of xnli"),
    "code": (CORPORA.replace("paws-x", "embedded"), FILES, "have the layout embedded"),
    "corpus": (CORPORA, FILES + "de_y\ttest\ta\tunchecked\t\n", "no row 'de_y' in"),
    "split": (CORPORA, FILES.replace("test", "all"), "split 'all' is none of"),
    "part": (CORPORA, FILES + "de_x\ttest\tb.tsv\tunchecked\t\n", "two rows of part test"),
    "origin": (
        CORPORA,
        FILES + "de_x\tdev\ta.tsv\tunchecked\thttps://example.org/a.tsv\n",
        "'a.tsv' has another checksum or url",
    ),
}


@pytest.mark.parametrize("name", TABLES)
def test_contradictory_tables_are_refused(name: str, tmp_path: Path) -> None:
    corpora, files, reason = TABLES[name]
    text_file(tmp_path, corpora, "classification_corpora.tsv")
    text_file(tmp_path, files, "classification_files.tsv")
    with pytest.raises(InputError, match=reason):
        read_classification_corpora(tmp_path)
