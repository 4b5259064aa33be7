"""Random segmentations against the library, exact probabilities and brute force."""

from __future__ import annotations

import json
import math
import os
from collections import Counter
from collections.abc import Callable, Iterator
from itertools import product
from pathlib import Path

import numpy as np
import pytest
from conftest import ROOT
from families import byte_level
from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers, trainers
from xltransfer.corpora.conllu import read_conllu
from xltransfer.encoders.sampled_reading import SampledReading
from xltransfer.encoders.subword_regularisation import (
    BPEDropout,
    MaxMatchDropout,
    UnigramSampling,
    segmentation_of,
)
from xltransfer.encoders.text_tokenizer import TextTokenizer
from xltransfer.encoders.tokenizer import WordTokenizer
from xltransfer.encoders.unit_tokenizers import byte_tokenizer, character_tokenizer
from xltransfer.runtime.errors import InputError

TREEBANKS = Path(os.environ.get("XLTRANSFER_SHARED", ROOT.parent / "shared")) / "data/ud"
DRAWS = 20_000


def frequencies(sample: Callable[[], list[int]]) -> dict[tuple[int, ...], float]:
    found = Counter(tuple(sample()) for _ in range(DRAWS))
    return {ids: count / DRAWS for ids, count in found.items()}


def assert_close(found: dict[tuple[int, ...], float], expected: dict[tuple[int, ...], float]):
    """Each frequency within four standard deviations of its probability."""
    assert sum(expected.values()) == pytest.approx(1)
    possible = {ids for ids, probability in expected.items() if probability > 0}
    assert set(found) <= possible
    for ids in possible:
        deviation = math.sqrt(expected[ids] * (1 - expected[ids]) / DRAWS)
        assert abs(found.get(ids, 0) - expected[ids]) <= 4 * deviation, ids


# BPE

BPE = {
    "vocab": {p: i for i, p in enumerate(["a", "b", "c", "ab", "bc", "abc", "cc", "<unk>"])},
    "merges": [["a", "b"], ["b", "c"], ["ab", "c"], ["c", "c"]],
    "unk_token": "<unk>",
    "fuse_unk": True,
}


def test_bpe_dropout_of_one_gives_characters() -> None:
    draws = np.random.default_rng(1)
    whole = BPEDropout(BPE, 1.0)
    assert whole.sampled("abcc", draws) == [0, 1, 2, 2]
    assert whole.fixed("abcc") == [5, 2]
    assert whole.fixed("xxa") == whole.sampled("xxa", draws) == [7, 0]
    assert BPEDropout(BPE, 0.0).sampled("abcc", draws) == [5, 2]


def bpe_probabilities(ids: tuple[int, ...], dropout: float) -> dict[tuple[int, ...], float]:
    """Algorithm 1 of Provilkov et al. (2020), with every set of dropped merges counted."""
    merges = {("a", "b"): "ab", ("b", "c"): "bc", ("ab", "c"): "abc", ("c", "c"): "cc"}
    names = {index: piece for piece, index in BPE["vocab"].items()}
    order = list(merges)
    pairs = [(names[ids[i]], names[ids[i + 1]]) for i in range(len(ids) - 1)]
    places = [i for i, pair in enumerate(pairs) if pair in merges]
    found: dict[tuple[int, ...], float] = {}
    for kept in product((False, True), repeat=len(places)):
        weight = math.prod(1 - dropout if keep else dropout for keep in kept)
        left = [place for place, keep in zip(places, kept, strict=True) if keep]
        if not left:
            found[ids] = found.get(ids, 0) + weight
            continue
        best = min(left, key=lambda place: (order.index(pairs[place]), place))
        merged = BPE["vocab"][merges[pairs[best]]]
        for result, share in bpe_probabilities(
            (*ids[:best], merged, *ids[best + 2 :]), dropout
        ).items():
            found[result] = found.get(result, 0) + weight * share
    return found


@pytest.mark.parametrize("dropout", [0.1, 0.5])
def test_bpe_dropout_against_all_sets_of_dropped_merges(dropout: float) -> None:
    draws, segmentation = np.random.default_rng(2), BPEDropout(BPE, dropout)
    found = frequencies(lambda: segmentation.sampled("abccc", draws))
    assert_close(found, bpe_probabilities((0, 1, 2, 2, 2), dropout))


# WordPiece

WORDPIECE = {
    "vocab": {
        piece: index
        for index, piece in enumerate(
            ["[UNK]", "a", "ab", "abc", "##b", "##c", "##bc", "##cd", "##d", "xy", "##z", "xyz"]
        )
    },
    "unk_token": "[UNK]",
    "continuing_subword_prefix": "##",
    "max_input_chars_per_word": 100,
}
NAMES = {index: piece for piece, index in WORDPIECE["vocab"].items()}


