"""Relations and roles in every layout.

The oracle of the workflow's own format knows what a sentence is: spans of words, pairs of spans and
a tree that every word leads out of. Of the other layouts it knows the broken ones among single
changes of their text; whatever is read must be written and read again as the same sentences, which
the oracle of the own format accepts.
"""

from __future__ import annotations

import json
import random
from collections import Counter
from dataclasses import dataclass
from typing import Any

from xltransfer.corpora.relation_layouts import read_layout
from xltransfer.corpora.relation_sentences import (
    read_relation_sentences,
    write_relation_sentences,
)

from ..cases import Reader, Verdict, accept, either, refuse
from ..mutation import mutated_json, mutated_text

WORDS = ["Ada", "Łódź", "New York", "#", "12:30", "語", "کتاب", "-", "a\u00a0b"]
LABELS = ["r", "s", "none", "R(e1,e2)"]
REQUIRED = {"name", "words", "mentions", "pairs"}
COLUMNS = "# global.columns = ID UP:PRED UP:ARGHEADS UP:ARGSPANS"


@dataclass(frozen=True)
class File:
    """A file in a layout, and the treebank with its words, if the layout has one."""

    layout: str
    data: bytes
    treebank: str = ""


def file(rng: random.Random) -> File:
    """A file, mutated or not."""
    layout = rng.choice(["json-lines", "json-lines", "crossre", "tagged", "dygie", "propositions"])
    if layout == "tagged":
        text = "".join(_tagged(rng, number) for number in range(1, rng.randint(2, 4)))
        pool = ["<e1>", "</e1>", "<e2>", "Other", "no_relation", "R(e2,e1)", "Comment:", '"']
        return File(layout, mutated_text(rng, text, "\t", pool))
    if layout == "propositions":
        text, treebank = _propositions(rng)
        pool = ["A0:1", "A0:2|A1:1", "AM-TMP:9", "x", "_", "1-2", "A0"]
        return File(layout, mutated_text(rng, text, "\t", pool, (0, 1, 2)), treebank)
    make = {"json-lines": _own, "crossre": _crossre, "dygie": _document}[layout]
    items = [make(rng, number) for number in range(1, rng.randint(2, 4))]
    for _ in range(rng.choice([0, 1, 1, 2])):
        place = rng.randrange(len(items))
        if isinstance(items[place], dict) and items[place]:
            items[place] = mutated_json(rng, items[place], [0, 1, 2, "r", "none", [0, 0, ""]])
    # Lone halves of surrogate pairs can be written as escapes alone.
    text = "".join(json.dumps(item, ensure_ascii=rng.random() < 0.5) + "\n" for item in items)
    return File(layout, text.encode("utf-8", "surrogatepass"))


def _own(rng: random.Random, number: int) -> dict[str, Any]:
    words = rng.choices(WORDS, k=rng.randint(1, 4))
    spans = sorted({(place, rng.randrange(place, len(words))) for place in range(len(words))})
    pairs = [(a, b) for a in range(len(spans)) for b in range(len(spans)) if a != b]
    item: dict[str, Any] = {
        "name": f"s{number}",
        "words": words,
        "mentions": [[*span, rng.choice(["", "PER"])] for span in spans],
        "pairs": [[*pair, rng.choice(LABELS)] for pair in pairs if rng.random() < 0.7],
    }
    if rng.random() < 0.5:
        root = rng.randrange(len(words))
        item["heads"] = [0 if place == root else root + 1 for place in range(len(words))]
        item["deprels"] = ["root" if place == root else "dep" for place in range(len(words))]
        item["upos"] = ["X"] * len(words)
    return item


def _crossre(rng: random.Random, number: int) -> dict[str, Any]:
    own = _own(rng, number)
    spans = [mention[:2] for mention in own["mentions"]]
    relations = [[*spans[a], *spans[b], label, "", False, True] for a, b, label in own["pairs"]]
    return {
        "doc_key": own["name"],
        "sentence": own["words"],
        "ner": own["mentions"],
        "relations": relations,
    }


def _document(rng: random.Random, number: int) -> dict[str, Any]:
    found: dict[str, Any] = {"doc_key": f"d{number}", "sentences": [], "ner": [], "relations": []}
    start = 0
    for item in (_crossre(rng, place) for place in range(rng.randint(1, 2))):
        found["sentences"].append(item["sentence"])
        found["ner"].append([[a + start, b + start, k] for a, b, k in item["ner"]])
        found["relations"].append(
            [[*(place + start for place in r[:4]), r[4]] for r in item["relations"]]
        )
        start += len(item["sentence"])
    return found


def _tagged(rng: random.Random, number: int) -> str:
    one, other = (f"{rng.choice(WORDS)}" for _ in range(2))
    text = f"A <e1>{one}</e1> and <e2>{other}</e2>."
    label = rng.choice(["R(e1,e2)", "R(e2,e1)", "Other", "no_relation"])
    return f'{number}\t"{text}"\n{label}\n' + "Comment: x\n" * (rng.random() < 0.3) + "\n"


