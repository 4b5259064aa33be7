"""The parser: shapes, masks, loss by hand, and scores against the official evaluator."""

from __future__ import annotations

import io
import math
import random
from pathlib import Path

import numpy as np
import pytest
import torch
from xltransfer.corpora.conllu import DEPREL, HEAD, Sentence, read_conllu, write_conllu
from xltransfer.encoders.batching import Batch
from xltransfer.encoders.layers import SharedDropout
from xltransfer.tasks.heads.biaffine import BiaffineHead
from xltransfer.tasks.metrics.attachment import universal
from xltransfer.tasks.parsing import Parsing

SETTINGS = {
    "kind": "parsing",
    "arc_units": 6,
    "relation_units": 4,
    "head_dropout": 0.0,
    "relation_subtypes": False,
}


def tree(*words: tuple[str, int, str]) -> Sentence:
    rows = [
        [str(n), form, "_", "X", "_", "_", str(head), deprel, "_", "_"]
        for n, (form, head, deprel) in enumerate(words, start=1)
    ]
    return Sentence([], rows, rows)


def make_batch(mask: torch.Tensor, **targets: torch.Tensor) -> Batch:
    empty = torch.zeros(1, 1, dtype=torch.long)
    return Batch(np.arange(len(mask)), empty, empty, empty, mask, targets)


@pytest.fixture
def head() -> BiaffineHead:
    torch.manual_seed(0)
    head = BiaffineHead(8, 6, 4, 3, dropout=0.0)
    # Zero at the start by design, which would make every score equal.
    torch.nn.init.normal_(head.arc_weight)
    torch.nn.init.normal_(head.relation_weight)
    return head


def test_arc_scores_are_the_biaffine_form(head: BiaffineHead) -> None:
    states = torch.randn(1, 3, 8)
    scores = head.arc_scores(states, torch.ones(1, 3, dtype=torch.bool))
    assert scores.shape == (1, 3, 4)
    with_root = torch.cat([head.root[None], states[0]])
    for dependent in range(3):
        d = torch.cat([head.arc_dependent(states[0, dependent][None, None])[0, 0], torch.ones(1)])
        for candidate in range(4):
            if candidate == dependent + 1:
                assert scores[0, dependent, candidate] == -math.inf
                continue
            h = head.arc_head(with_root[candidate][None, None])[0, 0]
            expected = (d @ head.arc_weight @ h).item()
            found = scores[0, dependent, candidate].item()
            assert found == pytest.approx(expected, abs=1e-4)


def test_relation_scores_are_the_biaffine_form(head: BiaffineHead) -> None:
    states = torch.randn(2, 3, 8)
    mask = torch.tensor([[True, True, True], [True, False, False]])
    heads = torch.tensor([[2, 0, 1], [0, 0, 0]])
    scores = head.relation_scores(states, heads, mask)
    assert scores.shape == (4, 3)
    for row, (sentence, word) in enumerate([(0, 0), (0, 1), (0, 2), (1, 0)]):
        governor = heads[sentence, word]
        state = head.root if governor == 0 else states[sentence, governor - 1]
        d = torch.cat(
            [head.relation_dependent(states[sentence, word][None, None])[0, 0], torch.ones(1)]
        )
        h = torch.cat([head.relation_head(state[None, None])[0, 0], torch.ones(1)])
        expected = torch.einsum("i,irj,j->r", d, head.relation_weight, h)
        assert torch.allclose(scores[row], expected, atol=1e-4)


def test_relation_scores_of_many_words_are_the_same_in_prediction(head: BiaffineHead) -> None:
    states = torch.randn(3, 7, 8)
    mask = torch.ones(3, 7, dtype=torch.bool)
    mask[1, 4:] = False
    heads = torch.randint(0, 5, (3, 7))
    expected = head.relation_scores(states, heads, mask)
    with torch.inference_mode():
        found = head.relation_scores(states, heads, mask)
    assert expected.requires_grad and not found.requires_grad
    torch.testing.assert_close(found, expected.detach())


def test_padding_never_becomes_a_head(head: BiaffineHead) -> None:
    states = torch.randn(2, 4, 8)
    mask = torch.tensor([[True] * 4, [True, True, False, False]])
    scores = head.arc_scores(states, mask)
    assert (scores[1, :2, 3:] == -math.inf).all()
    alone = head.arc_scores(states[1:, :2], mask[1:, :2])
    assert torch.allclose(scores[1, :2, :3], alone[0], atol=1e-5)


def test_loss_is_the_mean_over_words_of_both_cross_entropies(head: BiaffineHead) -> None:
    states = torch.randn(2, 3, 8)
    mask = torch.tensor([[True] * 3, [True, True, False]])
    heads = torch.tensor([[2, 0, 2], [0, 1, 0]])
    relations = torch.tensor([[1, 0, 2], [0, 1, 0]])
    batch = make_batch(mask, heads=heads, relations=relations)
    arcs = head.arc_scores(states, mask).log_softmax(2)
    labels = head.relation_scores(states, heads, mask).log_softmax(1)
    places = [(s, w) for s in range(2) for w in range(3) if mask[s, w]]
    expected = -sum(arcs[s, w, heads[s, w]] for s, w in places) / 5
    expected -= sum(labels[row, relations[s, w]] for row, (s, w) in enumerate(places)) / 5
    assert Parsing(SETTINGS).loss(head, states, batch).item() == pytest.approx(expected.item())


