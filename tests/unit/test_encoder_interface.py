"""Kinds of encoders: made-up ones go through the stages, and nothing outside names a kind."""

from __future__ import annotations

import ast
import json
import sys
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import ClassVar
from zlib import crc32

import numpy as np
import pytest
import torch
from safetensors.numpy import load_file as load_arrays
from safetensors.torch import load_file, save_file
from test_bilstm import QUICK
from test_layers import GRAPH, MODULES, module_of
from test_tagging import POS
from test_training import SENTENCES
from torch import nn
from xltransfer.corpora.formats import read_sentences, write_sentences
from xltransfer.encoders.batching import Batch
from xltransfer.encoders.interface import CONFIG_FILE, EncoderKind, PretrainedKind, StartingPoint
from xltransfer.encoders.kinds import KINDS, TRANSFORMER, kind_of, kind_of_network
from xltransfer.encoders.reader import WordPieces
from xltransfer.runtime.errors import InputError
from xltransfer.runtime.files import read_json, write_json
from xltransfer.stages.finetune import finetune
from xltransfer.stages.predict import predict
from xltransfer.stages.represent import represent

HASHES = 256
SALT = "salt.txt"
LAYERS = 2


@dataclass(frozen=True)
class HashedConfig:
    """Configuration of an encoder of hashed characters."""

    model_type: str
    hidden_size: int = 16

    def to_json_file(self, path: Path) -> None:
        write_json(path, asdict(self))


class HashedReader:
    """Words as the hashes of their characters with a salt; 0 is the empty word and the padding."""

    prefix: ClassVar[list[int]] = []
    suffix: ClassVar[list[int]] = []
    padding = 0
    whole_words: ClassVar[bool] = False

    def __init__(self, salt: str) -> None:
        self._salt = salt

    def _pieces(self, text: str) -> list[int]:
        return [1 + crc32((self._salt + c).encode()) % (HASHES - 1) for c in text] or [0]

    def __call__(self, sentences: Sequence[Sequence[str]]) -> list[WordPieces]:
        found = []
        for forms in sentences:
            words = [self._pieces(form) for form in forms]
            ends = np.cumsum([len(word) for word in words])
            first = np.concatenate([[0], ends[:-1]])
            found.append(WordPieces(np.concatenate(words), first))
        return found

    def rows(self, texts: Sequence[str], longest: int) -> list[np.ndarray]:
        return [np.array(self._pieces(text)[:longest]) for text in texts]


class HashedEncoder(nn.Module):
    """Embeddings of hashes and layers that see single ones."""

    base_model_prefix = "hashed"

    def __init__(self, config: HashedConfig) -> None:
        super().__init__()
        self.config = config
        self.embedding = nn.Embedding(HASHES, config.hidden_size)
        size = config.hidden_size
        self.layers = nn.ModuleList(nn.Linear(size, size) for _ in range(LAYERS))

    def forward(self, pieces: torch.Tensor) -> tuple[torch.Tensor, ...]:
        states = [self.embedding(pieces)]
        for layer in self.layers:
            states.append(states[-1] + torch.tanh(layer(states[-1])))
        return tuple(states)


class HashedKind(EncoderKind):
    name = "a hashed encoder"
    model_type = "hashed"
    files = (CONFIG_FILE, SALT)
    reader_files = (SALT,)

    def start(self, directory: Path, sentences: Sequence[Sequence[str]]) -> StartingPoint:
        return StartingPoint(self.reader(directory), 9, lambda: self.empty(directory))

    def empty(self, directory: Path) -> HashedEncoder:
        return HashedEncoder(HashedConfig(**read_json(directory / CONFIG_FILE)))

    def reader(self, directory: Path) -> HashedReader:
        return HashedReader((directory / SALT).read_text())

    def longest_input(self, network: HashedEncoder) -> int:
        return 9

    def word_states(self, network: HashedEncoder, batch: Batch) -> torch.Tensor:
        return batch.states(network(batch.input_ids)[-1])

    def save_reader(self, network: HashedEncoder, source: Path, directory: Path) -> list[Path]:
        (directory / SALT).write_bytes((source / SALT).read_bytes())
        return [directory / SALT]


class PretrainedHashedKind(HashedKind, PretrainedKind):
    name = "a pretrained hashed encoder"
    model_type = "hashed-pretrained"
    files = (*HashedKind.files, "model.safetensors")
    start = PretrainedKind.start

    def load(self, directory: Path) -> HashedEncoder:
        network = self.empty(directory)
        network.load_state_dict(load_file(directory / "model.safetensors"))
        return network

    def redrawn(self, network: HashedEncoder, seed: int) -> HashedEncoder:
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            return HashedEncoder(network.config)

    def layers(self, network: HashedEncoder) -> nn.ModuleList:
        return network.layers

    def layer_states(
        self, network: HashedEncoder, input_ids: torch.Tensor, attention_mask: torch.Tensor
    ) -> tuple[torch.Tensor, ...]:
        return network(input_ids)


