"""Graph convolution against values by hand, a search over nodes, and properties."""

from __future__ import annotations

from collections import deque

import numpy as np
import pytest
import torch
from xltransfer.encoders.graph_convolution import (
    GraphConvolution,
    GraphConvolutions,
    ancestors,
    distance_to_path,
    tree_batch,
    tree_distances,
)


def random_heads(size: int, draws: np.random.Generator) -> list[int]:
    """Heads of a random tree, 0 for the root, in random order of words."""
    order = draws.permutation(size)
    heads = [0] * size
    for place in range(1, size):
        heads[order[place]] = int(order[draws.integers(place)]) + 1
    return heads


def neighbours(heads: list[int]) -> dict[int, set[int]]:
    found: dict[int, set[int]] = {word: set() for word in range(len(heads))}
    for word, head in enumerate(heads):
        if head:
            found[word].add(head - 1)
            found[head - 1].add(word)
    return found


def path_between(edges: dict[int, set[int]], start: int, end: int) -> list[int]:
    """The path between two words by breadth-first search."""
    before, queue = {start: start}, deque([start])
    while queue:
        word = queue.popleft()
        for other in sorted(edges[word] - set(before)):
            before[other] = word
            queue.append(other)
    path = [end]
    while path[-1] != start:
        path.append(before[path[-1]])
    return path


def within(edges: dict[int, set[int]], start: set[int], distance: int) -> set[int]:
    """All words at up to a distance of some words, one step at a time."""
    found = set(start)
    for _ in range(distance):
        found |= {other for word in found for other in edges[word]}
    return found


FIVE = [2, 0, 2, 5, 3]
"""Word 2 is the root, with dependents 1 and 3; 5 depends on 3 and 4 on 5."""


def five(**kept: list[int]) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    mask = torch.ones(1, 5, dtype=torch.bool)
    relations = torch.tensor([[1, 0, 2, 1, 2]])
    return torch.tensor([FIVE]), relations, mask


def test_one_layer_on_a_tree_of_five_words_is_right_by_hand():
    layer = GraphConvolution(2, 2)
    with torch.no_grad():
        layer.own.weight.copy_(torch.tensor([[1.0, 0.0], [1.0, -1.0]]))
        layer.bias.copy_(torch.tensor([0.5, 0.0]))
    states = torch.tensor([[[1.0, 0.0], [2.0, 1.0], [0.0, 3.0], [4.0, 1.0], [1.0, 1.0]]])
    found = layer(states, tree_batch(*five()))
    # W h of the words: (1, 1), (2, 1), (0, -3), (4, 3), (1, 0).
    expected = [
        [(1 + 2) / 2 + 0.5, (1 + 1) / 2],
        [(2 + 1 + 0) / 3 + 0.5, 0.0],  # (1 + 1 - 3) / 3 is negative
        [(0 + 2 + 1) / 3 + 0.5, 0.0],  # (-3 + 1 + 0) / 3 is negative
        [(4 + 1) / 2 + 0.5, 3 / 2],
        [(1 + 4 + 0) / 3 + 0.5, 0.0],  # (0 + 3 - 3) / 3
    ]
    torch.testing.assert_close(found[0], torch.tensor(expected))


def test_a_directed_labelled_layer_is_right_by_hand():
    layer = GraphConvolution(1, 1, directed=True, relations=3)
    with torch.no_grad():
        for matrix, value in ((layer.own, 1.0), (layer.from_head, 10.0)):
            matrix.weight.fill_(value)
        layer.from_dependents.weight.fill_(100.0)
        layer.labels[0].weight.copy_(torch.tensor([[0.0], [0.1], [0.2]]))
        layer.labels[1].weight.copy_(torch.tensor([[0.0], [0.01], [0.02]]))
    states = torch.tensor([[[1.0], [2.0], [3.0], [4.0], [5.0]]])
    found = layer(states, tree_batch(*five()))
    expected = [
        (1 + 20 + 0.1) / 2,
        (2 + 100 + 0.01 + 300 + 0.02) / 3,
        (3 + 20 + 0.2 + 500 + 0.02) / 3,
        (4 + 50 + 0.1) / 2,
        (5 + 30 + 0.2 + 400 + 0.01) / 3,
    ]
    torch.testing.assert_close(found[0, :, 0], torch.tensor(expected))


