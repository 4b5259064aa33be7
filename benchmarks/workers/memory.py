"""Peak memory of training steps on a processor: with checkpointing, and with large vocabularies."""

from __future__ import annotations

import hashlib
import resource
import shutil
import time
from pathlib import Path
from typing import Any

import torch
from xltransfer.runtime.files import read_json
from xltransfer.stages.trim_vocabulary import trim_vocabulary
from xltransfer.training.checkpoint import Checkpoint
from xltransfer.training.devices import prepare_device
from xltransfer.training.loop import train as train_objective

from benchmarks.gpu.material import write_encoder, write_treebank

from .parsing import TimedFineTuning, parser_objective
from .training import NEVER

ENCODER, TRAINING, DEVELOPMENT = "encoder", "training.conllu", "development.conllu"


class MeasuredFineTuning(TimedFineTuning):
    """Fine-tuning that knows its losses, and the memory and processor time of its training steps.

    Unlike the duration, processor time is nearly the same on a busy machine. That of the first step
    is left out, in which the optimiser's state gets its memory.
    """

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self.losses: list[float] = []
        self.peak_bytes = 0
        self.processor_seconds = 0.0
        self._started: float | None = None

    def loss(self, batch: Any, device: torch.device) -> torch.Tensor:
        """As of fine-tuning."""
        if len(self.losses) == 1:
            self._started = time.process_time()
        found = super().loss(batch, device)
        self.losses.append(found.item())
        return found

    def evaluate(self, device: torch.device) -> dict[str, float]:
        """As of fine-tuning; nothing has been saved yet, which takes memory of its own."""
        if self._started is not None:
            self.processor_seconds = time.process_time() - self._started
        self.peak_bytes = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
        return super().evaluate(device)


def material(arguments: dict[str, Any]) -> dict[str, Any]:
    """Write an encoder that was never pretrained, and treebanks of invented words.

    Args:
        arguments: ``folder``, emptied before; ``configuration`` of a BERT; ``sentences`` to train
            on; ``words``, the size of the vocabulary that they are drawn from (by default the
            encoder's); ``trimmed``, whether the encoder keeps only the subwords that they need.
    """
    folder, configuration = Path(arguments["folder"]), arguments["configuration"]
    words = arguments.get("words", configuration["vocab_size"])
    shutil.rmtree(folder, ignore_errors=True)
    directory = write_encoder(folder / ENCODER, configuration)
    treebanks = folder / TRAINING, folder / DEVELOPMENT
    write_treebank(treebanks[0], arguments["sentences"], words, seed=1)
    write_treebank(treebanks[1], 2, words, seed=2)
    if arguments.get("trimmed"):
        trim_vocabulary(directory, treebanks, folder / "trimmed")
        shutil.rmtree(directory)
        (folder / "trimmed").rename(directory)
    size = read_json(directory / "config.json")["vocab_size"]
    return {"work": 1, "facts": {"vocabulary": size}}


def train(arguments: dict[str, Any]) -> dict[str, Any]:
    """Train a parser for an epoch.

    Args:
        arguments: ``folder`` of ``material``; ``task``; ``settings`` with ``batch_pieces`` and
            ``checkpointing``; ``threads``.

    Returns:
        Processor seconds and number of the training steps after the first. Of the facts,
        ``step_bytes`` is the peak of resident memory up to the last step, ``losses`` are those of
        all steps, and ``weights`` is a digest of the weights after them.
    """
    folder, device = Path(arguments["folder"]), prepare_device(arguments["threads"])
    paths = {"encoder": ENCODER, "training": TRAINING, "development": DEVELOPMENT}
    files = {name: str(folder / file) for name, file in paths.items()}
    settings = {"epochs": 1, **arguments["settings"]}
    objective = parser_objective(
        {"task": arguments["task"], "settings": settings, "seed": 1, **files}, MeasuredFineTuning
    )
    if settings["checkpointing"]:
        objective.model.kind.recompute_layers(objective.model.encoder)
    checkpoint = Checkpoint(folder / "checkpoint", "benchmark")
    report = train_objective(objective, objective.settings, checkpoint, device, NEVER, "parser")
    checkpoint.discard()
    return {
        "seconds": objective.processor_seconds,
        "work": report.steps - 1,
        "facts": {
            "step_bytes": objective.peak_bytes,
            "losses": objective.losses,
            "weights": _digest(objective.model),
        },
    }


def _digest(model: torch.nn.Module) -> str:
    found = hashlib.sha256()
    for _, weight in sorted(model.state_dict().items()):
        found.update(weight.contiguous().numpy().data)
    return found.hexdigest()
