"""What languages have in common: piece overlap, word order, retrieval."""

from __future__ import annotations

import json
from math import factorial
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
from conftest import ROOT
from encoders import ARCHITECTURES, make_encoder
from matplotlib import pyplot as plt
from scipy import stats
from test_tagging import sentence
from tokenizers import Tokenizer
from transformers import AutoModelForTextEncoding
from xltransfer.analyses.overlap import overlap, piece_types
from xltransfer.analyses.pair_figures import retrieval_figure
from xltransfer.analyses.pairs import correlations, overlap_table, word_order_table, zeroshot_scores
from xltransfer.analyses.retrieval import retrieval_accuracy
from xltransfer.analyses.statistics.correlation import correlate
from xltransfer.analyses.statistics.interval_coverage import LAYOUTS, excluded
from xltransfer.analyses.vectors import aligned, read_vectors
from xltransfer.analyses.word_order import shared_features
from xltransfer.corpora.conllu import read_conllu, write_conllu
from xltransfer.corpora.iob import TaggedSentence
from xltransfer.corpora.sentences import draw_sentences
from xltransfer.corpora.wals import read_wals
from xltransfer.encoders.tokenizer import WordTokenizer
from xltransfer.runtime.errors import InputError
from xltransfer.stages.pieces import pieces
from xltransfer.stages.represent import represent
from xltransfer.stages.typology import typology

FEATURES = ["81A", "85A", "86A", "87A", "88A", "89A"]


def test_overlap_by_hand() -> None:
    assert overlap({"a", "b", "c"}, {"b", "c", "d"}) == 50
    assert overlap(set(), set()) == 0
    assert overlap({"a"}, {"a"}) == 100


def test_pieces_of_words_and_of_entities(tmp_path: Path) -> None:
    """Against the tokenizer's own output, word by word."""
    directory = make_encoder(tmp_path, "bert")
    plain = Tokenizer.from_file(str(directory / "tokenizer.json"))

    def pieces(*words: str) -> set[str]:
        return {t for w in words for t in plain.encode(w, add_special_tokens=False).tokens}

    tokenizer = WordTokenizer(directory)
    words = [sentence(("the", "X", "_"), ("cats", "X", "_")), sentence(("sat", "X", "_"))]
    assert piece_types(words, tokenizer) == pieces("the", "cats", "sat")
    tagged = [TaggedSentence([], ["the", "cats", "sat"], ["O", "B-A", "I-A"]),
              TaggedSentence([], ["the"], ["O"])]  # fmt: skip
    assert piece_types(tagged, tokenizer) == pieces("cats", "sat")


@pytest.mark.parametrize("architecture", ["bert", "xlm-roberta"])
def test_the_unknown_piece_is_not_shared(architecture: str, tmp_path: Path) -> None:
    """It stands for whatever the vocabulary lacks: ☃ here and ☂ there."""
    directory = make_encoder(tmp_path, architecture)
    plain = Tokenizer.from_file(str(directory / "tokenizer.json"))
    tokenizer = WordTokenizer(directory)
    unknown = {"bert": "[UNK]", "xlm-roberta": "<unk>"}[architecture]
    found = []
    for forms in (("the", "☃"), ("cat", "☂")):
        ids = {i for w in forms for i in plain.encode(w, add_special_tokens=False).ids}
        expected = {plain.id_to_token(i) for i in ids}
        assert unknown in expected
        found.append(piece_types([sentence(*((w, "X", "_") for w in forms))], tokenizer))
        assert found[-1] == expected - {unknown}
    assert all(found)


