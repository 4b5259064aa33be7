"""Maps between spaces of word vectors, against plain NumPy and on spaces that are known."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import torch
from scipy.linalg import expm
from xltransfer.embeddings import csls
from xltransfer.embeddings.adversarial_mapping import Game, play
from xltransfer.embeddings.map_methods import find_map, seed_places
from xltransfer.embeddings.mapping import (
    identical_strings,
    least_squares,
    mean_csls_cosine,
    mutual_neighbours,
    places_of_pairs,
    procrustes,
    refine,
)
from xltransfer.embeddings.self_learning import SelfLearning, initial_pairs, self_learn
from xltransfer.embeddings.word_vectors import WordVectors
from xltransfer.runtime.errors import InputError

QUICK = SelfLearning(patience=5)
NO_REFINEMENT = {"iterations": 0, "maximum_rank": 10_000}


@pytest.fixture(autouse=True)
def one_thread() -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def clustered(number: int, dimensions: int, clusters: int = 60) -> np.ndarray:
    """Unit vectors in clusters of different sizes: no rotation maps them to themselves."""
    draws = np.random.default_rng(0)
    centres = draws.standard_normal((clusters, dimensions)) * draws.gamma(1, 1, (clusters, 1))
    weights = 1 / np.arange(1, clusters + 1)
    of = draws.choice(clusters, number, p=weights / weights.sum())
    spread = 0.6 * np.linspace(1.5, 0.2, dimensions)
    points = centres[of] + spread * draws.standard_normal((number, dimensions))
    return csls.unit(points - points.mean(axis=0))


def rotated(points: np.ndarray, rotation: np.ndarray, noise: float = 0.01) -> np.ndarray:
    draws = np.random.default_rng(1)
    return csls.unit(points @ rotation + noise * draws.standard_normal(points.shape))


def random_rotation(dimensions: int) -> np.ndarray:
    draws = np.random.default_rng(2)
    return np.linalg.qr(draws.standard_normal((dimensions, dimensions)))[0]


def accuracy(source: np.ndarray, target: np.ndarray, mapping: np.ndarray) -> float:
    mapped = csls.unit(source @ mapping)
    found = csls.nearest_by_csls(mapped, mapped, csls.unit(target), 1)[1][:, 0]
    return float((found == np.arange(len(source))).mean())


def plain_csls(source: np.ndarray, target: np.ndarray, k: int) -> np.ndarray:
    """All of CSLS in a matrix, by its definition."""
    cosines = source.astype(float) @ target.astype(float).T
    of_source = np.sort(cosines, axis=1)[:, -k:].mean(axis=1)
    of_target = np.sort(cosines, axis=0)[-k:].mean(axis=0)
    return 2 * cosines - of_source[:, None] - of_target[None, :]


@pytest.mark.parametrize(("sources", "targets", "k"), [(40, 30, 10), (700, 5000, 10), (6, 4, 10)])
def test_csls_is_that_of_its_definition(
    sources: int, targets: int, k: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also in several blocks, with a search in groups, and with fewer words than neighbours."""
    monkeypatch.setattr(csls, "CELLS_AT_ONCE", 100 * targets)
    draws = np.random.default_rng(3)
    source, target = (csls.unit(draws.standard_normal((n, 8))) for n in (sources, targets))
    expected = plain_csls(source, target, k)
    values, places = csls.nearest_by_csls(source, source, target, 3, k)
    np.testing.assert_allclose(values, -np.sort(-expected, axis=1)[:, :3], atol=1e-6)
    np.testing.assert_allclose(np.take_along_axis(expected, places, 1), values, atol=1e-6)
    cosines, _ = csls.nearest(source, target, 3)
    np.testing.assert_allclose(cosines, -np.sort(-(source @ target.T), axis=1)[:, :3], atol=1e-6)


def test_equal_neighbours_are_in_order() -> None:
    target = csls.unit(np.float32([[1, 0], [0, 1], [1, 0], [1, 0]]))
    assert csls.nearest(target[:1], target, 4)[1].tolist() == [[0, 2, 3, 1]]