def test_distances_and_ancestors_are_those_of_a_search():
    draws = np.random.default_rng(1)
    for size in (1, 2, 5, 12):
        heads = random_heads(size, draws)
        mask = torch.ones(1, size, dtype=torch.bool)
        edges = neighbours(heads)
        found = tree_distances(torch.tensor([heads]), mask)[0]
        above = ancestors(torch.tensor([heads]), mask)[0]
        for one in range(size):
            chain = {one}
            word = one
            while heads[word]:
                word = heads[word] - 1
                chain.add(word)
            assert set(above[one].nonzero().flatten().tolist()) == chain
            for other in range(size):
                assert found[one, other] == len(path_between(edges, one, other)) - 1


@pytest.mark.parametrize("distance", [0, 1, 2])
def test_pruning_keeps_what_a_search_from_the_path_finds(distance):
    draws = np.random.default_rng(2)
    for _ in range(40):
        size = int(draws.integers(3, 14))
        heads = random_heads(size, draws)
        edges = neighbours(heads)
        spans = [sorted(draws.integers(0, size, 2).tolist()) for _ in range(2)]
        words = {w for first, last in spans for w in range(first, min(last, first + 2) + 1)}
        on_path = {w for one in words for other in words for w in path_between(edges, one, other)}
        mask = torch.ones(1, size, dtype=torch.bool)
        members = torch.zeros(1, size, dtype=torch.bool)
        members[0, sorted(words)] = True
        found = distance_to_path(tree_distances(torch.tensor([heads]), mask), members)[0]
        kept = set((found <= distance).nonzero().flatten().tolist())
        assert kept == within(edges, on_path, distance)


@pytest.mark.parametrize("directed", [False, True])
def test_another_order_of_words_permutes_the_states(directed):
    torch.manual_seed(3)
    draws = np.random.default_rng(3)
    heads = random_heads(9, draws)
    relations = draws.integers(0, 4, 9)
    states = torch.randn(1, 9, 6)
    network = GraphConvolutions(6, 5, directed=directed, relations=4).eval()
    order = draws.permutation(9)  # the word at each place
    place = {int(word): new for new, word in enumerate(order)}
    moved = [place[heads[word] - 1] + 1 if heads[word] else 0 for word in order]
    mask = torch.ones(1, 9, dtype=torch.bool)

    def run(states, heads, relations):
        trees = tree_batch(torch.tensor([heads]), torch.tensor([relations]), mask)
        return network(states, trees)[0]

    before = run(states, heads, list(relations))
    after = run(states[:, order], moved, list(relations[order]))
    torch.testing.assert_close(after, before[list(order)])
    assert not torch.allclose(before, run(states, moved, list(relations)), atol=1e-3)


def test_padding_and_other_sentences_change_nothing():
    torch.manual_seed(4)
    draws = np.random.default_rng(4)
    network = GraphConvolutions(3, 4, directed=True, relations=4).eval()
    short, long = random_heads(4, draws), random_heads(7, draws)
    states = torch.randn(2, 7, 3)
    relations = torch.from_numpy(draws.integers(0, 4, (2, 7)))
    heads = torch.tensor([[*short, 0, 0, 0], long])
    mask = torch.tensor([[True] * 4 + [False] * 3, [True] * 7])
    both = network(states, tree_batch(heads, relations, mask))
    alone = network(states[:1, :4], tree_batch(heads[:1, :4], relations[:1, :4], mask[:1, :4]))
    torch.testing.assert_close(both[0, :4], alone[0])
    assert not both[0, 4:].any()
    padded = tree_distances(heads, mask)[0, :4, :4]
    assert torch.equal(padded, tree_distances(heads[:1, :4], mask[:1, :4])[0])


def test_words_outside_the_graph_send_nothing():
    torch.manual_seed(5)
    network = GraphConvolutions(3, 4).eval()
    heads, relations, mask = five()
    kept = torch.tensor([[True, True, True, False, False]])
    states = torch.randn(1, 5, 3)
    found = network(states, tree_batch(heads, relations, kept))
    cut = network(states[:, :3], tree_batch(heads[:, :3], relations[:, :3], mask[:, :3]))
    torch.testing.assert_close(found[:, :3], cut)
    assert not found[:, 3:].any()


def test_weights_are_drawn_in_one_order() -> None:
    """A set of modules has the order of their addresses, which differ from run to run."""
    kept = []  # so that every layer has other addresses
    for _ in range(20):
        torch.manual_seed(3)
        layer = GraphConvolution(4, 5, directed=True, relations=2)
        kept.append(layer)
        drawn = torch.cat([p.flatten() for p in layer.parameters()])
        first = torch.cat([p.flatten() for p in kept[0].parameters()])
        assert torch.equal(drawn, first)