def maxmatch_probabilities(word: str, dropout: float) -> dict[tuple[int, ...], float]:
    """Hiraoka (2022): at each place, every set of dropped subwords is counted.

    Subwords after which no split of the rest exists are left out, and the shortest is kept.
    """

    def splits(start: int) -> list[tuple[int, ...]]:
        if start == len(word):
            return [()]
        return [
            (index, *rest)
            for end in range(start + 1, len(word) + 1)
            for index in [WORDPIECE["vocab"].get(("##" if start else "") + word[start:end])]
            if index is not None
            for rest in splits(end)
        ]

    def length(index: int) -> int:
        return len(NAMES[index].removeprefix("##"))

    def walk(start: int) -> dict[tuple[int, ...], float]:
        if start == len(word):
            return {(): 1.0}
        candidates = sorted({split[0] for split in splits(start)}, key=length)
        found: dict[tuple[int, ...], float] = {}
        for kept in product((False, True), repeat=len(candidates) - 1):
            weight = math.prod(1 - dropout if keep else dropout for keep in kept)
            left = [c for c, keep in zip(candidates[1:], kept, strict=True) if keep]
            taken = max([candidates[0], *left], key=length)
            for rest, share in walk(start + length(taken)).items():
                found[taken, *rest] = found.get((taken, *rest), 0) + weight * share
        return found

    return walk(0)


@pytest.mark.parametrize("dropout", [0.1, 0.5, 1.0])
@pytest.mark.parametrize("word", ["abcd", "abc", "xyz"])
def test_maxmatch_dropout_against_all_sets_of_dropped_subwords(word: str, dropout: float) -> None:
    draws, segmentation = np.random.default_rng(4), MaxMatchDropout(WORDPIECE, dropout)
    found = frequencies(lambda: segmentation.sampled(word, draws))
    assert_close(found, maxmatch_probabilities(word, dropout))
    if dropout == 1.0:
        assert all(len(NAMES[i].removeprefix("##")) == 1 for ids in found for i in ids[1:])


def test_dropout_makes_no_word_unknown() -> None:
    """``x`` is not in the vocabulary: ``xy`` is the shortest subword there and is never dropped."""
    draws, segmentation = np.random.default_rng(5), MaxMatchDropout(WORDPIECE, 0.9)
    assert {tuple(segmentation.sampled("xyz", draws)) for _ in range(500)} == {(11,), (9, 10)}
    assert segmentation.sampled("ax", draws) == segmentation.fixed("ax") == [0]
    assert segmentation.sampled("a" * 101, draws) == [0]


# Unigram

UNIGRAM = {
    "vocab": [["<unk>", 0.0], ["a", -2.0], ["b", -2.5], ["ab", -1.5], ["abb", -2.2], ["bb", -3.0]],
    "unk_id": 0,
}


def unigram_probabilities(word: str, alpha: float, number: int | None) -> dict:
    """Kudo (2018): every segmentation, its probability to the power of alpha, normalised."""
    scores = dict(UNIGRAM["vocab"][1:])
    ids = {piece: index for index, (piece, _) in enumerate(UNIGRAM["vocab"])}

    def splits(rest: str) -> Iterator[list[str]]:
        if not rest:
            yield []
        for end in range(1, len(rest) + 1):
            if rest[:end] in scores:
                yield from ([rest[:end], *more] for more in splits(rest[end:]))

    found = {tuple(ids[p] for p in split): sum(scores[p] for p in split) for split in splits(word)}
    best = sorted(found, key=found.get, reverse=True)[:number]
    weights = {split: math.exp(alpha * found[split]) for split in best}
    return {split: weight / sum(weights.values()) for split, weight in weights.items()}


@pytest.mark.parametrize("number", [None, 2, 4])
@pytest.mark.parametrize("alpha", [0.0, 0.2, 1.0])
def test_unigram_samples_have_the_probabilities_of_the_lattice(
    alpha: float, number: int | None
) -> None:
    draws, segmentation = np.random.default_rng(6), UnigramSampling(UNIGRAM, alpha, number)
    found = frequencies(lambda: segmentation.sampled("abbab", draws))
    expected = unigram_probabilities("abbab", alpha, number)
    assert len(expected) == (number or 8)
    assert_close(found, expected)
    assert segmentation.fixed("abbab") == list(max(expected, key=expected.get)) or not alpha


