"""Transliteration: published examples, round trips, aligned annotation, every character counted."""

from __future__ import annotations

import codecs
import json
import subprocess
import sys
import unicodedata
from collections import Counter
from pathlib import Path

import pytest
from conftest import ROOT
from hypothesis import given, settings
from hypothesis import strategies as st
from xltransfer.corpora.conllu import FORM, ID, LEMMA, read_conllu
from xltransfer.corpora.embedded_world.writing import LATIN, SCRIPTS, romanise, write
from xltransfer.corpora.iob import read_iob2
from xltransfer.corpora.table_reader import read_table
from xltransfer.corpora.transliteration.loading import load_scheme
from xltransfer.corpora.transliteration.rules import read_rules
from xltransfer.corpora.transliteration.schemes import read_schemes, scheme_files
from xltransfer.corpora.transliteration.table import TableScheme
from xltransfer.corpora.transliteration.transliterator import Transliterator
from xltransfer.runtime.errors import InputError
from xltransfer.stages.transliterate import transliterate

SCHEMES = ROOT / "resources" / "transliteration"
HEADER = "source\ttarget\tafter\tbefore\tnote\n"


def read_examples() -> dict[str, dict[str, str]]:
    """Scheme → word → the word as it is published in Latin letters."""
    examples: dict[str, dict[str, str]] = {}
    columns = ("scheme", "original", "romanised", "source")
    for _, row in read_table(SCHEMES / "examples.tsv", columns):
        examples.setdefault(row["scheme"], {})[row["original"]] = row["romanised"]
    return examples


EXAMPLES = read_examples()
PACKAGES = {"uroman": "uroman", "hepburn": "sudachipy"}
REVERSIBLE = [name for name, row in read_schemes(SCHEMES).items() if row.reversible]


def scheme_or_skip(name: str):
    kind = read_schemes(SCHEMES)[name].kind
    if kind in PACKAGES:
        pytest.importorskip(PACKAGES[kind])
    return load_scheme(name, SCHEMES)


def test_every_scheme_has_examples():
    assert set(EXAMPLES) == set(read_schemes(SCHEMES))


@pytest.mark.parametrize("name", EXAMPLES)
def test_published_examples(name):
    scheme = scheme_or_skip(name)
    assert len(EXAMPLES[name]) >= 20
    spelled = {word: scheme.transliterate(word) for word in EXAMPLES[name]}
    assert spelled == EXAMPLES[name]


def words_of(name: str) -> st.SearchStrategy[str]:
    """Words in the letters of a scheme: in lower case, capitalised or in capitals.

    Letters without case in Latin (ь) start no capitalised word, and a word in capitals has two
    letters with case: otherwise nobody could tell that it is in capitals.
    """
    rules = read_rules([Path(path) for path in scheme_files(name, SCHEMES)])

    def forms(drawn):
        word = "".join(rule.source for rule in drawn)
        cased = [rule.target.upper() != rule.target for rule in drawn]
        capitalised = word[:1].upper() + word[1:] if cased[:1] == [True] else word
        return st.sampled_from([word, capitalised, word.upper() if sum(cased) > 1 else word])

    return st.lists(st.sampled_from(rules), max_size=12).flatmap(forms)


@pytest.mark.parametrize("name", REVERSIBLE)
@settings(max_examples=30)
@given(data=st.data())
def test_reversible_schemes_come_back(name, data):
    scheme = load_scheme(name, SCHEMES)
    words = data.draw(st.lists(words_of(name), max_size=4))
    latin = [scheme.transliterate(word) for word in words]
    assert scheme.reverse(" ".join(latin)) == " ".join(words)
    assert all(word == "" or text.strip() for word, text in zip(words, latin, strict=True))


def test_letters_may_be_composed_or_not() -> None:
    """Annotated text is not cleaned before, as raw text is, and must come out the same."""
    for scheme, word in (("uyghur-uly", "ئۇيغۇر"), ("erzya-iso9", "йӱк"), ("cyrillic-iso9", "йод")):
        transliterator = Transliterator(load_scheme(scheme, SCHEMES))
        apart = unicodedata.normalize("NFD", word)
        assert apart != word
        assert transliterator.text(apart) == transliterator.text(word)
        assert transliterator.uncounted(apart) == transliterator.uncounted(word)


