"""Questions about passages in the format of SQuAD 1.1 (Rajpurkar et al., EMNLP 2016).

A file is a JSON object whose ``data`` is a list of articles with paragraphs; a paragraph has a
``context``, the passage, and ``qas``, questions whose answers are spans of the passage. Predictions
are a JSON object that maps the ``id`` of each question to the text of its answer, as the official
scripts read them.

Files within the workflow have one more key, ``evaluation``, with the rules by which answers are
compared (``tasks/metrics/answer_normalisation.py``). Official scripts ignore it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import groupby
from pathlib import Path
from typing import Any

from ..runtime.errors import InputError
from ..runtime.files import digest, read_json, write_json

SQUAD, MLQA = NORMALISATIONS = ("squad", "mlqa")
"""Rules by which answers are compared: those of the official scripts of SQuAD 1.1 and of MLQA."""
ALL_ARTICLES, BY_ARTICLE = ARTICLES = ("all", "by_article")
"""Articles of a part of a corpus: those of its file, or a share of them."""
TEST_SHARE, DEV_SHARE = 1 / 5, 1 / 12
"""Shares of the articles of a corpus that is split by article."""
_UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")
_SURROGATE = re.compile(r"[\ud800-\udfff]")


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer to a question.

    Attributes:
        start: index of its first character in the passage; −1 if it is known by its text alone.
        text: text of the answer, a substring of the passage.
    """

    start: int
    text: str


@dataclass(slots=True)
class Question:
    """A question about a passage, with its answers.

    Attributes:
        identifier: identifier, which translations of a question share.
        question: text of the question.
        passage: text that contains the answers.
        answers: correct answers, at least one; in predictions, the predicted one.
        title: title of the article that the passage is from; may be empty.
        normalisation: rules by which answers are compared, one of ``NORMALISATIONS``.
        language: code of the language of the passage, for these rules.
    """

    identifier: str
    question: str
    passage: str
    answers: list[Answer]
    title: str = ""
    normalisation: str = SQUAD
    language: str = "en"
    comments: list[str] = field(default_factory=list)

    @property
    def forms(self) -> list[str]:
        """The words of the question and of the passage, separated by white space."""
        return [*self.question.split(), *self.passage.split()]

    @property
    def sent_id(self) -> str:
        """The identifier."""
        return self.identifier


def read_squad(path: Path | str) -> list[Question]:
    """All questions of a file in the format of SQuAD 1.1, in order.

    Args:
        path: path of the file, of a publisher or of the workflow.

    Raises:
        InputError: the file cannot be read or is malformed, a question occurs twice or has no
            answer, or an answer is not at its place in the passage; names the question.
    """
    content = _object(read_json(path), f"{path}", "data")
    rules = _evaluation(content.get("evaluation"), path)
    found: dict[str, Question] = {}
    for number, article in enumerate(_list(content, "data", f"{path}"), start=1):
        place = f"{path}: article {number}"
        title = _object(article, place, "paragraphs").get("title", "")
        if not isinstance(title, str) or _UNPRINTABLE.search(title):
            raise InputError(f"{place}: the title is not a line of text; correct it")
        for count, paragraph in enumerate(_list(article, "paragraphs", place), start=1):
            for question in _paragraph(paragraph, title, f"{place}, paragraph {count}", path):
                if question.identifier in found:
                    raise InputError(
                        f"{path}: question {question.identifier} occurs twice; remove one"
                    )
                found[question.identifier] = replace(question, **rules)
    if not found:
        raise InputError(f"{path}: there is no question in the file; is it of SQuAD 1.1?")
    return list(found.values())


def write_squad(path: Path | str, questions: Sequence[Question]) -> None:
    """Write questions as ``read_squad`` reads them; those of a passage must follow each other."""
    rules = {(one.normalisation, one.language) for one in questions}
    if len(rules) > 1:
        raise ValueError(f"{path}: questions are compared by several rules: {sorted(rules)}")
    articles = []
    for title, of_article in groupby(questions, key=lambda one: one.title):
        paragraphs = [
            {"context": passage, "qas": [_qa(question) for question in of_passage]}
            for passage, of_passage in groupby(of_article, key=lambda one: one.passage)
        ]
        articles.append({"title": title, "paragraphs": paragraphs})
    ((normalisation, language),) = rules
    evaluation = {"normalisation": normalisation, "language": language}
    write_json(path, {"version": "1.1", "evaluation": evaluation, "data": articles})


