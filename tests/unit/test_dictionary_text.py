"""Text by a dictionary: which words are replaced, what stays, and what is counted."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from xltransfer.corpora.cleaning.evaluation_sentences import EQUAL
from xltransfer.corpora.conllu import read_conllu
from xltransfer.corpora.dictionary_text import DictionaryTranslation
from xltransfer.corpora.iob import read_iob2
from xltransfer.runtime.errors import InputError
from xltransfer.stages.translate_by_dictionary import translate_by_dictionary

PAIRS = [("cat", "kato"), ("dog", "hundo"), ("sees", "vidas"), ("house", "domo"), ("cat", "felo")]
ONE_EACH = PAIRS[:4]
SETTINGS = {
    "share": 1.0,
    "minimum_words": 1,
    "seed": 1,
    "shuffled": False,
    "inverted": False,
    "with_original": False,
}


def translation(
    pairs: list = ONE_EACH,
    share: float = 1,
    minimum: int = 0,
    seed: int = 1,
    shuffled: bool = False,
) -> DictionaryTranslation:
    return DictionaryTranslation(pairs, share, minimum, seed, shuffled)


def test_words_are_replaced_in_place_and_keep_their_capital() -> None:
    """By hand; ``the`` has no entry, and case does not matter."""
    line = translation().line("The Cat sees «the DOG», the house.", 0)
    assert line == "The Kato vidas «the Hundo», the domo."


def test_coverage_is_counted_by_hand() -> None:
    """Numbers are no words; a sentence with one replaced word is dropped."""
    found = translation(minimum=2)
    assert found.line("the cat sees 3 dogs .", 0) == "the kato vidas 3 dogs ."
    assert found.line("a dog barks", 1) is None
    assert dict(found.counts) == {
        "sentences": 2,
        "words": 7,
        "known": 3,
        "replaced": 3,
        "kept_sentences": 1,
        "kept_words": 4,
        "kept_replaced": 2,
    }


def test_digits_are_part_of_a_word() -> None:
    """As in treebanks, where ``19th`` and ``10km`` are words of their own."""
    found = translation([("th", "TH"), ("km", "KM")])
    assert found.line("the «19th» km, race 10km.", 0) == "the «19th» KM, race 10km."
    assert (found.counts["words"], found.counts["known"]) == (5, 1)


def test_a_dotted_capital_is_found() -> None:
    """Python's lower case of ``İ`` is an i with a mark above it."""
    found = translation([("iyi", "good"), ("İstanbul", "Istanbul")])
    assert found.line("İyi iyi istanbul İSTANBUL", 0) == "Good good Istanbul Istanbul"


def test_entries_without_letters_are_no_words() -> None:
    """Otherwise more words would be known than there are."""
    found = translation([*ONE_EACH, ("3", "7"), (".", "!")])
    assert found.line("the cat sees 3 .", 0) == "the kato vidas 3 ."
    assert (found.counts["words"], found.counts["known"]) == (3, 2)


def test_a_share_of_the_known_words_is_replaced() -> None:
    words = ["cat", "dog", "sees", "house", "the"] * 10
    found = translation(share=0.25).translated(words, 0)
    changed = [place for place, word in enumerate(words) if word != found[place]]
    assert len(changed) == 10
    assert {words[place] for place in changed} <= {"cat", "dog", "sees", "house"}


def test_draws_depend_on_the_seed_and_the_number_of_the_sentence_alone() -> None:
    """A sentence is translated as it is in a file with other sentences."""
    words = ["cat"] * 40
    one = translation(PAIRS).translated(words, 7)
    assert set(one) == {"kato", "felo"}
    again = translation(PAIRS)
    again.translated(["dog"] * 5, 6)
    assert again.translated(words, 7) == one
    assert translation(PAIRS).translated(words, 8) != one
    assert translation(PAIRS, seed=2).translated(words, 7) != one


def test_a_shuffled_word_keeps_the_number_of_its_translations() -> None:
    """Also if it gets one translation twice, which is then drawn twice as often."""
    pairs = [("a", "x"), ("a", "y"), ("A", "y"), ("b", "x"), ("c", "x")]
    for seed in range(30):
        made = translation(pairs, seed=seed, shuffled=True)._translations
        assert {word: len(options) for word, options in made.items()} == {"a": 2, "b": 1, "c": 1}
        assert sorted(made["a"] + made["b"] + made["c"]) == ["x", "x", "x", "y"]


def test_a_shuffled_dictionary_has_the_same_words_on_other_places() -> None:
    pairs = [(f"w{n}", f"v{n}") for n in range(200)]
    words = [source for source, _ in pairs]
    found = translation(pairs, shuffled=True).translated(words, 0)
    assert sorted(found) == sorted(target for _, target in pairs)
    assert sum(word == f"v{n}" for n, word in enumerate(found)) < 10
    assert translation(pairs, shuffled=True).translated(words, 0) == found
    assert translation(pairs, seed=2, shuffled=True).translated(words, 0) != found


