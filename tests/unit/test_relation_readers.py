"""Readers of relations and roles: what they read, what they refuse, and counts of real corpora."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from conftest import ROOT
from xltransfer.corpora.catalogue import Catalogue
from xltransfer.corpora.conllu import read_conllu
from xltransfer.corpora.crossre import REFLEXIVE, REPEATED, read_crossre
from xltransfer.corpora.dygie import read_dygie
from xltransfer.corpora.relation_corpora import STAND_OFF, read_label_sets
from xltransfer.corpora.relation_layouts import joined, read_layout, selected
from xltransfer.corpora.relation_sentences import (
    NO_LABEL,
    Mention,
    Pair,
    RelationSentence,
    read_relation_sentences,
    write_relation_sentences,
)
from xltransfer.corpora.tagged_relations import read_tagged, split_words
from xltransfer.corpora.universal_propositions import COLUMNS, read_propositions
from xltransfer.records.record import record_path
from xltransfer.runtime.errors import InputError
from xltransfer.stages.check_relations import check_relations

PLAIN = {
    "name": "s1", "words": ["Ada", "met", "Bo Li"], "mentions": [[0, 0, "PER"], [2, 2, ""]],
    "pairs": [[0, 1, "met"], [1, 0, NO_LABEL]], "upos": ["PROPN", "VERB", "PROPN"],
    "heads": [2, 0, 2], "deprels": ["nsubj", "root", "obj"],
}  # fmt: skip
CROSSRE = {
    "doc_key": "d1", "sentence": ["Ada", "of", "Bo", "Li"], "ner": [[0, 0, "P"], [2, 3, "Q"]],
    "relations": [[2, 3, 0, 0, "role", "why", True, False]],
}  # fmt: skip
DYGIE = {
    "doc_key": "d", "sentences": [["Ada", "met", "Bo"], ["Cy", "fell"]],
    "ner": [[[0, 0, "PER"], [2, 2, "PER"]], [[3, 3, "PER"]]],
    "relations": [[[0, 0, 2, 2, "PER-SOC"]], []],
    "events": [[[[1, "Meet"], [0, 0, "Entity"]]], [[[4, 4, "Fall"], [3, 3, "Agent"]]]],
}  # fmt: skip
TAGGED = '7\t"The <e1>old child</e1>, they said, was put in the <e2>cradle</e2>."\nA-B(e2,e1)\n'
TREEBANK = """# sent_id = a
1-2\tL'ami\t_\t_\t_\t_\t_\t_\t_\t_
1\tL'\tle\tDET\t_\t_\t2\tdet\t_\t_
2\tami\tami\tNOUN\t_\t_\t3\tnsubj\t_\t_
3\tdort\tdormir\tVERB\t_\t_\t0\troot\t_\t_

# sent_id = b
1\tnon\tnon\tINTJ\t_\t_\t0\troot\t_\t_

"""
PROPOSITIONS = f"""{COLUMNS}
# sent_id = a
# text = L'ami dort
1-2\t_\t_\t_
1\t_\t_\t_
2\t_\t_\t_
3\tsleep.01\tA0:2|AM-TMP:2|C-V:3\tA0:1-2|AM-TMP:2-2|C-V:3-3

# sent_id = b
1\t_\t_\t_

# sent_id = c
1\t_\t_\t_

