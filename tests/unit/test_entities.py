"""Named entities: reading every layout and scheme, refusing what is broken, scoring."""

from __future__ import annotations

import random
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from xltransfer.corpora.iob import TaggedSentence, normalised, read_entities, read_iob2, write_iob2
from xltransfer.runtime.errors import InputError
from xltransfer.stages.check_entities import check_entities
from xltransfer.tasks.metrics import METRICS

CONLL_2003 = """-DOCSTART- -X- O O

U.N. NNP I-NP I-ORG
official NN I-NP O
Ekeus NNP I-NP I-PER
Rolf NNP I-NP B-PER

Paris NNP I-NP I-LOC
"""
UNER = """# sent_id = a-1
# text = Jo Li left.
1\tJo\tB-PER\t-\t-
2\tLi\tI-PER\t-\t-
3\tleft.\tO\t-\t-

"""


def tagged(*tags: str) -> TaggedSentence:
    return TaggedSentence([], [f"w{i}" for i in range(len(tags))], list(tags))


def write(path: Path, text: str, encoding: str = "utf-8") -> Path:
    path.write_bytes(text.encode(encoding))
    return path


def test_conll_2003(tmp_path: Path) -> None:
    """IOB1, four columns, document starts; the file ends without an empty line."""
    first, second = read_entities(write(tmp_path / "eng.testa", CONLL_2003), "columns", "iob1")
    assert first.forms == ["U.N.", "official", "Ekeus", "Rolf"]
    assert first.tags == ["B-ORG", "O", "B-PER", "B-PER"]
    assert (second.forms, second.tags) == (["Paris"], ["B-LOC"])


def test_latin_1_and_windows_line_ends(tmp_path: Path) -> None:
    path = write(tmp_path / "esp.train", "Coruña B-LOC\r\n, O\r\n\r\n", "latin-1")
    (sentence,) = read_entities(path, "columns", "iob2", encoding="latin-1")
    assert (sentence.forms, sentence.tags) == (["Coruña", ","], ["B-LOC", "O"])
    with pytest.raises(InputError, match=r"esp.train:1: byte 0xf1 is not UTF-8"):
        read_entities(path, "columns", "iob2")


def test_wikiann_has_the_language_before_each_token(tmp_path: Path) -> None:
    text = "ckb:12:30\tO\nckb:كورد\tB-LOC\n\n"
    (sentence,) = read_entities(write(tmp_path / "a.tsv", text), "wikiann", "iob2")
    assert (sentence.forms, sentence.tags) == (["12:30", "كورد"], ["O", "B-LOC"])
    with pytest.raises(InputError, match=r"a\.tsv:1: 'ckb:' is before every token"):
        read_entities(tmp_path / "a.tsv", "columns", "iob2")
    plain = write(tmp_path / "b.tsv", "كورد\tB-LOC\n\n")
    with pytest.raises(InputError, match=r"b.tsv:1: no language and colon .* be 'columns'"):
        read_entities(plain, "wikiann", "iob2")


def test_a_no_break_space_is_part_of_a_token(tmp_path: Path) -> None:
    path = write(tmp_path / "a.txt", "Amadou\u00a0Ba B-PER\nleft  O \n\n")
    (sentence,) = read_entities(path, "columns", "iob2")
    assert (sentence.forms, sentence.tags) == (["Amadou\u00a0Ba", "left"], ["B-PER", "O"])


def test_universal_ner(tmp_path: Path) -> None:
    (sentence,) = read_entities(write(tmp_path / "a.iob2", UNER), "uner", "iob2")
    assert sentence.sent_id == "a-1"
    assert (sentence.forms, sentence.tags) == (["Jo", "Li", "left."], ["B-PER", "I-PER", "O"])


@pytest.mark.parametrize(
    ("scheme", "tags", "expected"),
    [
        ("iob1", "I-A I-A B-A I-B O", "B-A I-A B-A B-B O"),
        ("iob2", "B-A I-A B-A B-B O", "B-A I-A B-A B-B O"),
        ("bioes", "B-A E-A S-A S-B O", "B-A I-A B-A B-B O"),
        ("bioes", "B-A L-A U-A U-B O", "B-A I-A B-A B-B O"),
    ],
)
def test_schemes(scheme: str, tags: str, expected: str, tmp_path: Path) -> None:
    path = write(tmp_path / "x", "".join(f"w {tag}\n" for tag in tags.split()))
    assert read_entities(path, "columns", scheme)[0].tags == expected.split()


def test_a_token_may_be_a_number_sign(tmp_path: Path) -> None:
    (sentence,) = read_entities(write(tmp_path / "x", "# O\n1 O\n"), "columns", "iob2")
    assert sentence.forms == ["#", "1"]


