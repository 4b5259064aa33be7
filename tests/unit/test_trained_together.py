"""Models that are trained as one batch of models end with what they have if trained alone.

In float64, because in float32 the order of sums decides the last bits, which training amplifies.
"""

from __future__ import annotations

import shutil
import signal
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
import torch
from encoders import ARCHITECTURES, make_encoder
from test_interruption import forget, listening, signal_at  # noqa: F401
from test_memory_settings import objective as small_objective
from test_memory_settings import tagged
from test_training import CPU, SENTENCES, TRAINING, Killed, kill_at
from torch.func import functional_call, vmap
from torch.nn import functional
from xltransfer.encoders.ablate import ablate
from xltransfer.encoders.tokenizer import WordTokenizer
from xltransfer.encoders.transformer import load_encoder, longest_input
from xltransfer.encoders.weights import own_weights
from xltransfer.runtime.interruption import Interrupted
from xltransfer.tasks.registry import make_task
from xltransfer.training.checkpoint import Checkpoint
from xltransfer.training.dataset import Dataset
from xltransfer.training.loop import Report, Training, train
from xltransfer.training.model import WordModel, untrained_head
from xltransfer.training.objectives.finetuning import FineTuning
from xltransfer.training.stacked import NotStackableError
from xltransfer.training.together import train_together

TASKS = {
    "parsing": {"kind": "parsing", "arc_units": 8, "relation_units": 8, "head_dropout": 0.1,
                "relation_subtypes": False},
    "tagging": {"kind": "tagging", "label": "UPOS", "head_dropout": 0.1},
}  # fmt: skip
ABLATIONS = ["none", "random-init-1-2", "random-init-3-4", "random-init-all"]
SETTINGS = {**TRAINING, "epochs": 3}
STEPS = 6
"""Per epoch."""


@pytest.fixture
def encoder(tmp_path: Path) -> Path:
    return make_encoder(tmp_path / "encoder", dropout=0.1)


@pytest.fixture(autouse=True)
def heads_in_float64(monkeypatch: pytest.MonkeyPatch) -> None:
    """Heads compute losses in float32, where the last bits differ."""
    monkeypatch.setattr(torch.Tensor, "float", torch.Tensor.double)


def objective(encoder: Path, ablation: str, task: str = "parsing", seed: int = 1) -> FineTuning:
    """A small fine-tuning with dropout; random numbers are left as a training finds them."""
    sentences = SENTENCES if task == "parsing" else tagged()
    of_task = make_task(TASKS[task])
    labels = of_task.label_vocabulary(sentences)
    torch.manual_seed(seed)
    network = load_encoder(encoder)
    model = WordModel(network, untrained_head(of_task, network.config.hidden_size, labels))
    ablate(model.encoder, ablation, seed)
    data = Dataset(sentences, WordTokenizer(encoder), longest_input(network))
    data.add_targets(of_task, labels)
    return FineTuning(model.double(), of_task, labels, data, data, SETTINGS, seed)


Makers = Sequence[Callable[[], FineTuning]]


def makers_of(encoder: Path, ablations: Sequence[str], task: str = "parsing") -> Makers:
    return [lambda ablation=ablation: objective(encoder, ablation, task) for ablation in ablations]


class Trained:
    """Models that were trained, and reports on that."""

    def __init__(self) -> None:
        self.objectives: list[FineTuning] = []
        self.reports: list[Report] = []


def how(folder: Path, number: int, seconds: float, settings: dict) -> tuple:
    name = f"model {number}"
    return {**SETTINGS, **settings}, Checkpoint(folder / str(number), "x"), CPU, seconds, name


def alone(makers: Makers, folder: Path, seconds: float = 1e9, **settings: object) -> Trained:
    done = Trained()
    for number, make in enumerate(makers):
        done.objectives.append(make())
        found = train(done.objectives[-1], *how(folder, number, seconds, settings))
        done.reports.append(found)
    return done


