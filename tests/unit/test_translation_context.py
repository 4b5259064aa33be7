"""Masked subwords with and without a translation in view, and the tables made of the counts."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
from pyarrow import parquet
from test_masked_lm import make_masked_lm, sentences
from test_training import CPU
from test_translation_lm import write_parallel
from transformers import AutoModelForMaskedLM
from xltransfer.analyses.statistics.significance import influence_values, mean_difference
from xltransfer.analyses.translation_figures import translation_lm_figure
from xltransfer.analyses.translation_lm import (
    Counts,
    _joined,
    context_table,
    read_measured,
    retrieval_by_layer,
)
from xltransfer.corpora.sentence_pairs import SentencePairs
from xltransfer.encoders.language_embeddings import add_table, table_of
from xltransfer.encoders.masked_lm_head import load_masked_lm, load_with_head, save_masked_lm
from xltransfer.encoders.text_tokenizer import TextTokenizer
from xltransfer.encoders.transformer import load_encoder
from xltransfer.records import paths
from xltransfer.runtime.errors import InputError
from xltransfer.runtime.files import read_json, write_json
from xltransfer.stages.translation_context import translation_context
from xltransfer.stages.translation_lm_tables import translation_lm_tables
from xltransfer.training.masked_contexts import (
    ALONE,
    TRANSLATION,
    UNRELATED,
    _masked,
    masked_counts,
    short_pairs,
)
from xltransfer.training.tokenised_text import TokenisedText

CONFIG = {"languages": ["en", "fr"], "reset_positions": True, "masked_share": 0.3, "seed": 5}


def expected_count(model, tokenizer, rows: list[list[int]], own: int, masked: list[bool], reset):
    """Correct predictions in a row of sentences, with plain transformers."""
    pieces, positions, wanted, places = [], [], [], []
    for number, row in enumerate(rows):
        whole = [*tokenizer.prefix, *row, *tokenizer.suffix]
        start = len(pieces)
        if number == own:
            for index, hidden in enumerate(masked):
                if hidden:
                    place = len(tokenizer.prefix) + index
                    places.append(start + place)
                    wanted.append(whole[place])
                    whole[place] = tokenizer.mask
        positions += range(len(whole)) if reset else range(start, start + len(whole))
        pieces += whole
    with torch.no_grad():
        logits = model(
            input_ids=torch.tensor([pieces]), position_ids=torch.tensor([positions])
        ).logits[0]
    return int((logits[places].argmax(dim=1) == torch.tensor(wanted)).sum())


def _frequent(tokenizer: TextTokenizer) -> np.ndarray:
    text = TokenisedText(sentences(40, 1), tokenizer, False, False)
    found = text.pieces[np.isin(text.pieces, tokenizer.ordinary)]
    return np.bincount(found).argsort()[-4:].copy()


@pytest.mark.parametrize("reset", [True, False])
def test_counts_equal_those_of_single_rows(reset: bool, tmp_path: Path) -> None:
    directory = make_masked_lm(tmp_path / "bert", "bert")
    model = load_masked_lm(directory)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.mul_(1.5)
        # Otherwise a random model is never right.
        model.cls.predictions.bias[_frequent(TextTokenizer(directory))] += 3
    save_masked_lm(model, directory, "float32")
    tokenizer = TextTokenizer(directory)
    first, second = sentences(20, 1), sentences(20, 2)
    kept = short_pairs(first, second, tokenizer, 40)
    assert 6 < len(kept) <= 20
    sides = tuple([side[index] for index in kept] for side in (first, second))
    plain = AutoModelForMaskedLM.from_pretrained(directory).eval()
    found = masked_counts(model, tokenizer, sides, ("en", "fr"), 40, reset, 0.3, 5, CPU)
    rows = [[encoding.ids for encoding in tokenizer.encode(side)] for side in sides]
    assert len(found) == 6
    hits = 0
    for counts in found:
        side, half = counts.side, len(kept) // 2
        text = TokenisedText(sides[side], tokenizer, False, False)
        hidden = _masked(text, tokenizer, 0.3, np.random.default_rng([5, side]))
        masks = np.split(hidden.pieces != text.pieces, text.ends[:-1])
        for index, own in enumerate(rows[side]):
            other = rows[1 - side][
                (index + half) % len(kept) if counts.context == UNRELATED else index
            ]
            both = [own] if counts.context == ALONE else [own, other] if side == 0 else [other, own]
            place = 0 if counts.context == ALONE else side
            expected = expected_count(plain, tokenizer, both, place, masks[index].tolist(), reset)
            assert counts.right[index] == expected
            assert counts.masked[index] == masks[index].sum()
            assert masks[index].any() or not np.isin(own, tokenizer.ordinary).any()
            hits += expected
    assert hits > 0, "some predictions are right"


def test_masks_have_their_share(tmp_path: Path) -> None:
    tokenizer = TextTokenizer(make_masked_lm(tmp_path / "bert", "bert"))
    long = [" ".join(sentences(20, number)) for number in range(100)]
    text = TokenisedText(long, tokenizer, False, False)
    masked = _masked(text, tokenizer, 0.4, np.random.default_rng(1)).pieces != text.pieces
    ordinary = np.isin(text.pieces, tokenizer.ordinary)
    assert not masked[~ordinary].any()
    assert masked[ordinary].mean() == pytest.approx(0.4, abs=0.03)
    rare = _masked(text, tokenizer, 1e-9, np.random.default_rng(1)).pieces != text.pieces
    for some, may_be in zip(*(np.split(x, text.ends[:-1]) for x in (rare, ordinary)), strict=True):
        assert some.sum() == may_be.any()


def test_languages_are_used(tmp_path: Path) -> None:
    directory = make_masked_lm(tmp_path / "bert", "bert")
    model, tokenizer = load_masked_lm(directory), TextTokenizer(directory)
    add_table(model.base_model, ["en", "fr"])
    sides = sentences(30, 1)[:], sentences(30, 2)[:]
    kept = short_pairs(*sides, tokenizer, 40)
    sides = tuple([side[index] for index in kept] for side in sides)
    given = 40, True, 0.5, 5, CPU
    before = masked_counts(model, tokenizer, sides, ("en", "fr"), *given)
    with torch.no_grad():
        table_of(model.base_model).weight[1].normal_(std=5)
    after = masked_counts(model, tokenizer, sides, ("en", "fr"), *given)
    same = [(a.right == b.right).all() for a, b in zip(before, after, strict=True)]
    assert same[0], "English alone does not depend on the vector of French"
    assert not all(same[3:]), "French does"


def test_pairs_with_a_sentence_of_no_subwords_are_left_out() -> None:
    """A line without subwords has no row, so that later rows would be taken for its own."""

    class OfWords:
        prefix, suffix = [0], [1]

        def encode(self, texts: list[str]) -> list[list[str]]:
            return [text.split() for text in texts]

    sides = ["a b", " ", "a b c d e", "a"], ["a", "b", "c", " "]
    assert short_pairs(*sides, OfWords(), 12).tolist() == [0]
    assert short_pairs(*sides, OfWords(), 14).tolist() == [0, 2]


def test_a_language_without_a_vector_has_the_mean_in_all_contexts(tmp_path: Path) -> None:
    """A vector that only the other language uses changes nothing alone, and the pair's half."""
    directory = make_masked_lm(tmp_path / "bert", "bert")
    model, tokenizer = load_masked_lm(directory), TextTokenizer(directory)
    add_table(model.base_model, ["en", "fr"])
    used: list[torch.Tensor] = []
    table = table_of(model.base_model)
    add = table.add

    def watched(module, inputs, output):
        used.append(add(module, inputs, torch.zeros_like(output)))
        return add(module, inputs, output)

    words = model.base_model.get_input_embeddings()
    words._forward_hooks[next(iter(words._forward_hooks))] = watched
    with torch.no_grad():
        table.weight[0], table.weight[1] = 1.0, 3.0
    sides = tuple(sentences(12, seed) for seed in (1, 2))
    kept = short_pairs(*sides, tokenizer, 40)
    sides = tuple([side[index] for index in kept] for side in sides)
    masked_counts(model, tokenizer, sides, ("en", "tr"), 40, True, 0.5, 5, CPU)
    found = [sorted({round(float(v), 3) for v in some.unique()}) for some in used]
    # English alone, with Turkish twice; then Turkish alone, and with English twice.
    assert found == [[1.0], [1.0, 2.0], [1.0, 2.0], [2.0], [1.0, 2.0], [1.0, 2.0]]


