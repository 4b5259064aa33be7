"""Adapting an encoder to raw text."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch.utils.flop_counter import FlopCounterMode
from xltransfer.corpora.lines import Lines
from xltransfer.encoders.batch_plan import plan_batches
from xltransfer.encoders.masked_lm_head import load_masked_lm
from xltransfer.encoders.text_tokenizer import TextTokenizer
from xltransfer.encoders.transformer import longest_input
from xltransfer.training.checkpoint import Checkpoint
from xltransfer.training.devices import prepare_device
from xltransfer.training.loop import Precision, train
from xltransfer.training.objectives.masked_lm import MaskedLanguageModelling
from xltransfer.training.pretraining_text import PretrainingText, make_objective
from xltransfer.training.tokenised_text import TokenisedText

from .training import NEVER, TimedSteps, bound_of_steps, peak_of

TRAINING = {
    "epochs": 1,
    "patience": None,
    "learning_rate": 5e-5,
    "warmup_share": 0.0,
    "weight_decay": 0.0,
    "adam_beta2": 0.999,
    "gradient_clip": 1.0,
    "precision": "float32",
}


class TimedModelling(TimedSteps, MaskedLanguageModelling):
    """Masked language modelling that knows how long its training steps took."""


def _objective(arguments: dict[str, Any]) -> TimedModelling:
    """With as many batches as the peer makes of the same lines, if none of a given size."""
    torch.manual_seed(1)
    tokenizer = TextTokenizer(arguments["encoder"])
    model = load_masked_lm(Path(arguments["encoder"]))
    lines = Lines(Path(arguments["training"])), Lines(Path(arguments["held_out"]))
    settings = {**TRAINING, **arguments.get("settings", {})}
    text = PretrainingText([lines[0]], [lines[1]])
    if "batch_pieces" in settings:
        return _timed(make_objective(model, text, tokenizer, {"seed": 1, "training": settings}))
    tokenised = TokenisedText(lines[0], tokenizer, False, False)
    steps = -(-tokenised.lines // arguments["batch_lines"])
    lengths = tokenised.rows_by_line(longest_input(model)).lengths + _special_tokens(tokenizer)
    order = np.arange(len(lengths))
    budget = _pieces(tokenised) // steps
    while len(plan_batches(lengths, budget, order)) > steps:
        budget += 1
    settings["batch_pieces"] = budget
    return _timed(make_objective(model, text, tokenizer, {"seed": 1, "training": settings}))


def _timed(objective: MaskedLanguageModelling) -> TimedModelling:
    return TimedModelling(
        *(objective.model, objective.training, objective.held_out, objective.tokenizer),
        *(objective.settings, objective.seed),
    )


def _pieces(text: TokenisedText) -> int:
    return len(text.pieces) + _special_tokens(text.tokenizer) * text.lines


def _special_tokens(tokenizer: TextTokenizer) -> int:
    return len(tokenizer.prefix) + len(tokenizer.suffix)


def adapt(arguments: dict[str, Any]) -> dict[str, Any]:
    """Time the training steps of an epoch.

    Args:
        arguments: ``encoder``, ``training`` and ``held_out`` (raw text), ``batch_lines`` (mean
            lines of a batch) or ``settings`` with ``batch_pieces``, ``threads`` and ``folder`` for
            checkpoints.
    """
    device = prepare_device(arguments["threads"])
    objective = _objective(arguments)
    checkpoint = Checkpoint(Path(arguments["folder"]) / "checkpoint", "benchmark")
    report = train(objective, objective.settings, checkpoint, device, NEVER, "adapt")
    checkpoint.discard()
    return {
        "seconds": objective.seconds,
        "work": _pieces(objective.training[0].text),
        "facts": {
            "steps": report.steps,
            "loss": report.history[0]["loss"],
            "device_bytes": peak_of(device),
        },
    }


def operations(arguments: dict[str, Any]) -> dict[str, Any]:
    """Floating-point operations of the matrix products of a training step, of its first batch."""
    device = prepare_device(arguments["threads"])
    objective = _objective(arguments)
    objective.model.to(device).train()
    batch = objective.batches(0)[0]
    precision = Precision(objective.settings["precision"], device)
    with FlopCounterMode(display=False) as counter:
        with precision:
            loss = objective.loss(batch, device)
        loss.backward()
    pieces = batch.rows.lengths.sum()
    return {"seconds": 0.0, "work": int(pieces), "facts": {"operations": counter.get_total_flops()}}


def bound(arguments: dict[str, Any]) -> dict[str, Any]:
    """What bounds training steps; arguments as of ``adapt`` and how many ``batches``."""
    return bound_of_steps(_objective(arguments), arguments)


def count(arguments: dict[str, Any]) -> dict[str, Any]:
    """The pieces of the training text, special tokens included."""
    tokenizer = TextTokenizer(arguments["encoder"])
    text = TokenisedText(Lines(Path(arguments["training"])), tokenizer, False, False)
    return {"work": _pieces(text)}
