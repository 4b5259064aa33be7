"""Questions in the format of SQuAD 1.1, as objects of any shape and as mutated text.

The oracle walks the object on its own: what it reads is the list of questions with their answers.
"""

from __future__ import annotations

import copy
import json
import random
import re
from typing import Any

from xltransfer.corpora.questions import read_squad, write_squad

from ..cases import Reader, Verdict, accept, either, refuse
from ..mutation import mutated_text

PASSAGES = ["Ada wrote it.", "語の 文", "a\u00a0b\nc", "كتاب جديد"]
VALUES = [None, 0, 1, -1, 3, True, False, 1.0, "", " ", "x", "Ada", [], {}, "\ud800", "\x1b", "q0"]
UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")
SURROGATE = re.compile(r"[\ud800-\udfff]")


def content(rng: random.Random) -> dict[str, Any]:
    """A valid file."""
    number, articles = 0, []
    for title in range(rng.randint(1, 2)):
        paragraphs = []
        for _ in range(rng.randint(1, 2)):
            passage, qas = rng.choice(PASSAGES), []
            for _ in range(rng.randint(1, 2)):
                start = rng.choice([i for i, c in enumerate(passage) if not c.isspace()])
                text = passage[start : start + rng.randint(1, 4)]
                answers = [{"answer_start": start, "text": text}] * rng.randint(1, 2)
                qas.append({"id": f"q{number}", "question": "Who?", "answers": answers})
                number += 1
            paragraphs.append({"context": passage, "qas": qas})
        articles.append({"title": f"t{title}", "paragraphs": paragraphs})
    found = {"version": "1.1", "data": articles}
    if rng.random() < 0.3:
        found["evaluation"] = {"normalisation": rng.choice(["squad", "mlqa"]), "language": "de"}
    return found


def changed(rng: random.Random, value: Any) -> Any:
    """A file with one value replaced or left out somewhere."""
    value = copy.deepcopy(value)
    node, depth = value, rng.randint(1, 8)
    while True:
        keys = list(node) if isinstance(node, dict) else list(range(len(node)))
        if not keys:
            return value
        key = rng.choice(keys)
        depth -= 1
        if depth == 0 or not isinstance(node[key], dict | list):
            if rng.random() < 0.3:
                del node[key]
            else:
                node[key] = copy.deepcopy(rng.choice(VALUES))
            return value
        node = node[key]


def judge(data: bytes) -> Verdict:
    """Whether the bytes are a file of questions, and which."""
    try:
        value = json.loads(data.decode("utf-8-sig"))
    except (UnicodeError, ValueError, RecursionError):
        return refuse("not JSON")
    found: list[tuple] = []
    rules = value.get("evaluation") if isinstance(value, dict) else None
    try:
        for article in _list(value["data"]):
            title = article.get("title", "")
            _check(isinstance(title, str) and not UNPRINTABLE.search(title))
            for paragraph in _list(article["paragraphs"]):
                passage = _text(paragraph["context"])
                for qa in _list(paragraph["qas"]):
                    name = qa["id"]
                    _check(isinstance(name, str) and bool(name) and not UNPRINTABLE.search(name))
                    _check(not qa.get("is_impossible"))
                    answers = [
                        (_start(one["answer_start"]), _text(one["text"]))
                        for one in _list(qa["answers"])
                    ]
                    _check(bool(answers))
                    _check(all(passage.startswith(text, start) for start, text in answers))
                    found.append((name, _text(qa["question"]), passage, answers, title))
    except (KeyError, TypeError, AttributeError, IndexError):
        return refuse("shape")
    except ValueError as error:
        return refuse(str(error) or "value")
    names = [one[0] for one in found]
    if not names or len(set(names)) < len(names):
        return refuse("no question, or one twice")
    if rules is not None:
        known = isinstance(rules, dict) and rules.get("normalisation") in ("squad", "mlqa")
        if not known or not isinstance(rules.get("language"), str):
            return refuse("rules")
        return either(found)
    return accept(found)


def _check(holds: bool) -> None:
    if not holds:
        raise ValueError


def _list(value: Any) -> list:
    _check(isinstance(value, list))
    return value


def _text(value: Any) -> str:
    _check(isinstance(value, str) and bool(value.strip()) and not SURROGATE.search(value))
    return value


def _start(value: Any) -> int:
    _check(type(value) is int and value >= 0)
    return value


class Questions(Reader):
    """``read_squad``; what it reads is written and read again."""

    def make(self, rng: random.Random) -> bytes:
        value: Any = content(rng)
        for _ in range(rng.choice([0, 1, 1, 2])):
            value = changed(rng, value)
        if rng.random() < 0.3:
            return mutated_text(rng, json.dumps(value), ",", ["{}", "[]", '"x"', "1"])
        text = json.dumps(value, ensure_ascii=rng.random() < 0.5)
        return text.encode("utf-8", "surrogatepass")

    def judge(self, content: bytes) -> Verdict:
        return judge(content)

    def read(self, content: bytes) -> Any:
        path, copied = self.folder / "in.json", self.folder / "out.json"
        path.write_bytes(content)
        found = read_squad(path)
        write_squad(copied, found)
        again = read_squad(copied)
        assert again == found
        return [
            (
                one.identifier,
                one.question,
                one.passage,
                [(answer.start, answer.text) for answer in one.answers],
                one.title,
            )
            for one in found
        ]


SUBJECT = Questions