def write_measured(folder: Path) -> dict:
    """Measurements of two encoders, one of them with two seeds."""
    (folder / "text").mkdir(parents=True)
    pairs = write_parallel(folder / "text" / "test.tsv", 20)
    states = []
    for name, state, seed in (("a", "pretrained", 1), ("b", "seed-1", 2), ("b", "seed-2", 3)):
        directory = make_masked_lm(folder / f"{name}{state}", "bert")
        model = load_masked_lm(directory)
        torch.manual_seed(seed)
        with torch.no_grad():
            for parameter in model.parameters():
                parameter.add_(0.1 * torch.randn_like(parameter))
        save_masked_lm(model, directory, "float32")
        output = Path(paths.translation_context(str(folder / "results"), name, state, "en_fr_x"))
        translation_context(directory, pairs, CONFIG, output)
        states.append([name, state])
    return {
        "study": "study", "config": {}, "seeds": [1, 2], "states": states,
        "texts": {"en_fr_x": ["en", "fr"]}, "reference": "a",
    }  # fmt: skip


def test_stage_and_tables(tmp_path: Path) -> None:
    config = write_measured(tmp_path)
    results = str(tmp_path / "results")
    translation_lm_tables(config, results, tmp_path / "tables")
    table = pd.read_csv(tmp_path / "tables" / "translation_lm.csv")
    assert list(table["context"]) == [ALONE, TRANSLATION, UNRELATED] * 4
    assert table["gain"].isna().tolist() == [True, False, False] * 4
    assert table["change"].isna().tolist() == [True] * 6 + [False] * 6
    assert table["seeds"].tolist() == [1] * 6 + [2] * 6
    # The first row by hand.
    path = paths.translation_context(results, "a", "pretrained", "en_fr_x")
    row = parquet.read_table(path).to_pandas().query("context == 'alone' and language == 'en'")
    value = 100 * row["numerators"].iloc[0].sum() / row["denominators"].iloc[0].sum()
    assert table["accuracy"][0] == pytest.approx(value, abs=0.005)
    retrieval = pd.read_csv(tmp_path / "tables" / "parallel_retrieval.csv")
    layers = len(load_encoder(tmp_path / "apretrained").encoder.layer) + 1
    assert len(retrieval) == 2 * 2 * layers
    assert retrieval.groupby("encoder")["layer"].max().tolist() == [layers - 1] * 2
    figure = translation_lm_figure({"study": "x"}, table, retrieval)
    assert len(figure.axes) == 2
    provenance = read_json(tmp_path / "tables" / "translation_lm.provenance.json")
    assert any("en_fr_x.parquet" in str(name) for name in provenance["inputs"])


