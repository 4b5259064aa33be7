"""What the seconds from the start of a job of fine-tuning to its first step are spent on.

    python benchmarks/startup.py --encoder resources/models/embedded \
        --training results/treebanks/qaa_embedded/train.conllu \
        --development results/treebanks/qaa_embedded/dev.conllu

The job is a real one, stopped where it would compute its first loss. Beside the seconds that pass
it prints those of processor time, which depend less on what else the machine does.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import suppress
from importlib import import_module
from pathlib import Path
from pkgutil import resolve_name

import yaml

ROOT = Path(__file__).parent.parent
PARTS = {
    "training.training_data.read_sentences": "read the treebanks",
    "encoders.verified.VerifiedEncoder.start": "load the encoder and its tokenizer",
    "training.training_data.Dataset": "tokenise the treebanks",
    "training.training_data.verified_checksums": "checksums of the corpora",
    "encoders.verified.verified_encoder": "checksums of the encoder",
    "training.finetuning_runs.untrained_head": "make the head",
    "training.finetuning_runs.ablate": "apply the ablation",
}
"""What a run of fine-tuning calls, by what it is for."""


class FirstStepError(Exception):
    """Reached the first step."""


class Stopwatch:
    """Seconds that pass, and of processor time, by part.

    Args:
        started: clock when this process was started.
    """

    def __init__(self, started: float) -> None:
        self.started = started
        self.parts = {"start Python": [time.time() - started, time.process_time()]}

    def time(self, part: str, function: Callable) -> Callable:
        """A function that does the same, its time counted as of a part."""

        def call(*values: object, **named: object) -> object:
            before = time.time(), time.process_time()
            try:
                return function(*values, **named)
            finally:
                found = self.parts.setdefault(part, [0.0, 0.0])
                found[0] += time.time() - before[0]
                found[1] += time.process_time() - before[1]

        return call

    def all(self) -> dict[str, list[float]]:
        """The parts, what is left over, and the sum."""
        whole = [time.time() - self.started, time.process_time()]
        rest = [whole[i] - sum(part[i] for part in self.parts.values()) for i in (0, 1)]
        return {**self.parts, "the rest": rest, "in all": whole}


def measure(arguments: argparse.Namespace, started: float) -> dict[str, list[float]]:
    """Seconds of each part of a job in this process."""
    watch = Stopwatch(started)
    watch.time("import torch", import_module)("torch")
    finetune = watch.time("import the rest", import_module)("xltransfer.stages.finetune")
    for path, part in PARTS.items():
        owner, _, name = path.rpartition(".")
        place = resolve_name(f"xltransfer.{owner}")
        setattr(place, name, watch.time(part, getattr(place, name)))

    def stop(*_: object) -> None:
        raise FirstStepError

    import_module("xltransfer.training.objectives.finetuning").FineTuning.loss = stop
    settings = yaml.safe_load((ROOT / "config.yaml").read_text(encoding="utf-8"))[arguments.task]
    with tempfile.TemporaryDirectory() as folder, suppress(FirstStepError):
        finetune.finetune(
            [arguments.encoder],
            arguments.training,
            arguments.development,
            {"task": arguments.task, "settings": settings},
            [arguments.ablation],
            [1],
            [Path(folder) / "model"],
            Path(folder) / "checkpoints",
            checkpoint_seconds=300,
            threads=arguments.threads,
        )
    return watch.all()


def main() -> None:
    """Command line: run some jobs and print the median of each part as a markdown table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--encoder", type=Path, required=True)
    parser.add_argument("--training", type=Path, required=True)
    parser.add_argument("--development", type=Path, required=True)
    parser.add_argument("--task", default="parsing", help="its section in config.yaml")
    parser.add_argument("--ablation", default="random-init-1-2")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--started", type=float, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.started:
        print(json.dumps(measure(arguments, arguments.started)))
        return
    # As in the workflow.
    threads = {"OMP_NUM_THREADS": "1", "TOKENIZERS_PARALLELISM": "false"}
    environment = {**os.environ, **threads, "PYTHONPATH": str(ROOT / "workflow")}
    found = []
    for _ in range(arguments.runs):
        command = [sys.executable, *sys.argv, "--started", repr(time.time())]
        done = subprocess.run(command, env=environment, stdout=subprocess.PIPE, check=True)
        found.append(json.loads(done.stdout.splitlines()[-1]))
    print("| part | seconds | of processor time |\n|---|---:|---:|")
    for part in found[0]:
        middle = [sorted(run[part][i] for run in found)[len(found) // 2] for i in (0, 1)]
        print(f"| {part} | {middle[0]:.2f} | {middle[1]:.2f} |")


if __name__ == "__main__":
    main()