def test_unknown_characters_are_one_subword_or_bytes() -> None:
    draws, segmentation = np.random.default_rng(7), UnigramSampling(UNIGRAM, 0.1, None)
    assert segmentation.fixed("éèab") == [0, 3]
    found = {tuple(segmentation.sampled("aéèb", draws)) for _ in range(50)}
    assert found == {(1, 0, 2)}
    bytewise = [f"<0x{byte:02X}>" for byte in range(256)]
    model = {**UNIGRAM, "byte_fallback": True}
    model["vocab"] = [*UNIGRAM["vocab"], *([piece, -9.0] for piece in bytewise)]
    assert UnigramSampling(model, 0.1, None).fixed("aé") == [1, 6 + 0xC3, 6 + 0xA9]


# Whole tokenizers against the library


def real_sentences() -> list[list[str]]:
    if not TREEBANKS.is_dir():
        pytest.skip(f"no treebanks in {TREEBANKS}; set XLTRANSFER_SHARED")
    files = sorted(TREEBANKS.glob("UD_*-PUD/*-ud-test.conllu"))
    assert len(files) > 5
    return [s.forms for path in files for s in read_conllu(path)[:20]]


def bert(lines: list[str]) -> Tokenizer:
    tokenizer = Tokenizer(models.WordPiece(unk_token="[UNK]"))
    tokenizer.normalizer = normalizers.BertNormalizer(lowercase=False, strip_accents=False)
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    special = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
    trainer = trainers.WordPieceTrainer(
        vocab_size=5000, special_tokens=special, limit_alphabet=300, show_progress=False
    )
    tokenizer.train_from_iterator(lines, trainer)
    return tokenizer