def together(makers: Makers, folder: Path, seconds: float = 1e9, **settings: object) -> Trained:
    done = Trained()

    def training(number: int, make: Callable[[], FineTuning]) -> Training:
        done.objectives.append(make())
        return Training(done.objectives[-1], *how(folder, number, seconds, settings))

    named = {f"{n}": lambda n=n, make=make: training(n, make) for n, make in enumerate(makers)}
    done.reports = list(train_together(named).values())
    return done


def check_equal(found: Trained, expected: Trained) -> None:
    """Reports, and the weights of the best epochs."""
    for one, other in zip(found.reports, expected.reports, strict=True):
        assert (one.steps, one.best_epoch) == (other.steps, other.best_epoch)
        for row, wanted in zip(one.history, other.history, strict=True):
            assert row == pytest.approx(wanted, abs=1e-9)
    for one, other in zip(found.objectives, expected.objectives, strict=True):
        wanted = own_weights(other.model)
        for name, value in own_weights(one.model).items():
            torch.testing.assert_close(value, wanted[name], atol=1e-9, rtol=0)


@pytest.mark.parametrize("task", TASKS)
def test_models_end_as_if_trained_alone(task: str, encoder: Path, tmp_path: Path) -> None:
    makers = makers_of(encoder, ABLATIONS, task)
    found, expected = together(makers, tmp_path / "a"), alone(makers, tmp_path / "b")
    check_equal(found, expected)
    assert {tuple(report.together) for report in found.reports} == {("0", "1", "2", "3")}
    assert all(report.together == [] for report in expected.reports)
    weights = [own_weights(one.model) for one in found.objectives]
    name = next(iter(weights[0]))
    assert all(not torch.equal(weights[0][name], other[name]) for other in weights[1:])


@pytest.mark.parametrize("kind", ["entities", "question-answering"])
def test_other_tasks(kind: str, encoder: Path, tmp_path: Path) -> None:
    def made(ablation: str) -> FineTuning:
        one = small_objective(encoder, kind)
        ablate(one.model.encoder, ablation, 1)
        one.model.double()
        return one

    makers = [lambda name=name: made(name) for name in ABLATIONS[:2]]
    how = {"epochs": 1}
    check_equal(together(makers, tmp_path / "a", **how), alone(makers, tmp_path / "b", **how))


@pytest.mark.parametrize("architecture", [name for name in ARCHITECTURES if name != "bert"])
def test_other_architectures(architecture: str, tmp_path: Path) -> None:
    makers = makers_of(make_encoder(tmp_path / "encoder", architecture), ABLATIONS[::3], "tagging")
    how = {"epochs": 1}
    check_equal(together(makers, tmp_path / "a", **how), alone(makers, tmp_path / "b", **how))


def test_a_model_that_stops_early_leaves_the_others(encoder: Path, tmp_path: Path) -> None:
    def scored(make: Callable[[], FineTuning], *scores: float) -> FineTuning:
        one, following = make(), iter(scores)
        one.evaluate = lambda device: {"LAS": next(following)}
        return one

    scores = [(1.0, 2.0, 3.0), (2.0, 1.0), (1.0, 3.0, 2.0)]
    makers = [
        lambda make=make, scores=some: scored(make, *scores)
        for make, some in zip(makers_of(encoder, ABLATIONS[:3]), scores, strict=True)
    ]
    found = together(makers, tmp_path / "a", patience=1)
    check_equal(found, alone(makers, tmp_path / "b", patience=1))
    assert [report.steps for report in found.reports] == [3 * STEPS, 2 * STEPS, 3 * STEPS]
    assert [report.best_epoch for report in found.reports] == [3, 1, 2]


