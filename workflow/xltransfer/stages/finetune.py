"""Fine-tune an encoder on one language after an ablation, once per seed."""

from __future__ import annotations

import json
from argparse import Namespace
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from ..records.record import TRAINING, WEIGHTS, write_record, write_times
from ..records.verification import verified_checksums
from ..runtime.command import add_training_options, run, stage_parser
from ..runtime.files import sha256_of_file, write_json
from ..runtime.interruption import stop_listening
from ..training.finetuning_runs import FineTuningRuns, Run
from ..training.hyperparameters import chosen
from ..training.model import save_model


def finetune(
    encoders: Sequence[Path],
    training: Path,
    development: Path,
    config: Mapping[str, Any],
    ablation: str,
    models: Mapping[int, Path],
    checkpoints: Path,
    checkpoint_seconds: float,
    threads: int,
    search: Path | None = None,
) -> None:
    """Train and write the models of some seeds.

    Args:
        encoders: encoder directories, of any kind: one for all seeds, or one for each.
        training, development: corpora of the source language.
        config: ``task``, its ``settings``, and the precision that weights are ``stored`` in.
        ablation: what to re-initialise before.
        models: seed → directory to write the model to.
        checkpoints: folder for checkpoints, which are named by what they belong to.
        checkpoint_seconds: how often to save one.
        threads: processor threads to compute with.
        search: file of the stage ``search``, whose learning rate and epochs replace those of the
            configuration.

    Raises:
        InputError: unusable data, encoder or ablation, or a loss that is not finite.
    """
    settings = config["settings"]["training"]
    found = verified_checksums([search] if search else [])
    if search is not None:
        settings = chosen(settings, search)
    runs = FineTuningRuns(
        "finetune",
        training,
        development,
        config,
        ablation,
        checkpoints,
        checkpoint_seconds,
        threads,
    )
    one_each = encoders if len(encoders) > 1 else [encoders[0]] * len(models)
    finished = []
    for encoder, (seed, directory) in zip(one_each, models.items(), strict=True):
        done = runs.run(encoder, seed, settings)
        _save(directory, done, encoder, config, found, threads, runs.device.type != "cpu")
        finished.append(done.checkpoint)
    # Checkpoints are kept until the whole job is done, so that a kill loses no finished seed.
    stop_listening()
    for checkpoint in finished:
        checkpoint.discard()


def _save(
    directory: Path,
    done: Run,
    encoder: Path,
    config: Mapping[str, Any],
    search: Mapping[str, str],
    threads: int,
    on_gpu: bool,
) -> None:
    """Write a model, its training report, its record and how long it took."""
    written = save_model(
        directory, done.model, encoder, done.task, done.labels, config.get("stored", "float32")
    )
    report = {
        **done.facts,
        "weights": sha256_of_file(directory / WEIGHTS),
        "files": {path.name: sha256_of_file(path) for path in written},
        "training_sentences": done.sentences,
        **{key: getattr(done.report, key) for key in ("best_epoch", "history", "steps")},
    }
    write_json(directory / TRAINING, report)
    facts = {"device": done.facts["device"], "threads": threads}
    write_record(directory / TRAINING, "finetune", {**done.inputs, **search}, **facts)
    write_times(directory, done.report.seconds, on_gpu)


def main() -> None:
    """Command line."""
    parser = stage_parser(__name__, __doc__)
    parser.add_argument(
        "--encoders", type=Path, nargs="+", required=True, help="one for all seeds or one for each"
    )
    parser.add_argument("--training", type=Path, required=True)
    parser.add_argument("--development", type=Path, required=True)
    parser.add_argument("--config", type=json.loads, required=True, help="task and settings, JSON")
    parser.add_argument("--search", type=Path, help="hyperparameters that the stage search found")
    parser.add_argument("--ablation", required=True)
    parser.add_argument("--seeds", type=int, nargs="+", required=True)
    parser.add_argument(
        "--models",
        type=Path,
        nargs="+",
        required=True,
        help="weights to write, a file per seed; the rest of a model is written to its folder",
    )
    add_training_options(parser)
    run(parser, _stage)


def _stage(arguments: Namespace) -> None:
    finetune(
        arguments.encoders,
        arguments.training,
        arguments.development,
        arguments.config,
        arguments.ablation,
        {seed: path.parent for seed, path in zip(arguments.seeds, arguments.models, strict=True)},
        arguments.checkpoints,
        arguments.checkpoint_seconds,
        arguments.threads,
        arguments.search,
    )