TREE = """# sent_id = s1
# text = du cat sees.
1-2\tdu\t_\t_\t_\t_\t_\t_\t_\t_
1\tde\tde\tADP\t_\t_\t3\tcase\t_\t_
2\tle\tle\tDET\t_\t_\t3\tdet\t_\t_
3\tcat\tcat\tNOUN\tN\tNumber=Sing\t4\tnsubj\t4:nsubj\t_
4\tsees\tsee\tVERB\tV\t_\t0\troot\t0:root\tSpaceAfter=No
4.1\tseen\tsee\tVERB\t_\t_\t_\t_\t3:conj\t_
5\t.\t.\tPUNCT\t_\t_\t4\tpunct\t4:punct\t_

"""


@pytest.fixture
def treebank(tmp_path: Path) -> Path:
    path = tmp_path / "train.conllu"
    path.write_text(TREE, encoding="utf-8")
    return path


def test_tags_and_trees_stay(treebank: Path) -> None:
    """By hand. Lemmas of replaced words are unknown; the multiword token stays."""
    (sentence,) = read_conllu(treebank)
    found = translation().sentence(sentence, 0)
    assert found.lines == (
        TREE.strip()
        .replace("3\tcat\tcat", "3\tkato\t_")
        .replace("4\tsees\tsee", "4\tvidas\t_")
        .replace("text = du cat sees.", "text = du kato vidas.")
    )
    assert [row[3:8] for row in found.words] == [row[3:8] for row in sentence.words]


def test_a_multiword_token_with_a_replaced_word_is_divided(treebank: Path) -> None:
    """The space that it rules out is ruled out after its last word."""
    treebank.write_text(
        TREE.replace("1-2\tdu" + "\t_" * 8, "1-2\tdu" + "\t_" * 7 + "\tSpaceAfter=No")
    )
    (sentence,) = read_conllu(treebank)
    found = translation([("le", "la")]).sentence(sentence, 0)
    assert [row[0] for row in found.rows] == ["1", "2", "3", "4", "4.1", "5"]
    assert found.rows[1] == ["2", "la", "_", "DET", "_", "_", "3", "det", "_", "SpaceAfter=No"]
    assert found.comments[1] == "# text = de lacat sees."


def translate(source: Path, dictionary: str, **settings: object) -> tuple[Path, dict]:
    folder = source.parent
    (folder / "words.tsv").write_text(dictionary, encoding="utf-8")
    output = folder / "made" / f"out{source.suffix}"
    output.parent.mkdir(exist_ok=True)
    report = folder / "report.json"
    translate_by_dictionary(source, [folder / "words.tsv"], SETTINGS | settings, output, report)
    return output, json.loads(report.read_text())


def test_entities_keep_their_tags_and_originals_come_first(tmp_path: Path) -> None:
    source = tmp_path / "train.iob2"
    source.write_text("# sent_id = a\nRex\tB-PER\nsees\tO\n\n", encoding="utf-8")
    output, report = translate(source, "sees\tvidas\n", with_original=True)
    one, two = read_iob2(output)
    assert (one.forms, one.tags, one.sent_id) == (["Rex", "sees"], ["B-PER", "O"], "a")
    assert (two.forms, two.tags) == (["Rex", "vidas"], ["B-PER", "O"])
    assert two.sent_id == "a-translated"
    assert report["counts"]["replaced"] == 1


def test_an_inverted_dictionary_translates_from_its_second_words(tmp_path: Path) -> None:
    source = tmp_path / "text.txt"
    source.write_text("cat\ndog sees\n")
    output, report = translate(source, "kato\tcat\n", inverted=True)
    assert output.read_text() == "kato\n"
    assert report["pairs"] == 1
    assert report["counts"]["kept_sentences"] == 1


def test_translated_evaluation_sentences_are_dropped(tmp_path: Path, treebank: Path) -> None:
    """A line is compared after translation, when it is in the language of the treebank."""
    source, (words, output, report) = tmp_path / "text.txt", (tmp_path / n for n in "wor")
    source.write_text("du chat voit .\nthe chat voit\n")
    words.write_text("chat\tcat\nvoit\tsees\n")
    translate_by_dictionary(source, [words], SETTINGS, output, report, [treebank])
    assert output.read_text() == "the cat sees\n"
    assert json.loads(report.read_text())["lines_dropped"] == {EQUAL: 1}


@pytest.mark.parametrize(
    ("dictionary", "problem"),
    [
        ("cat\tbig cat\n", "words.tsv:1: 3 words, not a source word and a target word"),
        ("wolf\tlupo\n", "no sentence has 1 words with an entry"),
        ("cat\t_\n", "the dictionary has no usable pair"),
    ],
    ids=["several words", "another language", "nothing usable"],
)
def test_unusable_dictionaries_are_refused(dictionary: str, problem: str, treebank: Path) -> None:
    with pytest.raises(InputError, match=problem.replace(".", r"\.")) as error:
        translate(treebank, dictionary)
    assert "\n" not in str(error.value)