BROKEN = {
    "iob1: B after O": ("iob1", "a O\nb B-A\n", 2),
    "iob2: I after O": ("iob2", "a O\nb I-A\n", 2),
    "iob2: I of another type": ("iob2", "a B-A\nb I-B\n", 2),
    "iob2: I at the start": ("iob2", "a O\n\nb I-A\n", 3),
    "iob2: a tag of bioes": ("iob2", "a S-A\n", 1),
    "bioes: never ended": ("bioes", "a B-A\nb O\n", 2),
    "bioes: never ended, last": ("bioes", "a O\nb B-A\n", 2),
    "bioes: E after O": ("bioes", "a O\nb E-A\n", 2),
    "no tag": ("iob2", "a O\nb\n", 2),
    "no such tag": ("iob2", "a O\nb PER\n", 2),
    "no token": ("iob2", "a\tO\n\tO\n", 2),
    "nothing": ("iob2", "\n\n", 1),
}


@pytest.mark.parametrize("name", BROKEN)
def test_broken_files_are_refused_with_their_line(name: str, tmp_path: Path) -> None:
    scheme, text, line = BROKEN[name]
    path = write(tmp_path / "x", text)
    with pytest.raises(InputError, match=rf"x:{line}: ") as error:
        read_entities(path, "columns", scheme)
    assert "\n" not in str(error.value)


BROKEN_LAYOUTS = {
    "a number left out": ("uner", "1\ta\tO\t-\t-\n3\tb\tO\t-\t-\n", 2, "number 3 where 2"),
    "a number twice": ("uner", "1\ta\tO\t-\t-\n1\tb\tO\t-\t-\n", 2, "number 1 where 2"),
    "numbers from 2": ("uner", "2\ta\tO\t-\t-\n", 1, "number 2 where 1"),
    "a number in other digits": ("uner", "١\ta\tO\t-\t-\n", 1, "number ١ where 1"),
    "a token of blanks": ("uner", "1\t \tO\t-\t-\n", 1, "Universal NER"),
    "a token of blanks after its language": ("wikiann", "en: \tO\n", 1, "no language"),
    "a document start within a sentence": ("columns", "a O\n-DOCSTART- O\nb O\n", 2, "empty line"),
    "a document start that is annotated": ("columns", "-DOCSTART- B-A\n", 1, "B-A"),
    "a document start for a token": ("wikiann", "en:-DOCSTART-\tO\n", 1, "is read as"),
    "a comment for a token": ("wikiann", "en:# x = y\tO\n", 1, "is read as"),
    "a comment with a tag": ("columns", "# x = y\tO\na\tO\n", 1, "is read as"),
    "two byte-order marks": ("columns", "\ufeff\ufeffa\tO\n", 1, "byte-order mark too many"),
    "a carriage return": ("columns", "a\rb\tO\n", 1, "carriage return"),
}


@pytest.mark.parametrize("name", BROKEN_LAYOUTS)
def test_tokens_that_would_be_lost_or_are_none_are_refused(name: str, tmp_path: Path) -> None:
    layout, text, line, reason = BROKEN_LAYOUTS[name]
    path = write(tmp_path / "x", text)
    with pytest.raises(InputError, match=rf"x:{line}: .*{reason}"):
        read_entities(path, layout, "iob2")


def test_what_looks_like_something_else_is_a_token(tmp_path: Path) -> None:
    """Tokens that begin as comments and document starts do, and tokens with a colon."""
    text = "# newparagraph O\n-DOCSTART-x O\n\n12:30 O\n\n: O\n"
    sentences = read_entities(write(tmp_path / "x", text), "columns", "iob2")
    forms = [["#", "-DOCSTART-x"], ["12:30"], [":"]]
    assert [sentence.forms for sentence in sentences] == forms
    write_iob2(tmp_path / "y.iob2", sentences)
    assert read_iob2(tmp_path / "y.iob2") == sentences
    alone = read_entities(write(tmp_path / "z", "en:12:30\tO\n"), "wikiann", "iob2")
    write_iob2(tmp_path / "z.iob2", alone)
    assert read_iob2(tmp_path / "z.iob2") == alone


def test_encodings_that_do_not_exist_are_refused(tmp_path: Path) -> None:
    for encoding in ("utf-88", "hex", "undefined", "a\0b"):
        with pytest.raises(InputError, match=r"x: .*another encoding"):
            read_entities(write(tmp_path / "x", "ab O\n"), "columns", "iob2", encoding=encoding)


def test_broken_tags_are_repaired_only_on_request(tmp_path: Path) -> None:
    path = write(tmp_path / "x", "a O\nb I-A\nc I-A\nd I-B\n")
    config = {"layout": "columns", "scheme": "iob2", "broken_tags": "refuse", "encoding": "utf-8"}
    with pytest.raises(InputError, match="breaks the scheme iob2"):
        check_entities(path, "unchecked", config, tmp_path / "y.iob2")
    assert not list(tmp_path.glob("*y*"))
    check_entities(path, "unchecked", {**config, "broken_tags": "repair"}, tmp_path / "y.iob2")
    assert read_iob2(tmp_path / "y.iob2")[0].tags == ["O", "B-A", "I-A", "B-B"]