def test_procrustes_and_least_squares_against_numpy() -> None:
    draws = np.random.default_rng(4)
    source, target = draws.standard_normal((2, 60, 7))
    left, _, right = np.linalg.svd(source.T @ target)
    np.testing.assert_allclose(procrustes(source, target), left @ right, atol=1e-6)
    normal = np.linalg.solve(source.T @ source, source.T @ target)
    np.testing.assert_allclose(least_squares(source, target), normal, atol=1e-6)
    mapping = procrustes(source, target)
    np.testing.assert_allclose(mapping @ mapping.T, np.eye(7), atol=1e-9)
    loss = np.linalg.norm(source @ mapping - target)
    for _ in range(20):
        other = np.linalg.qr(draws.standard_normal((7, 7)))[0]
        assert np.linalg.norm(source @ other - target) >= loss


def test_spaces_of_other_sizes_need_least_squares() -> None:
    draws = np.random.default_rng(5)
    source, target = draws.standard_normal((50, 4)), draws.standard_normal((50, 6))
    assert least_squares(source, target).shape == (4, 6)
    with pytest.raises(InputError, match="4 and of 6 dimensions have no orthogonal map"):
        procrustes(source, target)


def test_pairs_without_vectors_are_left_out() -> None:
    source = WordVectors(["a", "b", "c"], np.eye(3, dtype=np.float32))
    target = WordVectors(["x", "c", "b"], np.eye(3, dtype=np.float32))
    places = places_of_pairs([("a", "x"), ("a", "z"), ("q", "x"), ("c", "b")], source, target)
    assert [list(side) for side in places] == [[0, 2], [0, 2]]
    assert [list(side) for side in identical_strings(source, target)] == [[1, 2], [2, 1]]
    first = seed_places(1, source, target, [("q", "x"), ("a", "x"), ("c", "b")])
    assert [list(side) for side in first] == [[0], [0]]
    with pytest.raises(InputError, match="no pair of the dictionary has vectors on both sides"):
        seed_places("all", source, target, [("q", "x")])


def test_mutual_neighbours_by_hand() -> None:
    """b and c are both nearest to y, which is nearest to c alone."""
    source = csls.unit(np.float32([[1, 0], [0.6, 0.9], [0, 1]]))
    target = csls.unit(np.float32([[1, 0.05], [0.05, 1]]))
    pairs = mutual_neighbours(source, target, neighbours=1)
    assert [list(side) for side in pairs] == [[0, 2], [0, 1]]


def test_refinement_recovers_a_rotation_from_few_pairs() -> None:
    points, rotation = clustered(1000, 20), random_rotation(20)
    target = rotated(points, rotation, noise=0.05)
    few = procrustes(points[:12], target[:12])
    refined = refine(points, target, few, 5)
    assert accuracy(points, target, few) < 0.6 < 0.97 < accuracy(points, target, refined)
    np.testing.assert_allclose(refined, rotation, atol=0.05)


def test_self_learning_recovers_a_rotation() -> None:
    points, rotation = clustered(500, 20), random_rotation(20)
    order = np.random.default_rng(6).permutation(len(points))
    target = rotated(points, rotation)[order]
    pairs = initial_pairs(points, target)
    found = self_learn(points, target, pairs, 1, QUICK)
    np.testing.assert_allclose(found, rotation, atol=0.05)
    again = self_learn(points, target, pairs, 1, QUICK)
    np.testing.assert_array_equal(found, again)


def part_of_a_turn(dimensions: int, size: float) -> np.ndarray:
    draws = np.random.default_rng(7)
    turn = draws.standard_normal((dimensions, dimensions))
    return expm(size * (turn - turn.T) / 2)


def test_the_game_recovers_a_rotation() -> None:
    """A friendly case: 5,000 points, and a rotation after which 1 word in 11 is still right."""
    points, rotation = clustered(5000, 10), part_of_a_turn(10, 0.35)
    target = rotated(points, rotation)
    game = Game(hidden_units=64, epochs=2, epoch_words=16_000, learning_rate=0.3)
    outcome = play(points, target, np.eye(10), 1, 1, game)
    assert accuracy(points, target, np.eye(10)) < 0.15
    assert accuracy(points, target, outcome.mapping) > 0.9
    assert accuracy(points, target, refine(points, target, outcome.mapping, 1)) > 0.99
    assert outcome.criterion == max(outcome.history[0]) > outcome.history[0][0]
    np.testing.assert_allclose(outcome.mapping @ outcome.mapping.T, np.eye(10), atol=0.2)