def _propositions(rng: random.Random) -> tuple[str, str]:
    lines, rows = [COLUMNS], []
    for number in range(rng.randint(1, 3)):
        count = rng.randint(1, 3)
        lines.append(f"# sent_id = {number}")
        rows.append(f"# sent_id = {number}")
        for word in range(1, count + 1):
            predicate = rng.random() < 0.5
            argument = f"A0:{rng.randint(1, count)}" if predicate else "_"
            lines.append(f"{word}\t{'go.01' if predicate else '_'}\t{argument}\t_")
            head, relation = (0, "root") if word == 1 else (1, "dep")
            rows.append(f"{word}\tw\t_\tX\t_\t_\t{head}\t{relation}\t_\t_")
        lines.append("")
        rows.append("")
    return "\n".join(lines) + "\n", "\n".join(rows) + "\n"


def judge(content: File) -> Verdict:
    """Of the own format the sentences; of the others what no file may have."""
    try:
        text = content.data.decode("utf-8-sig")
    except UnicodeError:
        return refuse("encoding")
    text = text.replace("\r\n", "\n")
    if "\r" in text or text.startswith("\ufeff"):
        return either()
    if content.layout != "json-lines":
        return either()
    meaning = []
    for line in text.split("\n"):
        if not line.strip(" \t"):
            continue
        try:
            item = json.loads(line, object_pairs_hook=_once, parse_constant=_never)
        except (ValueError, RecursionError):
            return refuse("JSON")
        if not isinstance(item, dict) or not _is_sentence(item):
            return refuse(f"no sentence: {line[:300]!r}")
        meaning.append(item)
    names = [item["name"] for item in meaning]
    if not meaning or len(set(names)) < len(names):
        return refuse("names")
    return accept(meaning)


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    if len({key for key, _ in pairs}) < len(pairs):
        raise ValueError("a key stands twice")
    return dict(pairs)


def _never(name: str) -> Any:
    raise ValueError(name)


def _is_text(value: Any) -> bool:
    if not isinstance(value, str) or not value.strip():
        return False
    return not any(
        ord(c) < 32 or 127 <= ord(c) < 160 or c in "\u2028\u2029" or 0xD800 <= ord(c) < 0xE000
        for c in value
    )


def _are(value: Any, check: Any) -> bool:
    return isinstance(value, list) and all(map(check, value))


def _is_number(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _is_sentence(item: dict[str, Any]) -> bool:
    """Whether an object is a sentence of the own format."""
    if not set(item) >= REQUIRED or not set(item) <= {*REQUIRED, "upos", "heads", "deprels"}:
        return False
    words, mentions, pairs = item["words"], item["mentions"], item["pairs"]
    if not _is_text(item["name"]) or not words or not _are(words, _is_text):
        return False

    def is_entry(entry: Any) -> bool:
        return (
            isinstance(entry, list)
            and len(entry) == 3
            and _is_number(entry[0])
            and _is_number(entry[1])
            and (isinstance(entry[2], str) and (entry[2] == "" or _is_text(entry[2])))
        )

    if not _are(mentions, is_entry) or not _are(pairs, is_entry):
        return False
    if not all(0 <= first <= last < len(words) for first, last, _ in mentions):
        return False
    count = len(mentions)
    if not all(0 <= a < count and 0 <= b < count and a != b and label for a, b, label in pairs):
        return False
    if any(entries.count(entry) > 1 for entries in (mentions, pairs) for entry in entries):
        return False
    given: dict[tuple[int, int], list[str]] = {}
    for a, b, label in pairs:
        given.setdefault((a, b), []).append(label)
    if any("none" in labels and len(labels) > 1 for labels in given.values()):
        return False
    for key in ("upos", "deprels"):
        if key in item and not (_are(item[key], _is_text) and len(item[key]) == len(words)):
            return False
    if ("heads" in item) != ("deprels" in item):
        return False
    return "heads" not in item or _is_tree(item["heads"], len(words))


def _is_tree(heads: Any, words: int) -> bool:
    if not _are(heads, _is_number) or len(heads) != words or heads.count(0) != 1:
        return False
    if not all(0 <= head <= words for head in heads):
        return False
    for word in range(1, words + 1):
        for _ in range(words):
            word = heads[word - 1] if word else 0
        if word:
            return False
    return True


class RelationFiles(Reader):
    """``read_layout``; what it reads is written in the project's format and read again."""

    def make(self, rng: random.Random) -> File:
        return file(rng)

    def judge(self, content: File) -> Verdict:
        return judge(content)

    def read(self, content: File) -> Any:
        path, copy, bank = (self.folder / name for name in ("in.txt", "out.jsonl", "t.conllu"))
        path.write_bytes(content.data)
        bank.write_text(content.treebank, encoding="utf-8")
        layout, treebank = content.layout, None
        if layout == "propositions":
            layout, treebank = "universal-propositions", bank
        annotation = "roles" if treebank else "relations"
        sentences = read_layout(path, layout, annotation, (), treebank, Counter())
        names = [sentence.name for sentence in sentences]
        if len(set(names)) == len(names) and names:
            write_relation_sentences(copy, sentences)
            assert read_relation_sentences(copy) == sentences
            lines = copy.read_text(encoding="utf-8").split("\n")[:-1]
            assert all(_is_sentence(json.loads(line)) for line in lines)
        return [json.loads(line) for line in lines] if layout == "json-lines" else None


SUBJECT = RelationFiles