@given(st.text(LATIN + " .,1"), st.sampled_from([s for s in SCRIPTS if s != "Latn"]))
def test_embedded_world_agrees(text, script):
    scheme = load_scheme(f"embedded-{script.lower()}", SCHEMES)
    written = write(text, script)
    assert scheme.transliterate(written) == romanise(written, script) == text
    assert scheme.reverse(text) == written


@pytest.mark.parametrize("name", ["uyghur-turkish", "georgian-national", "arabic-buckwalter"])
@given(data=st.data())
def test_longest_match_by_another_implementation(name, data):
    rules = read_rules([Path(path) for path in scheme_files(name, SCHEMES)])
    table = {rule.source: rule.target for rule in rules}
    word = data.draw(st.text("".join(table) + "xж1 "))
    expected, rest = "", word
    while rest:
        length = next((n for n in (3, 2, 1) if rest[:n] in table), 0)
        expected += table[rest[:length]] if length else rest[0]
        rest = rest[length or 1 :]
    assert load_scheme(name, SCHEMES).transliterate(word) == expected


TABLES = [name for name, row in read_schemes(SCHEMES).items() if row.kind == "table"]


@given(st.sampled_from(TABLES), st.lists(st.text(), max_size=5))
def test_no_character_is_lost_and_no_space_added(name, texts):
    transliterator = Transliterator(load_scheme(name, SCHEMES), limit=2)
    for text in texts:
        latin = transliterator.text(text)
        assert Counter(filter(str.isspace, latin)) == Counter(filter(str.isspace, text))
    report = transliterator.report()
    counts = report["characters"]
    assert counts["total"] == sum(len(text) - text.count("\n") for text in texts)
    assert counts["total"] == counts["by_rule"] + counts["kept"] + counts["without_rule"]
    assert sum(report["rules"].values()) == counts["by_rule"]
    assert sum(item["count"] for item in report["without_rule"]) == counts["without_rule"]


def table_scheme(tmp_path: Path, rows: str, reversible: bool = False) -> TableScheme:
    path = tmp_path / "table.tsv"
    path.write_text(HEADER + rows, encoding="utf-8")
    return TableScheme("test", read_rules([path]), reversible)


def test_conditions_and_case(tmp_path):
    rows = "{v}\tа у\t\t\t\nе\tye\t# {v}\t\t\nе\te\t\t\t\nщ\tshch\t\t\t\nн\tnn\t\tU+0301 #\t\n"
    scheme = table_scheme(tmp_path, rows)
    words = ["е", "щеЕ", "уе", "Уе", "УЕ", "Ще", "ЩЕ", "Щ", "Щ.Е.", "н-е", "нн\u0301"]
    expected = ["ye", "shcheE", "уye", "Уye", "УYE", "Shche", "SHCHE", "Shch", "Shch.Ye.", "nn-ye"]
    assert list(map(scheme.transliterate, words)) == [*expected, "нnn\u0301"]


@pytest.mark.parametrize(
    ("rows", "line", "problem"),
    [
        ("а\ta\t\t\n", 2, "columns"),
        ("а\ta\t\t\t\nа\tb\t\t\t\n", 3, "same place at"),
        ("а\ta\t{v}\t\t\n", 2, "no class {v}"),
        ("А\ta\t\t\t\n", 2, "lower case"),
        ("\ta\t\t\t\n", 2, "empty"),
        ("а\ta b\t\t\t\n", 2, "space"),
        ("U+64E\ta\t\t\t\n", 2, "U+064E"),
        ("U+FFFFFF\ta\t\t\t\n", 2, "U+10FFFF"),
    ],
)
def test_broken_tables(tmp_path, rows, line, problem):
    with pytest.raises(InputError) as error:
        table_scheme(tmp_path, rows)
    assert str(error.value).startswith(f"{tmp_path / 'table.tsv'}:{line}: ")
    assert problem in str(error.value) and "\n" not in str(error.value)


