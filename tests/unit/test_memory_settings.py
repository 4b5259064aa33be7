"""Settings of the training that change memory alone: accumulation and checkpointing."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from encoders import make_encoder
from test_training import SENTENCES, TRAINING, run
from xltransfer.corpora.conllu import Sentence
from xltransfer.corpora.iob import TaggedSentence
from xltransfer.corpora.questions import Answer, Question
from xltransfer.encoders.tokenizer import WordTokenizer
from xltransfer.encoders.transformer import load_encoder, longest_input
from xltransfer.runtime.errors import InputError
from xltransfer.tasks.registry import make_task
from xltransfer.training.checkpoint import Checkpoint
from xltransfer.training.dataset import Dataset
from xltransfer.training.model import WordModel, untrained_head
from xltransfer.training.objectives.finetuning import FineTuning

EXAMPLES: dict[str, tuple[dict, list]] = {
    "parsing": (
        {"kind": "parsing", "arc_units": 8, "relation_units": 8, "head_dropout": 0.0,
         "relation_subtypes": False},
        SENTENCES,
    ),
    "tagging": ({"kind": "tagging", "label": "UPOS", "head_dropout": 0.0}, []),
    "entities": (
        {"kind": "entities", "head_dropout": 0.0, "crf": True},
        [TaggedSentence([], ["the", "cat", "sat"], ["O", "B-PER", "I-PER"]),
         TaggedSentence([], ["a", "dog"], ["O", "B-LOC"]),
         TaggedSentence([], ["barked"], ["O"])] * 4,
    ),
    "question-answering": (
        {"kind": "question-answering", "row_pieces": 16, "stride": 4, "question_pieces": 3,
         "answer_pieces": 4},
        [Question(f"q{n}", "a dog?", text, [Answer(4, text[4:7])])
         for n, text in enumerate(
             ["the dog barked at the other dog of the mat", "the cat sat", "the mat"] * 4)],
    ),
}  # fmt: skip


def tagged() -> list[Sentence]:
    """Sentences with parts of speech, of which some words and one whole sentence have none."""
    return [
        sentence.with_columns({3: values[: len(sentence.forms)]})
        for sentence, values in zip(
            SENTENCES, [["DET", "_", "VERB"], ["DET", "NOUN", "_", "ADP", "NOUN"], ["_"],
                        ["DET", "ADJ", "NOUN"]] * 4, strict=True)
    ]  # fmt: skip


def objective(directory: Path, kind: str, **changes: object) -> FineTuning:
    settings, sentences = EXAMPLES[kind]
    sentences = sentences or tagged()
    task = make_task(settings)
    labels = task.label_vocabulary(sentences)
    torch.manual_seed(1)
    network = load_encoder(directory)
    model = WordModel(network, untrained_head(task, network.config.hidden_size, labels))
    data = Dataset(sentences, WordTokenizer(directory), longest_input(network), make=task.examples)
    data.add_targets(task, labels)
    return FineTuning(model, task, labels, data, data, {**TRAINING, **changes}, 1)


def weights(found: FineTuning) -> dict[str, torch.Tensor]:
    return {name: value.clone() for name, value in found.model.state_dict().items()}


@pytest.mark.parametrize("number", [2, 3, 50])
@pytest.mark.parametrize("kind", EXAMPLES)
def test_accumulation_changes_neither_losses_nor_weights(
    kind: str, number: int, tmp_path: Path
) -> None:
    """Up to rounding, in float64, which the heads leave for the loss in float32."""
    directory = make_encoder(tmp_path / "encoder", dropout=0.0)
    trained = []
    for name, more in (("whole", {}), ("parts", {"accumulation": number})):
        one = objective(directory, kind, batch_pieces=60)
        one.model.double()
        report = run(one, Checkpoint(tmp_path / name, "x"), batch_pieces=60, epochs=2, **more)
        trained.append((report.history, weights(one)))
    (history, whole), (other, parts) = trained
    for row, same in zip(history, other, strict=True):
        assert row["loss"] == pytest.approx(same["loss"], abs=1e-6)
    for name, weight in whole.items():
        torch.testing.assert_close(parts[name], weight, atol=1e-5, rtol=0)


def test_the_parts_of_a_batch_have_all_its_examples_and_shares(tmp_path: Path) -> None:
    one = objective(make_encoder(tmp_path / "encoder"), "tagging", batch_pieces=60)
    for batch in one.batches(0):
        parts = one.parts(batch, 3)
        assert (
            np.concatenate([part.indices for part, _ in parts]).tolist() == batch.indices.tolist()
        )
        assert sum(share for _, share in parts) in (0, pytest.approx(1))
        assert all(part.epoch == batch.epoch for part, _ in parts)


@pytest.mark.parametrize("architecture", ["bert", "xlm-roberta", "mt5"])
def test_checkpointing_gives_the_same_bits_with_less_memory(
    architecture: str, tmp_path: Path
) -> None:
    """With dropout, whose random numbers are drawn again in the same way."""
    directory = make_encoder(tmp_path / "encoder", architecture, dropout=0.2)
    trained, kept = [], []
    for name in ("kept", "recomputed"):
        one = objective(directory, "parsing")
        if name == "recomputed":
            one.model.kind.recompute_layers(one.model.encoder)
        one.model.train()
        sizes: list[int] = []

        def count(tensor: torch.Tensor, sizes: list[int] = sizes) -> torch.Tensor:
            sizes.append(tensor.numel())
            return tensor

        with torch.autograd.graph.saved_tensors_hooks(count, lambda tensor: tensor):
            one.loss(one.batches(0)[0], torch.device("cpu"))
        kept.append(sum(sizes))
        torch.manual_seed(5)
        report = run(one, Checkpoint(tmp_path / name, "x"), epochs=2)
        trained.append((report.history, weights(one)))
    assert trained[0][0] == trained[1][0]
    assert all(torch.equal(trained[1][1][name], value) for name, value in trained[0][1].items())
    assert kept[1] < kept[0] / 2


def test_encoders_without_checkpointing_are_refused(tmp_path: Path) -> None:
    one = objective(make_encoder(tmp_path / "encoder"), "parsing")
    type(one.model.encoder).supports_gradient_checkpointing = False
    try:
        with pytest.raises(InputError, match=r"checkpointing: transformers has none for bert"):
            one.model.kind.recompute_layers(one.model.encoder)
    finally:
        type(one.model.encoder).supports_gradient_checkpointing = True
