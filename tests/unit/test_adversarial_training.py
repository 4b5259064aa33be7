"""Adversarial training: weight 0 is plain training, labels are not read, runs resume and report."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from encoders import make_encoder
from safetensors.torch import load_file
from test_parsing import SETTINGS, tree
from test_training import CPU, SENTENCES, TRAINING, Killed, kill_at, run
from xltransfer.corpora.conllu import write_conllu
from xltransfer.encoders.tokenizer import WordTokenizer
from xltransfer.encoders.transformer import load_encoder, longest_input
from xltransfer.encoders.weights import own_weights
from xltransfer.runtime.errors import InputError
from xltransfer.stages.finetune import finetune
from xltransfer.tasks.registry import make_task
from xltransfer.training.checkpoint import Checkpoint
from xltransfer.training.dataset import Dataset
from xltransfer.training.model import WordModel
from xltransfer.training.objectives.adversarial_finetuning import Adversarial
from xltransfer.training.objectives.finetuning import FineTuning
from xltransfer.training.unlabelled_text import Unannotated, never_trained, read_unlabelled

GAME = {
    "texts": {"treebanks": ["bb_x"]},
    "sentences": None,
    "method": "gradient-reversal",
    "weight": 1.0,
    "schedule": "rising",
    "smoothing": 0.3,
    "learning_rate": 1e-2,
    "discriminator": {"kind": "convolution", "widths": [2, 3], "units": 8, "dropout": 0.2},
}
TARGET = [
    tree(("cats", 2, "nsubj"), ("dogs", 0, "root"), ("the", 2, "det")),
    tree(("other", 2, "amod"), ("mat", 0, "root")),
] * 12  # fmt: skip


def make_plain(directory: Path, seed: int = 1) -> FineTuning:
    """A small fine-tuning with dropout, the same whenever it is made."""
    task = make_task(SETTINGS)
    labels = task.label_vocabulary(SENTENCES)
    tokenizer = WordTokenizer(directory)
    torch.manual_seed(seed)
    encoder = load_encoder(directory)
    model = WordModel(encoder, task.head(encoder.config.hidden_size, len(labels)))
    data = Dataset(SENTENCES, tokenizer, longest_input(encoder))
    data.add_targets(task, labels)
    return FineTuning(model, task, labels, data, data, TRAINING, seed)


def make_game(directory: Path, **changes: object) -> Adversarial:
    plain = make_plain(directory)
    tokenizer = WordTokenizer(directory)
    longest = longest_input(plain.model.encoder)
    target = Dataset([Unannotated(s.forms) for s in TARGET], tokenizer, longest)
    settings = {**TRAINING, "adversarial": {**GAME, **changes}}
    own = np.zeros(len(SENTENCES), dtype=np.int64)
    return Adversarial(plain, own, [target], [plain.development, target], settings, 1)


@pytest.mark.parametrize("method", ["gradient-reversal", "flipped-labels"])
def test_weight_zero_is_plain_training_to_the_last_bit(method: str, tmp_path: Path) -> None:
    directory = make_encoder(tmp_path / "encoder", dropout=0.2)
    plain = make_plain(directory)
    run(plain, Checkpoint(tmp_path / "plain", "x"))
    game = make_game(directory, weight=0.0, method=method)
    run(game, Checkpoint(tmp_path / "game", "x"))
    for name, value in own_weights(plain.model).items():
        assert torch.equal(value, own_weights(game.plain.model)[name]), name
    other = make_game(directory, method=method)
    run(other, Checkpoint(tmp_path / "other", "x"))
    changed = own_weights(other.plain.model)
    assert any(not torch.equal(v, changed[n]) for n, v in own_weights(plain.model).items())


@pytest.mark.parametrize("step", [2, 15])
def test_a_killed_game_resumes_to_the_same_bits(step: int, tmp_path: Path) -> None:
    directory = make_encoder(tmp_path / "encoder", dropout=0.2)
    whole = make_game(directory)
    expected = run(whole, Checkpoint(tmp_path / "whole", "x"))
    killed = make_game(directory)
    kill_at(killed, step)
    with pytest.raises(Killed):
        run(killed, Checkpoint(tmp_path / "killed", "x"))
    torch.manual_seed(999)
    resumed = make_game(directory)
    assert run(resumed, Checkpoint(tmp_path / "killed", "x")).history == expected.history
    assert "discriminator" in expected.history[0]
    for name, value in own_weights(resumed.model).items():
        assert torch.equal(value, own_weights(whole.model)[name]), name


def test_every_unlabelled_sentence_is_read_once_in_a_pass(tmp_path: Path) -> None:
    game = make_game(make_encoder(tmp_path))
    read = [
        int(i)
        for batch in game.batches(0)
        for i in game._chosen(0, batch.step, 0, len(batch.labelled.indices))
    ]
    # 16 labelled sentences make steps of different sizes, so a few are read twice or later.
    assert len(set(read)) > 8 and max(read) < len(TARGET)
    progress = [batch.progress for epoch in range(4) for batch in game.batches(epoch)]
    assert progress == sorted(progress) and progress[0] == 0 and progress[-1] < 1


def test_held_out_sentences_are_never_played_with(tmp_path: Path) -> None:
    path = tmp_path / "text.txt"
    path.write_text("".join(f"word{n}, and more.\n" for n in range(100)), encoding="utf-8")
    text = read_unlabelled(path, 50, 1)
    assert text.game[0].forms[1:] == [",", "and", "more", "."]
    assert len(text.game) == 50 and len(text.held_out) == 10
    assert not {s.forms[0] for s in text.game} & {s.forms[0] for s in text.held_out}
    assert read_unlabelled(path, 50, 1) == text != read_unlabelled(path, 50, 2)
    assert len(read_unlabelled(path, None, 1).game) == 90
    left = never_trained(SENTENCES, SENTENCES[:1])
    assert ["the", "cat", "sat"] not in [s.forms for s in left], "nor one with the same words"
    path.write_text("one line\n")
    with pytest.raises(InputError, match="1 sentences of at most 200 words; an adversarial"):
        read_unlabelled(path, None, 1)


def test_labelled_sentences_are_not_held_out(tmp_path: Path) -> None:
    """Neither those nor others with their words; the draw is the same where none is labelled."""
    path = tmp_path / "bb_x" / "train.conllu"
    sentences = [tree((f"w{n % 30}", 0, "root")) for n in range(60)]
    write_conllu(path, sentences)
    plain = read_unlabelled(path, 40, 1)
    labelled = [s for s in sentences if s.forms[0] in {one.forms[0] for one in plain.held_out}]
    found = read_unlabelled(path, 40, 1, labelled[:4])
    assert len(found.game) == 40 and len(found.held_out) == 6
    assert not {s.forms[0] for s in labelled[:4]} & {s.forms[0] for s in found.held_out}
    with pytest.raises(InputError, match="every sentence is trained on with its labels"):
        read_unlabelled(path, 40, 1, sentences)


def files(folder: Path) -> dict[str, Path]:
    found = {name: folder / name / "train.conllu" for name in ("aa_x", "bb_x")}
    write_conllu(found["aa_x"], SENTENCES)
    write_conllu(found["bb_x"], TARGET)
    return found


def train_one(folder: Path, out: Path, game: dict | None, labelled: bool = False) -> dict:
    """One model of a tagger, and its report."""
    training = {**TRAINING, "training_sentences": None, "label_smoothing": 0.0, "epochs": 2}
    if game is not None:
        training["adversarial"] = game
    found = {name: folder / name / "train.conllu" for name in ("aa_x", "bb_x")}
    settings = {"kind": "tagging", "label": "UPOS", "head_dropout": 0.1, "training": training}
    more = {}
    if game is not None:
        more = {"unlabelled": [found["bb_x"]], "game_languages": ["bb"] * (1 + labelled)}
        more |= {"labelled": found["bb_x"]} if labelled else {}
    finetune(
        [folder / "encoder"], found["aa_x"], found["aa_x"], {"task": "pos", "settings": settings},
        ["none"], [1], [out], folder / "checkpoints", language="aa", **more,
    )  # fmt: skip
    return json.loads((out / "training.json").read_text())


def test_the_stage_never_reads_labels_of_unlabelled_text(tmp_path: Path) -> None:
    """Other trees and tags of the target give the same model; the report says what was measured."""
    make_encoder(tmp_path / "encoder")
    paths = files(tmp_path)
    report = train_one(tmp_path, tmp_path / "one", GAME)
    found = report["adversarial"]
    assert found["chance"] == 50 and found["labelled_target_sentences"] == 0
    assert found["held_out_sentences"][1] == 2 and found["unlabelled_sentences"] == [22]
    for key in ("fresh_discriminator_before", "fresh_discriminator_after"):
        assert 0 <= found[key] <= 100
    assert "game" in report["inputs"] and "discriminator" in report["history"][0]
    other = [tree(*((form, 0 if n == 0 else 1, "dep") for n, form in enumerate(s.forms)))
             for s in TARGET]  # fmt: skip
    write_conllu(paths["bb_x"], other)
    paths["bb_x"].with_suffix(".provenance.json").unlink(missing_ok=True)
    train_one(tmp_path, tmp_path / "other", GAME)
    one, two = (load_file(tmp_path / n / "model.safetensors") for n in ("one", "other"))
    assert all(torch.equal(value, two[name]) for name, value in one.items())
    plain = train_one(tmp_path, tmp_path / "plain", None)
    assert "adversarial" not in plain and "game" not in plain["inputs"]
    train_one(tmp_path, tmp_path / "zero", {**GAME, "weight": 0.0})
    weights = [(tmp_path / n / "model.safetensors").read_bytes() for n in ("plain", "zero", "one")]
    assert weights[0] == weights[1] != weights[2]


def test_labelled_target_sentences_are_learnt_from(tmp_path: Path) -> None:
    make_encoder(tmp_path / "encoder")
    # More different sentences than labelled ones, so that some are left to measure with.
    others = [tree((word, 0, "root")) for word in ("the", "cat", "sat", "mat", "cats", "dogs")]
    write_conllu(files(tmp_path)["bb_x"], [*TARGET, *others])
    game = {**GAME, "labelled": {"corpus": "bb_x", "sentences": 5}, "weight": 0.0}
    report = train_one(tmp_path, tmp_path / "some", game, labelled=True)
    assert report["adversarial"]["labelled_target_sentences"] == 5
    train_one(tmp_path, tmp_path / "none", None)
    weights = [(tmp_path / n / "model.safetensors").read_bytes() for n in ("some", "none")]
    assert weights[0] != weights[1]
    with pytest.raises(InputError, match=r"adversarial\.labelled and the option --labelled belong"):
        train_one(tmp_path, tmp_path / "wrong", game)


def test_discriminated_languages_are_told_apart_without_an_adversary(tmp_path: Path) -> None:
    """With the weight 0 the game's own discriminator learns; the target has other words."""
    game = make_game(make_encoder(tmp_path / "e"), weight=0.0)
    assert game.own_accuracy(CPU) < 90
    run(game, Checkpoint(tmp_path / "c", "x"), epochs=12)
    assert game.own_accuracy(CPU) > 90