@pytest.mark.parametrize("row", ["б\ta\t\t\t\n", "б\tb\t#\t\t\n", "б\t\t\t\t\n"])
def test_tables_that_cannot_be_reversed(tmp_path, row):
    with pytest.raises(InputError, match=r"table.tsv:3: .*reversible"):
        table_scheme(tmp_path, "а\ta\t\t\t\n" + row, reversible=True)


@pytest.mark.parametrize(
    ("row", "problem"),
    [
        ("a\t\ttable\tx.tsv\t\tno\t\na\t\ttable\tx.tsv\t\tno\t", r":3: .*twice"),
        ("a\t\ticu\tx.tsv\t\tno\t", r":2: kind 'icu'"),
        ("a\t\ttable\t\t\tno\t", r":2: .*names no table"),
        ("a\t\turoman\tx.tsv\t\tno\t", r":2: .*names tables"),
        ("a\t\turoman\t\t\tyes\t", r":2: only schemes"),
        ("a\t\ttable\tx.tsv\t\tmaybe\t", r":2: reversible"),
        ("b\t\ttable\tx.tsv\t\tno\t", r"no scheme 'a'; .*b"),
        ("a\t\ttable\tx.tsv\t\tno\t", r"x.tsv: cannot be read"),
    ],
)
def test_broken_schemes(tmp_path, row, problem):
    header = "scheme\tdescription\tkind\ttables\tlanguage\treversible\tsource\n"
    (tmp_path / "schemes.tsv").write_text(header + row + "\n", encoding="utf-8")
    with pytest.raises(InputError, match=problem):
        load_scheme("a", tmp_path)


@pytest.mark.parametrize("name", ["uroman", "japanese-hepburn"])
def test_missing_package(monkeypatch, name):
    for module in ("uroman", "sudachipy"):
        monkeypatch.setitem(sys.modules, module, None)
    monkeypatch.setattr(
        "xltransfer.corpora.transliteration.universal._loaded", lambda: __import__("uroman")
    )
    with pytest.raises(InputError, match="pip install"):
        load_scheme(name, SCHEMES).transliterate("東")


def test_only_reversible_schemes_reverse():
    with pytest.raises(ValueError, match="not reversible"):
        load_scheme("uyghur-uly", SCHEMES).reverse("uyghur")


TREEBANK = """# sent_id = 1
# text = В Перми  нет "щей с мясом"ӷ.
# text_en = В Perm
1-2	В Перми	_	_	_	_	_	_	_	_
1	В	в	ADP	_	_	2	case	_	_
2	Перми	Пермь	PROPN	_	Case=Loc	3	obl	_	Note=Перми
3	нет	нет	VERB	_	_	0	root	_	_
3.1	щи	щи	NOUN	_	_	_	_	3:nsubj	_
4	"	"	PUNCT	_	_	5	punct	_	SpaceAfter=No
5	щей с мясом	щи	NOUN	_	_	3	nsubj	_	SpaceAfter=No
6	"	"	PUNCT	_	_	5	punct	_	SpaceAfter=No
7	ӷ	_	X	_	_	3	dep	_	SpaceAfter=No
8	.	.	PUNCT	_	_	3	punct	_	_

"""


def test_treebank(tmp_path):
    source, output = tmp_path / "in.conllu", tmp_path / "out.conllu"
    source.write_text(TREEBANK, encoding="utf-8")
    report = transliterate(source, output, "russian-bgn", SCHEMES)
    lines = output.read_text(encoding="utf-8").split("\n")
    assert lines[1] == '# text = V Permi  net "shchey s myasom"ӷ.'
    forms = ["V Permi", "V", "Permi", "net", "shchi", '"', "shchey s myasom", '"', "ӷ", "."]
    assert [line.split("\t")[1] for line in lines[3:-2]] == forms
    for before, after in zip(TREEBANK.split("\n")[3:], lines[3:], strict=True):
        assert before.split("\t")[2:] == after.split("\t")[2:]
    assert lines[0] == "# sent_id = 1" and lines[2] == "# text_en = В Perm"
    assert report["without_rule"] == [
        {"character": "ӷ", "code_point": "U+04F7", "count": 1}
        | {"name": "CYRILLIC SMALL LETTER GHE WITH DESCENDER"}
    ]
    assert report["characters"] == {"total": 33, "by_rule": 26, "kept": 6, "without_rule": 1}
    assert report["texts"] == {"total": 1, "unaligned": 0}


