"""Tokenizer statistics: by hand, against a plain loop over lines, streamed, in a table, drawn."""

from __future__ import annotations

import json
import tracemalloc
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from conftest import EMBEDDED_ENCODER
from hypothesis import given
from hypothesis import strategies as st
from running import stage
from tokenizers import Regex, Tokenizer, models, normalizers, pre_tokenizers, processors, trainers
from xltransfer.analyses.plots import save_figure
from xltransfer.analyses.tokenizers.statistics_table import NUMBERS
from xltransfer.analyses.tokenizers.tokenizer_figure import tokenizer_stats_figure
from xltransfer.analyses.tokenizers.tokenizer_statistics import (
    CountingTokenizer,
    DistinctWords,
    tokenizer_statistics,
)
from xltransfer.encoders.tokenizer import WordTokenizer
from xltransfer.runtime.errors import InputError
from xltransfer.stages.count_pieces import count_pieces, raw_sentences
from xltransfer.stages.tokenizer_table import tokenizer_table

from benchmarks.workers.plain import plain_statistics

TEXT = ["the cat sat on the mat", "Ein Käse für große Bären", "кот сел на мат", "unbelievable cats"]
KINDS = {"wordpiece": "[UNK]", "unigram": "<unk>", "bytes": None}
"""Kinds of tokenizers and their unknown pieces."""


def wordpiece() -> Tokenizer:
    tokenizer = Tokenizer(models.WordPiece(unk_token="[UNK]"))
    tokenizer.normalizer = normalizers.BertNormalizer(lowercase=False)
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    special = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
    trainer = trainers.WordPieceTrainer(vocab_size=70, special_tokens=special, show_progress=False)
    tokenizer.train_from_iterator(TEXT, trainer)
    tokenizer.post_processor = processors.BertProcessing(("[SEP]", 3), ("[CLS]", 2))
    return tokenizer


def unigram() -> Tokenizer:
    tokenizer = Tokenizer(models.Unigram())
    tokenizer.normalizer = normalizers.NFKC()
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace()
    special = ["<s>", "<pad>", "</s>", "<unk>"]
    trainer = trainers.UnigramTrainer(
        vocab_size=70, special_tokens=special, unk_token="<unk>", show_progress=False
    )
    tokenizer.train_from_iterator(TEXT, trainer)
    template = [("<s>", 0), ("</s>", 2)]
    tokenizer.post_processor = processors.TemplateProcessing("<s> $A </s>", special_tokens=template)
    return tokenizer


def byte_level() -> Tokenizer:
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=True)
    trainer = trainers.BpeTrainer(
        vocab_size=290,
        special_tokens=["<s>", "<pad>", "</s>", "<unk>"],
        initial_alphabet=sorted(pre_tokenizers.ByteLevel.alphabet()),
        show_progress=False,
    )
    tokenizer.train_from_iterator(TEXT, trainer)
    tokenizer.post_processor = processors.RobertaProcessing(("</s>", 2), ("<s>", 0))
    return tokenizer


@pytest.fixture(scope="module")
def directories(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """A directory with a tokenizer for each kind."""
    found = {}
    makers = {"wordpiece": wordpiece, "unigram": unigram, "bytes": byte_level}
    for kind, make in makers.items():
        found[kind] = tmp_path_factory.mktemp(kind)
        make().save(str(found[kind] / "tokenizer.json"))
    return found


WORDS = st.one_of(
    st.sampled_from(
        ["the", "cat", "cats", "unbelievable", "Käse", "мат", "a-b", "☃☃", "中文", "ไทย", "[UNK]",
         "<unk>", "\u200b", "\x01", "a\0b", "a\0c", "a", "10 000", "ﬁ", "e\u0301", "🙂"]
    ),
    st.text(st.sampled_from("thecaäк中☃-'▁Ġ\u0301\u200d\0"), min_size=1, max_size=6),
)  # fmt: skip


@pytest.mark.parametrize("kind", KINDS)
@given(lines=st.lists(st.lists(WORDS, max_size=8), max_size=8), chunk=st.integers(1, 30))
def test_equals_a_plain_loop_over_lines(
    kind: str, directories: dict, lines: list[list[str]], chunk: int
) -> None:
    tokenizer = CountingTokenizer(directories[kind])
    found = tokenizer_statistics(lines, tokenizer, chunk)
    assert found == plain_statistics(lines, directories[kind], KINDS[kind])


@pytest.mark.parametrize("kind", KINDS)
def test_equals_a_plain_loop_beyond_a_batch(kind: str, directories: dict) -> None:
    draws = np.random.default_rng(0)
    letters = np.array(list("thecasonmäßк中☃"))
    words = ["".join(draws.choice(letters, size)) for size in draws.integers(1, 7, size=3000)]
    lines = [words[start : start + 1 + start % 11] for start in range(0, len(words) - 11, 3)]
    found = tokenizer_statistics(lines, CountingTokenizer(directories[kind]), chunk=4000)
    assert found == plain_statistics(lines, directories[kind], KINDS[kind])


def nested_byte_level() -> Tokenizer:
    """As that of Llama 3: bytes are one step of several."""
    tokenizer = byte_level()
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Split(Regex(r" ?[^\s]+|\s+"), "isolated"),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
        ]
    )
    return tokenizer