@pytest.mark.parametrize(
    ("files", "unknown"),
    [
        (("French-Sequoia/fr_sequoia-ud-dev", "Turkish-PUD/tr_pud-ud-test"), False),
        (("Chinese-PUD/zh_pud-ud-test", "Thai-PUD/th_pud-ud-test"), True),
    ],
)
def test_overlap_of_real_treebanks(
    files: tuple[str, str], unknown: bool, shared: Path, english_encoder: Path
) -> None:
    """Recomputed with transformers' own tokenizer and plain sets."""
    from transformers import AutoTokenizer

    paths = [shared / "ud" / f"UD_{name}.conllu" for name in files]
    plain = AutoTokenizer.from_pretrained(english_encoder)
    expected = []
    for path in paths:
        words = {w for s in read_conllu(path) for w in s.forms}
        pieces = {piece for word in words for piece in plain.tokenize(word)}
        assert (plain.unk_token in pieces) == unknown
        expected.append(pieces - {plain.unk_token})
    ours = [piece_types(read_conllu(path), WordTokenizer(english_encoder)) for path in paths]
    one, two = expected
    value = 100 * len(one & two) / len(one | two)
    assert overlap(*ours) == pytest.approx(value, abs=1e-9)
    assert 0 < value < 100


def test_shared_features() -> None:
    english = {"81A": "SVO", "85A": "Prepositions", "87A": "Adjective-Noun"}
    french = {"81A": "SVO", "85A": "Prepositions", "86A": "x", "87A": "Noun-Adjective"}
    assert shared_features(english, french, FEATURES) == (2, 3)
    assert shared_features(english, {}, FEATURES) == (0, 0)


def test_wals_as_published(shared: Path) -> None:
    wals = shared / "typology" / "wals"
    files = (wals / "cldf/languages.csv", wals / "raw/value.csv", wals / "raw/domainelement.csv")
    found = read_wals(*files, ["eng", "fra", "jpn", "xxx", "ara", "fas", "swa", "bxr"], FEATURES)
    assert found["eng"] == {
        "81A": "SVO",
        "85A": "Prepositions",
        "86A": "No dominant order",
        "87A": "Adjective-Noun",
        "88A": "Demonstrative-Noun",
        "89A": "Numeral-Noun",
    }
    assert found["jpn"]["81A"] == "SOV" and found["jpn"]["85A"] == "Postpositions"
    assert found["fra"]["87A"] == "Noun-Adjective"
    assert "xxx" not in found
    # Catalogues of corpora know these by other codes than WALS does.
    assert {code: found[code]["81A"] for code in ("ara", "fas", "swa", "bxr")} == {
        "ara": "VSO",
        "fas": "SOV",
        "swa": "SVO",
        "bxr": "SOV",
    }


def test_a_language_and_its_macrolanguage_both_have_values(shared: Path) -> None:
    wals = shared / "typology" / "wals"
    files = (wals / "cldf/languages.csv", wals / "raw/value.csv", wals / "raw/domainelement.csv")
    found = read_wals(*files, ["ara", "arb"], FEATURES)
    assert found["ara"] == found["arb"] and found["arb"]["81A"] == "VSO"


def test_languages_without_values_are_reported(tmp_path: Path, caplog) -> None:
    config = {
        "features": ["81A", "85A"],
        "iso": {"qaa": "qaa", "en": "eng"},
        "embedded": {"qaa": {"81A": "SVO", "85A": "Prepositions"}},
        "databases": [],
    }
    with caplog.at_level("INFO"):
        typology(config, tmp_path / "features.csv")
    assert "en (eng): no value of 81A, 85A" in caplog.text
    table = pd.read_csv(tmp_path / "features.csv")
    assert table.values.tolist() == [["qaa", "81A", "SVO"], ["qaa", "85A", "Prepositions"]]


def scores() -> pd.DataFrame:
    rows = [
        {"encoder": "e", "task": "pos", "metric": "accuracy", "source": "en", "target": target,
         "ablation": ablation, "mean": mean}
        for target, mean in (("en", 95.0), ("fr", 80.0), ("de", 85.0), ("ja", 40.0), ("X", 68.3))
        for ablation in ("none", "random-init-1-2")
    ]  # fmt: skip
    return pd.DataFrame(rows)


