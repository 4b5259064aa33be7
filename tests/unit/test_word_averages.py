"""Word vectors of an encoder: mean states over occurrences, against the states one by one."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from encoders import make_encoder
from xltransfer.embeddings.word_vectors import load_word_vectors
from xltransfer.encoders.batching import make_example
from xltransfer.encoders.kinds import pretrained_kind_of
from xltransfer.runtime.errors import InputError
from xltransfer.stages.represent_words import represent_words
from xltransfer.training.word_averages import average_word_states

SENTENCES = [["The", "cat", "sat"], ["the", "dog"], ["a", "cat", "the", "mat"], ["dog"]]


@pytest.fixture(scope="module")
def directory(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_encoder(tmp_path_factory.mktemp("averages") / "encoder")


def averages(directory: Path, layer: int, **more: object):
    kind = pretrained_kind_of(directory)
    network = kind.load(directory)
    settings = {"minimum_count": 2, "word_state": "first", "lowercase": True, **more}
    return average_word_states(
        *(network, kind.reader(directory), SENTENCES, layer, kind.longest_input(network)),
        torch.device("cpu"),
        **settings,
    )


@pytest.mark.parametrize("layer", [0, 1])
def test_means_are_those_of_the_states_of_single_sentences(directory: Path, layer: int) -> None:
    kind = pretrained_kind_of(directory)
    network, reader = kind.load(directory).eval(), kind.reader(directory)
    found: dict[str, list[np.ndarray]] = {}
    for words in SENTENCES:
        example = make_example(reader([words])[0], reader, 64, "first")
        row = torch.from_numpy(example.rows[0])[None]
        with torch.inference_mode():
            states = kind.layer_states(network, row, torch.ones_like(row))[layer][0].numpy()
        for word, place in zip(words, example.word_position, strict=True):
            found.setdefault(word.lower(), []).append(states[place])
    vectors = averages(directory, layer)
    # the: 3 times; cat and dog: twice, by code points; the others once.
    assert vectors.words == ["the", "cat", "dog"]
    for word, vector in zip(vectors.words, vectors.vectors, strict=True):
        np.testing.assert_allclose(vector, np.mean(found[word], axis=0), atol=1e-5)


def test_case_can_be_kept(directory: Path) -> None:
    assert averages(directory, 1, lowercase=False).words == ["cat", "dog", "the"]


def test_impossible_requests_are_one_line(directory: Path) -> None:
    with pytest.raises(InputError, match="the encoder has the layers 0 to"):
        averages(directory, 99)
    with pytest.raises(InputError, match="no word of the text occurs 9 times"):
        averages(directory, 1, minimum_count=9)


def test_the_stage_writes_equal_bytes(directory: Path, tmp_path: Path) -> None:
    text = tmp_path / "text.txt"
    text.write_text("The cat sat.\nthe dog!\na cat, the mat\ndog\n")
    config = {
        "layer": 1,
        "minimum_count": 2,
        "lowercase": True,
        "word_state": "mean",
        "precision": "float32",
        "maximum_sentences": 3,
        "maximum_words": 2,
    }
    for name in ("a", "b"):
        represent_words(directory, text, config, tmp_path / f"{name}.safetensors")
    found = load_word_vectors(tmp_path / "a.safetensors")
    assert found.words == ["the", "cat"]
    assert (tmp_path / "a.safetensors").read_bytes() == (tmp_path / "b.safetensors").read_bytes()