def test_marks_depend_on_the_seeds_of_the_encoders(tmp_path: Path) -> None:
    """Not on those of the study, with which models are fine-tuned."""
    config, results = write_measured(tmp_path), str(tmp_path / "results")
    texts = []
    for number, seeds in enumerate(([1, 2], [1])):
        folder = tmp_path / f"tables{number}"
        translation_lm_tables({**config, "seeds": seeds}, results, folder)
        texts.append((folder / "translation_lm.md").read_text())
    assert " ns " in texts[0]
    assert texts[0] == texts[1]
    alone = {**config, "states": [["a", "pretrained"]]}
    translation_lm_tables(alone, results, tmp_path / "alone")
    text = (tmp_path / "alone" / "translation_lm.md").read_text()
    assert " ns " not in text and "no change is marked" in text


def test_measuring_again_gives_the_same_bytes(tmp_path: Path) -> None:
    directory = make_masked_lm(tmp_path / "bert", "bert")
    pairs, made = write_parallel(tmp_path / "test.tsv", 20), []
    for number in (1, 2):
        output = tmp_path / f"{number}.parquet"
        translation_context(directory, pairs, CONFIG, output)
        made.append(output.read_bytes())
    assert made[0] == made[1]


def test_an_encoder_without_a_head_has_only_retrieval(tmp_path: Path) -> None:
    directory = make_masked_lm(tmp_path / "bert", "bert")
    load_masked_lm(directory).base_model.save_pretrained(directory)
    assert load_with_head(directory)[1] is False
    pairs, output = write_parallel(tmp_path / "test.tsv", 20), tmp_path / "found.parquet"
    translation_context(directory, pairs, CONFIG, output)
    assert set(parquet.read_table(output)["measure"].to_pylist()) == {"retrieval"}