"""


def written(folder: Path, *items: Any) -> Path:
    path = folder / "in.txt"
    lines = [item if isinstance(item, str) else json.dumps(item) for item in items]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def test_the_format_is_read_as_it_is_written(tmp_path: Path) -> None:
    path = written(tmp_path, PLAIN, {**PLAIN, "name": "s2", "words": ["語", "b", "c"]})
    sentences = read_relation_sentences(path)
    assert sentences[0] == RelationSentence(
        "s1", ("Ada", "met", "Bo Li"), (Mention(0, 0, "PER"), Mention(2, 2)),
        (Pair(0, 1, "met"), Pair(1, 0, NO_LABEL)), ("PROPN", "VERB", "PROPN"), (2, 0, 2),
        ("nsubj", "root", "obj"),
    )  # fmt: skip
    assert (sentences[0].forms, sentences[0].sent_id) == (["Ada", "met", "Bo Li"], "s1")
    write_relation_sentences(tmp_path / "out.jsonl", sentences)
    assert read_relation_sentences(tmp_path / "out.jsonl") == sentences
    first = (tmp_path / "out.jsonl").read_text(encoding="utf-8").split("\n")[0]
    assert first == json.dumps(PLAIN, separators=(",", ":"))


def without(key: str) -> dict:
    return {name: value for name, value in PLAIN.items() if name != key}


@pytest.mark.parametrize(
    ("item", "message"),
    [
        ("{", r":1: not JSON"),
        ("[1]", r":1: no JSON object"),
        ('{"name": "a", "name": "b"}', r":1: .*'name' stands twice"),
        ('{"name": "\\ud800"}', r":1: half of a surrogate pair"),
        ('{"name": NaN}', r":1: .*NaN"),
        ({**PLAIN, "more": 1}, r":1: unknown key 'more'"),
        (without("name"), r":1: 'name' is no text"),
        ({**PLAIN, "words": []}, r":1: 'words' is no list of words"),
        ({**PLAIN, "words": ["a", " ", "c"]}, r":1: 'words'\[1\] is no word"),
        ({**PLAIN, "words": ["a", "b\tc", "d"]}, r":1: 'words'\[1\] is no word"),
        ({**PLAIN, "mentions": [[0, 3, ""]], "pairs": []}, r":1: the mention 0-3 is not within"),
        ({**PLAIN, "mentions": [[2, 1, ""]], "pairs": []}, r":1: the mention 2-1 is not within"),
        ({**PLAIN, "mentions": [[True, 1, ""]], "pairs": []}, r":1: an entry of 'mentions'"),
        ({**PLAIN, "mentions": [[0, 0, ""]] * 2, "pairs": []}, r":1: the mention .* stands twice"),
        ({**PLAIN, "pairs": [[0, 2, "x"]]}, r":1: the pair 0, 2 is not within the 2 mentions"),
        ({**PLAIN, "pairs": [[0, 0, "x"]]}, r":1: mention 0 is paired with itself"),
        ({**PLAIN, "pairs": [[0, 1, "x"]] * 2}, r":1: the pair .* stands twice"),
        ({**PLAIN, "pairs": [[0, 1, ""]]}, r":1: a label is blank"),
        ({**PLAIN, "pairs": [[0, 1, "x"], [0, 1, NO_LABEL]]}, r":1: a pair has the labels x, none"),
        ({**PLAIN, "upos": ["X"]}, r":1: 'upos' has 1 values for 3 words"),
        (without("deprels"), r":1: 'heads' and 'deprels' belong together"),
        ({**PLAIN, "heads": [0, 0, 2]}, r":1: the sentence has 2 roots"),
        ({**PLAIN, "heads": [3, 0, 1]}, r":1: the heads of word \d form a cycle"),
        ({**PLAIN, "heads": [2, 0, 4]}, r":1: HEAD '4' of word 3 is beyond the last word"),
        ({**PLAIN, "heads": [2, 0, "2"]}, r":1: 'heads' are not numbers"),
    ],
)
def test_malformed_sentences_are_refused(tmp_path: Path, item: Any, message: str) -> None:
    with pytest.raises(InputError, match=message):
        read_relation_sentences(written(tmp_path, item))


def test_sentences_of_one_name_are_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r":2: 's1' is the name of line 1 too"):
        read_relation_sentences(written(tmp_path, PLAIN, PLAIN))


def test_crossre(tmp_path: Path) -> None:
    counts: Counter = Counter()
    more = [[0, 0, 2, 3, "named"], [2, 3, 0, 0, "origin"], [2, 3, 0, 0, "role"], [0, 0, 0, 0, "x"]]
    item = {**CROSSRE, "ner": [*CROSSRE["ner"], [0, 0, "R"]]}
    item["relations"] = [*item["relations"], *more]
    assert read_crossre(written(tmp_path, item), (), counts) == [
        RelationSentence(
            "d1", ("Ada", "of", "Bo", "Li"), (Mention(0, 0, "P"), Mention(2, 3, "Q")),
            (Pair(1, 0, "role"), Pair(0, 1, "named"), Pair(1, 0, "origin")),
        )
    ]  # fmt: skip
    assert counts == {"repeated_entries_dropped": 2, "pairs_with_themselves_dropped": 1}


@pytest.mark.parametrize(
    ("item", "message"),
    [
        ({**CROSSRE, "ner": [[0, 0, "P"]]}, r":1: a relation of 2-3, which is no mention"),
        ({**CROSSRE, "ner": [[0, 4, "P"], [2, 3, "Q"], [0, 0, "P"]]}, r":1: the mention 0-4 is no"),
        ({**CROSSRE, "relations": [[0, 0, 2, "x"]]}, r":1: an entry of 'relations' does not begin"),
        ({**CROSSRE, "relations": [[2, 3, 0, 0, "rolle"]]}, r":1: 'rolle' .* did you mean 'role'"),
        ({**CROSSRE, "sentence": "Ada"}, r":1: 'sentence' is no list of words"),
    ],
)
def test_malformed_crossre_is_refused(tmp_path: Path, item: Any, message: str) -> None:
    with pytest.raises(InputError, match=message):
        read_crossre(written(tmp_path, item), ("role",), Counter())


def test_words_of_tagged_sentences() -> None:
    assert split_words("«Don't», (well-known) U.S. 3.5% „语“!") == [
        "«", "Don't", "»", ",", "(", "well-known", ")", "U.S", ".", "3.5", "%", "„", "语", "“", "!",
    ]  # fmt: skip


def test_tagged_sentences(tmp_path: Path) -> None:
    other = '8\t"<e2> </e2> Bo"\nno_relation\nComment: none\n\n'.replace("Bo", "Bo <e1>Al</e1>")
    counts: Counter = Counter()
    found = read_tagged(written(tmp_path, TAGGED, "", other), ("A-B(e2,e1)",), counts)
    words = "The old child , they said , was put in the cradle ."
    assert found[0] == RelationSentence(
        "7", tuple(words.split()), (Mention(1, 2), Mention(11, 11)), (Pair(0, 1, "A-B(e2,e1)"),)
    )
    # A mention without words gets the word that follows; the first mention is always e1.
    assert found[1].mentions == (Mention(1, 1), Mention(0, 0))
    assert (found[1].pairs[0].label, counts["mentions_without_words"]) == (NO_LABEL, 1)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (TAGGED.replace("</e2>", ""), r":1: not one <e1>"),
        (TAGGED.replace("<e2>", "<e1>"), r":1: not one <e1>"),
        (TAGGED.replace("7\t", "7 "), r":1: no item of a number, a tab and a sentence"),
        (TAGGED.replace("A-B(e2,e1)\n", ""), r":1: no item of a number"),
        (TAGGED.replace("(e2,e1)", ""), r":1: the label 'A-B' is neither Other nor"),
        (TAGGED + "more\n", r":1: no item of a number"),
        (TAGGED.replace("A-B", "B-B"), r":1: 'B-B\(e2,e1\)' is not in the corpus's set"),
    ],
)
def test_malformed_tagged_sentences_are_refused(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(InputError, match=message):
        read_tagged(written(tmp_path, text), ("A-B(e2,e1)",), Counter())


def propositions(folder: Path, text: str, labels: tuple[str, ...] = ()) -> tuple[list, Counter]:
    counts: Counter = Counter()
    (folder / "t.conllu").write_text(TREEBANK, encoding="utf-8")
    (folder / "p.conllup").write_text(text, encoding="utf-8")
    treebank = read_conllu(folder / "t.conllu")
    return read_propositions(folder / "p.conllup", treebank, labels, counts), counts


def test_propositions_get_words_and_trees(tmp_path: Path) -> None:
    found, counts = propositions(tmp_path, PROPOSITIONS)
    assert found == [
        RelationSentence(
            "a", ("L'", "ami", "dort"), (Mention(0, 0), Mention(1, 1), Mention(2, 2)),
            (Pair(2, 0, NO_LABEL), Pair(2, 1, "A0"), Pair(2, 1, "AM-TMP")),
            ("DET", "NOUN", "VERB"), (2, 3, 0), ("det", "nsubj", "root"),
        ),
        RelationSentence("b", ("non",), (), (), ("INTJ",), (0,), ("root",)),
    ]  # fmt: skip
    assert counts == {"sentences_not_in_the_treebank": 1, "arguments_that_are_their_predicate": 1}


def test_sentences_with_other_words_are_left_out(tmp_path: Path) -> None:
    found, counts = propositions(tmp_path, PROPOSITIONS.replace("1-2\t_\t_\t_\n", ""))
    assert [sentence.name for sentence in found] == ["b"]
    assert counts["sentences_with_other_words"] == 1


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (("# global", "# globe"), r":1: the first line is not"),
        (("3\tsleep", "4\tsleep"), r":4: the words are not numbered"),
        (("\tA0:2|", "\tA0:4|"), r":4: 'A0:4' is no role and number"),
        (("\tA0:2|", "\tA0|"), r":4: 'A0' is no role and number"),
        (("\tsleep.01", "\t_"), r":4: arguments at '3', which is no predicate"),
        (("\tA0:2|", "\tA00:2|"), r":4: 'A00' is not in the corpus's set"),
        (("# sent_id = b", "# sent_id = a"), r":10: the sentence has not one"),
        (("1\t_\t_\t_\n2", "1\t_\t_\n2"), r":5: not an ID and three columns"),
        (("sent_id = ", "sent_id = x"), r":1: no sentence is in the treebank"),
    ],
)
def test_malformed_propositions_are_refused(
    tmp_path: Path, change: tuple[str, str], message: str
) -> None:
    with pytest.raises(InputError, match=message):
        propositions(tmp_path, PROPOSITIONS.replace(*change), ("A0", "AM-TMP", "C-V"))


def test_documents_of_relations_and_events(tmp_path: Path) -> None:
    path = written(tmp_path, DYGIE)
    first, second = read_dygie(path, "relations", (), Counter())
    assert first.pairs == (Pair(0, 1, "PER-SOC"), Pair(1, 0, NO_LABEL))
    assert (first.name, second.name, second.mentions) == ("d-1", "d-2", (Mention(0, 0, "PER"),))
    first, second = read_dygie(path, "roles", (), Counter())
    assert first.mentions[2] == Mention(1, 1, "Meet")
    assert first.pairs == (Pair(2, 0, "Entity"), Pair(2, 1, NO_LABEL))
    assert second.pairs == (Pair(1, 0, "Agent"),)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"ner": [[]]}, r":1: 'ner' is not a list for each of the 2 sentences"),
        ({"ner": [[[0, 3, "PER"]], []]}, r":1: a relation or argument has words 0-0"),
        ({"relations": [[[0, 0, 1, 1, "X"]], []]}, r":1: a relation or argument has words 1-1"),
        ({"relations": [[[0, 0, 2]], []]}, r":1: a relation is not four positions"),
    ],
)
def test_malformed_documents_are_refused(tmp_path: Path, change: dict, message: str) -> None:
    with pytest.raises(InputError, match=message):
        read_dygie(written(tmp_path, {**DYGIE, **change}), "relations", (), Counter())


def test_parts_are_made_of_ranges_of_several_files(tmp_path: Path) -> None:
    items = [{**CROSSRE, "doc_key": f"d{number}"} for number in range(1, 5)]
    files = [tmp_path / "a.json", tmp_path / "b.json"]
    for path, some in zip(files, (items[:3], items[3:]), strict=True):
        path.write_text("".join(json.dumps(item) + "\n" for item in some), encoding="utf-8")
    config = {
        "annotation": "relations", "layout": "crossre", "labels": [], "sentences": ["1-1,3-3", ""],
    }  # fmt: skip
    output = tmp_path / "train.jsonl"
    check_relations(files, ["unchecked"] * 2, config, output)
    assert [s.name for s in read_relation_sentences(output)] == ["d1", "d3", "d4"]
    record = json.loads(record_path(output).read_text(encoding="utf-8"))
    assert (record["sentences"], record["left_out"]) == (3, {})
    with pytest.raises(InputError, match=r"a\.json: 3 sentences, but relation_files\.tsv takes"):
        check_relations(files, ["unchecked"] * 2, {**config, "sentences": ["2-4", ""]}, output)
    with pytest.raises(InputError, match=r"a\.json: 2 sentences of the part are named 'd1'"):
        check_relations(
            [files[0], files[0]], ["unchecked"] * 2, {**config, "sentences": ["", ""]}, output
        )


COUNTS = {
    "en_crossre test": (2046, 8768, 8768, {REPEATED: 1, REFLEXIVE: 3}),
    "zh_crossre train": (504, 2177, 2177, {REPEATED: 4, REFLEXIVE: 2}),
    "en_semeval2010 train": (7191, 7191, 5905, {}),
    "en_semeval2010 dev": (809, 809, 685, {}),
    "en_semeval2010 test": (2717, 2717, 2263, {}),
    "tr_relx test": (502, 502, 434, {"mentions_without_words": 1}),
    "de_gsd_up test": (974, 26219, 3236, {"sentences_with_other_words": 3}),
    "fr_sequoia_up test": (456, 18703, 1437, {}),
    "it_partut_up test": (153, 10026, 655, {}),
    "ru_gsd_up test": (601, 16863, 1657, {}),
}  # fmt: skip
"""Of real parts: sentences, pairs, pairs with a label, and what is left out."""


@pytest.mark.parametrize("part", COUNTS)
def test_counts_of_real_corpora(shared: Path, part: str) -> None:
    code, split = part.split()
    catalogue = Catalogue(ROOT / "resources", "2.18")
    corpus = (catalogue.relations | catalogue.roles)[code]
    folder = shared / ("srl" if corpus.annotation == "roles" else "relations") / corpus.name
    if not folder.exists():
        pytest.skip(f"no {folder}")
    bank = catalogue.treebanks.get(corpus.treebank)
    tree = shared / "ud" / bank.name / f"{bank.code}-ud-{split}.conllu" if bank else None
    counts: Counter = Counter()
    labels = read_label_sets(ROOT / "resources")[corpus.labels]
    parts = [
        selected(
            read_layout(path, corpus.layout, corpus.annotation, labels, tree, counts),
            file.sentences,
            path,
        )
        for file in corpus.parts[split]
        for path in [folder / file.name]
    ]
    sentences = joined(parts, folder)
    pairs = [pair for sentence in sentences for pair in sentence.pairs]
    labelled = sum(pair.label != NO_LABEL for pair in pairs)
    left_out = {name: number for name, number in counts.items() if number}
    assert (len(sentences), len(pairs), labelled, left_out) == COUNTS[part]
    if corpus.layout == STAND_OFF:
        assert all(sentence.heads is not None for sentence in sentences)


@pytest.mark.parametrize(
    ("layout", "text"),
    [
        ("crossre", json.dumps({**CROSSRE, "doc_key": "d\t1"})),
        ("dygie", json.dumps({**DYGIE, "doc_key": "d\u2028"})),
        ("tagged", TAGGED.replace("said", "sa\x02id")),
    ],
)
def test_what_the_own_format_cannot_hold_is_refused_at_once(
    layout: str, text: str, tmp_path: Path
) -> None:
    """Otherwise the file would be written, and the next stage would refuse it."""
    path = tmp_path / "file"
    path.write_text(f"{text}\n", encoding="utf-8")
    with pytest.raises(InputError, match=f"^{path}:1: .* control characters"):
        read_layout(path, layout, "relations", [], None, Counter())


def test_relations_of_a_mention_with_itself_are_counted(tmp_path: Path) -> None:
    path, counts = tmp_path / "file", Counter()
    relations = [[[0, 0, 2, 2, "PER-SOC"], [2, 2, 2, 2, "PER-SOC"]], []]
    path.write_text(json.dumps({**DYGIE, "relations": relations}), encoding="utf-8")
    first, _ = read_dygie(path, "relations", [], counts)
    assert [pair.label for pair in first.pairs] == ["PER-SOC", NO_LABEL]
    assert counts[REFLEXIVE] == 1
