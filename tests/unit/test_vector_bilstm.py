"""BiLSTMs over word vectors: the words of each language, characters, files, and what is refused."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.numpy import save_file
from test_parsing import tree
from xltransfer.corpora.conllu import UPOS, read_conllu, write_conllu
from xltransfer.embeddings.map_files import MapReport, save_map
from xltransfer.embeddings.word_vectors import WordVectors, save_word_vectors
from xltransfer.encoders.batching import collate, make_example
from xltransfer.encoders.kinds import kind_of
from xltransfer.encoders.vector_bilstm import VectorBiLSTMKind
from xltransfer.encoders.vector_table import NO_ROW, VectorTable
from xltransfer.public.finetuned_model import FinetunedModel
from xltransfer.runtime.errors import InputError
from xltransfer.stages.finetune import finetune
from xltransfer.stages.predict import predict
from xltransfer.stages.vector_encoder import vector_encoder

ARCHITECTURE = {
    "model_type": "xltransfer-vector-bilstm",
    "characters": "none",
    "character_units": 4,
    "filters": 3,
    "hidden_units": 8,
    "layers": 1,
    "dropout": 0.0,
    "character_dropout": 0.0,
    "word_dropout": 0.0,
    "residual": False,
    "minimum_count": 1,
    "longest_word": 10,
    "trained_vectors": False,
}
ONE = WordVectors(["cat", "dog"], np.array([[1, 0, 0], [0, 1, 0]], dtype=np.float32))
OTHER = WordVectors(["dog", "chat"], np.array([[0, 0, 1], [1, 0, 0]], dtype=np.float32))
SENTENCES = [["cat", "Dog", "bird"], ["dog"]]


def make(folder: Path, maps: list[Path] | None = None, **changes: object) -> Path:
    """An encoder of two languages, aa and bb, where "dog" has two meanings."""
    for name, vectors in (("aa", ONE), ("bb", OTHER)):
        save_word_vectors(folder / f"{name}.safetensors", vectors)
    mapping = "backward" if maps else "unmapped"
    config = {
        "architecture": {**ARCHITECTURE, **changes},
        "normalisation": [],
        "languages": [{"code": "aa", "mapping": "unmapped"}, {"code": "bb", "mapping": mapping}],
    }
    vectors = [folder / f"{name}.safetensors" for name in ("aa", "bb")]
    vector_encoder(config, vectors, folder / "encoder", maps or [])
    return folder / "encoder"


def states(directory: Path, language: str, sentences: list[list[str]]) -> torch.Tensor:
    """The states of a new network, the same weights whenever it is made."""
    kind = kind_of(directory)
    torch.manual_seed(1)
    start = kind.start(directory, [["cat", "dog"]])
    network = start.new_network().eval()
    reader = kind.reader_of(start.reader, language)
    examples = [make_example(one, reader, start.longest, "first") for one in reader(sentences)]
    batch = collate(examples, np.arange(len(examples)), reader.padding)
    with torch.no_grad():
        return kind.word_states(network, batch)


def test_each_language_has_its_own_words(tmp_path: Path) -> None:
    directory = make(tmp_path)
    assert isinstance(kind_of(directory), VectorBiLSTMKind)
    table = VectorTable.load(directory / "vectors.safetensors")
    assert [table.row("aa", w) for w in ("cat", "Dog", "chat")] == [0, 1, NO_ROW]
    assert [table.row("bb", w) for w in ("dog", "chat", "cat")] == [2, 3, NO_ROW]
    # "cat" of aa and "chat" of bb have one vector, so that both sentences have one state.
    one, other = states(directory, "aa", [["cat"]]), states(directory, "bb", [["chat"]])
    assert torch.equal(one, other) and one.shape == (1, 1, 16)
    assert not torch.equal(states(directory, "aa", [["dog"]]), states(directory, "bb", [["dog"]]))
    unknown = states(directory, "aa", [["bird"], ["xx"]])
    assert torch.equal(unknown[0], unknown[1]), "words without a vector are alike"
    with pytest.raises(InputError, match="no word vectors of the language 'cc', only of aa, bb"):
        states(directory, "cc", [["cat"]])


@pytest.mark.parametrize("characters", ["lstm", "convolution"])
def test_characters_tell_unknown_words_apart(characters: str, tmp_path: Path) -> None:
    directory = make(tmp_path, characters=characters)
    found = states(directory, "aa", [["tac"], ["cat"], ["tad"], ["doc"]])
    assert len({tuple(one.flatten().tolist()) for one in found}) == 4
    alone = states(directory, "aa", [["tad"]])
    together = states(directory, "aa", [["tad"], ["cat", "dogcatdog", "dog"]])
    assert torch.allclose(alone[0, 0], together[0, 0], atol=1e-6)


def test_the_convolution_by_hand(tmp_path: Path) -> None:
    """The maximum over the places of each filter, of the characters of one word."""
    directory = make(tmp_path, characters="convolution")
    torch.manual_seed(1)
    start = kind_of(directory).start(directory, [["cat", "dog"]])
    network = start.new_network().eval()
    embedded = torch.randn(2, 3, 4)
    found = network._spelt(embedded, torch.tensor([3, 1]))
    for word, length in ((0, 3), (1, 1)):
        expected = []
        for convolution in network.convolutions:
            width = convolution.kernel_size[0]
            padded = torch.zeros(length + 2 * (width - 1), 4)
            padded[width - 1 : width - 1 + length] = embedded[word, :length]
            values = [
                (convolution.weight * padded[p : p + width].T).sum(dim=(1, 2)) + convolution.bias
                for p in range(length + width - 1)
            ]
            expected.append(torch.stack(values).amax(dim=0).relu())
        assert torch.allclose(found[word], torch.cat(expected), atol=1e-6)


def test_vectors_are_mapped_into_the_space_backward(tmp_path: Path) -> None:
    """bb is the target of the map, so that its vectors get into the space of aa by x Wᵀ."""
    rotation = np.array([[0, 1, 0], [0, 0, 1], [1, 0, 0]], dtype=np.float32)
    save_map(tmp_path / "map.safetensors", rotation, MapReport(1, 0.5))
    table = VectorTable.load(make(tmp_path, [tmp_path / "map.safetensors"]) / "vectors.safetensors")
    assert np.array_equal(table.vectors[:2], ONE.vectors)
    assert np.array_equal(table.vectors[2:], OTHER.vectors @ rotation.T)
    save_map(tmp_path / "map.safetensors", 2 * rotation, MapReport(1, 0.5))
    with pytest.raises(InputError, match=r"map\.safetensors: not orthogonal"):
        make(tmp_path, [tmp_path / "map.safetensors"])


@pytest.mark.parametrize("trained", [False, True])
def test_vectors_stay_as_they_are_unless_they_are_trained(trained: bool, tmp_path: Path) -> None:
    """A model is trained in one language and predicts in the other one, whose words it maps."""
    directory = make(tmp_path, trained_vectors=trained)
    corpus = [tree(("cat", 2, "nsubj"), ("dog", 0, "root")), tree(("dog", 0, "root"))] * 4
    write_conllu(tmp_path / "train.conllu", corpus)
    write_conllu(tmp_path / "test.conllu", [tree(("chat", 2, "nsubj"), ("dog", 0, "root"))])
    training = {
        "epochs": 2, "patience": None, "batch_pieces": 40, "encoder_learning_rate": 1e-2,
        "head_learning_rate": 1e-2, "warmup_share": 0.1, "weight_decay": 0.0, "adam_beta2": 0.98,
        "gradient_clip": 1.0, "precision": "float32", "training_sentences": None,
        "label_smoothing": 0.0,
    }  # fmt: skip
    settings = {"kind": "tagging", "label": "UPOS", "head_dropout": 0.1, "training": training}
    model = tmp_path / "model"
    finetune(
        [directory], tmp_path / "train.conllu", tmp_path / "train.conllu",
        {"task": "pos", "settings": settings}, ["none"], [1], [model], tmp_path / "c",
        language="aa",
    )  # fmt: skip
    assert json.loads((model / "training.json").read_text())["language"] == "aa"
    predict([model], tmp_path / "test.conllu", [tmp_path / "out.conllu"], language="bb")
    assert len(read_conllu(tmp_path / "out.conllu")) == 1
    annotated = FinetunedModel(model).annotate([["chat", "dog"]], "bb")
    assert [s.column(UPOS) for s in annotated] == [
        s.column(UPOS) for s in read_conllu(tmp_path / "out.conllu")
    ]
    with pytest.raises(InputError, match="name the language of the text with --language"):
        FinetunedModel(model).annotate([["chat", "dog"]])
    network = kind_of(model).empty(model)
    assert (model / "vectors.safetensors").read_bytes() == (
        directory / "vectors.safetensors"
    ).read_bytes()
    assert ("word_embedding.weight" in dict(network.named_parameters())) == trained
    with pytest.raises(InputError, match="no word vectors of the language 'cc'"):
        predict([model], tmp_path / "test.conllu", [tmp_path / "out.conllu"], language="cc")


@pytest.mark.parametrize(
    ("key", "value", "message"),
    [
        ("characters", "cnn", r"config\.json:2: 'characters' must be one of lstm, convolution"),
        ("filters", 0, "'filters' must be a whole number"),
        ("trained_vectors", 1, "'trained_vectors' must be true or false"),
        ("words", 1, "'words' is unknown"),
    ],
)
def test_wrong_architectures_are_refused(
    key: str, value: object, message: str, tmp_path: Path
) -> None:
    directory = make(tmp_path)
    content = {key: value} | {k: v for k, v in ARCHITECTURE.items() if k != key}
    (directory / "config.json").write_text(json.dumps(content, indent=1))
    with pytest.raises(InputError, match=message) as caught:
        kind_of(directory).start(directory, SENTENCES)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("words", "vectors"),
    [
        ({"aa": ["cat"]}, np.zeros((2, 3), np.float32)),
        ({"aa": ["cat", "cat"]}, np.zeros((2, 3), np.float32)),
        ({"aa": [1, 2]}, np.zeros((2, 3), np.float32)),
        ({"aa": ["cat", "dog"]}, np.full((2, 3), np.nan, np.float32)),
        ({"aa": ["cat", "dog"]}, np.zeros(2, np.float32)),
        (["cat", "dog"], np.zeros((2, 3), np.float32)),
        ({}, np.zeros((0, 3), np.float32)),
    ],
)
def test_damaged_tables_are_refused(words: object, vectors: np.ndarray, tmp_path: Path) -> None:
    path = tmp_path / "vectors.safetensors"
    save_file({"vectors": vectors}, path, {"words": json.dumps(words)})
    with pytest.raises(InputError, match="do not belong together; delete it") as caught:
        VectorTable.load(path)
    assert "\n" not in str(caught.value)
    path.write_bytes(path.read_bytes()[:20])
    with pytest.raises(InputError, match="not a table of word vectors"):
        VectorTable.load(path)


def test_spaces_of_different_sizes_are_refused(tmp_path: Path) -> None:
    make(tmp_path)
    short = WordVectors(["a"], np.ones((1, 2), np.float32))
    save_word_vectors(tmp_path / "bb.safetensors", short)
    with pytest.raises(InputError, match=r"2 dimensions, and .* has 3; use vectors of one size"):
        vector_encoder(
            {
                "architecture": ARCHITECTURE,
                "normalisation": [],
                "languages": [{"code": c, "mapping": "unmapped"} for c in ("aa", "bb")],
            },
            [tmp_path / "aa.safetensors", tmp_path / "bb.safetensors"],
            tmp_path / "e",
        )
