"""CoNLL-U: what is read is what is written, and what is malformed is refused where it is."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from xltransfer.corpora import conllu as conllu_module
from xltransfer.corpora.conllu import DEPREL, HEAD, read_conllu, write_conllu
from xltransfer.corpora.conllu_arrays import Blocks, find_sentences
from xltransfer.runtime.errors import InputError

GOOD = """\
# sent_id = 1
# text = Il va au bois
1\tIl\til\tPRON\t_\t_\t2\tnsubj\t2:nsubj\t_
2\tva\taller\tVERB\t_\t_\t0\troot\t0:root\t_
2.1\tdort\tdormir\tVERB\t_\t_\t_\t_\t2:conj\t_
3-4\tau\t_\t_\t_\t_\t_\t_\t_\t_
3\tà\tà\tADP\t_\t_\t5\tcase\t5:case\t_
4\tle\tle\tDET\t_\t_\t5\tdet\t5:det\t_
5\tbois\tbois\tNOUN\t_\tGender=Masc\t2\tobl\t2:obl:à\tSpaceAfter=No

# a comment with\ttabs
1\tOui\toui\tINTJ\t_\t_\t0\troot\t0:root\t_

"""


def write(path: Path, text: str | bytes) -> Path:
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def test_round_trip_keeps_every_byte(tmp_path: Path) -> None:
    source = write(tmp_path / "in.conllu", GOOD)
    sentences = read_conllu(source)
    write_conllu(tmp_path / "out.conllu", sentences)
    assert (tmp_path / "out.conllu").read_bytes() == source.read_bytes()
    assert [len(sentence.words) for sentence in sentences] == [5, 1]
    assert [len(sentence.rows) for sentence in sentences] == [7, 1]
    assert sentences[0].heads == [2, 0, 5, 5, 2]
    assert sentences[0].forms == ["Il", "va", "à", "le", "bois"]
    assert sentences[0].sent_id == "1"
    assert sentences[1].sent_id is None


def test_windows_line_ends_are_read_and_normalised(tmp_path: Path) -> None:
    source = write(tmp_path / "in.conllu", GOOD.replace("\n", "\r\n"))
    write_conllu(tmp_path / "out.conllu", read_conllu(source))
    assert (tmp_path / "out.conllu").read_text(encoding="utf-8") == GOOD


def test_unicode_line_separators_do_not_end_lines(tmp_path: Path) -> None:
    text = GOOD.replace("bois\tbois", "bo\u2028is\tbo\u0085is")
    sentences = read_conllu(write(tmp_path / "in.conllu", text))
    assert sentences[0].forms[-1] == "bo\u2028is"


def test_replaced_columns_leave_the_rest_alone(tmp_path: Path) -> None:
    sentence = read_conllu(write(tmp_path / "in.conllu", GOOD))[0]
    changed = sentence.with_columns({HEAD: list("01111"), DEPREL: ["root", *["dep"] * 4]})
    assert changed.heads == [0, 1, 1, 1, 1]
    assert sentence.heads == [2, 0, 5, 5, 2]
    assert changed.comments == sentence.comments
    untouched = [row for row in changed.rows if not row[0].isdigit()]
    assert untouched == [row for row in sentence.rows if not row[0].isdigit()]
    assert [row[8:] for row in changed.rows] == [row[8:] for row in sentence.rows]


BROKEN = {
    "nine columns": (GOOD.replace("\tSpaceAfter=No", ""), 9, "9 columns"),
    "spaces for tabs": (GOOD.replace("Il\til", "Il il"), 3, "9 columns"),
    "cycle": (GOOD.replace("\t5\tcase", "\t4\tcase").replace("\t5\tdet", "\t3\tdet"), 3, "cycle"),
    "own head": (GOOD.replace("\t5\tcase", "\t3\tcase"), 3, "cycle"),
    "no root": (
        GOOD.replace("\t0\troot\t0:root\t_\n2.1", "\t1\troot\t0:root\t_\n2.1"),
        3,
        "no roots",
    ),
    "two roots": (GOOD.replace("\t2\tnsubj\t", "\t0\tnsubj\t"), 3, "2 roots"),
    "head out of range": (GOOD.replace("\t5\tdet", "\t6\tdet"), 8, "beyond the last word, 5"),
    "negative head": (GOOD.replace("\t5\tdet", "\t-1\tdet"), 8, "not an integer"),
    "head missing": (GOOD.replace("\t5\tdet", "\t_\tdet"), 8, "not an integer"),
    "non-integer id": (GOOD.replace("\n5\tbois", "\nfive\tbois"), 9, "'five'"),
    "id skipped": (GOOD.replace("\n5\tbois", "\n6\tbois"), 9, "ID 6 where 5"),
    "id repeated": (GOOD.replace("\n5\tbois", "\n4\tbois"), 9, "ID 4 where 5"),
    "backward range": (GOOD.replace("3-4", "4-3"), 6, "'4-3'"),
    "misplaced empty node": (GOOD.replace("2.1", "4.1"), 5, "'4.1'"),
    "empty form": (GOOD.replace("5\tbois", "5\t"), 9, "empty FORM"),
    "not UTF-8": (GOOD.encode().replace("à".encode(), b"\xe0", 1), 7, "0xe0 is not UTF-8"),
    "truncated last sentence": (GOOD[:-1], 13, "ends inside a sentence"),
    "truncated last row": (GOOD[:-20], 12, "ends inside a sentence"),
    "blank lines": (GOOD.replace("No\n\n", "No\n\n\n"), 11, "empty line without a sentence"),
    "comments alone": (GOOD + "# end\n\n", 15, "empty line without a sentence"),
    "nothing": ("", 1, "no sentence"),
}

STRANGE = {
    "one comment with tabs alone": ("# a\t\tb\n\n", 2, "empty line without a sentence"),
    "head with a leading zero": (GOOD.replace("\t5\tdet", "\t05\tdet"), 8, "HEAD '05' of word 4"),
    "head with a sign": (GOOD.replace("\t5\tdet", "\t+5\tdet"), 8, "HEAD '+5' of word 4"),
    "head in Arabic digits": (GOOD.replace("\t5\tdet", "\t٥\tdet"), 8, "not an integer"),
    "head after a blank": (GOOD.replace("\t5\tdet", "\t 5\tdet"), 8, "HEAD starts with white"),
    "head before a blank": (GOOD.replace("\t5\tdet", "\t5 \tdet"), 8, "not an integer"),
    "head of thousands of digits": (
        GOOD.replace("\t5\tdet", f"\t{'5' * 5000}\tdet"),
        8,
        "HEAD '55",
    ),
    "id with a leading zero": (GOOD.replace("\n5\tbois", "\n05\tbois"), 9, "'05'"),
    "id in Devanagari digits": (GOOD.replace("\n5\tbois", "\n५\tbois"), 9, "'५'"),
    "id of thousands of digits": (GOOD.replace("\n5\tb", f"\n{'5' * 5000}\tb"), 9, "ID '55"),
    "range of thousands of digits": (GOOD.replace("3-4", f"3-{'4' * 5000}"), 6, "'3-44"),
    "range with a leading zero": (GOOD.replace("3-4", "3-04"), 6, "'3-04'"),
    "range beyond the last word": (
        GOOD.replace("3-4", "3-6"),
        6,
        "'3-6' ends beyond the last word",
    ),
    "range before other words": (GOOD.replace("3-4", "4-5"), 6, "'4-5' is no range of words to"),
    "overlapping ranges": (
        GOOD.replace("\n4\tle", "\n4-5\tx" + "\t_" * 8 + "\n4\tle"),
        8,
        "'4-5' overlaps",
    ),
    "the same range twice": (
        GOOD.replace("\n3\tà", "\n3-4\tx" + "\t_" * 8 + "\n3\tà"),
        7,
        "'3-4' overlaps",
    ),
    "empty nodes out of order": (GOOD.replace("2.1", "2.2"), 5, "'2.2' where 2.1"),
    "empty node with a leading zero": (GOOD.replace("2.1", "2.01"), 5, "'2.01'"),
    "empty deprel": (GOOD.replace("\t5\tdet", "\t5\t"), 8, "empty DEPREL"),
    "blank deprel": (GOOD.replace("\t5\tdet", "\t5\t "), 8, "DEPREL"),
    "empty upos": (GOOD.replace("le\tDET", "le\t"), 8, "empty UPOS"),
    "empty cell of a multiword token": (GOOD.replace("au\t_", "au\t"), 6, "empty LEMMA"),
    "carriage return in a line": (GOOD.replace("le\tDET", "l\re\tDET"), 8, "carriage return"),
}
"""What other programs read otherwise, or not at all."""


@pytest.mark.parametrize("name", [*BROKEN, *STRANGE])
def test_malformed_input_is_refused_with_line_and_reason(name: str, tmp_path: Path) -> None:
    text, line, reason = {**BROKEN, **STRANGE}[name]
    path = write(tmp_path / "broken.conllu", text)
    with pytest.raises(InputError) as caught:
        read_conllu(path)
    message = str(caught.value)
    assert message.startswith(f"{path}:{line}: "), message
    assert reason in message
    assert message.isprintable()


def test_numbers_that_are_read_are_those_that_are_compared(tmp_path: Path) -> None:
    """The CoNLL 2018 evaluator reads integers; heads are compared as they are written."""
    for head in ("2", "02", "+2", "٢", "２", "²"):
        path = write(tmp_path / "in.conllu", GOOD.replace("\t2\tobl", f"\t{head}\tobl"))
        with ExitStack() as stack:
            if head != "2":
                stack.enter_context(pytest.raises(InputError, match=r":9: HEAD '.*' of word 5 is"))
            assert read_conllu(path)[0].column(HEAD)[-1] == str(read_conllu(path)[0].heads[-1])


def test_missing_file_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"nowhere\.conllu: cannot be read"):
        read_conllu(tmp_path / "nowhere.conllu")


def test_failed_writing_leaves_nothing(tmp_path: Path) -> None:
    def sentences():
        yield from read_conllu(write(tmp_path / "in.conllu", GOOD))
        raise RuntimeError("disk on fire")

    with pytest.raises(RuntimeError):
        write_conllu(tmp_path / "out.conllu", sentences())
    assert [path.name for path in tmp_path.iterdir()] == ["in.conllu"]


forms = st.text(
    st.characters(blacklist_categories=("Cs", "Cc", "Zs", "Zl", "Zp")), min_size=1, max_size=8
)


@st.composite
def trees(draw: st.DrawFn) -> str:
    """A random sentence: every word hangs on an earlier one in a random order."""
    count = draw(st.integers(1, 8))
    order = draw(st.permutations(range(1, count + 1)))
    heads = {order[0]: 0}
    for place in range(1, count):
        heads[order[place]] = draw(st.sampled_from(order[:place]))
    words = [draw(forms) for _ in range(count)]
    rows = [
        f"{n}\t{word}\t_\tX\t_\t_\t{heads[n]}\tdep:x\t_\t_\n"
        for n, word in enumerate(words, start=1)
    ]
    return "".join(rows) + "\n"


@given(st.lists(trees(), min_size=1, max_size=4))
@settings(max_examples=60)
def test_any_valid_file_round_trips(tmp_path_factory: pytest.TempPathFactory, sentences) -> None:
    folder = tmp_path_factory.mktemp("round-trip")
    source = write(folder / "in.conllu", "".join(sentences))
    write_conllu(folder / "out.conllu", read_conllu(source))
    assert (folder / "out.conllu").read_bytes() == source.read_bytes()


def test_real_treebanks_round_trip(shared: Path, tmp_path: Path) -> None:
    """Every treebank at hand is valid and comes back byte for byte."""
    files = sorted((shared / "ud").glob("*/*.conllu"))
    assert files
    for path in files:
        write_conllu(tmp_path / "out.conllu", read_conllu(path))
        assert (tmp_path / "out.conllu").read_bytes() == path.read_bytes(), path


def test_agrees_with_an_independent_reader(shared: Path) -> None:
    """The conllu library reads the same forms, heads and relations."""
    conllu = pytest.importorskip("conllu")
    path = shared / "ud" / "UD_French-PUD" / "fr_pud-ud-test.conllu"
    expected = conllu.parse(path.read_text(encoding="utf-8"))
    for sentence, other in zip(read_conllu(path), expected, strict=True):
        words = [token for token in other if isinstance(token["id"], int)]
        assert sentence.forms == [token["form"] for token in words]
        assert sentence.heads == [token["head"] for token in words]
        assert sentence.column(DEPREL) == [token["deprel"] for token in words]


BRITTLE = [
    "\t",
    "\n",
    "\n\n",
    "#",
    "0",
    "1",
    "2",
    "01",
    "-",
    ".",
    "_",
    " ",
    "\r",
    "\u3000",
    "²",
    "٣",
    "3-5",
    "2.2",
    "\t\t",
]


@given(st.data())
@settings(max_examples=300)
def test_bulk_and_row_by_row_checks_agree(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    """Whatever happens to a file, it is read alike whether or not rows are checked one by one."""
    text = GOOD
    for _ in range(data.draw(st.integers(1, 2))):
        place = data.draw(st.integers(0, len(text)))
        skipped = data.draw(st.integers(0, 2))
        text = text[:place] + data.draw(st.sampled_from(BRITTLE)) + text[place + skipped :]
    path = write(tmp_path_factory.mktemp("agree") / "in.conllu", text)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(conllu_module, "find_sentences", all_doubtful)
        one_by_one = outcome(path)
    assert outcome(path) == one_by_one


def all_doubtful(*arguments) -> Blocks:
    found = find_sentences(*arguments)
    found.valid[:] = False
    return found


def outcome(path: Path) -> str | list:
    try:
        return [(s.comments, s.rows, s.words, s.lines) for s in read_conllu(path)]
    except InputError as error:
        return str(error)


def test_ordinary_rows_are_not_checked_one_by_one() -> None:
    assert find_sentences(GOOD).valid.all()


def test_sentences_that_are_changed_are_written_changed(tmp_path: Path) -> None:
    sentence = read_conllu(write(tmp_path / "in.conllu", GOOD))[0]
    assert sentence.columns(HEAD, DEPREL) == [["2", "0", "5", "5", "2"], sentence.column(DEPREL)]
    sentence.words[0][HEAD] = "5"
    assert sentence.heads == [5, 0, 5, 5, 2]
    assert sentence.lines == GOOD[: GOOD.index("\n\n")].replace("\t2\tnsubj", "\t5\tnsubj")