def test_lemmas_and_texts_that_do_not_fit(tmp_path):
    source, output = tmp_path / "in.conllu", tmp_path / "out.conllu"
    source.write_text(TREEBANK.replace('нет "щей', 'нет, "щей'), encoding="utf-8")
    report = transliterate(source, output, "russian-bgn", SCHEMES, lemmas=True)
    sentence = read_conllu(output)[0]
    assert sentence.column(LEMMA) == ["v", "Permʹ", "net", '"', "shchi", '"', "_", "."]
    assert sentence.comments[1] == '# text = V Permi  net, "shchey s myasom"ӷ.'
    assert report["texts"] == {"total": 1, "unaligned": 1}


def test_entities_keep_words_of_which_nothing_is_left(tmp_path):
    source, output = tmp_path / "in.iob2", tmp_path / "out.iob2"
    source.write_text("شىنجاڭ\tB-LOC\nـ\tI-LOC\n،\tO\n\n", encoding="utf-8")
    report = transliterate(source, output, "uyghur-uly", SCHEMES)
    sentence = read_iob2(output)[0]
    assert (sentence.forms, sentence.tags) == (["shinjang", "ـ", ","], ["B-LOC", "I-LOC", "O"])
    assert report["words"] == {"total": 3, "kept": 1}


def test_raw_text_in_batches(tmp_path, monkeypatch):
    source, output = tmp_path / "in.txt", tmp_path / "out.txt"
    source.write_bytes("Щука\r\n\n№ 5 ЩУКА 😀\tΩ latin é\nбез конца".encode())
    whole = transliterate(source, output, "russian-bgn", SCHEMES)
    text = "Shchuka\r\n\n№ 5 SHCHUKA 😀\tΩ latin é\nbez kontsa".encode()
    assert output.read_bytes() == text
    monkeypatch.setattr("xltransfer.corpora.transliteration.documents._BATCH", 1)
    assert transliterate(source, output, "russian-bgn", SCHEMES) == whole
    assert output.read_bytes() == text and whole["lines"] == 4
    assert whole["kept"] == {"latin": 6, "spaces": 8, "digits": 1, "symbols": 1, "emoji": 1}
    assert [item["code_point"] for item in whole["without_rule"]] == ["U+03A9"]


def test_words_are_separated_in_running_text_only():
    pytest.importorskip("sudachipy")
    sentence = "私は学校へ行く。ABC"
    word, text = (load_scheme("japanese-hepburn", SCHEMES, running) for running in (False, True))
    assert word.transliterate(sentence) == "watakushiwagakkōeiku。ABC"
    assert text.transliterate(sentence) == "watakushi wa gakkō e iku。ABC"


@pytest.mark.parametrize("mark", [b"", codecs.BOM_UTF8])
def test_command_line(mark, tmp_path):
    source = tmp_path / "in.txt"
    source.write_bytes(mark + "а\n".encode() + b"\xffbc\n\n")
    command = [
        sys.executable,
        "-m",
        "xltransfer",
        "transliterate",
        "--output",
        tmp_path / "out.txt",
    ]
    command += ["--source", source, "--scheme", "russian-iso9", "--schemes", SCHEMES]
    command += ["--report", tmp_path / "report.json"]
    failed = subprocess.run(command, capture_output=True, text=True)
    assert failed.returncode == 2
    assert (
        failed.stderr == f"error: {source}:2: byte 0xff is not UTF-8; convert the file to UTF-8\n"
    )
    source.write_text("Пермь\n", encoding="utf-8")
    subprocess.run(command, check=True, capture_output=True)
    assert (tmp_path / "out.txt").read_text(encoding="utf-8") == "Permʹ\n"
    assert json.loads((tmp_path / "report.json").read_text())["characters"]["by_rule"] == 5
    for name, problem in [("x.csv", "ends in none of"), ("x.txt", "cannot be read")]:
        with pytest.raises(InputError, match=problem):
            transliterate(tmp_path / name, tmp_path / "y", "uroman", SCHEMES)
    with pytest.raises(InputError, match="leave out --lemmas"):
        transliterate(source, tmp_path / "y", "uroman", SCHEMES, lemmas=True)