def test_pairs_are_zero_shot_only_and_missing_values_are_not_guessed() -> None:
    zeroshot = zeroshot_scores(scores(), {"pos": "accuracy"})
    assert zeroshot["target"].tolist() == ["fr", "de", "ja"]
    features = {"en": {"81A": "SVO"}, "fr": {"81A": "SVO"}, "ja": {"81A": "SOV"}}
    table = word_order_table(zeroshot, features, ["81A"])
    assert table["shared"].tolist() == [1, 0, 0]
    assert table["comparable"].tolist() == [1, 0, 1]
    found = correlations(table, "shared", dict.fromkeys(("fr", "de", "ja"), "f"))
    assert found["spearman"].isna().all(), "three targets are too few"


def pairs_of(sources: int, targets: int, seed: int = 0) -> pd.DataFrame:
    """Scores and overlaps of every source on every other language; sources differ in level."""
    draws = np.random.default_rng(seed)
    names = [f"l{number}" for number in range(targets)]
    rows = [
        {"encoder": "e", "task": "pos", "metric": "accuracy", "source": source, "target": target,
         "score": 20.0 * number + draws.normal(), "overlap": 10.0 * number + draws.normal()}
        for number, source in enumerate(names[:sources]) for target in names if target != source
    ]  # fmt: skip
    return pd.DataFrame(rows)


FAMILIES = {f"l{number}": f"family {number % 6}" for number in range(40)}


def test_correlation_is_scipy_s_within_each_source() -> None:
    """The level of a source, which moves both quantities, is no correlation."""
    table = pairs_of(3, 13, seed=2)
    found = correlations(table, "overlap", FAMILIES).set_index("source")
    assert list(found.index) == ["l0", "l1", "l2", "mean"]
    for source, part in table.groupby("source"):
        expected = stats.spearmanr(part["overlap"], part["score"])
        assert found.loc[source, "spearman"] == pytest.approx(expected.statistic)
        # 9,999 random permutations against the t distribution.
        assert found.loc[source, "p_value"] == pytest.approx(expected.pvalue, abs=0.03)
    assert found.loc["mean", "spearman"] == pytest.approx(found["spearman"][:3].mean())
    assert found["targets"].tolist() == [12, 12, 12, 13]
    assert found["families"].tolist() == [6, 6, 6, 6]
    pooled = stats.spearmanr(table["overlap"], table["score"])
    assert pooled.statistic > 0.6 and pooled.pvalue < 0.001
    assert abs(found.loc["mean", "spearman"]) < 0.4 and found.loc["mean", "p_value"] > 0.1


@pytest.mark.parametrize("number", [4, 5, 6])
def test_p_values_of_few_languages_are_exact(number: int) -> None:
    """Against all pairings; the t distribution takes ρ = 1 for impossible."""
    draws = np.random.default_rng(number)
    one = np.arange(number, dtype=float)
    for other in (one, -one, draws.permutation(number), draws.integers(0, 3, number)):
        other = other.astype(float)
        found = correlate(one[None], other[None])
        expected = stats.permutation_test(
            (other,), lambda x: stats.spearmanr(one, x).statistic, permutation_type="pairings",
            n_resamples=np.inf, vectorized=False,
        )  # fmt: skip
        assert (found.rho, found.p_value) == pytest.approx((expected.statistic, expected.pvalue))
    assert correlate(one[None], one[None]).p_value == pytest.approx(2 / factorial(number))


def test_intervals_are_of_families() -> None:
    """By hand, and not at all where there are few families or languages, or one is not known."""
    one, other = np.random.default_rng(4).normal(size=(2, 1, 12))
    families = [f"family {number % 6}" for number in range(12)]
    found = correlate(one, other, families)
    z = np.arctanh(stats.spearmanr(one[0], other[0]).statistic)
    without = []
    for family in range(6):
        kept = np.arange(12) % 6 != family
        without.append(np.arctanh(stats.spearmanr(one[0, kept], other[0, kept]).statistic))
    error = np.sqrt(5 / 6 * sum((value - z) ** 2 for value in without))
    bounds = np.tanh(stats.t.interval(0.95, 5, z, error))
    assert (found.low, found.high) == pytest.approx(tuple(bounds))
    for groups in (None, [f"family {number % 5}" for number in range(12)], ["", *families[1:]]):
        assert np.isnan(correlate(one, other, groups).low)
    assert np.isnan(correlate(one[:, :9], other[:, :9], families[:9]).low)