def normalised_spaces() -> Tokenizer:
    """As that of Gemma: spaces are replaced before anything is split."""
    tokenizer = Tokenizer(models.BPE(byte_fallback=True))
    tokenizer.normalizer = normalizers.Replace(" ", "▁")
    tokenizer.pre_tokenizer = pre_tokenizers.Split("▁", "merged_with_next")
    trainer = trainers.BpeTrainer(vocab_size=80, special_tokens=["<pad>", "<unk>"],
                                  show_progress=False)  # fmt: skip
    tokenizer.train_from_iterator([f" {line}" for line in TEXT], trainer)
    return tokenizer


@pytest.mark.parametrize("make", [wordpiece, unigram, byte_level, nested_byte_level,
                                  normalised_spaces])  # fmt: skip
def test_words_are_read_as_after_a_space(make: Callable[[], Tokenizer], tmp_path: Path) -> None:
    """However a tokenizer marks spaces, words one by one have the pieces of running text."""
    tokenizer = make()
    tokenizer.save(str(tmp_path / "tokenizer.json"))
    words = ["cat", "the", "mat", "sat", "unbelievable", "a"]
    running = tokenizer.encode(f"a {' '.join(words)}", add_special_tokens=False)
    first = tokenizer.encode("a", add_special_tokens=False)
    (found,) = WordTokenizer(tmp_path)([words])
    assert found.pieces.tolist() == running.ids[len(first.ids) :]
    counts = CountingTokenizer(tmp_path).count(["a", "☃☃☃"])
    assert counts.single[0] == counts.pieces[0]


def test_numbers_by_hand(tmp_path: Path) -> None:
    names = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "cat", "##s", "un", "##cat", "dog", "never"]
    tokenizer = Tokenizer(
        models.WordPiece({name: place for place, name in enumerate(names)}, unk_token="[UNK]")
    )
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.add_special_tokens(names[:4])
    tokenizer.save(str(tmp_path / "tokenizer.json"))
    # cat | cat ##s | un ##cat ##s; [UNK] | cat [UNK] cat
    lines = [["cat", "cats", "uncats"], [], ["☃☃☃", "cat-cat"]]
    found = tokenizer_statistics(lines, CountingTokenizer(tmp_path))
    assert found == {
        "sentences": 2,
        "words": 5,
        "word_types": 5,
        "characters": 3 + 4 + 6 + 3 + 7,
        "pieces": 10,
        "fertility": 2.0,
        "continued_words": 60.0,
        "unknown_pieces": 20.0,
        "unknown_words": 40.0,
        "characters_per_piece": 2.3,
        "single_character_pieces": 30.0,  # ##s twice, and the hyphen
        "vocabulary_used": pytest.approx(100 * 4 / 6),  # cat ##s un ##cat
        "whole_types": 20.0,
        "sentence_pieces_50": 4,
        "sentence_pieces_90": 6,
        "sentence_pieces_99": 6,
        "sentence_pieces_max": 6,
    }


def test_pieces_are_those_that_encoders_are_given(directories: dict) -> None:
    """The numbers are about the input of models, so the two ways of splitting must agree."""
    words = [["the", "cats", "\u200b\x01", "☃"], ["unbelievable"]]
    for directory in directories.values():
        tokenizer = CountingTokenizer(directory)
        lengths = [len(sentence.pieces) for sentence in tokenizer(words)]
        found = tokenizer_statistics(words, tokenizer)
        assert found["pieces"] == sum(lengths)
        assert found["sentence_pieces_max"] == max(lengths)


def test_bytes_have_no_unknown_piece(directories: dict) -> None:
    """Also where the vocabulary starts with an ordinary piece and has a token of that name."""
    found = tokenizer_statistics([["☃", "<unk>!", "!"]], CountingTokenizer(directories["bytes"]))
    assert found["unknown_pieces"] == found["unknown_words"] == 0