@given(st.lists(st.sampled_from(["O", "B-A", "I-A", "B-B", "I-B"]), min_size=1, max_size=9))
def test_normalised_tags_are_iob2_and_stay(tags: list[str]) -> None:
    result = normalised(tags)
    assert normalised(result) == result
    assert [t[2:] for t in result] == [t[2:] for t in tags]
    for before, tag in zip(["O", *result], result, strict=False):
        assert tag[0] != "I" or before[2:] == tag[2:]


def test_round_trip(tmp_path: Path) -> None:
    sentences = [TaggedSentence(["# sent_id = 1"], ["a b", "#"], ["B-X", "O"]), tagged("O")]
    write_iob2(tmp_path / "x.iob2", sentences)
    assert read_iob2(tmp_path / "x.iob2") == sentences


def conlleval(gold: list[list[str]], predicted: list[list[str]]) -> tuple[float, float, float]:
    """Precision, recall and F1 the way the shared tasks' script counts: tag by tag, with flags."""
    right = found = expected = 0
    for gold_tags, tags in zip(gold, predicted, strict=True):
        in_right = False
        before_gold = before = "O"
        for gold_tag, tag in zip([*gold_tags, "O"], [*tags, "O"], strict=True):
            gold_ends = before_gold != "O" and (
                gold_tag[0] != "I" or gold_tag[2:] != before_gold[2:]
            )
            ends = before != "O" and (tag[0] != "I" or tag[2:] != before[2:])
            if in_right and (gold_ends or ends):
                right += gold_ends and ends
                in_right = False
            gold_starts = gold_tag != "O" and (
                gold_tag[0] == "B" or before_gold[2:] != gold_tag[2:]
            )
            starts = tag != "O" and (tag[0] == "B" or before[2:] != tag[2:])
            in_right = in_right or (gold_starts and starts and gold_tag[2:] == tag[2:])
            expected += gold_starts
            found += starts
            before_gold, before = gold_tag, tag
    precision = 100 * right / found if found else 0.0
    recall = 100 * right / expected if expected else 0.0
    total = precision + recall
    return precision, recall, 2 * precision * recall / total if total else 0.0


CASES = [
    # gold, predicted, F1 by hand
    (["B-A", "I-A", "O"], ["B-A", "I-A", "O"], 100),
    (["B-A", "I-A", "O"], ["B-A", "O", "O"], 0),
    (["B-A", "I-A", "O", "B-B"], ["B-A", "I-A", "O", "B-A"], 50),
    (["B-A", "B-A", "O"], ["B-A", "I-A", "O"], 0),
    (["B-A", "O", "B-B"], ["B-A", "O", "O"], 100 * 2 / 3),
    (["O", "O"], ["O", "O"], 0),
    (["O", "O"], ["B-A", "O"], 0),
]


@pytest.mark.parametrize(("gold", "predicted", "expected"), CASES)
def test_scores_by_hand(gold: list[str], predicted: list[str], expected: float) -> None:
    scores = METRICS["entities"]([tagged(*gold)], [tagged(*predicted)], {})
    assert next(iter(scores)) == "F1"
    assert scores["F1"].percent == pytest.approx(expected)
    assert conlleval([gold], [predicted])[2] == pytest.approx(expected)


def test_scores_equal_conlleval_on_random_tags() -> None:
    draws = random.Random(1)
    for _ in range(50):
        sizes = [draws.randint(1, 12) for _ in range(10)]
        tags = ["O", "O", "B-A", "I-A", "B-B", "I-B"]
        gold, predicted = (
            [normalised(draws.choices(tags, k=size)) for size in sizes] for _ in range(2)
        )
        scores = METRICS["entities"](
            [tagged(*g) for g in gold], [tagged(*p) for p in predicted], {}
        )
        found = [scores[name].percent for name in ("precision", "recall", "F1")]
        assert found == pytest.approx(conlleval(gold, predicted))


def test_real_corpora_are_read(shared: Path) -> None:
    """Every file of the mirror, by its row in the catalogue."""
    import json

    from conftest import ROOT
    from xltransfer.corpora.catalogue import Catalogue

    catalogue, entities = Catalogue(ROOT / "resources", "2.18"), 0
    for corpus in catalogue.entities.values():
        for file in corpus.files.values():
            path = shared / "ner" / corpus.name / file.name
            if path.exists():
                repair = corpus.broken_tags == "repair"
                sentences = read_entities(
                    path, corpus.layout, corpus.scheme, repair, corpus.encoding
                )
                entities += sum(tag[0] == "B" for s in sentences for tag in s.tags)
    assert entities > 50_000, json.dumps(entities)