def word_vectors(vectors: np.ndarray, prefix: str) -> WordVectors:
    return WordVectors([f"{prefix}{place}" for place in range(len(vectors))], vectors)


def game_from(initial: str, **more: object) -> dict[str, object]:
    game = {"hidden_units": 16, "epochs": 1, "epoch_words": 320}
    return {
        "kind": "adversarial",
        "initial": initial,
        "seed": 1,
        "restarts": 2,
        "game": game,
        "refinement": NO_REFINEMENT,
        **more,
    }


@pytest.fixture(scope="module")
def spaces() -> tuple[WordVectors, WordVectors]:
    points = clustered(300, 20)
    target = rotated(points, random_rotation(20))
    return word_vectors(points, "a"), word_vectors(target, "b")


def test_a_game_that_fails_is_noticed(
    spaces: tuple[WordVectors, WordVectors], caplog: pytest.LogCaptureFixture
) -> None:
    """A short game finds no rotation from the identity, and keeps that of self-learning."""
    mapping, report = find_map(game_from("identity"), *spaces, [], 10)
    assert report.converged is False and report.criterion < report.reference - 0.02
    assert accuracy(spaces[0].vectors, spaces[1].vectors, mapping) < 0.1
    assert "did not converge" in caplog.text
    mapping, report = find_map(game_from("self-learning"), *spaces, [], 10)
    assert report.converged is True
    assert accuracy(spaces[0].vectors, spaces[1].vectors, mapping) > 0.95


def test_a_game_can_start_from_identical_strings(
    spaces: tuple[WordVectors, WordVectors],
) -> None:
    source, target = spaces
    named = WordVectors([*source.words[:60], *target.words[60:]], target.vectors)
    mapping, report = find_map(game_from("identical-strings"), source, named, [], 10)
    assert report.seed_pairs == 60 and report.converged is True
    assert accuracy(source.vectors, target.vectors, mapping) > 0.95


def test_methods_are_those_of_their_settings(spaces: tuple[WordVectors, WordVectors]) -> None:
    source, target = spaces
    pairs = [(f"a{place}", f"b{place}") for place in range(100)]
    method = {"kind": "procrustes", "dictionary": "all", "refinement": NO_REFINEMENT}
    mapping, report = find_map(method, source, target, pairs, 10)
    expected = procrustes(source.vectors[:100], target.vectors[:100])
    np.testing.assert_array_equal(mapping, expected)
    assert report.seed_pairs == 100 and report.converged is None
    assert report.criterion == mean_csls_cosine(source.vectors, target.vectors, mapping)
    method = {**method, "kind": "least-squares", "dictionary": 30}
    mapping, report = find_map(method, source, target, pairs, 10)
    assert report.seed_pairs == 30
    np.testing.assert_array_equal(mapping, least_squares(source.vectors[:30], target.vectors[:30]))
    method = {"kind": "procrustes", "dictionary": "identical-strings", "refinement": NO_REFINEMENT}
    with pytest.raises(InputError, match="no string is in both vocabularies"):
        find_map(method, source, target, pairs, 10)


def test_another_seed_is_another_game(spaces: tuple[WordVectors, WordVectors]) -> None:
    source, target = (side.vectors for side in spaces)
    game = Game(hidden_units=16, epochs=1, epoch_words=320)
    found = [play(source, target, np.eye(20), seed, 1, game) for seed in (1, 1, 2)]
    np.testing.assert_array_equal(found[0].mapping, found[1].mapping)
    assert found[0].history == found[1].history != found[2].history


def test_the_game_leaves_the_random_state_alone(spaces: tuple[WordVectors, WordVectors]) -> None:
    before = torch.random.get_rng_state()
    source, target = (side.vectors for side in spaces)
    play(source, target, np.eye(20), 1, 1, Game(hidden_units=8, epochs=1, epoch_words=64))
    assert torch.equal(torch.random.get_rng_state(), before)