REAL = {
    "UD_Uyghur-UDT": "uyghur-uly",
    "UD_Erzya-JR": "erzya-iso9",
    "UD_Buryat-BDT": "buryat-iso9",
    "UD_Russian-PUD": "russian-iso9",
    "UD_Russian-GSD": "russian-bgn",
    "UD_Arabic-PUD": "arabic-readable",
    "UD_Korean-PUD": "korean-uroman",
    "UD_Thai-PUD": "thai-uroman",
    "UD_Hindi-PUD": "hindi-uroman",
}


@pytest.mark.parametrize("lemmas", [False, True])
@pytest.mark.parametrize("treebank", REAL)
def test_real_treebanks_change_in_their_forms_only(shared, tmp_path, treebank, lemmas):
    scheme_or_skip(REAL[treebank])
    found = next(iter(sorted((shared / "ud" / treebank).glob("*.conllu"))), None)
    if found is None:
        pytest.skip(f"no {treebank}")
    sentences = found.read_text(encoding="utf-8").split("\n\n")[:100]
    source, output = tmp_path / "in.conllu", tmp_path / "out.conllu"
    source.write_text("\n\n".join(sentences) + "\n\n", encoding="utf-8")
    report = transliterate(source, output, REAL[treebank], SCHEMES, lemmas)
    changed = {FORM, LEMMA} if lemmas else {FORM}
    characters = 0
    for before, after in zip(read_conllu(source), read_conllu(output), strict=True):
        assert len(before.comments) == len(after.comments)
        for old, new in zip(before.comments, after.comments, strict=True):
            assert old == new or old.startswith("# text =")
        for old, new in zip(before.rows, after.rows, strict=True):
            assert all(old[c] == new[c] for c in range(10) if c not in changed)
            assert old[FORM].count(" ") == new[FORM].count(" ") and new[FORM].strip()
            characters += sum(len(old[column]) for column in changed)
        in_ranges = {n for r in after.rows if "-" in r[ID] for n in _range(r[ID])}
        text = next(c for c in after.comments if c.startswith("# text =")).partition("=")[2]
        surface = [r[FORM] for r in after.rows if "." not in r[ID] and r[ID] not in in_ranges]
        assert "".join(text.split()) == "".join("".join(surface).split())
    assert report["characters"]["total"] == characters
    assert report["characters"]["without_rule"] == 0 < report["characters"]["by_rule"]


def _range(identifier: str) -> list[str]:
    first, last = map(int, identifier.split("-"))
    return [str(number) for number in range(first, last + 1)]


def test_uyghur_as_its_treebank_romanises_it(shared):
    scheme = load_scheme("uyghur-uly", SCHEMES)
    path = shared / "ud" / "UD_Uyghur-UDT" / "ug_udt-ud-dev.conllu"
    if not path.exists():
        pytest.skip("no UD_Uyghur-UDT")
    pairs = [
        (scheme.transliterate(word[FORM]).replace("'", ""), item.partition("=")[2])
        for sentence in read_conllu(path)
        for word in sentence.words
        for item in word[-1].split("|")
        if item.startswith("Translit=")
    ]
    # The treebank leaves out the apostrophes.
    assert len(pairs) > 5000
    assert sum(ours == theirs for ours, theirs in pairs) / len(pairs) > 0.999
