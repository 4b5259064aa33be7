"""Development and test sentences in raw text: found however they are written, and dropped."""

from __future__ import annotations

import os
import random
from pathlib import Path

import pytest
from conftest import ROOT
from test_clean import CONFIG
from xltransfer.corpora.cleaning.evaluation_sentences import (
    CONTAINS,
    EQUAL,
    PART,
    EvaluationSentences,
    letters,
)
from xltransfer.corpora.conllu import Sentence, write_conllu
from xltransfer.corpora.iob import TaggedSentence, read_entities, write_iob2
from xltransfer.runtime.files import read_json
from xltransfer.stages.clean import clean
from xltransfer.stages.transliterate import transliterate

DATA = Path(os.environ.get("XLTRANSFER_SHARED", ROOT.parent / "shared")) / "data"
LONG = "The small dog of the neighbour barked at Tom ."
SHORT = "Tom laughed ."


def treebank(folder: Path, *sentences: str, text: bool = True) -> Path:
    """A test part with these sentences, whose tokens are between spaces."""
    path = folder / "treebanks" / "xx_yy" / "test.conllu"
    path.parent.mkdir(parents=True, exist_ok=True)
    made = []
    for number, sentence in enumerate(sentences):
        rows = [
            [
                str(n),
                form,
                "_",
                "X",
                "_",
                "_",
                str(int(n > 1)),
                "root" if n == 1 else "dep",
                "_",
                "_",
            ]
            for n, form in enumerate(sentence.split(), start=1)
        ]
        comments = [f"# sent_id = {number}", f"# text = {sentence.replace(' .', '.')}"]
        made.append(Sentence(comments if text else comments[:1], rows, rows))
    write_conllu(path, made)
    return path


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("The small dog of the neighbour barked at Tom.", EQUAL),
        ("the small  DOG of the neighbour barked at Tom !", EQUAL),
        ("\u201cThe small dog of the neighbour barked at Tom\u201d", EQUAL),
        ("He said: the small dog of the neighbour barked at Tom, and laughed.", CONTAINS),
        ("The small dog of the neighbour barked", PART),
        ("Tom laughed", EQUAL),
        ("Tom laughed and went home", None),
        ("The small dog", None),
        ("The small dog of the neighbour barked at Tim.", None),
        ("", None),
    ],
)
@pytest.mark.parametrize("text", [True, False])
def test_lines_are_compared_by_letters(
    line: str, reason: str | None, text: bool, tmp_path: Path
) -> None:
    found = EvaluationSentences([treebank(tmp_path, LONG, SHORT, text=text)])
    assert found.reason(line) == reason


@pytest.mark.parametrize(
    "sentence", ['" . , a -', "( 2 0 0 8 )", "1 . 2 . 3 . 4 . 5", "a b c d e", "U . S . A . F ."]
)
def test_marks_and_single_letters_are_in_no_line_by_chance(sentence: str, tmp_path: Path) -> None:
    """Parts of titles, such as WikiANN's, have as many tokens as a sentence and few letters."""
    found = EvaluationSentences([treebank(tmp_path, sentence, text=False)])
    key = letters(sentence)
    assert found.reason(f"In {key} we saw {key} of them, {key} again.") is None
    assert found.reason(sentence) == EQUAL
    assert found.reason(key) == EQUAL


def test_few_characters_of_chinese_are_a_sentence(tmp_path: Path) -> None:
    """A word has one or two of them, and they are much rarer than letters."""
    found = EvaluationSentences([treebank(tmp_path, "我 是 一 个 学生 。", text=False)])
    assert found.reason("他说：我是一个学生，不是老师。") == CONTAINS
    assert found.reason("我是老师，他是学生。") is None


def test_sentences_are_counted_once_by_file(tmp_path: Path) -> None:
    path = tmp_path / "entities" / "xx_zz" / "dev.iob2"
    path.parent.mkdir(parents=True)
    write_iob2(path, [TaggedSentence([], words.split(), ["O"] * len(words.split())) for words in (
        LONG, "Nobody was there on that day", LONG)])  # fmt: skip
    found = EvaluationSentences([treebank(tmp_path, LONG, SHORT), path])
    for line in (LONG, LONG.upper(), "unrelated", f"And {LONG}"):
        found.reason(line)
    assert found.report() == {
        "treebanks/xx_yy/test": {"sentences": 2, "found": 1},
        "entities/xx_zz/dev": {"sentences": 3, "found": 2},
    }


