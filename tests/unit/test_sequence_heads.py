"""Heads of sequence classification: names, scores and losses of transformers, by model type."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from encoders import make_encoder, unigram, wordpiece
from transformers import AutoConfig, AutoModel, AutoModelForSequenceClassification
from xltransfer.corpora.classified_sentences import ClassifiedSentence
from xltransfer.encoders.batching import Batch, collate
from xltransfer.encoders.sequence_heads import SEQUENCE_HEADS
from xltransfer.encoders.tokenizer import WordTokenizer
from xltransfer.encoders.transformer import load_encoder
from xltransfer.tasks.sentence_classification import SentenceClassification
from xltransfer.training.dataset import Dataset
from xltransfer.training.model import WordModel, load_model, save_model

SETTINGS = {
    "kind": "sentence-classification", "row_pieces": 24, "pooling": "first", "dense_layer": True,
    "head_dropout": 0.1,
}  # fmt: skip
LABELS = ["no", "perhaps", "yes"]
PAIRS = [
    ClassifiedSentence("1", "the cat sat", "a dog barked at the other dog", "yes"),
    ClassifiedSentence("2", "unbelievable feats", "feats of cats", "no"),
    ClassifiedSentence("3", "a dog", "the mat", "perhaps"),
]
OF_ROBERTA = ("roberta", "xlm-roberta", "xlm-roberta-xl", "camembert", "data2vec-text", "mpnet")


def encoder_of(model_type: str, directory: Path) -> Path:
    """A tiny encoder of any model type of the table."""
    tokenizer = unigram() if model_type in OF_ROBERTA else wordpiece()
    directory.mkdir(parents=True)
    tokenizer.save(str(directory / "tokenizer.json"))
    sizes = {
        "vocab_size": tokenizer.get_vocab_size(), "hidden_size": 16, "num_hidden_layers": 2,
        "num_attention_heads": 2, "intermediate_size": 32, "max_position_embeddings": 40,
        "type_vocab_size": 1 if model_type in OF_ROBERTA else 2,
    }  # fmt: skip
    if model_type == "albert":
        sizes |= {"embedding_size": 8}
    if model_type == "rembert":
        sizes |= {"input_embedding_size": 8, "output_embedding_size": 8}
    if model_type in OF_ROBERTA:
        sizes |= {"pad_token_id": 1}
    torch.manual_seed(7)
    AutoModel.from_config(AutoConfig.for_model(model_type, **sizes)).save_pretrained(directory)
    return directory


def made(
    directory: Path, sentences: list[ClassifiedSentence], **settings: object
) -> tuple[WordModel, SentenceClassification, Batch]:
    task = SentenceClassification({**SETTINGS, **settings})
    torch.manual_seed(1)
    network = load_encoder(directory)
    model = WordModel(network, task.head(network.config.hidden_size, len(LABELS))).eval()
    data = Dataset(sentences, WordTokenizer(directory), 40, make=task.examples)
    data.add_targets(task, LABELS)
    return model, task, collate(data.examples, np.arange(len(sentences)), data.padding)


@pytest.mark.parametrize("model_type", SEQUENCE_HEADS)
@pytest.mark.parametrize("pairs", [True, False])
def test_the_saved_model_has_the_scores_and_the_loss_of_transformers(
    model_type: str, pairs: bool, tmp_path: Path
) -> None:
    directory = encoder_of(model_type, tmp_path / "encoder")
    sentences = PAIRS if pairs else [
        ClassifiedSentence(one.identifier, one.first, "", one.label) for one in PAIRS
    ]  # fmt: skip
    model, task, batch = made(directory, sentences)
    save_model(tmp_path / "model", model, directory, task, LABELS)
    opened, report = AutoModelForSequenceClassification.from_pretrained(
        tmp_path / "model", output_loading_info=True
    )
    assert not report["missing_keys"] and not report["unexpected_keys"]
    assert opened.config.id2label == dict(enumerate(LABELS))
    types = {}
    if batch.segments is not None and opened.config.type_vocab_size > 1:
        assert batch.segments.max() == 1
        types = {"token_type_ids": batch.segments}
    with torch.no_grad():
        scores = model.head(model.word_states(batch), batch.word_mask)
        loss = task.loss(model.head, model.word_states(batch), batch)
        found = opened.eval()(
            input_ids=batch.input_ids,
            attention_mask=batch.attention_mask,
            labels=batch.targets["label"],
            **types,
        )
    torch.testing.assert_close(scores, found.logits, atol=1e-6, rtol=1e-5)
    torch.testing.assert_close(loss, found.loss, atol=1e-6, rtol=1e-5)
    again, _, labels = load_model(tmp_path / "model")
    assert labels == LABELS
    for name, weight in model.state_dict().items():
        assert torch.equal(again.state_dict()[name], weight), name


@pytest.mark.parametrize(
    ("architecture", "settings"),
    [
        ("bert", {"dense_layer": False}),
        ("bert", {"pooling": "mean"}),
        ("distilbert", {}),
        ("mt5", {"pooling": "mean"}),
    ],
)
def test_other_heads_are_opened_here_alone(
    architecture: str, settings: dict[str, object], tmp_path: Path
) -> None:
    """They open as plain encoders in transformers, where nothing says that they have labels."""
    directory = make_encoder(tmp_path / "encoder", architecture, dropout=0.0)
    model, task, batch = made(directory, PAIRS, **settings)
    save_model(tmp_path / "model", model, directory, task, LABELS)
    again, _, labels = load_model(tmp_path / "model")
    again.eval()
    with torch.no_grad():
        before = model.head(model.word_states(batch), batch.word_mask)
        after = again.head(again.word_states(batch), batch.word_mask)
    assert labels == LABELS and torch.equal(before, after)
    config = AutoConfig.from_pretrained(tmp_path / "model")
    assert "SequenceClassification" not in str(config.architectures)
    assert set(load_encoder(tmp_path / "model").state_dict()) == set(model.encoder.state_dict())