SETTINGS = {
    "model": "skip-gram",
    "dimensions": 12,
    "window": 3,
    "epochs": 2,
    "minimum_count": 2,
    "negative": 5,
    "learning_rate": 0.05,
    "subsampling": 1.0,
    "ngrams": [0, 0],
    "buckets": 1,
    "lowercase": True,
}
TRAIN = """
import hashlib, json, sys
from pathlib import Path
from xltransfer.embeddings.skip_gram import train_word_vectors
lines = Path(sys.argv[1]).read_text(encoding="utf-8").splitlines()
found = train_word_vectors(lines, json.loads(sys.argv[2]), int(sys.argv[3]))
print(json.dumps([found.words, hashlib.sha256(found.vectors.tobytes()).hexdigest()]))
"""


def test_training_gives_the_same_bytes_in_every_process(tmp_path: Path) -> None:
    import json
    import os

    pytest.importorskip("fasttext")
    text = tmp_path / "text.txt"
    draws = np.random.default_rng(8)
    words = ["Dog", "cat", "maison", "дом", "語", "l'eau", "rare-word"]
    lines = [" ".join(draws.choice(words[:-1], 6)) for _ in range(80)]
    text.write_text("\n".join([*lines, "rare-word"]), encoding="utf-8")

    def train(hash_seed: str, seed: int) -> list:
        command = [sys.executable, "-c", TRAIN, str(text), json.dumps(SETTINGS), str(seed)]
        env = {**os.environ, "PYTHONHASHSEED": hash_seed}
        done = subprocess.run(command, capture_output=True, text=True, env=env, check=True)
        return json.loads(done.stdout)

    first = train("1", 1)
    assert train("2", 1) == first
    other = train("1", 2)
    assert other[0] == first[0] and other[1] != first[1]
    assert set(first[0]) == {"dog", "cat", "maison", "дом", "語", "l", "eau"}


def test_rare_words_alone_are_refused() -> None:
    from xltransfer.embeddings.skip_gram import train_word_vectors

    pytest.importorskip("fasttext")
    with pytest.raises(InputError, match="no word of the text occurs 2 times"):
        train_word_vectors(["a b c"], SETTINGS, 1)
    with pytest.raises(InputError, match="no word of the text occurs 2 times"):
        train_word_vectors(["", "..."], SETTINGS, 1)


def test_without_fasttext_there_is_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    from xltransfer.embeddings.skip_gram import train_word_vectors

    monkeypatch.setitem(sys.modules, "fasttext", None)
    with pytest.raises(InputError, match="pip install fasttext-community"):
        train_word_vectors(["a a"], SETTINGS, 1)


@pytest.mark.parametrize(("words", "neighbours"), [(3000, 10), (40, 10), (6, 10)])
def test_few_queries_find_the_same_as_all(
    words: int, neighbours: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With hubs, several blocks of queries, and bounds from small cells."""
    from xltransfer.embeddings import few_queries

    for name, size in {"PIVOTS": 200, "CELLS": 3, "AT_ONCE": 7}.items():
        monkeypatch.setattr(few_queries, name, size)
    draws = np.random.default_rng(9)
    source, target = draws.standard_normal((2, words, 8)) + 0.7 * np.eye(8)[0]
    source, target = csls.unit(source), csls.unit(target)
    queries = source[:: max(1, words // 25)]
    expected = csls.nearest_by_csls(queries, source, target, 10, neighbours)
    found = few_queries.nearest_by_csls_of_few(queries, source, target, 10, neighbours)
    np.testing.assert_allclose(found[0], expected[0], atol=1e-6)
    np.testing.assert_array_equal(found[1], expected[1])


def test_self_learning_that_fails_is_noticed() -> None:
    """Compared with identical strings, of which there are as many as dimensions."""
    points = clustered(120, 10)
    source = word_vectors(points, "a")
    target = WordVectors(source.words, rotated(points, random_rotation(10)))
    method = {
        "kind": "self-learning",
        "seed": 1,
        "restarts": 1,
        "vocabulary": 12,
        "refinement": NO_REFINEMENT,
    }
    _, report = find_map(method, source, target, [], 10)
    assert report.converged is False and report.criterion < report.reference
    other = word_vectors(target.vectors, "b")
    assert find_map(method, source, other, [], 10)[1].converged is None
