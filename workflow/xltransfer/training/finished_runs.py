"""A finished fine-tuning, and its files: the model, its report, its record and its duration."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..encoders.ablations import in_order
from ..records.record import TRAINING, WEIGHTS, write_record, write_times
from ..runtime.files import sha256_of_file, write_json
from ..tasks.task import Task
from .checkpoint import Checkpoint
from .loop import Report
from .model import WordModel, save_model


@dataclass(frozen=True)
class Run:
    """A finished training.

    Attributes:
        model: with the weights of the best epoch.
        task: that it was trained for.
        labels: in the order of the head's outputs.
        report: how the training went.
        facts: everything that decided the model, as JSON content.
        inputs: path → SHA-256 of the files that it was made from.
        sentences: how many it was trained on.
        parameters: how many it has, ``all`` and ``trained``; with LoRA, before it is merged.
        noise: what noise changed in them, as JSON content; ``None`` without noise.
        reading: what its examples were cut by, as JSON content; empty for most tasks.
        game: how well languages can be told apart, as JSON content; ``None`` without adversary.
        checkpoint: to discard once what is made of the run has been saved.
    """

    model: WordModel
    task: Task
    labels: list[str]
    report: Report
    facts: dict[str, Any]
    inputs: dict[str, str]
    sentences: int
    parameters: dict[str, int]
    noise: dict[str, Any] | None
    reading: dict[str, int]
    game: dict[str, Any] | None
    checkpoint: Checkpoint


def save_run(run: Run, directory: Path, encoder: Path, search: Mapping[str, str]) -> None:
    """Write a fine-tuned model, its training report, its record and its duration.

    Args:
        run: the finished training.
        directory: of the model.
        encoder: directory of the encoder that the training started from.
        search: path and SHA-256 of the search that chose the hyperparameters, if there was one.

    Raises:
        InputError: a weight is too large for the precision of the files.
    """
    stored = run.facts["config"].get("stored", "float32")
    written = save_model(directory, run.model, encoder, run.task, run.labels, stored)
    report = {
        **run.facts,
        "weights": sha256_of_file(directory / WEIGHTS),
        "files": {path.name: sha256_of_file(path) for path in written},
        "training_sentences": run.sentences,
        "parameters": run.parameters,
        "stored_bytes": (directory / WEIGHTS).stat().st_size,
        **run.reading,
        **({"noise": run.noise} if run.noise else {}),
        **({"adversarial": run.game} if run.game else {}),
        **({"trained_together": in_order(run.report.together)} if run.report.together else {}),
        **{key: getattr(run.report, key) for key in ("best_epoch", "history", "steps")},
    }
    write_json(directory / TRAINING, report)
    device, threads = run.facts["device"], run.facts["threads"]
    write_times(directory, run.report.seconds, on_gpu=device != "cpu")
    inputs = {**run.inputs, **search}
    write_record(directory / TRAINING, "finetune", inputs, device=device, threads=threads)