@pytest.mark.parametrize("sources", [1, 3])
@pytest.mark.parametrize("sizes", LAYOUTS.values(), ids=list(LAYOUTS))
def test_intervals_of_unrelated_quantities_contain_zero(
    sizes: tuple[int, ...], sources: int
) -> None:
    """Also where half of what differs between languages differs between their families."""
    assert excluded(sizes, 0.5, sources, 300) <= 5 + 3 * np.sqrt(5 * 95 / 300)


def test_an_interval_contains_its_correlation_also_near_one() -> None:
    """Two neighbours of fifteen languages swapped: ρ = 0.996, and 1 without their family."""
    one = np.arange(15.0)[None]
    other = one.copy()
    other[0, [6, 7]] = other[0, [7, 6]]
    families = [str(number // 2) for number in range(15)]
    found = correlate(one, other, families)
    assert 0.99 < found.rho < 1
    assert found.low < found.rho < found.high <= 1
    assert np.isnan(correlate(one, one, families).low), "1 whichever family is left out"


def test_pieces_are_of_the_sentences_that_a_seed_draws(tmp_path: Path) -> None:
    directory = make_encoder(tmp_path / "encoder", "bert")
    write_conllu(tmp_path / "train.conllu", SENTENCES)
    output, tokenizer, found = tmp_path / "pieces.txt", WordTokenizer(directory), {}
    for number, seed in ((1, 1), (1, 2), (1, 3), (None, 0)):
        pieces(directory, tmp_path / "train.conllu", output, number, seed)
        found[number, seed] = output.read_text(encoding="utf-8").split()
        drawn = draw_sentences(SENTENCES, number, seed)
        assert found[number, seed] == sorted(piece_types(drawn, tokenizer))
    assert all(len(found[1, seed]) < len(found[None, 0]) for seed in (1, 2, 3))
    assert len({tuple(found[1, seed]) for seed in (1, 2, 3)}) > 1


def test_overlap_is_the_mean_over_what_seeds_train_on() -> None:
    scores = pd.DataFrame(
        [{"encoder": "e", "task": "pos", "source": "fr", "target": "de", "score": 1.0}]
    )
    sets = {"train": [{"a", "b"}, {"b", "c", "d"}], "test": [{"a"}]}
    table = overlap_table(scores, lambda encoder, task, language, split: sets[split])
    assert table["overlap"].tolist() == [pytest.approx((50 + 0) / 2)]


def test_a_state_looks_the_same_in_every_panel() -> None:
    """Also where a source lacks a task, and one that the first source lacks has its legend."""
    states = {
        "it": ["pretrained", "pos/it_isdt/none/seed-1"],
        "en": ["pretrained", "ner/en_conll2003/none/seed-1", "pos/en_ewt/none/seed-1"],
    }
    table = pd.DataFrame(
        [
            {"encoder": "e", "source": source, "target": "fr", "state": state, "layer": layer,
             "accuracy": 50.0}
            for source, of_source in states.items() for state in of_source for layer in (0, 1)
        ]
    )  # fmt: skip
    figure = retrieval_figure({"study": "title"}, table)
    colours = {}
    for ax in figure.axes:
        for line, label in zip(*ax.get_legend_handles_labels(), strict=True):
            colours.setdefault(label, set()).add(line.get_color())
    assert {len(found) for found in colours.values()} == {1}
    assert len({colour for (colour,) in colours.values()}) == 3
    legend = [text.get_text() for text in figure.legends[0].get_texts()]
    assert legend == ["pretrained", "fine-tuned: pos", "fine-tuned: ner"]
    plt.close(figure)


def brute_force(source: np.ndarray, target: np.ndarray) -> float:
    offset = (target - source).mean(axis=0)
    right = 0
    for index, vector in enumerate(source):
        distances = [np.linalg.norm(vector + offset - other) for other in target]
        right += int(np.argmin(distances)) == index
    return 100 * right / len(source)


@pytest.mark.parametrize("noise", [0.1, 1.0, 3.0])
def test_retrieval_equals_brute_force(noise: float) -> None:
    draws = np.random.default_rng(1)
    source = draws.normal(size=(200, 16)).astype(np.float32) + 5
    target = source + draws.normal(size=16) * 3 + draws.normal(scale=noise, size=source.shape)
    target = target.astype(np.float32)
    assert retrieval_accuracy(source, target) == brute_force(source, target)


def test_an_offset_between_languages_costs_nothing() -> None:
    source = np.random.default_rng(2).normal(size=(50, 8))
    assert retrieval_accuracy(source, source + 100) == 100


SENTENCES = [
    sentence(("the", "X", "_"), ("cat", "X", "_"), ("sat", "X", "_")),
    sentence(("dogs", "X", "_")),
    sentence(("cats", "X", "_"), ("barked", "X", "_")),
]


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_vectors_are_means_of_states_without_special_tokens(
    architecture: str, tmp_path: Path
) -> None:
    """Against transformers, a sentence at a time."""
    directory = make_encoder(tmp_path / "encoder", architecture)
    write_conllu(tmp_path / "a.conllu", SENTENCES)
    represent(tmp_path / "a.conllu", [tmp_path / "a.safetensors"], [directory])
    identifiers, vectors = read_vectors(tmp_path / "a.safetensors")
    assert identifiers == ["the", "dogs", "cats"]
    model = AutoModelForTextEncoding.from_pretrained(directory).eval()
    tokenizer = WordTokenizer(directory)
    for place, sent in enumerate(SENTENCES):
        (row,) = tokenizer.rows([" ".join(sent.forms)], 64)
        with torch.inference_mode():
            states = model(input_ids=torch.tensor(row[None]), output_hidden_states=True)
        end = len(row) - len(tokenizer.suffix)
        for layer, state in enumerate(states.hidden_states):
            expected = state[0, len(tokenizer.prefix) : end].mean(dim=0).numpy()
            np.testing.assert_allclose(vectors[layer, place], expected, atol=1e-5)
    assert vectors.shape[0] == len(states.hidden_states)


def test_vectors_are_aligned_by_identifier(tmp_path: Path) -> None:
    directory = make_encoder(tmp_path / "encoder", "bert")
    orders = {"a": SENTENCES, "b": SENTENCES[::-1], "c": SENTENCES[:2]}
    for name, sentences in orders.items():
        write_conllu(tmp_path / f"{name}.conllu", sentences)
        represent(tmp_path / f"{name}.conllu", [tmp_path / f"{name}.safetensors"], [directory])
    source, target = aligned(tmp_path / "a.safetensors", tmp_path / "b.safetensors")
    np.testing.assert_allclose(source, target, atol=1e-5)
    with pytest.raises(InputError, match="only one has the sentence 'cats'") as error:
        aligned(tmp_path / "a.safetensors", tmp_path / "c.safetensors")
    assert "a.safetensors" in str(error.value) and "c.safetensors" in str(error.value)
    (tmp_path / "c.safetensors").write_bytes(b"x")
    with pytest.raises(InputError, match="not a file of vectors"):
        read_vectors(tmp_path / "c.safetensors")


def test_sentences_need_identifiers(tmp_path: Path) -> None:
    directory = make_encoder(tmp_path / "encoder", "bert")
    twice = [SENTENCES[0], SENTENCES[0]]
    write_conllu(tmp_path / "a.conllu", twice)
    with pytest.raises(InputError, match="two sentences have the sent_id 'the'"):
        represent(tmp_path / "a.conllu", [tmp_path / "a.safetensors"], [directory])
    assert not (tmp_path / "a.safetensors").exists()


def test_the_embedded_world_exports_its_typology() -> None:
    import yaml
    from xltransfer.study import Study
    from xltransfer.study.typological_features import typology_config, typology_files

    config = yaml.safe_load((ROOT / "config.yaml").read_text(encoding="utf-8"))
    study = Study(config, ROOT)
    content = json.loads(typology_config(study))
    assert set(content["embedded"]) == set(content["iso"]) and not typology_files(study)
    assert all(set(values) == set(FEATURES) for values in content["embedded"].values())