def test_durations_add_up(encoder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each second counts for one training, also those in which checkpoints are written."""
    save = Checkpoint.save

    def slow(self: Checkpoint, *arguments: object) -> None:
        time.sleep(0.02)
        save(self, *arguments)

    monkeypatch.setattr(Checkpoint, "save", slow)
    started = time.monotonic()
    found = together(makers_of(encoder, ABLATIONS), tmp_path / "a", seconds=0)
    durations = [report.seconds for report in found.reports]
    assert sum(durations) < time.monotonic() - started
    # All take as many steps and write as many checkpoints.
    assert max(durations) < 2 * min(durations)


@pytest.mark.parametrize("step", [1, 4, STEPS + 1])
def test_models_at_different_steps_after_kills(step: int, encoder: Path, tmp_path: Path) -> None:
    """One goes on alone after a kill, and is killed again; then all go on together."""
    makers = makers_of(encoder, ABLATIONS[:3])
    expected = alone(makers, tmp_path / "b")

    def dying(at: int) -> FineTuning:
        one = makers[0]()
        kill_at(one, at)
        return one

    with pytest.raises(Killed):
        # The first loss is that of the trial.
        together([lambda: dying(step + 1), *makers[1:]], tmp_path / "a", seconds=0)
    with pytest.raises(Killed):
        alone([lambda: dying(4)], tmp_path / "a", seconds=0)
    torch.manual_seed(999)  # another process starts with another random state
    check_equal(together(makers, tmp_path / "a"), expected)


@pytest.mark.parametrize(
    ("method", "count", "step"),
    [("loss", 4, 3), ("evaluate", 1, STEPS), ("evaluate", 2, 2 * STEPS)],
)
def test_a_signal_saves_all_models_at_one_step(
    method: str,
    count: int,
    step: int,
    encoder: Path,
    tmp_path: Path,
    listening: None,  # noqa: F811
) -> None:
    makers = makers_of(encoder, ABLATIONS[:3])
    expected = alone(makers, tmp_path / "b")

    def interrupted() -> FineTuning:
        one = makers[0]()
        signal_at(one, method, count, signal.SIGTERM)
        return one

    with pytest.raises(Interrupted, match=f"saved at step {step},"):
        together([interrupted, *makers[1:]], tmp_path / "a")
    forget()
    shutil.copytree(tmp_path / "a", tmp_path / "copy")
    asked = []

    def counting() -> FineTuning:
        one = makers[0]()
        original = one.loss
        one.loss = lambda *arguments: (asked.append(1), original(*arguments))[1]
        return one

    check_equal(together([counting, *makers[1:]], tmp_path / "a"), expected)
    assert len(asked) == 3 * STEPS - step + 1, "no step is taken twice; one is the trial"
    # Checkpoints are those of single trainings.
    check_equal(alone(makers, tmp_path / "copy"), expected)


def test_other_random_numbers_are_not_mixed(encoder: Path, tmp_path: Path) -> None:
    """Each training keeps its own; those that differ are trained alone in turn."""
    makers = [*makers_of(encoder, ABLATIONS[:2]), lambda: _after_a_draw(encoder)]
    found = together(makers, tmp_path / "a")
    check_equal(found, alone(makers, tmp_path / "b"))
    assert [report.together for report in found.reports] == [["0", "1"], ["0", "1"], []]


def _after_a_draw(encoder: Path) -> FineTuning:
    one = objective(encoder, ABLATIONS[2])
    torch.rand(3)
    return one


def test_models_that_cannot_be_stacked(encoder: Path, tmp_path: Path) -> None:
    makers = makers_of(encoder, [ABLATIONS[0], "freeze-1-2"])
    with pytest.raises(NotStackableError, match="frozen"):
        together(makers, tmp_path / "a")

    def looking() -> FineTuning:
        """Its loss depends on the value of a weight, which no batch of models can look at."""
        one = makers[0]()
        original = one.loss

        def loss(batch, device):
            value = original(batch, device)
            return value if bool(value > 0) else -value

        one.loss = loss
        return one

    with pytest.raises(NotStackableError, match="cannot be stacked"):
        together([looking, looking], tmp_path / "a")


def test_bfloat16_is_rounded_less_in_a_batch_of_models() -> None:
    """What docs/reruns.md says: biases and activation functions are computed in float32."""
    layer, states = torch.nn.Linear(8, 8), torch.randn(3, 8)
    weights = {name: value.detach()[None] for name, value in layer.named_parameters()}

    def computed(given: dict[str, torch.Tensor]) -> torch.Tensor:
        return functional.gelu(functional_call(layer, given, (states,)))

    with torch.autocast("cpu", torch.bfloat16):
        assert computed({name: value[0] for name, value in weights.items()}).dtype == torch.bfloat16
        assert vmap(computed)(weights).dtype == torch.float32