def read_answers(path: Path | str, gold: Sequence[Question]) -> list[Question]:
    """Predicted answers, one for each question.

    Args:
        path: JSON object that maps identifiers of questions to texts.
        gold: questions that were predicted.

    Returns:
        The questions in their order, with the predicted answer in place of the correct ones.

    Raises:
        InputError: the file is malformed, or has other questions.
    """
    content = read_json(path)
    if not isinstance(content, dict) or not all(isinstance(v, str) for v in content.values()):
        raise InputError(f"{path}: not an object of answers by question; predict it again")
    known = {question.identifier for question in gold}
    if differing := sorted(known ^ set(content)):
        what = "has no answer" if differing[0] in known else "is not in the corpus"
        raise InputError(
            f"{path}: question {_quoted(differing[0])} {what} ({len(differing)} such questions); "
            "predict it again"
        )
    return [replace(one, answers=[Answer(-1, content[one.identifier])]) for one in gold]


def write_answers(path: Path | str, questions: Sequence[Question]) -> None:
    """Write the predicted answer of each question as ``read_answers`` reads them."""
    write_json(path, {one.identifier: one.answers[0].text for one in questions})


def part_of(questions: Sequence[Question], part: str) -> list[Question]:
    """The questions of a part of a corpus that is split by article.

    Articles are in the order of a digest of their titles. The first ``TEST_SHARE`` of them are the
    test part, the next ``DEV_SHARE`` the development part, and the rest the training part. So
    translations of a corpus, which have the same titles, are split in the same way.

    Args:
        questions: all questions.
        part: ``train``, ``dev`` or ``test``.
    """
    titles = sorted({question.title for question in questions}, key=digest)
    test = round(len(titles) * TEST_SHARE)
    dev = test + round(len(titles) * DEV_SHARE)
    chosen = {"test": titles[:test], "dev": titles[test:dev], "train": titles[dev:]}[part]
    return [question for question in questions if question.title in set(chosen)]


def _paragraph(paragraph: Any, title: str, place: str, path: Path | str) -> Iterator[Question]:
    passage = _object(paragraph, place, "context").get("context")
    if not isinstance(passage, str) or not passage.strip() or _SURROGATE.search(passage):
        raise InputError(f"{place}: the context is not a text; correct it")
    for count, qa in enumerate(_list(paragraph, "qas", place), start=1):
        given = _object(qa, f"{place}, question {count}", "id")
        identifier, text = given["id"], given.get("question")
        if not isinstance(identifier, str) or not identifier or _UNPRINTABLE.search(identifier):
            raise InputError(f"{place}, question {count}: the id is not a name; correct it")
        of_question = f"{path}: question {_quoted(identifier)}"
        if not isinstance(text, str) or not text.strip() or _SURROGATE.search(text):
            raise InputError(f"{of_question}: the question is not a text; correct it")
        if given.get("is_impossible"):
            raise InputError(
                f"{of_question}: has no answer (SQuAD 2.0); remove questions without answers"
            )
        answers = [_answer(one, passage, of_question) for one in _list(qa, "answers", of_question)]
        if not answers:
            raise InputError(f"{of_question}: has no answer; remove the question")
        yield Question(identifier, text, passage, answers, title)


def _answer(given: Any, passage: str, place: str) -> Answer:
    start, text = (_object(given, place, key).get(key) for key in ("answer_start", "text"))
    if type(start) is not int or start < 0:
        raise InputError(f"{place}: answer_start is not a number of characters; correct it")
    if not isinstance(text, str) or not text.strip():
        raise InputError(f"{place}: the text of an answer is empty; correct it")
    found = passage[start : start + len(text)]
    if found != text:
        raise InputError(
            f"{place}: the answer {_quoted(text)} is not at character {start} of its passage, "
            f"where {_quoted(found)} is; correct answer_start"
        )
    return Answer(start, text)


def _evaluation(given: Any, path: Path | str) -> dict[str, str]:
    """The rules of a file by their name in ``Question``; the defaults if it has none."""
    if given is None:
        return {}
    place = f"{path}: evaluation"
    found = {key: _object(given, place, key)[key] for key in ("normalisation", "language")}
    known = found["normalisation"] in NORMALISATIONS
    if not known or not re.fullmatch("[a-z][a-z0-9_]{1,63}", str(found["language"])):
        raise InputError(f"{place}: no such rules of evaluation; check the corpus again")
    return found


def _qa(question: Question) -> dict[str, Any]:
    answers = [{"answer_start": one.start, "text": one.text} for one in question.answers]
    return {"id": question.identifier, "question": question.question, "answers": answers}


def _object(value: Any, place: str, key: str) -> Mapping[str, Any]:
    if not isinstance(value, dict) or key not in value:
        raise InputError(f"{place}: no object with the key '{key}'; is the file of SQuAD 1.1?")
    return value


def _list(value: Mapping[str, Any], key: str, place: str) -> list[Any]:
    found = value.get(key) if isinstance(value, dict) else None
    if not isinstance(found, list):
        raise InputError(f"{place}: '{key}' is not a list; is the file of SQuAD 1.1?")
    return found


def _quoted(text: str) -> str:
    return repr(text if len(text) < 60 else text[:57] + "...")
