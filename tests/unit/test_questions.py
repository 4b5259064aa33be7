"""Corpora of questions: SQuAD's format, answers by their offsets, parts by article."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import pytest
from xltransfer.corpora.catalogue import Catalogue
from xltransfer.corpora.questions import (
    Answer,
    Question,
    part_of,
    read_answers,
    read_squad,
    write_answers,
    write_squad,
)
from xltransfer.runtime.errors import InputError
from xltransfer.stages.check_questions import check_questions

ROOT = Path(__file__).parent.parent.parent
PASSAGE = "Ada wrote\u00a0the first program; Łódź is far."
CONTENT: dict[str, Any] = {
    "version": "1.1",
    "data": [
        {
            "title": "Ada",
            "paragraphs": [
                {
                    "context": PASSAGE,
                    "qas": [
                        {
                            "id": "a1",
                            "question": "Who?",
                            "answers": [{"answer_start": 0, "text": "Ada"}],
                        },
                        {
                            "id": "a2",
                            "question": "Where?",
                            "answers": [
                                {"answer_start": 29, "text": "Łódź"},
                                {"answer_start": 29, "text": "Łódź is far"},
                            ],
                        },
                    ],
                }
            ],
        }
    ],
}


def written(folder: Path, content: Any, name: str = "a.json") -> Path:
    path = folder / name
    path.write_text(json.dumps(content), encoding="utf-8")
    return path


def changed(keys: tuple, value: Any) -> dict:
    content = copy.deepcopy(CONTENT)
    node = content
    for key in keys[:-1]:
        node = node[key]
    node[keys[-1]] = value
    return content


def test_questions_are_read_and_written(tmp_path: Path) -> None:
    found = read_squad(written(tmp_path, CONTENT))
    assert found[0] == Question("a1", "Who?", PASSAGE, [Answer(0, "Ada")], "Ada", "squad", "en")
    assert [answer.text for answer in found[1].answers] == ["Łódź", "Łódź is far"]
    assert found[1].forms[:3] == ["Where?", "Ada", "wrote"] and found[1].sent_id == "a2"
    for question in found:
        question.normalisation, question.language = "mlqa", "de"
    write_squad(tmp_path / "b.json", found)
    assert read_squad(tmp_path / "b.json") == found
    # One passage is written once.
    assert (tmp_path / "b.json").read_text(encoding="utf-8").count("first program") == 1


FIRST = ("data", 0, "paragraphs", 0)
QA = (*FIRST, "qas", 0)
WRONG = {
    "no data": ({"version": "1.1"}, r"a\.json: no object with the key 'data'"),
    "list": ([], r"no object with the key 'data'"),
    "no question": ({"data": []}, "no question in the file"),
    "articles": (changed(("data",), {}), "'data' is not a list"),
    "title": (changed(("data", 0, "title"), 3), "article 1: the title"),
    "context": (changed((*FIRST, "context"), " "), "article 1, paragraph 1: the context"),
    "id": (changed((*QA, "id"), ""), "paragraph 1, question 1: the id"),
    "control": (changed((*QA, "id"), "a\x1b"), "question 1: the id"),
    "question": (changed((*QA, "question"), "\ud800"), "question 'a1': the question is not a text"),
    "twice": (changed((*QA, "id"), "a2"), "question a2 occurs twice"),
    "no answer": (changed((*QA, "answers"), []), "question 'a1': has no answer"),
    "impossible": (changed((*QA, "is_impossible"), True), "'a1': has no answer .SQuAD 2.0."),
    "offset": (
        changed((*QA, "answers", 0, "answer_start"), 1),
        "question 'a1': the answer 'Ada' is not at character 1 of its passage, where 'da ' is",
    ),
    "negative": (changed((*QA, "answers", 0, "answer_start"), -1), "'a1': answer_start is not"),
    "truth": (changed((*QA, "answers", 0, "answer_start"), False), "'a1': answer_start is not"),
    "empty": (changed((*QA, "answers", 0, "text"), ""), "'a1': the text of an answer is empty"),
    "rules": ({**CONTENT, "evaluation": {"normalisation": "x", "language": "en"}}, "evaluation"),
}


@pytest.mark.parametrize("name", WRONG)
def test_malformed_files_are_refused_by_question(name: str, tmp_path: Path) -> None:
    content, reason = WRONG[name]
    with pytest.raises(InputError, match=reason) as caught:
        read_squad(written(tmp_path, content))
    assert "\n" not in str(caught.value)


def test_predictions_are_those_of_the_official_scripts(tmp_path: Path) -> None:
    gold = read_squad(written(tmp_path, CONTENT))
    answered = [
        Question(one.identifier, one.question, one.passage, [Answer(0, "Ada")]) for one in gold
    ]
    write_answers(tmp_path / "p.json", answered)
    assert json.loads((tmp_path / "p.json").read_text()) == {"a1": "Ada", "a2": "Ada"}
    found = read_answers(tmp_path / "p.json", gold)
    assert [one.answers for one in found] == [[Answer(-1, "Ada")]] * 2
    assert [one.forms for one in found] == [one.forms for one in gold]
    for content, reason in (
        ({"a1": "x"}, "question 'a2' has no answer"),
        ({"a1": "x", "a2": "", "a3": ""}, "question 'a3' is not in the corpus"),
        ({"a1": "x", "a2": 3}, "not an object of answers"),
    ):
        with pytest.raises(InputError, match=reason):
            read_answers(written(tmp_path, content, "q.json"), gold)


def test_articles_are_split_alike_in_all_languages() -> None:
    """By their titles alone, whatever their order; every article is in one part."""
    questions = [
        Question(f"{title}-{number}", "?", "x", [Answer(0, "x")], f"title {title}")
        for title in range(48)
        for number in range(title % 3 + 1)
    ]
    parts = {part: part_of(questions, part) for part in ("train", "dev", "test")}
    titles = {part: {one.title for one in found} for part, found in parts.items()}
    assert {part: len(found) for part, found in titles.items()} == {
        "train": 34, "dev": 4, "test": 10,
    }  # fmt: skip
    assert sum(map(len, parts.values())) == len(questions)
    reversed_ = part_of(questions[::-1], "test")
    assert {one.identifier for one in reversed_} == {one.identifier for one in parts["test"]}


def config(**changes: str) -> dict[str, str]:
    rules = {"part": "test", "language": "de", "normalisation": "mlqa", "articles": "all"}
    return {**rules, "identifiers": "", **changes}


def test_a_part_of_a_download_has_the_rules_of_the_catalogue(tmp_path: Path) -> None:
    download, output = written(tmp_path, CONTENT), tmp_path / "out" / "test.json"
    check_questions(download, "unchecked", config(), output)
    assert {(one.normalisation, one.language) for one in read_squad(output)} == {("mlqa", "de")}
    check_questions(download, "unchecked", config(identifiers="a2"), output)
    assert [one.identifier for one in read_squad(output)] == ["a2"]
    with pytest.raises(InputError, match="no question of the test part; correct `articles`"):
        check_questions(download, "unchecked", config(identifiers="b"), output)


def test_the_catalogue_has_pairs_of_languages_of_mlqa() -> None:
    questions = Catalogue(ROOT / "resources", "2.18").questions
    mlqa = [one for one in questions.values() if one.name == "MLQA_V1"]
    assert len(mlqa) == 49 and {one.normalisation for one in mlqa} == {"mlqa"}
    pair = questions["de_mlqa_question_en"]
    assert (pair.language, pair.question_language, pair.splits) == ("de", "en", ("dev", "test"))
    assert pair.files["test"].name == "test/test-context-de-question-en.json"
    assert questions["en_xquad_articles"].splits == ("train", "dev", "test")
    assert questions["en_squad"].splits == ("train", "dev")
    assert {questions[f"{code}_xquad"].normalisation for code in ("en", "zh", "th")} == {"squad"}


def test_all_of_xquad_is_read(shared: Path, tmp_path: Path) -> None:
    """Every answer is at its offset; parts are the same in all languages."""
    folder = shared / "qa" / "XQuAD"
    if not folder.exists():
        pytest.skip("no XQuAD in the shared data")
    catalogue = Catalogue(ROOT / "resources", "2.18").questions
    parts = {}
    for code in ["ar", "de", "el", "en", "es", "hi", "ro", "ru", "th", "tr", "vi", "zh"]:
        file = catalogue[f"{code}_xquad"].files["test"]
        check_questions(folder / file.name, file.checksum, config(language=code), tmp_path / "x")
        questions = read_squad(tmp_path / "x")
        assert len(questions) == 1190 and len({one.passage for one in questions}) == 240
        parts[code] = {
            part: [one.identifier for one in part_of(questions, part)]
            for part in ("train", "dev", "test")
        }
    assert all(found == parts["en"] for found in parts.values())
    assert {part: len(found) for part, found in parts["en"].items()} == {
        "train": 872, "dev": 87, "test": 231,
    }  # fmt: skip