def test_changes_are_paired_by_hand() -> None:
    """Seeds 60 and 80 % against 50 %: 20 points; gains within an encoder likewise."""

    def counts(*rights: list[int]) -> Counts:
        numerators = np.array(rights)
        return Counts(numerators, np.full(numerators.shape, 5))

    key = {context: ("masked subwords", "en", context, -1) for context in (ALONE, TRANSLATION)}
    measured = {
        ("a", "t"): {key[ALONE]: counts([2, 2]), key[TRANSLATION]: counts([2, 3])},
        ("b", "t"): {
            key[ALONE]: counts([1, 2], [2, 1]),
            key[TRANSLATION]: counts([3, 3], [4, 4]),
        },
    }
    table = context_table(measured, "a").set_index(["encoder", "context"])
    assert table.loc[("b", TRANSLATION), "accuracy"] == 70
    assert table.loc[("b", TRANSLATION), "accuracy_sd"] == pytest.approx(np.sqrt(200))
    assert table.loc[("b", TRANSLATION), "change"] == 20
    assert table.loc[("b", TRANSLATION), "gain"] == 40
    assert table.loc[("a", TRANSLATION), "gain"] == 10
    assert np.isnan(table.loc[("a", TRANSLATION), "change"])
    assert retrieval_by_layer(measured, "a").empty
    # Only one sentence differs from the other, and only the first seed from the second: the
    # interval is that of the paired differences.
    own, other = measured["b", "t"][key[TRANSLATION]], measured["a", "t"][key[TRANSLATION]]
    influences = influence_values(own.numerators, own.denominators) - influence_values(
        other.numerators, other.denominators
    )
    expected = mean_difference(np.array([10.0, 30.0]), influences)
    assert table.loc[("b", TRANSLATION), "change_low"] == pytest.approx(float(expected.low))
    assert table.loc[("b", TRANSLATION), "change_p"] == pytest.approx(float(expected.p_value))


def test_other_sentences_or_masks_are_not_compared() -> None:
    one = Counts(np.array([[1, 2]]), np.array([[3, 3]]), ("a", "b"))
    assert one.comparable(Counts(np.array([[0, 1], [1, 1]]), np.full((2, 2), 3), ("a", "b")))
    assert not one.comparable(Counts(np.array([[1, 2]]), np.array([[3, 3]]), ("a", "c")))
    assert not one.comparable(Counts(np.array([[1, 2]]), np.array([[3, 4]]), ("a", "b")))
    later = Counts(np.array([[0, 1], [1, 1]]), np.array([[3, 3], [3, 2]]), ("a", "b"))
    assert not one.comparable(later)


def test_seeds_that_left_out_other_pairs_share_the_rest() -> None:
    def frame(numerators: list[int]) -> pd.DataFrame:
        row = {"measure": "retrieval", "language": "en", "context": "", "layer": 0}
        return pd.DataFrame([{**row, "numerators": numerators, "denominators": [1] * 3}])

    joined = _joined([(frame([1, 0, 1]), ["a", "b", "c"]), (frame([0, 1, 1]), ["b", "c", "d"])])
    (counts,) = joined.values()
    assert counts.identifiers == ("b", "c")
    assert counts.numerators.tolist() == [[0, 1], [0, 1]]


def test_unusable_input_is_refused(tmp_path: Path) -> None:
    directory = make_masked_lm(tmp_path / "bert", "bert")
    pairs = write_parallel(tmp_path / "test.tsv", 1)
    with pytest.raises(InputError, match="of 1 pairs have sentences of at most half the 40"):
        translation_context(directory, pairs, CONFIG, tmp_path / "out.parquet")
    assert not (tmp_path / "out.parquet").exists()
    damaged = Path(paths.translation_context(str(tmp_path), "a", "pretrained", "en_fr_x"))
    damaged.parent.mkdir(parents=True)
    write_json(damaged, {})
    config = {"states": [["a", "pretrained"]], "texts": {"en_fr_x": ["en", "fr"]}}
    with pytest.raises(InputError, match=r"en_fr_x\.parquet: cannot be read"):
        read_measured(str(tmp_path), config)


def test_pairs_are_read_once(tmp_path: Path) -> None:
    pairs = SentencePairs(write_parallel(tmp_path / "test.tsv", 5))
    assert pairs.pairs is pairs.pairs
    assert pairs.side(0) == [pair.first for pair in pairs.pairs]