def test_predictions_are_trees_with_one_root(head: BiaffineHead) -> None:
    torch.manual_seed(1)
    states = torch.randn(8, 6, 8)
    lengths = torch.tensor([1, 2, 3, 4, 5, 6, 6, 2])
    mask = torch.arange(6)[None] < lengths[:, None]
    with torch.inference_mode():
        predictions = Parsing(SETTINGS).predict(head, states, make_batch(mask))
    for prediction, length in zip(predictions, lengths.tolist(), strict=True):
        assert len(prediction["heads"]) == len(prediction["relations"]) == length
        assert (prediction["heads"] == 0).sum() == 1
        assert prediction["relations"].max() < 3


def test_shared_dropout_drops_units_for_the_whole_sentence() -> None:
    torch.manual_seed(0)
    dropped = SharedDropout(0.5).train()(torch.ones(4, 5, 40))
    assert torch.equal(dropped, dropped[:, :1].expand_as(dropped))
    assert set(dropped.unique().tolist()) == {0.0, 2.0}
    assert torch.equal(SharedDropout(0.5).eval()(torch.ones(1, 2, 3)), torch.ones(1, 2, 3))


def test_subtypes_are_learnt_only_on_request() -> None:
    sentence = tree(("a", 2, "nsubj:pass"), ("b", 0, "root"))
    assert Parsing(SETTINGS).label_vocabulary([sentence]) == ["nsubj", "root"]
    full = Parsing({**SETTINGS, "relation_subtypes": True})
    assert full.label_vocabulary([sentence]) == ["nsubj:pass", "root"]
    targets = full.targets(sentence, {"nsubj:pass": 0, "root": 1})
    assert targets["heads"].tolist() == [2, 0]
    assert targets["relations"].tolist() == [0, 1]


def test_scores_by_hand() -> None:
    gold = tree(("a", 2, "nsubj:pass"), ("b", 0, "root"), ("c", 2, "obj"), (".", 2, "punct"))
    predicted = tree(("a", 2, "nsubj"), ("b", 0, "root"), ("c", 1, "obj"), (".", 2, "obl"))
    scores = Parsing(SETTINGS).score([gold], [predicted])
    assert scores == {"LAS": 50.0, "UAS": 75.0}
    assert next(iter(scores)) == "LAS"


def official(
    gold: Path, system: Path, metrics: tuple[str, ...] = ("LAS", "UAS")
) -> dict[str, float]:
    """Scores of the CoNLL 2018 shared task's own evaluator."""
    from udtools import udeval

    def load(path: Path):
        text = path.read_text(encoding="utf-8")
        return udeval.load_conllu(io.StringIO(text), str(path), {})

    scores = udeval.evaluate(load(gold), load(system))
    return {name: 100 * scores[name].f1 for name in metrics}


def official_upos(gold: Path, system: Path) -> float:
    """Accuracy of UPOS by the same evaluator."""
    return official(gold, system, ("UPOS",))["UPOS"]


def perturb(sentences: list[Sentence], seed: int) -> list[Sentence]:
    """Other trees with one root over the same words, some of them right."""
    draws = random.Random(seed)
    labels = sorted({r for s in sentences for r in s.column(DEPREL)})
    changed = []
    for sentence in sentences:
        heads, relations = list(sentence.heads), sentence.column(DEPREL)
        for word in range(len(heads)):
            if draws.random() < 0.3 and heads[word]:
                candidate = draws.randint(1, len(heads))
                if not descends(candidate, word + 1, heads):
                    heads[word] = candidate
            if draws.random() < 0.3 and relations[word] != "root":
                relations[word] = draws.choice([r for r in labels if r != "root"])
        changed.append(sentence.with_columns({HEAD: [str(h) for h in heads], DEPREL: relations}))
    return changed


def descends(word: int, ancestor: int, heads: list[int]) -> bool:
    while word:
        if word == ancestor:
            return True
        word = heads[word - 1]
    return False


@pytest.mark.parametrize(
    "treebank",
    [
        "UD_English-EWT/en_ewt-ud-dev",
        "UD_French-Sequoia/fr_sequoia-ud-test",
        "UD_Turkish-IMST/tr_imst-ud-dev",
        "UD_Arabic-PUD/ar_pud-ud-test",
        "UD_Chinese-PUD/zh_pud-ud-test",
    ],
)
def test_scores_equal_the_official_evaluator(treebank: str, shared: Path, tmp_path: Path) -> None:
    gold = shared / "ud" / f"{treebank}.conllu"
    sentences = read_conllu(gold)
    for seed, predicted in enumerate([sentences, perturb(sentences, 1), perturb(sentences, 2)]):
        system = tmp_path / f"{seed}.conllu"
        write_conllu(system, predicted)
        expected = official(gold, system)
        found = Parsing(SETTINGS).score(sentences, predicted)
        assert found == pytest.approx(expected, abs=0.005)
        assert (seed == 0) == (found["LAS"] == 100)


def test_universal_part() -> None:
    assert [universal(r) for r in ("nsubj", "nsubj:pass", "obl:arg:x")] == ["nsubj", "nsubj", "obl"]
