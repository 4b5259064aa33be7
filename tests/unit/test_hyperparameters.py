"""The search for hyperparameters, the lower bound of steps, and the draw of training sentences."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch
from encoders import make_encoder
from test_parsing import SETTINGS
from test_training import CPU, SENTENCES, TRAINING, make_objective
from xltransfer.corpora.conllu import write_conllu
from xltransfer.corpora.sentences import draw_sentences
from xltransfer.encoders.weights import own_weights
from xltransfer.runtime.errors import InputError
from xltransfer.stages.finetune import finetune
from xltransfer.stages.search import search
from xltransfer.training.checkpoint import Checkpoint
from xltransfer.training.hyperparameters import best, chosen, grid, passes_per_epoch
from xltransfer.training.loop import train

SEARCH = {"seed": 3, "learning_rates": [1e-2, 1e-5], "epochs": [3, 1]}
ALL = {**TRAINING, "training_sentences": None, "minimum_steps": 0}
CONFIG = {"task": "parsing", "settings": {**SETTINGS, "training": ALL}}


def test_grid_keeps_the_ratio_of_learning_rates() -> None:
    settings = {"encoder_learning_rate": 1e-3, "head_learning_rate": 2e-3, "epochs": 9, "x": 1}
    found = grid(settings, SEARCH)
    assert [(row["epochs"], row["encoder_learning_rate"]) for row in found] == [
        (1, 1e-5), (1, 1e-2), (3, 1e-5), (3, 1e-2),
    ]  # fmt: skip
    assert all(
        r["head_learning_rate"] == 2 * r["encoder_learning_rate"] and r["x"] == 1 for r in found
    )


def test_the_first_of_equals_is_best_and_what_diverged_is_not() -> None:
    rows = [{"n": n, "score": score} for n, score in enumerate((None, 2.0, 5.0, 5.0))]
    assert best(rows)["n"] == 2
    assert best(rows[:1]) is None


@pytest.mark.parametrize(
    ("epochs", "minimum", "batches", "passes"),
    [(6, 0, 4, 1), (6, 24, 4, 1), (6, 25, 4, 2), (6, 200, 4, 9), (1, 3, 7, 1)],
)
def test_passes_per_epoch(epochs: int, minimum: int, batches: int, passes: int) -> None:
    assert passes_per_epoch({"epochs": epochs, "minimum_steps": minimum}, batches) == passes


def test_a_small_corpus_gets_the_least_steps_and_as_many_evaluations(tmp_path: Path) -> None:
    directory = make_encoder(tmp_path / "encoder")
    plain = make_objective(directory)
    per_pass = len(plain.batches(0))
    settings = {**TRAINING, "minimum_steps": 5 * per_pass * 4}
    report = train(plain, settings, Checkpoint(tmp_path / "a", "x"), CPU, 1e9, "test")
    assert report.steps == 5 * per_pass * 4
    assert [row["epoch"] for row in report.history] == [1, 2, 3, 4]


def test_a_training_of_several_passes_resumes_to_the_same_bits(tmp_path: Path) -> None:
    from test_training import Killed, kill_at

    directory = make_encoder(tmp_path / "encoder", dropout=0.2)
    settings = {**TRAINING, "minimum_steps": 60}
    whole = make_objective(directory)
    expected = train(whole, settings, Checkpoint(tmp_path / "a", "x"), CPU, 1e9, "test")
    assert expected.steps >= 60
    killed = make_objective(directory)
    kill_at(killed, 31)
    with pytest.raises(Killed):
        train(killed, settings, Checkpoint(tmp_path / "b", "x"), CPU, 0, "test")
    resumed = make_objective(directory)
    report = train(resumed, settings, Checkpoint(tmp_path / "b", "x"), CPU, 0, "test")
    assert report.history == expected.history
    weights = own_weights(whole.model)
    assert all(torch.equal(v, weights[k]) for k, v in own_weights(resumed.model).items())


def corpus(folder: Path) -> Path:
    path = folder / "treebank" / "train.conllu"
    path.parent.mkdir()
    write_conllu(path, SENTENCES)
    return path


def found(folder: Path, name: str = "search.json") -> dict:
    encoder, treebank = folder / "encoder", folder / "treebank" / "train.conllu"
    output = folder / name
    search(encoder, treebank, treebank, {**CONFIG, "search": SEARCH}, output, folder / "c", 1e9, 1)
    return json.loads(output.read_text())


def test_search_takes_the_best_of_the_grid_and_fine_tuning_uses_it(tmp_path: Path) -> None:
    make_encoder(tmp_path / "encoder")
    treebank = corpus(tmp_path)
    content = found(tmp_path)
    assert [(row["epochs"], row["encoder_learning_rate"]) for row in content["grid"]] == [
        (1, 1e-5), (1, 1e-2), (3, 1e-5), (3, 1e-2),
    ]  # fmt: skip
    top = max(row["score"] for row in content["grid"])
    winner = next(row for row in content["grid"] if row["score"] == top)
    assert content["chosen"]["epochs"] == winner["epochs"]
    assert content["chosen"]["encoder_learning_rate"] == winner["encoder_learning_rate"] == 1e-2
    assert not list((tmp_path / "c").rglob("*.*")), "nothing is left among the checkpoints"
    model = tmp_path / "model"
    finetune(
        [tmp_path / "encoder"], treebank, treebank, CONFIG, ["none"], [3], [model],
        tmp_path / "c", 1e9, 1, tmp_path / "search.json",
    )  # fmt: skip
    report = json.loads((model / "training.json").read_text())
    used = report["config"]["settings"]["training"]
    assert {key: used[key] for key in content["chosen"]} == content["chosen"]
    # The search's seed: the same training, so the same score.
    assert report["history"][report["best_epoch"] - 1]["LAS"] == top


def test_search_resumes_after_a_kill_and_ends_the_same(tmp_path: Path, monkeypatch) -> None:
    from xltransfer.training.finetuning_runs import FineTuningRuns

    make_encoder(tmp_path / "encoder")
    corpus(tmp_path)
    expected = found(tmp_path)
    run, count = FineTuningRuns.run, 0

    def dying(*arguments):
        nonlocal count
        count += 1
        if count == 3:
            raise KeyboardInterrupt
        return run(*arguments)

    monkeypatch.setattr(FineTuningRuns, "run", dying)
    with pytest.raises(KeyboardInterrupt):
        found(tmp_path, "again.json")
    assert found(tmp_path, "again.json") == expected
    assert count == 5, "the two trainings that were done are not done again"


def test_a_learning_rate_that_diverges_is_not_chosen(tmp_path: Path) -> None:
    make_encoder(tmp_path / "encoder")
    treebank = corpus(tmp_path)
    wanted = {"seed": 1, "learning_rates": [1e30, 1e-3], "epochs": [2]}
    output = tmp_path / "search.json"
    common = tmp_path / "encoder", treebank, treebank
    search(*common, {**CONFIG, "search": wanted}, output, tmp_path / "c", 1e9, 1)
    content = json.loads(output.read_text())
    assert [row["score"] is None for row in content["grid"]] == [False, True]
    assert content["chosen"]["encoder_learning_rate"] == 1e-3
    wanted["learning_rates"] = [1e30]
    with pytest.raises(InputError, match="every training of the search diverged; lower"):
        search(*common, {**CONFIG, "search": wanted}, output, tmp_path / "c", 1e9, 1)


@pytest.mark.parametrize("content", ["{}", "[1]", '{"chosen": {"epochs": 1}}'])
def test_a_damaged_search_is_refused(content: str, tmp_path: Path) -> None:
    path = tmp_path / "search.json"
    path.write_text(content)
    with pytest.raises(InputError, match="not a result of the stage `search`; delete it"):
        chosen({}, path)


def test_a_drawn_part_is_of_the_whole_corpus_and_contained_in_larger_ones() -> None:
    sentences = list(range(1000))
    parts = {n: draw_sentences(sentences, n, 7) for n in (10, 100, 500)}
    assert [len(part) for part in parts.values()] == [10, 100, 500]
    assert set(parts[10]) < set(parts[100]) < set(parts[500])
    assert parts[100] == sorted(parts[100]) and sum(n >= 500 for n in parts[500]) > 200
    assert draw_sentences(sentences, 100, 7) == parts[100]
    assert draw_sentences(sentences, 100, 8) != parts[100]
    assert draw_sentences(sentences, None, 7) == draw_sentences(sentences, 2000, 7) == sentences


def test_seeds_draw_their_own_sentences(tmp_path: Path) -> None:
    """A model of a seed is the same whichever seeds share its process."""
    make_encoder(tmp_path / "encoder")
    treebank = corpus(tmp_path)
    training = {**CONFIG["settings"]["training"], "training_sentences": 3, "epochs": 1}
    config = {**CONFIG, "settings": {**CONFIG["settings"], "training": training}}
    for name, seeds in (("together", (1, 2)), ("alone", (2,))):
        models = [tmp_path / name / f"seed-{seed}" for seed in seeds]
        finetune(
            [tmp_path / "encoder"],
            treebank,
            treebank,
            config,
            ["none"],
            seeds,
            models,
            tmp_path / "c",
            1e9,
            1,
        )
    for file in ("model.safetensors", "training.json", "task.json"):
        together, alone = (tmp_path / name / "seed-2" / file for name in ("together", "alone"))
        assert together.read_bytes() == alone.read_bytes()
    report = json.loads((tmp_path / "together" / "seed-1" / "training.json").read_text())
    assert report["training_sentences"] == 3


def test_short_epochs_are_reported_by_name(tmp_path: Path, capfd: pytest.CaptureFixture) -> None:
    make_encoder(tmp_path / "encoder")
    treebank = corpus(tmp_path)
    common = tmp_path / "c", 1e9, 1
    finetune(
        [tmp_path / "encoder"],
        treebank,
        treebank,
        CONFIG,
        ["none"],
        [1, 2],
        [tmp_path / "m", tmp_path / "o"],
        *common,
    )
    lines = capfd.readouterr().err.splitlines()
    # Once for all models of the job.
    (line,) = (line for line in lines if line.startswith("warning:"))
    assert f"{treebank}: 16 sentences make epochs of " in line and "'parsing'" in line
    training = {**CONFIG["settings"]["training"], "minimum_steps": 200}
    config = {**CONFIG, "settings": {**CONFIG["settings"], "training": training}}
    finetune(
        [tmp_path / "encoder"], treebank, treebank, config, ["none"], [1], [tmp_path / "n"], *common
    )
    assert "warning:" not in capfd.readouterr().err