@given(st.lists(st.lists(st.text(max_size=2), max_size=20), max_size=5))
def test_distinct_words_are_counted_once(chunks: list[list[str]]) -> None:
    types = DistinctWords(recent=5)
    for words in chunks:
        types.add(words, np.array([len(word) == 1 for word in words], dtype=bool))
    every = {word for words in chunks for word in words}
    assert types.numbers() == (len(every), sum(len(word) == 1 for word in every))


def test_raw_text_is_streamed(directories: dict, tmp_path: Path) -> None:
    def peak(repetitions: int) -> int:
        path = tmp_path / f"{repetitions}.txt"
        path.write_text("the cat sat on the mat\n\n" * repetitions, encoding="utf-8")
        tokenizer = CountingTokenizer(directories["wordpiece"])
        tracemalloc.start()
        found = tokenizer_statistics(raw_sentences(path), tokenizer, chunk=10_000)
        _, most = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        assert found["sentences"] == repetitions and found["words"] == 6 * repetitions
        return most

    assert peak(40_000) < 1.3 * peak(4_000)


CONLLU = """# sent_id = 1
1-2\tdas\t_\t_\t_\t_\t_\t_\t_\t_
1\tda\tda\tX\t_\t_\t0\troot\t_\t_
2\tcats\tcat\tX\t_\t_\t1\tdep\t_\t_

"""
NAMES = {"variety": "xx", "encoder": "tiny", "corpus": "xx_test", "part": "train"}


@pytest.mark.parametrize(
    ("name", "content", "kind", "words"),
    [
        ("a.conllu", CONLLU, "treebank", ["da", "cats"]),
        ("a.iob2", "cats\tB-PER\nsat\tO\n\n", "entities", ["cats", "sat"]),
        ("a.txt", "\ufeffcats  sat\u3000on\r\n\n", "raw text", ["cats", "sat", "on"]),
    ],
)
def test_words_of_each_kind_of_corpus(
    name: str, content: str, kind: str, words: list[str], directories: dict, tmp_path: Path
) -> None:
    (tmp_path / name).write_bytes(content.encode())
    count_pieces(directories["unigram"], tmp_path / name, NAMES, tmp_path / "out.json")
    expected = plain_statistics([words], directories["unigram"], "<unk>")
    found = json.loads((tmp_path / "out.json").read_text())
    assert found == {**NAMES, "kind": kind, **expected}


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("a.txt", b"ok\nnot \xff utf-8\n", "a.txt:2: byte 0xff is not UTF-8"),
        ("a.txt", b" \n\n", "a.txt:1: the file holds no words"),
        ("a.txt", None, "a.txt: cannot be read"),
        ("a.conllu", b"1\tx\n\n", "a.conllu:1: 2 columns instead of 10"),
        ("a.iob2", b"x\tI-PER\n\n", "a.iob2:1: "),
        ("a.xml", b"x\n", "a.xml: not a corpus"),
    ],
)
def test_broken_corpora_are_refused(
    name: str, content: bytes | None, message: str, directories: dict, tmp_path: Path
) -> None:
    if content is not None:
        (tmp_path / name).write_bytes(content)
    with pytest.raises(InputError, match=message) as caught:
        count_pieces(directories["bytes"], tmp_path / name, NAMES, tmp_path / "out.json")
    assert "\n" not in str(caught.value)
    assert not (tmp_path / "out.json").exists()


CONFIG = {
    "study": "a study",
    "config": "0123",
    "seeds": [1],
    "varieties": [
        {"code": "yy", "name": "Yish", "original": ""},
        {"code": "xx", "name": "Xish", "original": None},
        {"code": "zz", "name": "Zish", "original": ""},
        {"code": "xx_latn", "name": "Xish, Latin", "original": "xx"},
    ],
}


def write_counts(path: Path, **changes: object) -> Path:
    numbers = dict.fromkeys(NUMBERS, 10)
    row = {**NAMES, "kind": "treebank", "script": "Cyrl", **numbers, "fertility": 1.5, **changes}
    path.write_text(json.dumps(row), encoding="utf-8")
    return path


@pytest.fixture
def counts(tmp_path: Path) -> list[Path]:
    """Files of two tokenizers on three varieties, in no good order."""
    return [
        write_counts(
            tmp_path / f"{variety}-{encoder}-{part}.json", variety=variety, encoder=encoder,
            corpus=f"{variety}_test", part=part, kind=kind, fertility=fertility,
        )
        for variety, fertility in (("zz", 3.0), ("xx_latn", 1.25), ("xx", 2.0))
        for encoder in ("tiny", "bytes")
        for part, kind in (("train", "treebank"), ("test", "raw text"))
    ]  # fmt: skip


