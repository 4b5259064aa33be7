"""Masked language modelling: the loss of plain transformers, masks, adaptation, pretraining."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest
import torch
from conftest import EMBEDDED_ENCODER
from encoders import make_encoder
from safetensors.torch import load_file
from test_training import CPU, Killed, kill_at
from torch.nn import functional
from transformers import AutoConfig, AutoModelForMaskedLM
from xltransfer.encoders.masked_lm_head import (
    load_masked_lm,
    load_with_head,
    masked_logits,
    save_masked_lm,
)
from xltransfer.encoders.text_tokenizer import TextTokenizer
from xltransfer.encoders.transformer import load_encoder, longest_input
from xltransfer.encoders.vocabulary import save_tokenizer, train_wordpiece
from xltransfer.encoders.weights import own_weights
from xltransfer.runtime.errors import InputError
from xltransfer.runtime.files import read_json, write_json
from xltransfer.stages.adapt import adapt
from xltransfer.stages.pretrain import pretrain
from xltransfer.training.checkpoint import Checkpoint
from xltransfer.training.loop import train
from xltransfer.training.objectives.masked_lm import MaskedLanguageModelling, Masking
from xltransfer.training.pretraining_text import PretrainingText, make_objective

SMALL = {
    "hidden_size": 16,
    "num_hidden_layers": 2,
    "num_attention_heads": 2,
    "intermediate_size": 32,
    "max_position_embeddings": 40,
}
SMALL_DISTILBERT = {"dim": 16, "n_layers": 2, "n_heads": 2, "hidden_dim": 32}
ARCHITECTURES = {
    "bert": SMALL,
    "roberta": {**SMALL, "pad_token_id": 0},
    "xlm-roberta": {**SMALL, "pad_token_id": 0},
    "camembert": {**SMALL, "pad_token_id": 0},
    "distilbert": {**SMALL_DISTILBERT, "max_position_embeddings": 40},
    "deberta-v2": {**SMALL, "relative_attention": True, "pos_att_type": ["p2c", "c2p"]},
    "electra": {**SMALL, "embedding_size": 8},
}
TRAINING = {
    "epochs": 3,
    "patience": None,
    "batch_pieces": 100,
    "learning_rate": 1e-3,
    "warmup_share": 0.1,
    "weight_decay": 0.01,
    "adam_beta2": 0.98,
    "gradient_clip": 1.0,
    "precision": "float32",
}
WORDS = ["the", "cat", "sat", "mat", "barked", "other", "unbelievable", "feats", "dog", "on"]
CONFIG = {
    "seed": 1,
    "vocabulary_size": 60,
    "architecture": {**SMALL, "hidden_dropout_prob": 0.1},
    "training": TRAINING,
}


def sentences(count: int, seed: int = 1) -> list[str]:
    draws = np.random.default_rng(seed)
    return [" ".join(draws.choice(WORDS, draws.integers(3, 9))) for _ in range(count)]


def write(path: Path, lines: list[str]) -> Path:
    path.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    return path


def make_masked_lm(directory: Path, architecture: str, **values: object) -> Path:
    """An encoder directory with its head."""
    tokenizer = train_wordpiece(sentences(50), 60)
    save_tokenizer(tokenizer, directory, 40)
    torch.manual_seed(5)
    values = {**ARCHITECTURES[architecture], "vocab_size": tokenizer.get_vocab_size(), **values}
    config = AutoConfig.for_model(architecture, **values)
    model = AutoModelForMaskedLM.from_config(config)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.add_(0.05 * torch.randn_like(parameter))
    model.save_pretrained(directory)
    return directory


def objective_of(directory: Path, count: int = 60, texts: int = 1, **changes: object):
    """The same whenever it is made."""
    settings, tokenizer = {**TRAINING, **changes}, TextTokenizer(directory)
    training = [sentences(count * (number + 1), number) for number in range(texts)]
    text = PretrainingText(training, [sentences(20, 9)])
    torch.manual_seed(1)
    config = {"seed": 3, "training": settings}
    return make_objective(load_masked_lm(directory), text, tokenizer, config)


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_loss_is_that_of_transformers(architecture: str, tmp_path: Path) -> None:
    """With all logits and labels of -100 where nothing is masked; gradients too."""
    objective = objective_of(make_masked_lm(tmp_path, architecture), batch_pieces=10_000)
    model = objective.model.eval()
    (batch,) = objective.batches(0)
    torch.manual_seed(7)
    found = objective.loss(batch, CPU)
    found.backward()
    gradients = {name: p.grad for name, p in model.named_parameters() if p.grad is not None}
    torch.manual_seed(7)
    pieces, mask, _ = objective.training[0].text.collate(batch.rows)
    seen, masked = objective.masking(pieces, None)
    assert masked.any() and not masked.all() and not mask.all()
    model.zero_grad(set_to_none=True)
    labels = pieces.masked_fill(~masked, -100)
    plain = model(input_ids=seen, attention_mask=mask, labels=labels)
    plain.loss.backward()
    torch.testing.assert_close(found, plain.loss)
    for name, parameter in model.named_parameters():
        if parameter.grad is not None:
            torch.testing.assert_close(gradients[name], parameter.grad, rtol=1e-3, atol=1e-6)
    logits = masked_logits(model, seen, mask, masked)
    torch.testing.assert_close(logits, plain.logits[masked])
    again = model(input_ids=seen, attention_mask=mask)
    assert again.logits.shape[:2] == pieces.shape, "the model is as it was"


def test_held_out_loss_by_hand(tmp_path: Path) -> None:
    objective = objective_of(make_masked_lm(tmp_path, "bert"), batch_pieces=10_000)
    (stream,), model = objective.held_out, objective.model.eval()
    torch.manual_seed(3)
    rows = objective._plan(stream, stream.text.rows_by_line(40), np.arange(20))[0]
    pieces, mask, _ = stream.text.collate(rows)
    seen, masked = objective.masking(pieces, None)
    with torch.no_grad():
        logits = model(input_ids=seen, attention_mask=mask).logits
    loss = functional.cross_entropy(logits[masked], pieces[masked]).item()
    torch.manual_seed(99)
    state = torch.get_rng_state()
    scores = objective.evaluate(CPU)
    assert scores == pytest.approx({"log_likelihood": -loss, "perplexity": math.exp(loss)})
    assert scores == objective.evaluate(CPU)
    assert torch.equal(state, torch.get_rng_state())
    assert next(iter(scores)) == "log_likelihood"


def test_masking_statistics() -> None:
    tokenizer = TextTokenizer(EMBEDDED_ENCODER)
    assert (tokenizer.mask, tokenizer.ordinary[0], tokenizer.ordinary[-1]) == (4, 5, 5999)
    torch.manual_seed(1)
    pieces = torch.randint(0, 6000, (2000, 100))
    pieces[:, 0] = 2
    seen, masked = Masking(tokenizer)(pieces, None)
    ordinary = pieces >= 5
    assert not masked[~ordinary].any()
    assert masked[ordinary].float().mean() == pytest.approx(0.15, abs=0.004)
    assert torch.equal(seen[~masked], pieces[~masked])
    hidden, swapped = seen == tokenizer.mask, masked & (seen != pieces) & (seen != tokenizer.mask)
    assert hidden[masked].float().mean() == pytest.approx(0.8, abs=0.01)
    assert swapped[masked].float().mean() == pytest.approx(0.1, abs=0.01)
    assert seen[swapped].min() >= 5 and seen[swapped].unique().numel() > 1500


def test_whole_words_are_masked_together() -> None:
    masking = Masking(TextTokenizer(EMBEDDED_ENCODER))
    torch.manual_seed(1)
    pieces = torch.randint(5, 6000, (3000, 60))
    pieces[:, 0], pieces[:, 30] = 2, 3
    starts = torch.rand(pieces.shape) < 0.4
    starts[:, :2] = starts[:, 30:32] = True
    _, masked = masking(pieces, starts)
    ordinary = pieces >= 5
    inside = ~starts[:, 1:]
    assert torch.equal(masked[:, 1:][inside], masked[:, :-1][inside])
    assert masked[ordinary].float().mean() == pytest.approx(0.15, abs=0.01)
    together = (masked[:, 1:] == masked[:, :-1])[starts[:, 1:] & ordinary[:, :-1] & ordinary[:, 1:]]
    assert together.float().mean() == pytest.approx(0.85**2 + 0.15**2, abs=0.01)
    assert not masked[~ordinary].any()


@pytest.mark.parametrize("packing", ["lines", "blocks"])
def test_epochs_are_deterministic_and_differ(packing: str, tmp_path: Path) -> None:
    directory = make_masked_lm(tmp_path, "bert")

    def content(epoch: int) -> list[list[int]]:
        objective = objective_of(directory, packing=packing, block_size=16)
        text = objective.training[0].text
        return [text.collate(batch.rows)[0].tolist() for batch in objective.batches(epoch)]

    first, second = content(0), content(1)
    assert first == content(0) and first != second
    assert len(first) == len(second)
    assert sum(map(len, first)) == sum(map(len, second)), "as many rows"
    lengths = {len(row) for batch in first for row in batch}
    assert max(lengths) <= 16
    if packing == "blocks":
        assert sum(len(row) != 16 or 0 in row for batch in first for row in batch) <= 100 // 16


def test_languages_are_sampled_by_their_exponent(tmp_path: Path) -> None:
    """Lines 20, 40, 60, 80; batches of one language, rounds that go on from epoch to epoch."""
    directory = make_masked_lm(tmp_path, "bert")
    objective = objective_of(
        directory, 20, texts=4, sampling_exponent=0.0, block_size=12, packing="blocks",
        batch_pieces=12,
    )  # fmt: skip
    sizes = [len(stream.text.rows_by_block(12, 0)) for stream in objective.training]
    epochs = [objective.batches(epoch) for epoch in range(3)]
    assert [len(epoch) for epoch in epochs] == [sum(sizes)] * 3
    for epoch in epochs:
        counts = np.bincount([batch.stream for batch in epoch])
        assert counts.max() - counts.min() <= 1
    assert [b.stream for b in epochs[0]] != [b.stream for b in epochs[1]]
    starts = [int(b.rows.starts[0]) for epoch in epochs for b in epoch if b.stream == 3]
    first = starts[: sizes[3]]
    assert len(set(first)) == sizes[3], "no row again before all have been"
    again = objective_of(
        directory, 20, texts=4, sampling_exponent=0.0, block_size=12, packing="blocks",
        batch_pieces=12,
    ).batches(2)  # fmt: skip
    assert [int(b.rows.starts[0]) for b in again] == [int(b.rows.starts[0]) for b in epochs[2]]


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"packing": "blocks", "block_size": 20, "whole_word_masking": True},
        {"packing": "blocks", "block_size": 20, "sampling_exponent": 0.7},
    ],
)
def test_resumed_training_ends_in_the_same_bits(changes: dict, tmp_path: Path) -> None:
    """With dropout, so that the random state matters as well."""
    directory = make_masked_lm(tmp_path / "encoder", "bert")
    texts = 2 if "sampling_exponent" in changes else 1

    def run(objective: MaskedLanguageModelling, name: str, seconds: float):
        checkpoint = Checkpoint(tmp_path / name, "x")
        return train(objective, objective.settings, checkpoint, CPU, seconds, "test")

    whole = objective_of(directory, texts=texts, **changes)
    expected = run(whole, "whole", 1e9)
    steps = len(whole.batches(0))
    for step in (2, steps + 1, 2 * steps + 3):
        killed = objective_of(directory, texts=texts, **changes)
        kill_at(killed, step)
        with pytest.raises(Killed):
            run(killed, f"killed-{step}", 0)
        torch.manual_seed(999)  # another process starts with another random state
        resumed = objective_of(directory, texts=texts, **changes)
        assert run(resumed, f"killed-{step}", 0).history == expected.history
        for name, value in own_weights(resumed.model).items():
            assert torch.equal(value, own_weights(whole.model)[name]), name


@pytest.fixture
def text(tmp_path: Path) -> tuple[Path, Path]:
    return write(tmp_path / "train.txt", sentences(80)), write(tmp_path / "held.txt", sentences(9))


@pytest.mark.parametrize(
    "architecture", ["bert", "roberta", "xlm-roberta", "camembert", "distilbert", "deberta-v2"]
)
def test_adapted_encoders_open(architecture: str, text: tuple, tmp_path: Path) -> None:
    encoder = make_masked_lm(tmp_path / "encoder", architecture)
    config = {"seed": 1, "training": {**TRAINING, "learning_rate": 1e-2}}
    adapt(encoder, config, tmp_path / "out", tmp_path / "c", 300, 1, text[:1], text[1:])
    report = read_json(tmp_path / "out" / "pretraining.json")
    assert [row["epoch"] for row in report["history"]] == [0, 1, 2, 3]
    before, *after = (row["log_likelihood"] for row in report["history"])
    assert after[report["best_epoch"] - 1] == max(after) > before + 0.3
    model, loading = AutoModelForMaskedLM.from_pretrained(
        tmp_path / "out", output_loading_info=True
    )
    assert not loading["missing_keys"] and not loading["unexpected_keys"]
    assert type(model).__name__ in model.config.architectures
    encoder_weights = own_weights(load_encoder(tmp_path / "out"))
    for name, value in own_weights(model.base_model).items():
        assert torch.equal(encoder_weights[name], value), name
    name = "tokenizer.json"
    assert (tmp_path / "out" / name).read_bytes() == (encoder / name).read_bytes()
    assert not list((tmp_path / "c").iterdir())


def test_adaptation_before_is_the_encoder_as_it_is(text: tuple, tmp_path: Path) -> None:
    config = {"seed": 1, "training": {**TRAINING, "epochs": 1}}
    adapt(EMBEDDED_ENCODER, config, tmp_path / "a", tmp_path / "c", 300, 1, text[:1], text[1:])
    adapt(EMBEDDED_ENCODER, config, tmp_path / "b", tmp_path / "c", 300, 1, text[:1], text[1:])
    for name in ("model.safetensors", "config.json", "pretraining.json"):
        assert (tmp_path / "a" / name).read_bytes() == (tmp_path / "b" / name).read_bytes()
    tokenizer = TextTokenizer(EMBEDDED_ENCODER)
    text = PretrainingText([["a"]], [sentences(9)])
    plain = AutoModelForMaskedLM.from_pretrained(EMBEDDED_ENCODER, dtype=torch.float32)
    scores = make_objective(plain, text, tokenizer, {"seed": 1, "training": TRAINING}).evaluate(CPU)
    report = read_json(tmp_path / "a" / "pretraining.json")
    assert report["history"][0] == {"epoch": 0, **scores}
    assert {value.dtype for value in load_file(tmp_path / "a" / "model.safetensors").values()} == {
        torch.float32
    }


def test_encoder_without_a_head_gets_one(tmp_path: Path, caplog) -> None:
    directory = make_encoder(tmp_path / "encoder")
    config = read_json(directory / "config.json")
    write_json(directory / "config.json", {**config, "tie_word_embeddings": False})
    heads = []
    for seed in (1, 1, 2):
        torch.manual_seed(seed)
        with caplog.at_level("INFO"):
            heads.append(load_masked_lm(directory))
    assert "no head for masked language modelling, so a new one is drawn" in caplog.text
    weights = [model.cls.predictions.transform.dense.weight for model in heads]
    assert torch.equal(weights[0], weights[1]) and not torch.equal(weights[0], weights[2])
    assert heads[0].get_output_embeddings().weight is heads[0].get_input_embeddings().weight
    plain = own_weights(load_encoder(directory))
    save_masked_lm(heads[0], tmp_path / "out", "float32")
    for name, value in own_weights(load_encoder(tmp_path / "out")).items():
        assert torch.equal(plain[name], value), name
    again = load_masked_lm(tmp_path / "out")
    assert again.get_output_embeddings().weight is again.get_input_embeddings().weight
    assert torch.equal(again.cls.predictions.transform.dense.weight, weights[0])


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_a_head_is_trained_alone(architecture: str, text: tuple, tmp_path: Path) -> None:
    """An encoder without a head gets one, and keeps its own weights, bit by bit."""
    bare = tmp_path / "bare"
    full = make_masked_lm(tmp_path / "encoder", architecture)
    load_encoder(full).save_pretrained(bare)
    for name in ("tokenizer.json", "tokenizer_config.json"):
        (bare / name).write_bytes((full / name).read_bytes())
    training = {**TRAINING, "learning_rate": 1e-2, "weight_decay": 0.5, "epochs": 8}
    config = {"seed": 1, "training": training, "head_only": True}
    adapt(bare, config, tmp_path / "out", tmp_path / "c", 300, 1, text[:1], text[1:])
    report = read_json(tmp_path / "out" / "pretraining.json")
    before, *after = (row["log_likelihood"] for row in report["history"])
    assert max(after) > before + 0.1
    model, has_head = load_with_head(tmp_path / "out")
    assert has_head
    expected = own_weights(load_encoder(bare))
    for name, value in own_weights(load_encoder(tmp_path / "out")).items():
        assert torch.equal(expected[name], value), name
    of_encoder = {id(weight) for weight in model.base_model.parameters()}
    head = sum(w.numel() for w in model.parameters() if id(w) not in of_encoder)
    assert 0 < report["parameters"]["trained"] == head < report["parameters"]["all"]


@pytest.mark.parametrize("kind", ["bert", "roberta"])
def test_pretrained_from_scratch(kind: str, text: tuple, tmp_path: Path, caplog) -> None:
    config = {**CONFIG, "architecture": {**CONFIG["architecture"], "model_type": kind}}
    config["vocabulary_size"] = 5000
    with caplog.at_level("INFO"):
        pretrain(config, tmp_path / "out", tmp_path / "c", corpora=text[:1], held_out=text[1:])
    assert "fewer than the 5000 asked for" in caplog.text
    model = load_masked_lm(tmp_path / "out")
    assert model.config.model_type == kind and longest_input(model) == (39, 40)[kind == "bert"]
    tokenizer = TextTokenizer(tmp_path / "out")
    assert model.config.vocab_size == tokenizer.vocabulary_size
    assert read_json(tmp_path / "out" / "tokenizer_config.json")["model_max_length"] == (
        longest_input(model)
    )
    report = read_json(tmp_path / "out" / "pretraining.json")
    assert set(report["held_out"]) == {"held.txt"}
    text = PretrainingText([["a"]], [sentences(9)])
    scores = make_objective(model, text, tokenizer, {"seed": 1, "training": TRAINING}).evaluate(CPU)
    best = report["history"][report["best_epoch"] - 1]
    assert scores["log_likelihood"] == pytest.approx(best["log_likelihood"], abs=1e-5)


def test_pretrained_on_sampled_languages(text: tuple, tmp_path: Path) -> None:
    other = write(tmp_path / "other.txt", ["κατ ματ σατ"] * 40)
    settings = {**TRAINING, "sampling_exponent": 0.7, "packing": "blocks", "epochs": 1}
    config = {**CONFIG, "held_out_lines": 20, "training": settings, "store": "float16",
              "vocabulary_sampling_exponent": 0.5}  # fmt: skip
    for name in ("a", "b"):
        pretrain(config, tmp_path / name, tmp_path / "c", corpora=[text[0], other])
    weights = load_file(tmp_path / "a" / "model.safetensors")
    assert {value.dtype for value in weights.values()} == {torch.float16}
    for name in ("model.safetensors", "tokenizer.json"):
        assert (tmp_path / "a" / name).read_bytes() == (tmp_path / "b" / name).read_bytes()


def test_unusable_input_is_refused_in_one_line(text: tuple, tmp_path: Path) -> None:
    bert = make_masked_lm(tmp_path / "bert", "bert")
    empty = write(tmp_path / "empty.txt", ["", ""])
    short = write(tmp_path / "short.txt", ["the"])
    narrow = make_masked_lm(tmp_path / "narrow", "bert", vocab_size=30)

    def refused(reason: str, make, *arguments: object, **changes: object) -> None:
        config = {"seed": 1, "training": {**TRAINING, **changes.pop("training", {})}, **changes}
        with pytest.raises(InputError, match=reason) as error:
            make(
                *arguments[:-2],
                config=config,
                output=tmp_path / "out",
                checkpoints=tmp_path / "c",
                **{name: arguments[place] for name, place in text_arguments(make).items()},
            )
        assert "\n" not in str(error.value)

    def text_arguments(make) -> dict[str, int]:
        return (
            {"training": -2, "held_out": -1} if make is adapt else {"corpora": -2, "held_out": -1}
        )

    train_text, held_out = text[:1], text[1:]
    refused("no text: give raw text", adapt, bert, [], [])
    refused(r"empty\.txt: no text", adapt, bert, [empty], held_out)
    refused(r"empty\.txt: no text", adapt, bert, train_text, [empty])
    refused("held-out text: no subword was masked", adapt, bert, train_text, [short])
    refused("but the encoder embeds 30", adapt, narrow, train_text, held_out)
    refused(r"mt5.*", adapt, make_encoder(tmp_path / "mt5", "mt5"), train_text, held_out)
    refused("no mask token", adapt, make_encoder(tmp_path / "x", "xlm-roberta"), *[text[:1]] * 2)
    large = {"block_size": 41}
    refused("block_size is 41, but the encoder takes 40", adapt, bert, train_text, held_out,
            training=large)  # fmt: skip
    refused("packing: 'x' is not one of lines, blocks", adapt, bert, train_text, held_out,
            training={"packing": "x"})  # fmt: skip
    refused("store: 'int8' is not one of", adapt, bert, train_text, held_out, store="int8")
    scratch = {"vocabulary_size": 60}
    for reason, architecture in {
        "bert has no 'hiden_size'": {"hiden_size": 16},
        "'gpt2' is no text encoder": {"model_type": "gpt2"},
        "'none' is no text encoder": {"model_type": "none"},
        "'mt5' is no text encoder": {"model_type": "mt5"},
        "multiple": {**SMALL, "hidden_size": 15},
    }.items():
        refused(reason, pretrain, train_text, held_out, **scratch,
                architecture=architecture)  # fmt: skip
    refused("80 lines, more than 80 are held out alone", pretrain, train_text, [],
            architecture=SMALL, held_out_lines=80, **scratch)  # fmt: skip
