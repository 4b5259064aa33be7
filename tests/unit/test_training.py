"""The training loop: schedule, selection, refusal of NaN, and resuming to the same bits."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest
import torch
from encoders import make_encoder
from safetensors.torch import load_file
from test_parsing import SETTINGS, tree
from xltransfer.encoders.tokenizer import WordTokenizer
from xltransfer.encoders.transformer import load_encoder, longest_input
from xltransfer.encoders.weights import own_weights
from xltransfer.runtime.errors import InputError
from xltransfer.runtime.progress import TrainingProgress
from xltransfer.tasks.registry import make_task
from xltransfer.training.checkpoint import Checkpoint
from xltransfer.training.dataset import Dataset
from xltransfer.training.flat import flatten
from xltransfer.training.loop import Precision, learning_rate_share, train
from xltransfer.training.model import WordModel, load_model, same_architecture, save_model
from xltransfer.training.objectives.finetuning import FineTuning
from xltransfer.training.prediction import annotate

CPU = torch.device("cpu")
TRAINING = {
    "epochs": 4,
    "patience": None,
    "batch_pieces": 24,
    "encoder_learning_rate": 1e-3,
    "head_learning_rate": 1e-2,
    "warmup_share": 0.25,
    "weight_decay": 0.01,
    "adam_beta2": 0.98,
    "gradient_clip": 1.0,
    "precision": "float32",
}
SENTENCES = [
    tree(("the", 2, "det"), ("cat", 3, "nsubj"), ("sat", 0, "root")),
    tree(("a", 2, "det"), ("dog", 3, "nsubj"), ("barked", 0, "root"), ("at", 5, "case"),
         ("cats", 3, "obl")),
    tree(("sat", 0, "root")),
    tree(("the", 3, "det"), ("other", 3, "amod"), ("mat", 0, "root")),
] * 4  # fmt: skip


def make_objective(directory: Path, seed: int = 1, **changes: object) -> FineTuning:
    """A small fine-tuning, the same whenever it is made."""
    task = make_task(SETTINGS)
    labels = task.label_vocabulary(SENTENCES)
    tokenizer = WordTokenizer(directory)
    torch.manual_seed(seed)
    encoder = load_encoder(directory)
    model = WordModel(encoder, task.head(encoder.config.hidden_size, len(labels)))
    data = Dataset(SENTENCES, tokenizer, longest_input(encoder))
    data.add_targets(task, labels)
    return FineTuning(model, task, labels, data, data, {**TRAINING, **changes}, seed)


def run(objective: FineTuning, checkpoint: Checkpoint, seconds: float = 1e9, **changes: object):
    return train(objective, {**TRAINING, **changes}, checkpoint, CPU, seconds, "test")


class Killed(Exception):
    """Stands for the end of a process."""


def kill_at(objective: FineTuning, step: int) -> None:
    """Make the objective die when the loss of a step is asked for."""
    original, count = objective.loss, 0

    def loss(batch, device):
        nonlocal count
        count += 1
        if count == step:
            raise Killed
        return original(batch, device)

    objective.loss = loss


def test_schedule_rises_and_falls_linearly() -> None:
    shares = [learning_rate_share(step, 20, 0.2) for step in range(20)]
    assert shares[:4] == pytest.approx([0.2, 0.4, 0.6, 0.8])
    assert shares[4:8] == pytest.approx([1, 15 / 16, 14 / 16, 13 / 16])
    assert shares[-1] == pytest.approx(1 / 16)
    assert learning_rate_share(0, 10, 0.0) == 1


def test_training_learns(tmp_path: Path) -> None:
    objective = make_objective(make_encoder(tmp_path / "encoder"))
    report = run(objective, Checkpoint(tmp_path / "c", "x"), epochs=40)
    assert report.history[-1]["loss"] < 0.5 * report.history[0]["loss"]
    assert report.best["LAS"] > 90
    assert [row["epoch"] for row in report.history] == list(range(1, 41))


@pytest.mark.parametrize("step", [1, 2, 9, 14, 23])
def test_resumed_training_ends_in_the_same_bits(step: int, tmp_path: Path) -> None:
    """With dropout, so that the random state matters as well."""
    directory = make_encoder(tmp_path / "encoder", dropout=0.2)
    whole = make_objective(directory)
    expected = run(whole, Checkpoint(tmp_path / "whole", "x"))
    killed = make_objective(directory)
    kill_at(killed, step)
    with pytest.raises(Killed):
        run(killed, Checkpoint(tmp_path / "killed", "x"), seconds=0)
    torch.manual_seed(999)  # another process starts with another random state
    resumed = make_objective(directory)
    report = run(resumed, Checkpoint(tmp_path / "killed", "x"), seconds=0)
    assert report.history == expected.history
    assert report.best_epoch == expected.best_epoch
    weights = own_weights(whole.model)
    for name, value in own_weights(resumed.model).items():
        assert torch.equal(value, weights[name]), name


def test_finished_training_is_not_repeated(tmp_path: Path) -> None:
    directory = make_encoder(tmp_path / "encoder")
    first = make_objective(directory)
    expected = run(first, Checkpoint(tmp_path / "c", "x"))
    again = make_objective(directory)
    kill_at(again, 1)
    report = run(again, Checkpoint(tmp_path / "c", "x"))
    assert report.history == expected.history
    weights = own_weights(first.model)
    assert all(torch.equal(v, weights[k]) for k, v in own_weights(again.model).items())


def damaged(data: bytes, damage: str) -> bytes:
    header = int.from_bytes(data[:8], "little") + 8
    if damage == "garbage":
        return np.random.default_rng(1).bytes(len(data))
    if damage == "truncated":
        return data[:-7]
    if damage == "empty":
        return b""
    place = {"length": 0, "weights": header + 40, "last byte": len(data) - 1}.get(damage)
    if place is None:  # a value within the metadata
        place = data.index(damage.encode()) + len(damage) + 5
    return data[:place] + bytes([data[place] ^ 2]) + data[place + 1 :]


@pytest.mark.parametrize("name", ["state", "best"])
@pytest.mark.parametrize(
    "damage",
    ["garbage", "truncated", "empty", "length", "weights", "last byte", "checksum", "position",
     "identity", "missing", "another identity", "half-written beside"],
)  # fmt: skip
def test_unusable_checkpoints_are_ignored(
    damage: str, name: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    directory = make_encoder(tmp_path / "encoder", dropout=0.2)
    expected = run(make_objective(directory), Checkpoint(tmp_path / "whole", "x"))
    killed = make_objective(directory)
    kill_at(killed, 12)
    with pytest.raises(Killed):
        run(killed, Checkpoint(tmp_path / "c", "x"), seconds=0)
    (file,) = (tmp_path / "c").glob(f"{name}*.safetensors")
    if damage == "missing":
        file.unlink()
    elif damage == "half-written beside":
        (tmp_path / "c" / f".{file.name}.1").write_bytes(file.read_bytes()[:1000])
    elif damage != "another identity":
        file.write_bytes(damaged(file.read_bytes(), damage))
    identity = "y" if damage == "another identity" else "x"
    with caplog.at_level("INFO"):
        report = run(make_objective(directory), Checkpoint(tmp_path / "c", identity))
    assert report.history == expected.history
    assert report.steps == expected.steps
    assert len(list((tmp_path / "c").iterdir())) == 2
    messages = [record.getMessage() for record in caplog.records]
    assert ("test: resumes at step 11" in messages) == (damage == "half-written beside")
    afresh = [message for message in messages if message.endswith("training starts afresh")]
    assert len(afresh) == (
        damage != "half-written beside" and (damage, name) != ("missing", "state")
    )
    assert all("\n" not in message for message in afresh)


def test_a_best_epoch_that_was_not_saved_is_forgotten(tmp_path: Path) -> None:
    """A training is killed once a better epoch's weights are on disk, and before its position is.

    Another processor goes on, for which that epoch is not better: its weights are none of the best.
    """
    directory = make_encoder(tmp_path / "encoder", dropout=0.2)

    def scoring(*scores: float) -> FineTuning:
        objective, waiting = make_objective(directory), iter(scores)
        objective.evaluate = lambda device: {"LAS": next(waiting)}
        return objective

    whole = scoring(50, 49, 49.9, 48)
    assert run(whole, Checkpoint(tmp_path / "whole", "x")).best_epoch == 1
    checkpoint = Checkpoint(tmp_path / "c", "x")
    original = checkpoint.save_best

    def save_best(model, epoch: int) -> None:
        original(model, epoch)
        if epoch == 3:
            raise Killed

    checkpoint.save_best = save_best
    with pytest.raises(Killed):
        run(scoring(50, 49, 51), checkpoint, seconds=0)
    assert len(list((tmp_path / "c").glob("best-*.safetensors"))) == 2
    resumed = scoring(49.9, 48)
    report = run(resumed, Checkpoint(tmp_path / "c", "x"))
    assert report.best_epoch == 1 and [row["LAS"] for row in report.history] == [50, 49, 49.9, 48]
    expected = own_weights(whole.model)
    assert all(torch.equal(v, expected[k]) for k, v in own_weights(resumed.model).items())
    assert len(list((tmp_path / "c").iterdir())) == 2


def test_best_weights_damaged_in_the_end_are_refused(tmp_path: Path) -> None:
    """And the next run notices and starts afresh."""
    directory = make_encoder(tmp_path / "encoder", dropout=0.2)
    expected = run(make_objective(directory), Checkpoint(tmp_path / "c", "x"))
    (file,) = (tmp_path / "c").glob("best-*.safetensors")
    weights = {name: value.clone() for name, value in load_file(file).items()}
    file.write_bytes(damaged(file.read_bytes(), "last byte"))
    with pytest.raises(InputError, match=r"best-\d\.safetensors: damaged or removed"):
        epoch = int(file.stem.removeprefix("best-"))
        Checkpoint(tmp_path / "c", "x").restore_best(make_objective(directory).model, epoch)
    assert run(make_objective(directory), Checkpoint(tmp_path / "c", "x")).steps == expected.steps
    assert all(torch.equal(value, weights[name]) for name, value in load_file(file).items())


def test_seeds_in_one_process_equal_seeds_alone(tmp_path: Path) -> None:
    directory = make_encoder(tmp_path / "encoder", dropout=0.2)
    together = {}
    for seed in (1, 2):
        objective = make_objective(directory, seed)
        run(objective, Checkpoint(tmp_path / f"together-{seed}", "x"))
        together[seed] = own_weights(objective.model)
    alone = make_objective(directory, 2)
    run(alone, Checkpoint(tmp_path / "alone", "x"))
    assert all(torch.equal(v, together[2][k]) for k, v in own_weights(alone.model).items())
    assert any(not torch.equal(v, together[1][k]) for k, v in own_weights(alone.model).items())


def test_loss_that_is_not_finite_is_refused_with_its_step(tmp_path: Path) -> None:
    objective = make_objective(make_encoder(tmp_path / "encoder"))
    original, count = objective.loss, 0

    def loss(batch, device):
        nonlocal count
        count += 1
        return original(batch, device) * (float("nan") if count == 7 else 1)

    objective.loss = loss
    with pytest.raises(InputError, match="the loss is nan at step 7;"):
        run(objective, Checkpoint(tmp_path / "c", "x"))


def test_patience_stops_and_the_best_epoch_is_kept(tmp_path: Path) -> None:
    objective = make_objective(make_encoder(tmp_path / "encoder"))
    scores = iter([10.0, 30.0, 20.0, 30.0, 99.0])
    weights = {}

    def evaluate(device):
        score = next(scores)
        weights[len(weights) + 1] = {k: v.clone() for k, v in own_weights(objective.model).items()}
        return {"LAS": score, "UAS": 50.0}

    objective.evaluate = evaluate
    report = run(objective, Checkpoint(tmp_path / "c", "x"), epochs=5, patience=2)
    assert [row["LAS"] for row in report.history] == [10, 30, 20, 30]
    assert report.best_epoch == 2
    assert all(torch.equal(v, weights[2][k]) for k, v in own_weights(objective.model).items())


def test_precision_is_float32_on_processors_unless_forced() -> None:
    product = torch.ones(2, 2)
    with Precision("auto", CPU):
        assert (product @ product).dtype == torch.float32
    with Precision("bfloat16", CPU):
        assert (product @ product).dtype == torch.bfloat16


@pytest.mark.parametrize("architecture", ["bert", "xlm-roberta", "distilbert", "mt5"])
def test_saved_models_predict_the_same(architecture: str, tmp_path: Path) -> None:
    encoder = make_encoder(tmp_path / "encoder", architecture)
    objective = make_objective(encoder)
    run(objective, Checkpoint(tmp_path / "c", "x"))
    task, labels, data = objective.task, objective.labels, objective.development
    expected = annotate(objective.model, task, labels, data, CPU)
    save_model(tmp_path / "model", objective.model, encoder, task, labels)
    model, found_task, found_labels = load_model(tmp_path / "model")
    assert found_task.kind == "parsing" and found_labels == labels
    for name, value in own_weights(objective.model).items():
        assert torch.equal(own_weights(model)[name], value), name
    found = annotate(model, found_task, found_labels, data, CPU)
    assert [s.rows for s in found] == [s.rows for s in expected]
    plain = load_encoder(tmp_path / "model")
    for name, value in own_weights(objective.model.encoder).items():
        assert torch.equal(own_weights(plain)[name], value), name


def test_an_opened_model_takes_on_the_weights_of_another(tmp_path: Path) -> None:
    encoder = make_encoder(tmp_path / "encoder")
    folders = [tmp_path / name for name in ("one", "two")]
    for seed, folder in enumerate(folders):
        objective = make_objective(encoder)
        torch.manual_seed(seed)
        for weights in objective.model.parameters():
            torch.nn.init.normal_(weights)
        save_model(folder, objective.model, encoder, objective.task, objective.labels)
    assert same_architecture(*folders)
    expected = own_weights(load_model(folders[1])[0])
    opened = load_model(folders[0])[0]
    assert not all(torch.equal(own_weights(opened)[name], expected[name]) for name in expected)
    filled = load_model(folders[1], opened)[0]
    assert filled is opened
    assert all(torch.equal(own_weights(filled)[name], expected[name]) for name in expected)
    task_file = folders[1] / "task.json"
    task_file.write_text(task_file.read_text().replace("nsubj", "obj"))
    assert not same_architecture(*folders)


def test_sentences_longer_than_the_encoder_are_predicted(tmp_path: Path) -> None:
    objective = make_objective(make_encoder(tmp_path / "encoder"))
    long = tree(*[("cat", n, "dep" if n else "root") for n in range(100)])
    data = Dataset([SENTENCES[0], long, SENTENCES[1]], WordTokenizer(tmp_path / "encoder"), 32)
    assert len(data.examples[1].rows) > 3
    found = annotate(objective.model, objective.task, objective.labels, data, CPU)
    assert [len(sentence.words) for sentence in found] == [3, 100, 5]
    assert all(sentence.heads.count(0) == 1 for sentence in found)


def test_progress_of_slow_steps(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A step line is due before the first loss of an epoch has been read, on the terminal too."""
    reader, writer = os.pipe()
    monkeypatch.setenv("XLTRANSFER_TERMINAL", str(writer))
    progress = TrainingProgress("slow", 10, 0)
    progress.started -= 600
    for losses in ([], [1.0, 2.0]):
        progress.said -= 61
        with caplog.at_level("INFO"):
            progress.step(losses)
    os.close(writer)
    lines = ["slow: step 1 of 10", "slow: step 2 of 10, loss 1.500"]
    assert [record.getMessage() for record in caplog.records] == lines
    # Ten minutes for one step leave 90 minutes for nine; after the second, 40 for eight.
    left = [", at most 90 minutes left", ", at most 40 minutes left"]
    with os.fdopen(reader) as terminal:
        assert terminal.read().splitlines() == [
            line + rest for line, rest in zip(lines, left, strict=True)
        ]


def test_progress_of_a_resumed_training_counts_its_own_steps(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    progress = TrainingProgress("resumed", 1000, 900)
    progress.started -= 7200
    progress.done += 10
    assert progress.time_left() == "at most 18 hours left"
    progress.done = 1000
    assert progress.time_left() == "a minute left"


def test_flat_parameters_learn_what_separate_ones_learn() -> None:
    inputs, wanted = torch.randn(8, 5), torch.randn(8, 2)
    results = []
    for flat in (False, True):
        torch.manual_seed(1)
        model = torch.nn.Sequential(torch.nn.Linear(5, 4), torch.nn.Tanh(), torch.nn.Linear(4, 2))
        model[0].bias.requires_grad_(False)
        weights = [flatten(model.parameters())] if flat else list(model.parameters())
        optimiser = torch.optim.AdamW(weights, lr=0.1)
        for _ in range(5):
            (model(inputs) - wanted).square().mean().backward()
            torch.nn.utils.clip_grad_norm_(weights, 0.5)
            optimiser.step()
            optimiser.zero_grad(set_to_none=not flat)
        results.append(model.state_dict())
    for name, value in results[0].items():
        torch.testing.assert_close(results[1][name], value)