def test_table_has_transliterated_varieties_below_their_originals(
    counts: list[Path], tmp_path: Path
) -> None:
    tokenizer_table(counts, CONFIG, tmp_path / "tables")
    table = pd.read_csv(tmp_path / "tables" / "tokenizer_stats.csv", keep_default_na=False)
    assert list(dict.fromkeys(table["variety"])) == ["xx", "xx_latn", "zz"]
    assert list(table["encoder"][:4]) == ["tiny", "bytes", "tiny", "bytes"]
    assert list(table["part"][:4]) == ["train", "train", "test", "test"]
    own = table[table["variety"] == "xx_latn"]
    assert set(own["original"]) == {"xx"} and set(own["language"]) == {"Xish, Latin"}
    assert set(own["fertility"]) == {1.25}
    assert list(table.columns[-len(NUMBERS) :]) == list(NUMBERS)
    provenance = json.loads((tmp_path / "tables" / "tokenizer_stats.provenance.json").read_text())
    assert set(provenance["inputs"]) == {str(path) for path in counts}


def test_unfit_counts_are_refused(counts: list[Path], tmp_path: Path) -> None:
    again = write_counts(tmp_path / "more.json")
    with pytest.raises(InputError, match=r"json:1: xx, tiny, xx_test, train is in .* already"):
        tokenizer_table([*counts, again], CONFIG, tmp_path)
    again = write_counts(tmp_path / "more.json", variety="qq")
    with pytest.raises(InputError, match=r"config: varieties: no 'qq', which corpus xx_test is in"):
        tokenizer_table([*counts, again], CONFIG, tmp_path)


def test_malformed_counts_and_varieties_are_refused(counts: list[Path], tmp_path: Path) -> None:
    orphan = {"code": "qq_latn", "name": "Q", "original": "qq"}
    with pytest.raises(InputError, match=r"varieties: qq_latn is made from 'qq'"):
        tokenizer_table(counts, {**CONFIG, "varieties": [*CONFIG["varieties"], orphan]}, tmp_path)
    counts[0].write_text("{}")
    with pytest.raises(InputError, match=r"json:1: no 'variety'"):
        tokenizer_table(counts, CONFIG, tmp_path)
    counts[0].write_text('{\n"variety": ')
    with pytest.raises(InputError, match=r"json:2: not JSON"):
        tokenizer_table(counts, CONFIG, tmp_path)


def test_figure_joins_a_variety_to_its_transliteration(counts: list[Path], tmp_path: Path) -> None:
    tokenizer_table(counts, CONFIG, tmp_path)
    frame = pd.read_csv(tmp_path / "tokenizer_stats.csv", keep_default_na=False, na_values=[""])
    figure = tokenizer_stats_figure({"study": "a study"}, frame)
    panels = [ax for ax in figure.axes if ax.get_xlabel()]
    assert [ax.get_title("left") for ax in panels] == ["treebank", "", "raw text", ""]
    joins = [list(line.get_xdata()) for line in panels[0].lines if len(line.get_xdata()) == 2]
    assert [pair for pair in joins if pair == [2.0, 1.25]] == [[2.0, 1.25]] * 2
    names = [label.get_text() for label in panels[0].get_yticklabels()]
    assert names == ["Xish", "Zish"]
    for kind in ("pdf", "png"):
        one, two = (tmp_path / f"{name}.{kind}" for name in ("one", "two"))
        save_figure(figure, one)
        save_figure(tokenizer_stats_figure({"study": "a study"}, frame), two)
        assert one.read_bytes() == two.read_bytes()


def test_command_line(tmp_path: Path) -> None:
    corpus, output = tmp_path / "a.txt", tmp_path / "xx.json"
    corpus.write_text("bad\nwords\n" * 3, encoding="utf-8")
    common = ("--encoder", EMBEDDED_ENCODER, "--columns", json.dumps(NAMES), "--output", output)
    done = stage("count_pieces", "--corpus", corpus, *common)
    assert done.returncode == 0, done.stderr
    options = ("--inputs", output, "--config", json.dumps(CONFIG), "--directory", tmp_path)
    done = stage("tokenizer_table", *options)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "tokenizer_stats.tex").exists()
    done = stage("count_pieces", "--corpus", tmp_path / "none.txt", *common)
    assert done.returncode == 2 and done.stderr.count("\n") == 1
    assert "error: " in done.stderr


def test_real_text(shared: Path) -> None:
    lines = list(raw_sentences(shared / "raw" / "wol" / "lafand-train.txt"))[:300]
    found = tokenizer_statistics(lines, CountingTokenizer(EMBEDDED_ENCODER))
    assert found == plain_statistics(lines, EMBEDDED_ENCODER, "[UNK]")
