"""Predicting with other language adapters: one, their average, and weights of minimal entropy."""

from __future__ import annotations

import itertools
from pathlib import Path

import numpy as np
import pytest
import torch
from test_adapted_encoders import TASK, adapted, tuned
from test_masked_lm import make_masked_lm
from test_training import CPU, SENTENCES
from xltransfer.encoders.adapted_directories import swap_language
from xltransfer.encoders.batching import collate
from xltransfer.encoders.transformer import longest_input
from xltransfer.records.record import record_path
from xltransfer.runtime.errors import InputError
from xltransfer.runtime.files import read_json
from xltransfer.stages.predict import predict
from xltransfer.tasks.entities import Entities
from xltransfer.tasks.heads.entropy import mean_entropy
from xltransfer.training.dataset import Dataset
from xltransfer.training.ensembles import minimise_entropy, predict_ensemble
from xltransfer.training.model import load_model

ADAPTER = {"size": 4, "invertible": True}
UNIFORM = {"steps": 0, "step_size": 1.0, "sentences": 2}


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Three language adapters of an encoder, one of another, and a parser on top of the first."""
    folder = tmp_path_factory.mktemp("made")
    base, other = (make_masked_lm(folder / name, "bert") for name in ("base", "other"))
    weights = other / "model.safetensors"
    make_masked_lm(other, "bert", intermediate_size=24)
    assert weights.read_bytes() != (base / "model.safetensors").read_bytes()
    found = {
        f"language-{seed}": adapted(folder, base, f"language-{seed}", seed, **ADAPTER)
        for seed in (1, 2, 3)
    }
    found["stranger"] = adapted(folder, other, "stranger", **ADAPTER)
    training = {"encoder_learning_rate": 1e-2, "epochs": 6}
    found["model"] = tuned(folder, found["language-1"], "model", adapter=TASK, **training)
    found["plain"] = tuned(folder, base, "plain", adapter=TASK)
    found["corpus"], found["base"] = folder / "corpus" / "train.conllu", base
    return found


def opened(made: dict[str, Path], *languages: str):
    """A model with other adapters, its task, their level and the data."""
    model, task, _ = load_model(made["model"])
    level = swap_language(model.encoder, made["language-1"], [made[name] for name in languages])
    model.eval().requires_grad_(False)
    reader = model.kind.reader(made["model"])
    return model, task, level, Dataset(SENTENCES[:4], reader, longest_input(model.encoder))


def states(model, data: Dataset) -> torch.Tensor:
    with torch.no_grad():
        return model.word_states(collate(data.examples, np.arange(4), data.padding))


def predicted(made: dict[str, Path], folder: Path, name: str, **options: object) -> bytes:
    predict([made["model"]], made["corpus"], [folder / name], **options)
    return (folder / name).read_bytes()


def test_the_adapter_of_the_training_in_its_own_place_changes_nothing(
    made: dict[str, Path], tmp_path: Path
) -> None:
    model, *_ = load_model(made["model"])
    swapped, _, _, data = opened(made, "language-1")
    assert torch.equal(states(swapped, data), states(model.eval(), data))
    other, _, _, _ = opened(made, "language-2")
    assert (states(other, data) - states(model, data)).abs().max() > 1e-3
    own = predicted(made, tmp_path, "own.conllu")
    again = predicted(made, tmp_path, "1.conllu", language_adapters=[made["language-1"]])
    assert own == again


def test_an_ensemble_of_one_adapter_equals_that_adapter(
    made: dict[str, Path], tmp_path: Path
) -> None:
    """One adapter three times, too: the average of equal outputs, whatever the weights."""
    once, _task, _level, data = opened(made, "language-2")
    settings = {"steps": 2, "step_size": 10.0, "sentences": 2}
    for names in (("language-2",) * 3,):
        thrice, *_ = opened(made, *names)
        assert torch.allclose(states(thrice, data), states(once, data), atol=1e-6)
    only = [made["language-2"]]
    alone = predicted(made, tmp_path, "alone.conllu", language_adapters=only)
    found = predicted(made, tmp_path, "x.conllu", language_adapters=only * 3, ensemble=settings)
    assert found == alone


def test_entropy_falls_with_each_small_step_and_weights_sum_to_one(made: dict[str, Path]) -> None:
    model, task, level, data = opened(made, "language-1", "language-2", "language-3")
    batch = collate(data.examples, np.arange(4), data.padding)
    entropies = minimise_entropy(model, task, level, batch, 6, 0.5)
    with torch.no_grad():
        entropies.append(task.entropy(model.head, model.word_states(batch), batch).item())
    assert all(after < before for before, after in itertools.pairwise(entropies))
    weights = level.logits.softmax(dim=1)
    assert weights.shape == (1 + 2, 3)
    assert torch.allclose(weights.sum(dim=1), torch.ones(3))
    assert (weights - 1 / 3).abs().max() > 1e-4
    parameters = [p for p in model.parameters() if p.grad is not None and p.grad.abs().max() > 0]
    assert not parameters


def test_a_step_is_that_of_plain_gradient_descent(made: dict[str, Path]) -> None:
    """Numerically: the logits of one layer move against the slope of the entropy."""
    model, task, level, data = opened(made, "language-1", "language-2")
    batch = collate(data.examples, np.arange(4), data.padding)
    minimise_entropy(model, task, level, batch, 1, 1.0)
    moved = level.logits[2, 0].item() - 0.5
    model.double()

    def entropy_at(value: float) -> float:
        level.logits = torch.full((3, 2), 0.5, dtype=torch.float64)
        level.logits[2, 0] = value
        with torch.no_grad():
            return task.entropy(model.head, model.word_states(batch), batch).item()

    slope = (entropy_at(0.51) - entropy_at(0.49)) / 0.02
    assert moved == pytest.approx(-slope, rel=0.05)
    assert moved != 0


def test_no_steps_are_the_uniform_ensemble(made: dict[str, Path], tmp_path: Path) -> None:
    names = "language-1", "language-2", "language-3"
    model, task, level, data = opened(made, *names)
    _found, cost = predict_ensemble(model, task, level, data, CPU, UNIFORM)
    assert cost["forward_passes"] == 2 and cost["backward_passes"] == 0
    members = level.members
    outputs = [member.added(1, torch.ones(1, 16)) for member in members]
    assert torch.allclose(level.added(1, torch.ones(1, 16)), sum(outputs) / 3, atol=1e-6)
    directories = [made[name] for name in names]
    predicted(made, tmp_path, "u.conllu", language_adapters=directories, ensemble=UNIFORM)
    record = read_json(record_path(tmp_path / "u.conllu"))
    assert record["ensemble"] == {"members": 3, **UNIFORM}
    assert {str(d / "model.safetensors") for d in directories} <= set(record["inputs"])
    assert read_json(tmp_path / "u.timing.json")["wall_seconds"] >= 0


def test_the_cost_of_minimal_entropy_is_recorded(made: dict[str, Path], tmp_path: Path) -> None:
    directories = [made["language-1"], made["language-3"]]
    settings = {"steps": 3, "step_size": 0.5, "sentences": 5}
    for name in ("1.conllu", "2.conllu"):
        predicted(made, tmp_path, name, language_adapters=directories, ensemble=settings)
    record = read_json(record_path(tmp_path / "1.conllu"))
    batches = -(-len(SENTENCES) // 5)
    assert record["ensemble"]["forward_passes"] == batches * 4
    assert record["ensemble"]["backward_passes"] == batches * 3
    entropy = record["ensemble"]["entropy"]
    assert len(entropy) == 4 and entropy == sorted(entropy, reverse=True)
    again = read_json(record_path(tmp_path / "2.conllu"))
    assert again["ensemble"] == record["ensemble"] and again["output"] == record["output"]


def test_unusable_language_adapters_are_refused(made: dict[str, Path], tmp_path: Path) -> None:
    def refused(reason: str, model: str, *names: str, **options: object) -> None:
        adapters = [made[name] for name in names]
        with pytest.raises(InputError, match=reason) as caught:
            options |= {"language_adapters": adapters}
            predict([made[model]], made["corpus"], [tmp_path / "x"], **options)
        assert "\n" not in str(caught.value)

    refused("no language adapter below a task adapter", "plain", "language-1")
    refused("is not one of the encoder below", "model", "stranger")
    refused("base: has no language adapter; name another", "model", "base")
    refused("several are an ensemble; add --ensemble", "model", "language-1", "language-2")
    # Its language adapter is drawn anew, too, and two models of it are predicted with in one job.
    made["drawn"] = tuned(tmp_path, made["language-1"], "drawn", "random-init-all", adapter=TASK)
    refused("the model on it has other weights below its adapters", "drawn", "language-2")


def test_the_entropy_of_distributions_by_hand() -> None:
    scores = torch.tensor([[0.0, 0.0, -torch.inf], [np.log(3.0), 0.0, -torch.inf]])
    quarter = -(0.75 * np.log(0.75) + 0.25 * np.log(0.25))
    scores.requires_grad_()
    found = mean_entropy(scores)
    assert found.item() == pytest.approx((np.log(2) + quarter) / 2)
    (gradient,) = torch.autograd.grad(found, scores)
    assert torch.isfinite(gradient).all()


def test_a_crf_has_no_entropy_of_words() -> None:
    task = Entities({"kind": "entities", "crf": True, "head_dropout": 0.0})
    with pytest.raises(InputError, match=r"^entities: .*; use 0 steps, .* uniform ensemble$"):
        task.entropy(task.head(4, 3), torch.zeros(1, 2, 4), None)