def roberta(lines: list[str]) -> Tokenizer:
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=True)
    trainer = trainers.BpeTrainer(
        vocab_size=5000,
        special_tokens=["<s>", "<pad>", "</s>", "<unk>", "<mask>"],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    tokenizer.train_from_iterator(lines, trainer)
    return tokenizer


def gemma(lines: list[str]) -> Tokenizer:
    """Spaces are replaced in a normaliser, and unknown characters are written as bytes."""
    tokenizer = Tokenizer(models.BPE(byte_fallback=True, unk_token="<unk>", fuse_unk=True))
    tokenizer.normalizer = normalizers.Replace(" ", "\u2581")
    tokenizer.pre_tokenizer = pre_tokenizers.Split(" ", "merged_with_previous")
    tokenizer.decoder = decoders.ByteFallback()
    trainer = trainers.BpeTrainer(
        vocab_size=4000,
        special_tokens=["<pad>", "<unk>", "<mask>", *(f"<0x{byte:02X}>" for byte in range(256))],
        limit_alphabet=200,
        show_progress=False,
    )
    marked = ["\u2581" + line.replace(" ", "\u2581") for line in lines]
    tokenizer.train_from_iterator(marked, trainer)
    return tokenizer


def xlm_roberta(lines: list[str]) -> Tokenizer:
    tokenizer = Tokenizer(models.Unigram())
    tokenizer.normalizer = normalizers.NFKC()
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace()
    trainer = trainers.UnigramTrainer(
        vocab_size=4000,
        special_tokens=["<s>", "<pad>", "</s>", "<unk>", "<mask>"],
        unk_token="<unk>",
        show_progress=False,
    )
    tokenizer.train_from_iterator(lines, trainer)
    return tokenizer


NOTHING = {"dropout": 0.0}
BEST = {"alpha": 1.0, "nbest_size": 1}
STYLES = {
    "bert": (bert, NOTHING, {"dropout": 0.3}),
    "roberta": (roberta, NOTHING, {"dropout": 0.3}),
    "gemma": (gemma, NOTHING, {"dropout": 0.3}),
    "xlm-roberta": (xlm_roberta, BEST, {"alpha": 0.2, "nbest_size": None}),
}


@pytest.mark.parametrize("style", STYLES)
def test_without_dropout_real_text_is_read_as_by_the_library(style: str, tmp_path: Path) -> None:
    """Words and lines of 18 languages, of which the vocabulary lacks some letters."""
    make, nothing, some = STYLES[style]
    sentences = real_sentences()
    lines = [" ".join(words) for words in sentences]
    make(lines[: len(lines) // 2]).save(str(tmp_path / "tokenizer.json"))
    tokenizer = TextTokenizer(tmp_path)
    draws = [np.random.default_rng(number) for number in range(len(sentences))]
    reading = SampledReading(tokenizer, nothing)
    expected = tokenizer(sentences)
    for found, own in zip(reading.sentences(sentences, draws), expected, strict=True):
        assert found.pieces.tolist() == own.pieces.tolist()
        assert found.first.tolist() == own.first.tolist()
        assert (found.content is None) == (own.content is None)
        assert found.content is None or found.content.tolist() == own.content.tolist()
    assert reading.single == 0
    sampling = SampledReading(tokenizer, some)
    for line, encoding in zip(lines, tokenizer.encode(lines), strict=True):
        ids, lengths = reading.line(line, encoding.ids, draws[0])
        assert list(ids) == encoding.ids and sum(lengths) == len(ids)
        changes = np.diff(encoding.word_ids)
        assert np.cumsum(lengths)[:-1].tolist() == (np.flatnonzero(changes) + 1).tolist()
        sampled, sampled_lengths = sampling.line(line, encoding.ids, draws[0])
        assert len(sampled_lengths) == len(lengths) and sum(sampled_lengths) == len(sampled)
    more = sampling.sentences(sentences, draws)
    assert sum(len(s.pieces) for s in more) > 1.05 * sum(len(s.pieces) for s in expected)
    assert all(len(s.first) == len(words) for s, words in zip(more, sentences, strict=True))
    # A sampled segmentation is another way to write the same text.
    if style == "roberta":
        decode = decoders.ByteLevel().decode
        for found, own in zip(more, expected, strict=True):
            texts = [
                decode([tokenizer.library.id_to_token(i) for i in s.pieces.tolist()])
                for s in (found, own)
            ]
            assert texts[0] == texts[1]


def test_special_tokens_in_text_are_left_alone(tmp_path: Path) -> None:
    """The library finds them before its vocabulary is used."""
    bert(["the cat sat on the mat"] * 3).save(str(tmp_path / "tokenizer.json"))
    tokenizer = TextTokenizer(tmp_path)
    reading = SampledReading(tokenizer, {"dropout": 1.0})
    words = ["the", "[MASK]", "cat[SEP]", "\u200b"]
    (found,) = reading.sentences([words], [np.random.default_rng(1)])
    (own,) = tokenizer([words])
    assert reading.single == 3
    assert found.pieces[found.first[1] :].tolist() == own.pieces[own.first[1] :].tolist()
    assert found.first[1] == 3
    (line,) = tokenizer.encode(["the [MASK] cat"])
    assert reading.line("the [MASK] cat", line.ids, np.random.default_rng(1)) is None


def test_each_occurrence_of_a_word_is_split_anew(tmp_path: Path) -> None:
    bert(["unbelievable feats of cats"] * 3).save(str(tmp_path / "tokenizer.json"))
    reading = SampledReading(WordTokenizer(tmp_path), {"dropout": 0.5})
    (found,) = reading.sentences([["unbelievable"] * 50], [np.random.default_rng(1)])
    assert len({tuple(ids) for ids in np.split(found.pieces, found.first[1:])}) > 5
    (again,) = reading.sentences([["unbelievable"] * 50], [np.random.default_rng(1)])
    assert again.pieces.tolist() == found.pieces.tolist()


# Refusals


def word_level() -> Tokenizer:
    return Tokenizer(models.WordLevel({"a": 0, "<unk>": 1}, unk_token="<unk>"))


@pytest.mark.parametrize(
    ("make", "settings", "message"),
    [
        (character_tokenizer, NOTHING, "a vocabulary of characters or bytes, in which each word"),
        (byte_tokenizer, NOTHING, "a vocabulary of characters or bytes, in which each word"),
        (word_level, NOTHING, "a vocabulary of the kind WordLevel, in which each word has one"),
        (byte_level, BEST, "kind BPE; `noise.subwords` has alpha and nbest_size where it needs d"),
        (lambda: xlm_roberta(["a cat sat"]), NOTHING, "kind Unigram; .* has dropout where it"),
    ],
)
def test_vocabularies_that_do_not_fit_are_refused(
    make: Callable[[], Tokenizer], settings: dict, message: str
) -> None:
    with pytest.raises(InputError, match=rf"^encoder/tokenizer.json: .*{message}"):
        segmentation_of(make(), settings, "encoder/tokenizer.json")


def test_the_library_ignores_dropout_of_wordpiece_and_draws_without_a_seed() -> None:
    """Why segmentations are computed here: if the library learns to, this test says so."""
    tokenizer = byte_level()
    tokenizer.model.dropout = 0.5
    sample = [tuple(tokenizer.encode("unbelievable").ids) for _ in range(50)]
    assert len(set(sample)) > 1
    assert "dropout" not in json.loads(bert(["a b"]).to_str())["model"]
