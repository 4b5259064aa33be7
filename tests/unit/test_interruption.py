"""Signals end trainings with a checkpoint, other work at once, and the same command goes on."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from types import ModuleType

import pytest
import torch
from encoders import make_encoder
from running import in_child
from test_masked_lm import CONFIG, make_masked_lm, sentences
from test_masked_lm import write as write_lines
from test_parsing import SETTINGS
from test_training import SENTENCES, TRAINING, make_objective, run
from xltransfer.corpora.conllu import write_conllu
from xltransfer.encoders.weights import own_weights
from xltransfer.runtime import interruption
from xltransfer.runtime.files import replacing
from xltransfer.runtime.interruption import Interrupted
from xltransfer.runtime.signatures import run_command
from xltransfer.stages import adapt, finetune, pretrain
from xltransfer.training.checkpoint import Checkpoint


@pytest.fixture
def listening() -> Iterator[None]:
    """As in a command; afterwards everything is as it was."""
    # A shell's background jobs are started to ignore SIGINT, which is left ignored then.
    handlers = {number: signal.signal(number, signal.SIG_DFL) for number in interruption.SIGNALS}
    interruption.listen()
    yield
    forget()
    interruption._State.heard = ()
    for number, handler in handlers.items():
        signal.signal(number, handler)


def forget() -> None:
    """What a new process would not know."""
    interruption._State.received = None
    interruption._State.raised = False
    assert interruption._State.at_once


def signal_at(objective, method: str, count: int, *signals: int) -> None:
    """Send signals to this process in the midst of a method's call of this number."""
    original, calls = getattr(objective, method), 0

    def method_with_signal(*arguments):
        nonlocal calls
        calls += 1
        if calls == count:
            for number in signals:
                signal.raise_signal(number)
        return original(*arguments)

    setattr(objective, method, method_with_signal)


@pytest.mark.parametrize(
    ("method", "count", "signals", "note"),
    [
        ("loss", 1, [signal.SIGTERM], "SIGTERM: test: saved at step 1,"),
        ("loss", 5, [signal.SIGUSR1, signal.SIGTERM], "SIGUSR1: test: saved at step 5,"),
        # The last step of an epoch: it is saved before the evaluation, which comes first later.
        ("loss", 6, [signal.SIGTERM], "SIGTERM: test: saved at step 6,"),
        ("evaluate", 1, [signal.SIGINT], "SIGINT: test: saved at step 6,"),
        ("evaluate", 4, [signal.SIGTERM, signal.SIGTERM], "SIGTERM: test: saved at step 24,"),
    ],
)
def test_interrupted_training_resumes_to_the_same_bits(
    method: str, count: int, signals: list[int], note: str, tmp_path: Path, listening: None
) -> None:
    directory = make_encoder(tmp_path / "encoder", dropout=0.2)
    whole = make_objective(directory)
    expected = run(whole, Checkpoint(tmp_path / "whole", "x"))
    assert len(whole.batches(0)) == 6
    interrupted = make_objective(directory)
    signal_at(interrupted, method, count, *signals)
    with pytest.raises(Interrupted, match=note) as caught:
        run(interrupted, Checkpoint(tmp_path / "c", "x"))
    assert caught.value.exit_code == 128 + signals[0]
    forget()
    torch.manual_seed(999)  # another process starts with another random state
    resumed = make_objective(directory)
    calls: list[int] = []
    original = resumed.loss
    resumed.loss = lambda *arguments: (calls.append(1), original(*arguments))[1]
    assert run(resumed, Checkpoint(tmp_path / "c", "x")).history == expected.history
    steps = int(note.split()[-1].strip(","))
    assert len(calls) == expected.steps - steps, "no step is taken twice"
    for name, value in own_weights(resumed.model).items():
        assert torch.equal(value, own_weights(whole.model)[name]), name


