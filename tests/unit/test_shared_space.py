"""Word vectors in one space as an encoder: the lookup, the space, training and another language."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from test_tagging import POS
from test_training import SENTENCES
from xltransfer.corpora.formats import read_sentences, write_sentences
from xltransfer.embeddings.map_files import MapReport, save_map
from xltransfer.embeddings.word_vectors import WordVectors, load_word_vectors, save_word_vectors
from xltransfer.encoders.kinds import kind_of
from xltransfer.encoders.word_vector_lookup import UNKNOWN, WordVectorLookup
from xltransfer.runtime.errors import InputError
from xltransfer.runtime.files import read_json, write_json
from xltransfer.stages.finetune import finetune
from xltransfer.stages.predict import predict
from xltransfer.stages.share_space import share_space

MODEL_TYPE = "xltransfer-word-vectors"


def rotation(size: int, seed: int) -> np.ndarray:
    return np.linalg.qr(np.random.default_rng(seed).normal(size=(size, size)))[0]


def vectors_of(words: list[str], seed: int = 1, size: int = 6) -> WordVectors:
    draws = np.random.default_rng(seed)
    return WordVectors(words, draws.normal(size=(len(words), size)).astype(np.float32))


def test_a_lookup_knows_words_of_several_languages() -> None:
    one, two = np.eye(3, dtype=np.float32)[:2], 4 * np.eye(3, dtype=np.float32)[1:]
    lookup = WordVectorLookup([(["a", "b"], one), (["b", "c"], two)])
    pieces = lookup([["b", "C", "a", "x"]])[0].pieces
    np.testing.assert_array_equal(
        lookup.vectors[pieces], [[0, 2.5, 0], [0, 0, 4], [1, 0, 0], [0, 0, 0]]
    )
    assert pieces[3] == UNKNOWN
    with pytest.raises(InputError, match="3 and 5 dimensions"):
        WordVectorLookup([(["a"], one[:1]), (["b"], np.ones((1, 5), dtype=np.float32))])


def test_a_map_is_undone(tmp_path: Path) -> None:
    """Vectors that the map made of those of another language return to them."""
    first = vectors_of([f"w{n}" for n in range(9)]).normalised(["unit"])
    matrix = rotation(6, 2)
    save_map(tmp_path / "map.safetensors", matrix, MapReport(9, 1.0))
    moved = WordVectors(first.words, (first.vectors @ matrix).astype(np.float32))
    save_word_vectors(tmp_path / "moved.safetensors", moved)
    output = tmp_path / "shared.safetensors"
    share_space(tmp_path / "moved.safetensors", ["unit"], output, tmp_path / "map.safetensors")
    found = load_word_vectors(output)
    np.testing.assert_allclose(found.vectors, first.vectors, atol=1e-6)
    share_space(tmp_path / "moved.safetensors", ["unit"], output)
    np.testing.assert_allclose(load_word_vectors(output).vectors, moved.vectors, atol=1e-6)


def test_a_map_that_is_not_orthogonal_is_refused(tmp_path: Path) -> None:
    save_map(tmp_path / "map.safetensors", 2 * rotation(6, 2), MapReport(9, 1.0))
    save_word_vectors(tmp_path / "vectors.safetensors", vectors_of(["a", "b"]))
    with pytest.raises(InputError, match=r"map\.safetensors: the map is not orthogonal"):
        share_space(
            *(tmp_path / "vectors.safetensors", ["unit"], tmp_path / "o.safetensors"),
            tmp_path / "map.safetensors",
        )


@pytest.fixture
def study(tmp_path: Path) -> dict[str, Path]:
    """An encoder, a corpus in two languages that differ in their words, and their vectors."""
    encoder = tmp_path / "encoder"
    names = {"embeddings": "given", "method": "procrustes"}
    write_json(encoder / "config.json", {"model_type": MODEL_TYPE, **names})
    found = {"encoder": encoder}
    known = list(dict.fromkeys(form for s in SENTENCES for form in s.forms))
    base = vectors_of(known, size=12)
    for language, change in (("one", str), ("other", lambda word: f"{word}ish")):
        found[language] = tmp_path / f"{language}.conllu"
        write_sentences(
            found[language],
            [s.with_columns({1: [change(form) for form in s.forms]}) for s in SENTENCES],
        )
        found[f"{language} vectors"] = tmp_path / f"{language}.safetensors"
        words = [change(word) for word in known]
        save_word_vectors(found[f"{language} vectors"], WordVectors(words, base.vectors))
    return found


def trained(study: dict[str, Path], **changes: object) -> Path:
    training = {**POS["training"], "epochs": 25, "patience": None, "head_learning_rate": 0.1}
    config = {"task": "pos", "settings": {**POS, "training": training}}
    model = study["encoder"].parent / "model"
    finetune(
        *([study["encoder"]], study["one"], study["one"], config, ["none"], [1], [model]),
        **{"checkpoints": model.parent / "c", "vectors": [study["one vectors"]], **changes},
    )
    return model


def test_a_model_reads_another_language_by_its_vectors(study: dict[str, Path]) -> None:
    model = trained(study)
    assert read_json(model / "config.json")["dimensions"] == 12
    assert (model / "model.safetensors").stat().st_size < 4000  # the vectors are not part of it
    results = {}
    for language in ("one", "other"):
        results[language] = model.parent / f"{language}.predicted.conllu"
        vectors = [study[f"{language} vectors"]]
        predict([model], study[language], [results[language]], vectors=vectors)
    one, other = (read_sentences(path) for path in results.values())
    assert [s.column(3) for s in one] == [s.column(3) for s in other]
    gold = read_sentences(study["one"])
    assert [s.column(3) for s in one] == [s.column(3) for s in gold]
    predict([model], study["other"], [results["one"]], vectors=[study["one vectors"]])
    blind = {tag for sentence in read_sentences(results["one"]) for tag in sentence.column(3)}
    assert len(blind) == 1  # all words are unknown


def test_missing_and_wrong_vectors_are_refused(study: dict[str, Path], tmp_path: Path) -> None:
    with pytest.raises(InputError, match="give the option --vectors"):
        trained(study, vectors=[])
    model = trained(study)
    with pytest.raises(InputError, match="give the option --vectors"):
        predict([model], study["one"], [tmp_path / "p.conllu"])
    save_word_vectors(tmp_path / "short.safetensors", vectors_of(["a"]))
    with pytest.raises(InputError, match="12 dimensions, not 6"):
        predict(
            [model], study["one"], [tmp_path / "p.conllu"], vectors=[tmp_path / "short.safetensors"]
        )


def test_other_encoders_refuse_vectors(study: dict[str, Path], tmp_path: Path) -> None:
    lookup = WordVectorLookup([(["a"], np.ones((1, 3), dtype=np.float32))])
    with pytest.raises(InputError, match="reads no word vectors; remove the option --vectors"):
        kind_of(tmp_path).with_word_vectors(lookup)


@pytest.mark.parametrize(
    "content",
    [
        {"model_type": MODEL_TYPE, "embeddings": "a"},
        {"model_type": MODEL_TYPE, "embeddings": "a", "method": ""},
        {"model_type": MODEL_TYPE, "embeddings": "a", "method": "b", "dimensions": -1},
        {"model_type": MODEL_TYPE, "embeddings": "a", "method": "b", "more": 1},
    ],
)
def test_malformed_configurations_are_refused(tmp_path: Path, content: dict) -> None:
    write_json(tmp_path / "config.json", content)
    with pytest.raises(InputError, match=r"config\.json:1: "):
        kind_of(tmp_path).empty(tmp_path)


def test_only_the_vector_of_unknown_words_is_trained(study: dict[str, Path]) -> None:
    lookup = WordVectorLookup([(["a"], np.ones((1, 3), dtype=np.float32))])
    kind = kind_of(study["encoder"]).with_word_vectors(lookup)
    network = kind.start(study["encoder"], []).new_network()
    assert [name for name, _ in network.named_parameters()] == ["unknown"]
    network(torch.tensor([[1, 2]])).sum().backward()
    assert network.unknown.grad.tolist() == [1, 1, 1]