@pytest.fixture(params=[HashedKind, PretrainedHashedKind])
def encoder(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Path:
    """A directory of a made-up kind, which is registered."""
    kind = request.param()
    monkeypatch.setitem(KINDS, kind.model_type, kind)
    directory = tmp_path / "encoder"
    directory.mkdir()
    config = HashedConfig(kind.model_type)
    config.to_json_file(directory / CONFIG_FILE)
    (directory / SALT).write_text("pinch")
    if kind.pretrained:
        save_file(HashedEncoder(config).state_dict(), directory / "model.safetensors")
    return directory


@pytest.fixture
def corpus(tmp_path: Path) -> Path:
    path = tmp_path / "corpus.conllu"
    write_sentences(path, SENTENCES)
    text = path.read_text()
    blocks = (f"# sent_id = {n}\n{block}\n\n" for n, block in enumerate(text.split("\n\n")[:-1]))
    path.write_text("".join(blocks))
    return path


def fine_tuned(encoder: Path, corpus: Path, ablation: str = "none") -> list[Path]:
    """The models of two seeds."""
    training = {**POS["training"], **QUICK, "epochs": 30, "patience": None}
    config = {"task": "pos", "settings": {**POS, "word_state": "mean", "training": training}}
    seeds, checkpoints = [1, 2], encoder.parent / "c"
    models = [encoder.parent / ablation / str(seed) for seed in seeds]
    finetune([encoder], corpus, corpus, config, [ablation], seeds, models, checkpoints, 1e9, 1)
    return models


def test_fine_tuned_and_predicted_with(encoder: Path, corpus: Path) -> None:
    """Long sentences are read in windows, words of several pieces as the mean of them."""
    models, kind = fine_tuned(encoder, corpus), kind_of(encoder)
    report = read_json(models[0] / "training.json")
    assert report["history"][-1]["accuracy"] > 90
    assert set(report["inputs"]["encoder"]) == set(kind.files)
    assert None not in report["inputs"]["encoder"].values()
    assert sorted(report["files"]) == ["config.json", SALT, "task.json"]
    weights = load_file(models[0] / "model.safetensors")
    assert {name.partition(".")[0] for name in weights} == {"hashed", "classifier"}
    outputs = [encoder.parent / f"{n}.conllu" for n in (1, 2)]
    predict(models, corpus, outputs, 1)
    gold = read_sentences(corpus)
    for output in outputs:
        found = read_sentences(output)
        assert [s.forms for s in found] == [s.forms for s in gold]
        pairs = [
            (row[3], other[3])
            for one, two in zip(found, gold, strict=True)
            for row, other in zip(one.words, two.words, strict=True)
        ]
        assert sum(one == two for one, two in pairs) > 0.9 * len(pairs)
    # Another salt is another reader.
    (models[0] / SALT).write_text("heap")
    with pytest.raises(InputError, match=r"salt\.txt: changed since it was made"):
        predict(models, corpus, outputs, 1)


def test_ablations_and_layers_are_of_pretrained_kinds(encoder: Path, corpus: Path) -> None:
    outputs = [encoder.parent / f"{name}.safetensors" for name in ("plain", "tuned", "redrawn")]
    if not kind_of(encoder).pretrained:
        with pytest.raises(InputError, match="a hashed encoder has no pretraining that 'random"):
            fine_tuned(encoder, corpus, "random-init-1-1")
        with pytest.raises(InputError, match="a hashed encoder is never pretrained"):
            represent(corpus, outputs[:1], [encoder])
        return
    model = fine_tuned(encoder, corpus, "random-init-1-1")[0]
    represent(corpus, outputs, [encoder, model], [7])
    vectors = [load_arrays(path)["vectors"] for path in outputs]
    assert {found.shape for found in vectors} == {(LAYERS + 1, len(SENTENCES), 16)}
    assert not np.allclose(vectors[0], vectors[1]) and not np.allclose(vectors[0], vectors[2])


@pytest.mark.parametrize("model_type", ["bert", ["hashed"], None, 3])
def test_other_model_types_are_those_of_transformers(model_type: object, tmp_path: Path) -> None:
    (tmp_path / CONFIG_FILE).write_text(json.dumps({"model_type": model_type}))
    assert kind_of(tmp_path) is TRANSFORMER and kind_of(tmp_path / "nowhere") is TRANSFORMER


def test_a_network_is_of_the_kind_of_its_directory(encoder: Path) -> None:
    kind = kind_of(encoder)
    assert kind_of_network(kind.empty(encoder)) is kind


KIND_MODULES = {
    module_of(Path(sys.modules[type(kind).__module__].__file__))
    for kind in (*KINDS.values(), TRANSFORMER)
}


def tells_kinds_apart(module: str) -> Iterator[str]:
    """Where a module imports the file of a kind, or asks for a class that is of ``encoders``."""
    for kind in GRAPH[module] & KIND_MODULES:
        yield f"{module} imports {kind}"
    tree = ast.parse(MODULES[module].read_text(encoding="utf-8"))
    imports = [node for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)]
    imports = [node for node in imports if "encoders" in (node.module or "").split(".")]
    names = {alias.asname or alias.name for node in imports for alias in node.names}
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and ast.unparse(node.func) in ("isinstance", "type"):
            used = {name.id for name in ast.walk(node) if isinstance(name, ast.Name)}
            if used & names:
                yield f"{module}: {ast.unparse(node)}"


def test_nothing_outside_tells_kinds_apart() -> None:
    outside = [module for module in MODULES if not f"{module}.".startswith("encoders.")]
    kinds = {
        "encoders.adapted",
        "encoders.bilstm",
        "encoders.transformer",
        "encoders.vector_bilstm",
        "encoders.word_vectors_kind",
    }
    assert kinds == KIND_MODULES
    assert len(outside) > 100
    assert not [found for module in outside for found in tells_kinds_apart(module)]