def plainly(line: str, sentences: list[str]) -> str | None:
    """The same by comparing each line with each sentence."""
    key, keys = letters(line), {s: letters(s) for s in sentences}
    if key in keys.values():
        return EQUAL
    long = [k for s, k in keys.items() if len(s.split()) >= 5 and len(k) >= 10]
    if any(k in key for k in long):
        return CONTAINS
    if len(line.split()) >= 5 and any(key in k for k in keys.values()) and len(key) >= 12:
        return PART
    return None


def test_lookup_finds_what_comparing_all_pairs_finds(tmp_path: Path) -> None:
    draws = random.Random(1)
    words = ["ab", "c", "de", "fgh", "i", "jk"]
    sentences = [" ".join(draws.choices(words, k=draws.randint(1, 9))) for _ in range(60)]
    found = EvaluationSentences([treebank(tmp_path, *sentences)])
    lines = [" ".join(draws.choices(words, k=draws.randint(1, 14))) for _ in range(300)]
    lines += [f"c {s} i" for s in sentences] + sentences + [s[2:-2] for s in sentences]
    expected = [plainly(line, sentences) for line in lines]
    assert {EQUAL, CONTAINS, PART, None} == set(expected)
    assert [found.reason(line) for line in lines] == expected


@pytest.mark.parametrize("keep", [False, True])
def test_cleaning_drops_the_lines_and_says_so(keep: bool, tmp_path: Path) -> None:
    raw = tmp_path / "raw.txt"
    raw.write_text(f"{LONG}\nA line of its own.\nThey said {LONG}\nAnother one.\n")
    outputs = [tmp_path / name for name in ("training.txt", "held_out.txt", "report.json")]
    config = {**CONFIG, "held_out_share": 0, "keep_evaluation_sentences": keep}
    clean(raw, "text", config, *outputs, [treebank(tmp_path, LONG, SHORT)])
    lines = outputs[0].read_text().splitlines()
    report = read_json(outputs[2])
    assert report["evaluation_sentences"] == {"treebanks/xx_yy/test": {"sentences": 2, "found": 1}}
    (step,) = (step for step in report["steps"] if step["step"] == "evaluation_sentences")
    if keep:
        assert len(lines) == 4 and step["why"] == {}
    else:
        assert lines == ["A line of its own.", "Another one."]
        assert step["why"] == {EQUAL: 1, CONTAINS: 1}


def test_sentences_that_are_equal_after_transliteration_are_dropped(tmp_path: Path) -> None:
    """Uyghur text spells a vowel with or without its carrier; in Latin letters both are one."""
    text = tmp_path / "raw.txt"
    text.write_text("\u0438\u0432\u0430\u043d \u0441\u043f\u0430\u043b\n\u0434\u043e\u043c\n")
    corpus = treebank(tmp_path, "ivan spal", "selo")
    schemes = ROOT / "resources" / "transliteration"
    report = transliterate(text, tmp_path / "out.txt", "erzya-iso9", schemes, False, [corpus])
    assert (tmp_path / "out.txt").read_text() == "dom\n"
    assert report["lines"] == 2 and report["lines_dropped"] == {EQUAL: 1}
    assert report["evaluation_sentences"]["treebanks/xx_yy/test"]["found"] == 1
    report = transliterate(text, tmp_path / "out.txt", "erzya-iso9", schemes, False, [corpus], True)
    assert (tmp_path / "out.txt").read_text() == "ivan spal\ndom\n"
    assert report["lines_dropped"] == {}


@pytest.mark.skipif(not (DATA / "ner").exists(), reason=f"no real data in {DATA}")
def test_a_third_of_the_test_sentences_of_naija_are_in_its_raw_text(tmp_path: Path) -> None:
    """MasakhaNER 2 and LAFAND were made of the same news."""
    raw, test = DATA / "raw" / "pcm", DATA / "ner" / "MasakhaNER2" / "pcm" / "test.txt"
    sentences = read_entities(test, "columns", "iob2")
    path = tmp_path / "entities" / "pcm_masakhaner2" / "test.iob2"
    path.parent.mkdir(parents=True)
    write_iob2(path, sentences)
    found = EvaluationSentences([path])
    for file in sorted(raw.glob("*.txt")):
        for line in file.read_text(encoding="utf-8").split("\n"):
            found.reason(line)
    (counts,) = found.report().values()
    assert counts["sentences"] == 1613 and 0.3 < counts["found"] / 1613 < 0.36