def test_signals_during_the_writing_of_a_checkpoint(
    tmp_path: Path, listening: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two of them, the second in what the first has caused to be written."""
    directory = make_encoder(tmp_path / "encoder", dropout=0.2)
    whole = make_objective(directory)
    expected = run(whole, Checkpoint(tmp_path / "whole", "x"))
    original = Checkpoint._write

    def write(self, name, tensors, position) -> None:
        signal.raise_signal(signal.SIGTERM)
        original(self, name, tensors, position)
        signal.raise_signal(signal.SIGTERM)

    runs = 0
    for _ in range(20):
        monkeypatch.setattr(Checkpoint, "_write", write)
        runs += 1
        resumed = make_objective(directory)
        try:
            report = run(resumed, Checkpoint(tmp_path / "c", "x"))
            break
        except Interrupted:
            forget()
        names = {path.name for path in (tmp_path / "c").iterdir()}
        best = {name for name in names if name.startswith("best-")}
        assert names - best <= {"state.safetensors"} and len(best) <= 2
    assert 2 < runs < 20
    assert report.history == expected.history
    assert all(
        torch.equal(v, own_weights(whole.model)[k]) for k, v in own_weights(resumed.model).items()
    )


def test_evaluation_longer_than_the_interval_loses_no_steps(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Steps take a second and evaluations an hour: all steps are saved before each of them."""
    clock = [0.0]
    monkeypatch.setattr("time.monotonic", lambda: clock[0])
    objective = make_objective(make_encoder(tmp_path / "encoder"))
    loss, evaluate, saved = objective.loss, objective.evaluate, []

    def slow(seconds: float, function):
        def call(*arguments):
            clock[0] += seconds
            return function(*arguments)

        return call

    objective.loss, objective.evaluate = slow(1, loss), slow(3600, evaluate)
    checkpoint = Checkpoint(tmp_path / "c", "x")
    original = checkpoint.save

    def save(model, optimiser, position) -> None:
        saved.append((position["step"], len(position["history"])))
        original(model, optimiser, position)

    checkpoint.save = save
    run(objective, checkpoint, seconds=300, epochs=3)
    assert saved == [(6, 1), (12, 1), (12, 2), (18, 2), (18, 3)]


def test_work_without_checkpoints_ends_at_once_and_tidily(tmp_path: Path, listening: None) -> None:
    with pytest.raises(Interrupted), replacing(tmp_path / "output") as temporary:
        temporary.write_text("half")
        signal.raise_signal(signal.SIGTERM)
        raise AssertionError("goes on")
    assert not list(tmp_path.iterdir())


def test_ignored_signals_stay_ignored(listening: None) -> None:
    """As after `nohup`, or of background jobs of a shell."""
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    interruption.listen()
    signal.raise_signal(signal.SIGHUP)
    assert not interruption.received()


def test_a_signal_after_all_is_done_changes_nothing(listening: None) -> None:
    interruption.stop_listening()
    signal.raise_signal(signal.SIGTERM)
    assert not interruption.received()


def command(main: Callable[[], None], arguments: list[object], after: str, log: Path) -> int:
    """Run a command that gets SIGTERM after a line of its log; its exit code."""
    return in_child(main, arguments, log, after, lambda: os.kill(os.getpid(), signal.SIGTERM))


NEVER = "no line has this"


def assert_interrupted(code: int, log: Path, note: str) -> None:
    assert code == 128 + signal.SIGTERM, log.read_text()
    lines = log.read_text().splitlines()
    assert [line for line in lines if "interrupted" in line] == [lines[-1]]
    assert re.search(f"interrupted by SIGTERM{note}", lines[-1])


def test_fine_tuning_of_two_seeds_is_interrupted_in_each(tmp_path: Path) -> None:
    encoder = make_encoder(tmp_path / "encoder", dropout=0.2)
    write_conllu(tmp_path / "train.conllu", SENTENCES)
    training = {**TRAINING, "epochs": 5, "training_sentences": None}
    config = {"task": "parsing", "settings": {**SETTINGS, "training": training}}

    def fine_tune(name: str, after: str) -> int:
        models = [tmp_path / name / f"seed-{seed}" for seed in (1, 2)]
        arguments = [
            "--encoders", encoder, "--config", json.dumps(config), "--ablation", "none",
            "--training", tmp_path / "train.conllu", "--development", tmp_path / "train.conllu",
            "--seeds", 1, 2, "--models", *models, "--checkpoints", tmp_path / f"{name}-checkpoints",
        ]  # fmt: skip
        return command(partial(run_command, finetune.finetune), arguments, after, tmp_path / "log")

    for seed, after, note in (
        (1, "seed 1: epoch 2:", r": \S* parsing none seed 1: saved at step \d+"),
        # Between two trainings; the first one is not repeated afterwards.
        (1, "seed 1: best epoch", ""),
        (2, "seed 2: epoch 3:", r": \S* parsing none seed 2: saved at step \d+"),
    ):
        assert_interrupted(fine_tune("killed", after), tmp_path / "log", note)
        assert len(list(tmp_path.glob("killed-checkpoints/*/state.safetensors"))) == seed
    for name in ("killed", "whole"):
        assert fine_tune(name, NEVER) == 0
        lines = (tmp_path / "log").read_text()
        assert ("seed 2: resumes at step" in lines) == (name == "killed")
        assert ("seed 1: epoch" in lines) == (name == "whole")
    whole = (tmp_path / "whole").rglob("*")
    files = [path for path in whole if path.is_file() and path.name != "timing.json"]
    assert len([path for path in files if path.name == "model.safetensors"]) == 2
    for path in files:
        other = tmp_path / "killed" / path.relative_to(tmp_path / "whole")
        assert other.read_bytes() == path.read_bytes(), path
    assert not list(tmp_path.glob("*-checkpoints/*"))


@pytest.mark.parametrize("stage", [adapt, pretrain])
def test_adaptation_and_pretraining_are_interrupted(stage: ModuleType, tmp_path: Path) -> None:
    encoder = make_masked_lm(tmp_path / "encoder", "bert", hidden_dropout_prob=0.2)
    text = write_lines(tmp_path / "text.txt", sentences(60))
    own = {adapt: ["--encoder", encoder, "--training", text], pretrain: ["--corpora", text]}
    name = stage.__name__.rpartition(".")[2]

    def train(folder: str, after: str) -> int:
        arguments = [
            *own[stage], "--held-out", text, "--config", json.dumps(CONFIG),
            "--output", tmp_path / folder, "--checkpoints", tmp_path / f"{folder}-checkpoints",
        ]  # fmt: skip
        return command(
            partial(run_command, getattr(stage, name)), arguments, after, tmp_path / "log"
        )

    assert_interrupted(
        train("killed", f"{name}: epoch 2:"), tmp_path / "log", f": {name}: saved at step"
    )
    assert not (tmp_path / "killed" / "model.safetensors").exists()
    for folder in ("killed", "whole"):
        assert train(folder, NEVER) == 0
        lines = (tmp_path / "log").read_text()
        assert (f"{name}: resumes at step" in lines) == (folder == "killed")
    for file in ("model.safetensors", "pretraining.json"):
        one, two = (tmp_path / folder / file for folder in ("killed", "whole"))
        assert one.read_bytes() == two.read_bytes()


@pytest.mark.parametrize(
    ("before", "expected"), [(signal.SIG_DFL, -signal.SIGINT), (signal.SIG_IGN, 7)]
)
def test_a_stage_that_is_interrupted_while_it_starts_gives_no_traceback(
    before: signal.Handlers, expected: int, tmp_path: Path
) -> None:
    """The import of torch and the like takes seconds, in which nobody listens to signals yet."""
    (tmp_path / "pyarrow.py").write_text(
        "import os, signal\nos.kill(os.getpid(), signal.SIGINT)\nraise SystemExit(7)\n"
    )
    path = os.pathsep.join([str(tmp_path), *filter(None, [os.environ.get("PYTHONPATH")])])
    done = subprocess.run(
        [sys.executable, "-m", "xltransfer", "score"], capture_output=True, text=True,
        env={**os.environ, "PYTHONPATH": path},
        preexec_fn=lambda: signal.signal(signal.SIGINT, before),
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (expected, "")


def test_a_program_that_uses_the_package_handles_signals_itself() -> None:
    code = (
        "import signal; before = signal.getsignal(signal.SIGINT); import xltransfer.stages.score; "
        "assert signal.getsignal(signal.SIGINT) == before != signal.SIG_DFL"
    )
    subprocess.run(
        [sys.executable, "-c", code], check=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )  # fmt: skip
