"""Common code of pretraining and adaptation: train on raw text, write an encoder directory."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import torch

from ..corpora.lines import Lines
from ..encoders.masked_lm_head import STORED_TYPES, save_masked_lm
from ..encoders.weights import count_parameters
from ..records.code import stage_digest
from ..records.record import (
    PRETRAINING,
    TOKENIZER_CONFIG,
    encoder_files,
    versions,
    write_record,
    write_times,
)
from ..runtime.errors import InputError
from ..runtime.files import digest, sha256_of_file, write_json
from ..runtime.interruption import stop_listening
from .checkpoint import Checkpoint
from .devices import device_name
from .loop import train
from .objectives.masked_lm import BLOCKS, LINES, MaskedLanguageModelling
from .pretraining_text import MASKED_LM, OBJECTIVES

log = logging.getLogger(__name__)


def train_encoder(
    objective: MaskedLanguageModelling,
    config: Mapping[str, Any],
    inputs: Mapping[str, Any],
    read: Mapping[str, str],
    output: Path,
    checkpoints: Path,
    checkpoint_seconds: float,
    device: torch.device,
    threads: int,
    stage: str,
) -> None:
    """Train, then write weights, configuration and finally ``pretraining.json``.

    Args:
        objective: model and text.
        config: configuration with ``training`` and, unless it is float32, the type to ``store``
            weights in.
        inputs: checksums of text and, if training continues from an ``encoder``, of that encoder;
            the history then has an epoch 0 with the held-out scores before training.
        read: path and SHA-256 of every input file, for the records.
        output: encoder directory, which already contains the tokenizer.
        checkpoints: folder of checkpoints, which are named by their identity.
        checkpoint_seconds: interval between checkpoints.
        device: device of the training.
        threads: number of CPU threads.
        stage: name of the stage, whose code also decides the weights.

    Raises:
        InputError: a loss is not finite.
    """
    facts = {
        "code": stage_digest(stage),
        "config": dict(config),
        "device": device_name(device),
        "threads": threads,
        "versions": versions("torch", "transformers", "tokenizers", "numpy"),
        **inputs,
    }
    checkpoint = Checkpoint(checkpoints / digest(facts), digest(facts))
    history = []
    if "encoder" in inputs:
        objective.model.to(device)
        history = [{"epoch": 0, **objective.evaluate(device)}]
        log.info("%s: before: perplexity %.2f", stage, history[0]["perplexity"])
    report = train(objective, config["training"], checkpoint, device, checkpoint_seconds, stage)
    parameters = count_parameters(objective.model)
    log.info("%s: %d parameters, best epoch: %s", stage, parameters["all"], report.best)
    save_masked_lm(objective.model, output, config.get("store", "float32"))
    facts["weights"] = sha256_of_file(output / "model.safetensors")
    outcome: dict[str, Any] = {
        "best_epoch": report.best_epoch,
        "history": history + report.history,
        "parameters": parameters,
        "stored_bytes": (output / "model.safetensors").stat().st_size,
    }
    if noise := objective.noise():
        outcome["noise"] = noise
    write_json(output / PRETRAINING, {**facts, **outcome})
    named = output / TOKENIZER_CONFIG
    for path in [*encoder_files(output), *([named] if named.exists() else [])]:
        write_record(path, stage, read, device=facts["device"], threads=facts["threads"])
    write_times(output, report.seconds, device.type != "cpu")
    # Training is complete; a signal from here on would only lose the result.
    stop_listening()
    checkpoint.discard()


def check_config(
    config: Mapping[str, Any],
    text: Sequence[Path],
    parallel: Sequence[Path],
    held_out_parallel: Sequence[Path],
) -> None:
    """Check that there is text, and the values of optional keys.

    Args:
        config: configuration of the stage.
        text: files of raw text.
        parallel, held_out_parallel: files of parallel text.

    Raises:
        InputError: there is no text, parallel text has no held-out part, or a value is invalid;
            names the key and valid values.
    """
    if not text and not parallel:
        raise InputError("no text: give raw text, or parallel text with --parallel")
    if len(parallel) != len(held_out_parallel):
        raise InputError(
            f"--held-out-parallel: {len(held_out_parallel)} files for {len(parallel)} parallel "
            "texts; give one for each"
        )
    for key, value, choices in (
        ("store", config.get("store", "float32"), STORED_TYPES),
        ("packing", config["training"].get("packing", LINES), (LINES, BLOCKS)),
        ("objective", config.get("objective", MASKED_LM), OBJECTIVES),
    ):
        if value not in choices:
            raise InputError(f"{key}: '{value}' is not one of {', '.join(choices)}")


def count_lines(corpora: Sequence[Lines]) -> list[int]:
    """Lines of each corpus.

    Raises:
        InputError: a corpus has no lines.
    """
    counts = [lines.count() for lines in corpora]
    for lines, count in zip(corpora, counts, strict=True):
        if not count:
            raise InputError(f"{lines.path}: no text; every corpus needs at least one line")
    return counts


def checksums(paths: Sequence[Path], read: Mapping[str, str]) -> dict[str, str]:
    """SHA-256 of files by name; by folder and name if names are ambiguous.

    Args:
        paths: paths of the files.
        read: path → SHA-256 of these files and possibly others.
    """
    unique = len({path.name for path in paths}) == len(paths)
    names = [path.name if unique else f"{path.parent.name}/{path.name}" for path in paths]
    return {name: read[str(path)] for name, path in zip(names, paths, strict=True)}


def parallel_checksums(
    parallel: Sequence[Path], held_out: Sequence[Path], read: Mapping[str, str]
) -> dict[str, dict[str, str]]:
    """SHA-256 of parallel text by part and name; empty without parallel text."""
    if not parallel:
        return {}
    parts = {"parallel": parallel, "held_out_parallel": held_out}
    return {part: checksums(paths, read) for part, paths in parts.items()}
