"""Sentence classification: rows of pairs, truncation, the score by hand, learning, refusals."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from encoders import make_encoder
from hypothesis import given, settings
from hypothesis import strategies as st
from tokenizers import Tokenizer, models, pre_tokenizers, processors
from xltransfer.corpora.classified_sentences import ClassifiedSentence, read_classified
from xltransfer.corpora.formats import write_sentences
from xltransfer.encoders.batching import collate
from xltransfer.encoders.sentence_rows import kept_lengths, sentence_examples
from xltransfer.encoders.tokenizer import WordTokenizer
from xltransfer.encoders.word_characters import WordCharacters
from xltransfer.records.record import record_path
from xltransfer.runtime.errors import InputError
from xltransfer.runtime.files import read_json
from xltransfer.stages.finetune import finetune
from xltransfer.stages.predict import predict
from xltransfer.tasks.metrics import METRICS
from xltransfer.tasks.sentence_classification import SentenceClassification
from xltransfer.training.dataset import Dataset
from xltransfer.training.noisy_reading import NoisyReading

SETTINGS = {
    "kind": "sentence-classification", "row_pieces": 24, "pooling": "first", "dense_layer": True,
    "head_dropout": 0.0,
}  # fmt: skip
TRAINING = {
    "epochs": 12, "minimum_steps": 0, "patience": None, "batch_pieces": 64,
    "encoder_learning_rate": 3e-3, "head_learning_rate": 1e-2, "warmup_share": 0.1,
    "weight_decay": 0.0, "adam_beta2": 0.98, "gradient_clip": 1.0, "label_smoothing": 0.0,
    "precision": "float32", "training_sentences": None,
}  # fmt: skip


def reference(limit: int) -> Tokenizer:
    """A tokenizer of single letters that cuts pairs as transformers does."""
    vocabulary = {"[CLS]": 0, "[SEP]": 1, "a": 2, "b": 3}
    tokenizer = Tokenizer(models.WordLevel(vocabulary, unk_token="[CLS]"))
    tokenizer.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    tokenizer.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]",
        pair="[CLS] $A [SEP] $B:1 [SEP]:1",
        special_tokens=[("[CLS]", 0), ("[SEP]", 1)],
    )
    tokenizer.enable_truncation(limit, strategy="longest_first")
    return tokenizer


@given(st.integers(1, 30), st.integers(1, 30), st.integers(2, 30))
@settings(max_examples=300, deadline=None)
def test_long_pairs_are_cut_as_in_transformers(first: int, second: int, room: int) -> None:
    found = reference(room + 3).encode(" ".join("a" * first), " ".join("b" * second))
    counts = [found.ids.count(2), found.ids.count(3)]
    assert kept_lengths([first, second], room) == counts
    assert kept_lengths([first], room) == [min(first, room)]


@pytest.mark.parametrize("architecture", ["bert", "xlm-roberta"])
def test_rows_have_the_special_tokens_and_segments_of_pairs(
    architecture: str, tmp_path: Path
) -> None:
    directory = make_encoder(tmp_path / "encoder", architecture)
    tokenizer = Tokenizer.from_file(str(directory / "tokenizer.json"))
    first, last = tokenizer.encode("a").ids[0], tokenizer.encode("a").ids[-1]
    begin, end = tokenizer.id_to_token(first), tokenizer.id_to_token(last)
    tokenizer.post_processor = processors.TemplateProcessing(
        single=f"{begin} $A {end}",
        pair=f"{begin} $A {end} {end} $B:1 {end}:1",
        special_tokens=[(begin, first), (end, last)],
    )
    tokenizer.save(str(directory / "tokenizer.json"))
    reader = WordTokenizer(directory)
    texts = [("the  unbelievable cat", "a dog"), ("cats", "the other mat sat")]
    for pooling in ("first", "mean"):
        for text, found in zip(texts, sentence_examples(texts, reader, 30, pooling), strict=True):
            expected = tokenizer.encode(*(" ".join(part.split()) for part in text))
            (row,), (segments,) = found.rows, found.segments
            assert row.tolist() == expected.ids and segments.tolist() == expected.type_ids
            assert found.removed == 0
            size = 1 if pooling == "first" else len(row)
            assert found.word_position.tolist() == list(range(size))
            assert not found.word_row.any()
    (single,) = sentence_examples([("the cat",)], reader, 30, "first")
    assert single.rows[0].tolist() == tokenizer.encode("the cat").ids and single.segments is None


def test_removed_subwords_are_counted(tmp_path: Path) -> None:
    reader = WordTokenizer(make_encoder(tmp_path / "encoder"))
    task = SentenceClassification(SETTINGS)
    sentences = [
        ClassifiedSentence("1", "a a", "the", "x"),
        ClassifiedSentence("2", "a " * 30, "a " * 4, "x"),
        ClassifiedSentence("3", "a " * 30, "a " * 29, "x"),
    ]
    examples = Dataset(sentences, reader, 99, make=task.examples).examples
    # 24 subwords, of which 3 are special; the shorter sentence stays whole if it is below half.
    assert [one.length for one in examples] == [6, 24, 24]
    assert examples[1].segments[0].tolist() == [0] * 19 + [1] * 5
    assert examples[2].segments[0].tolist() == [0] * 13 + [1] * 11
    assert task.reading_report(examples) == {"truncated_sentences": 2, "removed_subwords": 51}


def test_readers_that_cannot_be_used_are_refused(tmp_path: Path) -> None:
    words = WordCharacters.learn([["a"]], 1, 5)
    with pytest.raises(InputError, match="reads words, not text"):
        sentence_examples([("a",)], words, 20, "mean")
    t5 = WordTokenizer(make_encoder(tmp_path / "t5", "mt5"))
    t5.prefix = []
    with pytest.raises(InputError, match=r"no special token before a sentence.*`pooling: mean`"):
        sentence_examples([("a",)], t5, 20, "first")
    assert len(sentence_examples([("a",)], t5, 20, "mean")) == 1
    with pytest.raises(InputError, match="a row of 4 subwords has no room"):
        sentence_examples([("a", "a")], WordTokenizer(make_encoder(tmp_path / "b")), 4, "first")


def test_the_mean_covers_the_subwords_of_a_row_alone(tmp_path: Path) -> None:
    directory = make_encoder(tmp_path / "encoder")
    task = SentenceClassification({**SETTINGS, "pooling": "mean", "dense_layer": False})
    sentences = [ClassifiedSentence(str(n), "a " * n, "", "x") for n in (1, 5)]
    data = Dataset(sentences, WordTokenizer(directory), 24, make=task.examples)
    batch = collate(data.examples, np.arange(2), data.padding)
    head = task.head(4, 3)
    torch.manual_seed(1)
    states = torch.randn(2, 7, 4)
    means = torch.stack([states[0, :3].mean(dim=0), states[1].mean(dim=0)])
    expected = means @ head.output.weight.T + head.output.bias
    torch.testing.assert_close(head(states, batch.word_mask), expected)
    probabilities = expected.softmax(dim=1)
    entropy = -(probabilities * probabilities.log()).sum(dim=1).mean()
    torch.testing.assert_close(task.entropy(head, states, batch), entropy)


def test_accuracy_by_hand() -> None:
    gold = [ClassifiedSentence(str(n), "a", "", label) for n, label in enumerate("xyyz")]
    found = [ClassifiedSentence(str(n), "a", "", label) for n, label in enumerate("xyzx")]
    scores = METRICS["sentence-classification"](gold, found, SETTINGS)
    assert list(scores) == ["accuracy"] and scores["accuracy"].percent == 50
    assert scores["accuracy"].numerators.tolist() == [1, 1, 0, 0]
    assert scores["accuracy"].denominators.tolist() == [1, 1, 1, 1]


def test_noise_changes_words_of_both_sentences_and_keeps_the_rows(tmp_path: Path) -> None:
    reader = WordTokenizer(make_encoder(tmp_path / "encoder"))
    noise = NoisyReading({"characters": {"share": 1.0}}, "abcdef", reader, 1)
    task = SentenceClassification({**SETTINGS, "row_pieces": 60})
    sentences = [ClassifiedSentence("1", "cat barked", "other dog", "x")]
    data = Dataset(sentences, reader, 99, varied=noise.of_epoch, make=task.examples)
    plain, noisy = data.examples[0], data.of_epoch(0)[0]
    for side in (0, 1):
        old, new = (one.rows[0][one.segments[0] == side].tolist() for one in (plain, noisy))
        assert old != new
    for example in (plain, noisy):
        assert example.rows[0].tolist().count(reader.suffix[0]) == 2
        assert example.segments[0].max() == 1


def corpus(folder: Path, name: str) -> Path:
    """Pairs whose label depends on a word of each sentence."""
    pairs = [
        ClassifiedSentence(
            f"{number}-{a}-{b}",
            f"{a} sat on the mat",
            f"{b} barked",
            "both" if (a, b) == ("cat", "dog") else "first" if a == "cat" else "neither",
        )
        for number in range(20)
        for a in ("cat", "dog")
        for b in ("dog", "feats")
    ]
    path = folder / "classification" / name / "train.tsv"
    path.parent.mkdir(parents=True)
    write_sentences(path, pairs)
    return path


def test_pairs_are_learnt_without_the_lowest_layer_and_reopened(tmp_path: Path) -> None:
    """A training with an ablation from corpus to predictions, whose records count truncation."""
    encoder = make_encoder(tmp_path / "encoder", dropout=0.0)
    training = corpus(tmp_path, "training")
    config = {"task": "pairs", "settings": {**SETTINGS, "row_pieces": 10, "pooling": "mean"}}
    config["settings"]["training"] = TRAINING
    models = [tmp_path / "models" / name / "seed-1" for name in ("none", "random-init-1-1")]
    for model in models:
        folder = tmp_path / "checkpoints"
        finetune([encoder], training, training, config, [model.parent.name], [1], [model], folder)
    weights = [read_json(model / "training.json")["weights"] for model in models]
    assert weights[0] != weights[1]
    gold = read_classified(training)
    for model in models:
        output = model / "classification" / "test.tsv"
        output.parent.mkdir()
        predict([model], training, [output])
        report, record = read_json(model / "training.json"), read_json(record_path(output))
        found = METRICS["sentence-classification"](gold, read_classified(output), {})
        assert found["accuracy"].percent == 100
        for key in ("truncated_sentences", "removed_subwords"):
            assert report[key] == record[key] > 0
