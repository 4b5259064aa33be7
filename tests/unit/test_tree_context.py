"""Contexts of words between encoder and head: features, pruning, padding, and refusals."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from test_graph_convolution import random_heads
from xltransfer.corpora.relation_sentences import Mention, Pair, RelationSentence
from xltransfer.encoders.universal_features import (
    NONE,
    OTHER,
    PARTS_OF_SPEECH,
    RELATION_SIZE,
    RELATIONS,
    entity_ids,
    relation_ids,
    upos_ids,
)
from xltransfer.runtime.errors import InputError
from xltransfer.tasks.heads.tree_context import TreeContext, words_of_spans
from xltransfer.tasks.registry import make_task

GRAPH = {
    "layer": "graph",
    "layers": 2,
    "units": 8,
    "dropout": 0.3,
    "input_dropout": 0.3,
    "states": True,
    "upos_units": 3,
    "relation_units": 4,
    "entity_units": 5,
    "directed": True,
    "labelled": True,
    "distance": None,
}
BILSTM = {k: v for k, v in GRAPH.items() if k not in ("directed", "labelled", "distance")}
BILSTM["layer"] = "bilstm"
SENTENCE = RelationSentence(
    "s",
    ("Ada", "Lovelace", "met", "Bo"),
    (Mention(0, 1, "PER"), Mention(3, 3, "ORG"), Mention(2, 2)),
    (Pair(0, 1, "met"), Pair(1, 0, "none")),
    ("PROPN", "PROPN", "VERB", "PROPN"),
    (3, 1, 0, 3),
    ("nsubj", "flat:name", "root", "obj"),
)


def settings(context: dict, kind: str = "relations") -> dict:
    return {"kind": kind, "head_dropout": 0.0, "context": context}


def inputs(size: int, sentences: int = 1, seed: int = 1) -> dict[str, torch.Tensor]:
    draws = np.random.default_rng(seed)
    heads = [random_heads(size, draws) for _ in range(sentences)]
    found = {name: draws.integers(2, 15, (sentences, size)) for name in
             ("upos", "relations", "entities")}  # fmt: skip
    return {"heads": torch.tensor(heads), **{k: torch.from_numpy(v) for k, v in found.items()}}


def test_inventories_are_those_of_universal_dependencies() -> None:
    assert len(set(PARTS_OF_SPEECH)) == len(PARTS_OF_SPEECH) == 17
    assert len(set(RELATIONS)) == len(RELATIONS) == 37


def test_ids_of_annotation() -> None:
    found = relation_ids(["nsubj", "nsubj:pass", "nsubj:outer", "_", "madeup", "root"])
    assert found[0] == found[2] != found[1] and found[3] == NONE and found[4] == OTHER
    assert max(found) < RELATION_SIZE and found[5] > OTHER
    assert list(upos_ids(["ADJ", "_", "OTHER"])) == [2, NONE, OTHER]
    kinds = entity_ids(["PER", "", "PER", "ORG"])
    assert kinds[0] == kinds[2] != kinds[3] and kinds[1] == NONE and min(kinds[[0, 3]]) >= 2


def test_inputs_of_a_sentence() -> None:
    found = make_task(settings(GRAPH)).inputs(SENTENCE)
    assert list(found["heads"]) == [3, 1, 0, 3]
    assert found["entities"][0] == found["entities"][1] != found["entities"][3]
    assert found["entities"][2] == NONE
    assert "heads" not in make_task({**settings(GRAPH), "context": None}).inputs(SENTENCE)


@pytest.mark.parametrize("missing", ["upos", "heads"])
def test_sentences_without_annotation_are_refused(missing: str) -> None:
    values = {name: getattr(SENTENCE, name) for name in SENTENCE.__dataclass_fields__}
    values |= {"upos": None} if missing == "upos" else {"heads": None, "deprels": None}
    what = "parts of speech" if missing == "upos" else "tree"
    with pytest.raises(InputError, match=f"sentence s has no {what}, which `context` reads"):
        make_task(settings(GRAPH)).inputs(RelationSentence(**values))


@pytest.mark.parametrize("context", [GRAPH, {**GRAPH, "distance": 1}, BILSTM])
def test_padding_and_other_sentences_change_nothing(context: dict) -> None:
    torch.manual_seed(1)
    network = TreeContext(6, context).eval()
    given, states = inputs(5), torch.randn(1, 5, 6)
    mask, spans = torch.ones(1, 5, dtype=torch.bool), torch.tensor([[0, 1, 4, 4]])
    alone, own, _ = network(states, mask, given, torch.tensor([0]), spans)
    wide = inputs(8, seed=2)
    both = {k: torch.cat([torch.nn.functional.pad(v, (0, 3)), wide[k]]) for k, v in given.items()}
    padded = torch.cat([torch.nn.functional.pad(states, (0, 0, 0, 3)), torch.randn(1, 8, 6)])
    masks = torch.tensor([[True] * 5 + [False] * 3, [True] * 8])
    rows, two = torch.tensor([0, 1]), torch.cat([spans, spans])
    found, kept, place = network(padded, masks, both, rows, two)
    torch.testing.assert_close(found[place[0], :5], alone[0])
    assert torch.equal(kept[place[0], :5], own[0]) and not kept[place[0], 5:].any()


@pytest.mark.parametrize(
    ("key", "name"),
    [("upos_units", "upos"), ("relation_units", "relations"), ("entity_units", "entities")],
)
@pytest.mark.parametrize("context", [GRAPH, BILSTM])
def test_a_feature_is_read_unless_it_is_left_out(context: dict, key: str, name: str) -> None:
    given, changed = inputs(5), inputs(5)
    changed[name] = given[name].roll(1, 1) + 1
    states, mask = torch.randn(1, 5, 6), torch.ones(1, 5, dtype=torch.bool)
    pairs = torch.tensor([0]), torch.tensor([[0, 0, 1, 1]])
    for size, differs in ((4, True), (0, False)):
        torch.manual_seed(2)
        network = TreeContext(6, {**context, key: size, "labelled": False}).eval()
        found = [network(states, mask, features, *pairs)[0] for features in (given, changed)]
        assert torch.equal(*found) != differs


@pytest.mark.parametrize("context", [GRAPH, BILSTM])
def test_states_can_be_left_out(context: dict) -> None:
    network = TreeContext(6, {**context, "states": False}).eval()
    given, mask = inputs(5), torch.ones(1, 5, dtype=torch.bool)
    pairs = torch.tensor([0]), torch.tensor([[0, 0, 1, 1]])
    one, other = (network(torch.randn(1, 5, 6), mask, given, *pairs)[0] for _ in range(2))
    assert torch.equal(one, other)


def test_a_pruned_tree_is_that_of_each_pair() -> None:
    """Words beyond the distance change nothing; each pair has a row of its own."""
    torch.manual_seed(3)
    network = TreeContext(6, {**GRAPH, "distance": 0}).eval()
    given = inputs(5)
    given["heads"] = torch.tensor([[0, 1, 2, 3, 4]])  # a chain
    states, mask = torch.randn(1, 5, 6), torch.ones(1, 5, dtype=torch.bool)
    rows, spans = torch.tensor([0, 0]), torch.tensor([[0, 0, 2, 2], [3, 3, 4, 4]])
    found, kept, place = network(states, mask, given, rows, spans)
    assert kept.tolist() == [[True] * 3 + [False] * 2, [False] * 3 + [True] * 2]
    assert place.tolist() == [0, 1]
    other = states.clone()
    other[0, 3:] = 5
    again = network(other, mask, given, rows, spans)[0]
    assert torch.equal(again[0], found[0]) and not torch.allclose(again[1], found[1])


def test_words_of_mentions() -> None:
    found = words_of_spans(torch.tensor([[0, 1, 3, 3], [2, 2, 0, 0]]), 4)
    assert found.tolist() == [[True, True, False, True], [True, False, True, False]]
