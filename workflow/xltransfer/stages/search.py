"""Find the best learning rate and number of epochs for a corpus on its development part.

Compared models get searches of the same size over the same grid, so that no model benefits from
more tuning.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

from ..encoders.verified import VerifiedEncoder
from ..records.record import write_record
from ..runtime.errors import DivergedError, InputError
from ..runtime.files import digest, read_json, write_json
from ..runtime.interruption import stop_listening
from ..runtime.signatures import Keys
from ..tasks.properties import kind_of
from ..training.finetuning_runs import FineTuningRuns
from ..training.hyperparameters import SEARCHED, best, grid
from ..training.training_data import TrainingData

log = logging.getLogger(__name__)


def search(
    encoder: Path,
    training: Path,
    development: Path,
    config: Annotated[Mapping[str, Any], Keys("task", "settings", "settings.training", "search")],
    output: Path,
    checkpoints: Path,
    checkpoint_seconds: float = 300,
    threads: int = 1,
    language: str = "",
    alphabet: Path | None = None,
) -> None:
    """Train a model for each point of a grid and write the best settings.

    Args:
        encoder: encoder directory of any kind.
        training: training corpus of the language.
        development: corpus of the language for selecting the best settings.
        config: ``task``, its ``settings``, and ``search``: the ``seed`` of all trainings,
            ``learning_rates`` of the encoder and ``epochs``.
        output: output JSON file: ``grid``, one row per training with its development ``score``
            (``null`` if it diverged), and ``chosen``, the best settings.
        checkpoints: folder for checkpoints, named by the identity of their training.
        checkpoint_seconds: seconds between two checkpoints.
        threads: number of CPU threads.
        language: code of the language of the corpora, for encoders with language embeddings.
        alphabet: as for ``finetune``.

    Raises:
        InputError: unusable data or encoder, or every training diverged.
    """
    wanted, rest = config["search"], {k: v for k, v in config.items() if k != "search"}
    data = TrainingData(training, development, config["settings"], language, alphabet)
    runs = FineTuningRuns("search", data, rest, checkpoints, checkpoint_seconds, threads)
    verified = VerifiedEncoder(encoder)
    rows, results = [], []
    for settings in grid(config["settings"]["training"], wanted):
        identity = digest(runs.facts(verified, wanted["seed"], settings))
        results.append(checkpoints / f"{identity}.json")
        row = finished_row(results[-1], identity)
        if row is None:
            row = _train(runs, verified, wanted["seed"], settings)
            save_row(results[-1], identity, row)
        rows.append(row)
    winner = best(rows)
    if winner is None:
        raise InputError(
            f"{training}: every training of the search diverged; lower `learning_rates` of "
            "`unseen.search`"
        )
    chosen = {key: winner[key] for key in SEARCHED}
    write_json(output, {"seed": wanted["seed"], "grid": rows, "chosen": chosen})
    write_record(output, "search", runs.inputs(verified), config=dict(config), threads=threads)
    stop_listening()
    for result in results:
        result.unlink()


def save_row(path: Path, identity: str, row: Mapping[str, Any]) -> None:
    """Save the result of one training until the search is done.

    Args:
        path: output JSON file.
        identity: digest of everything that determines the training.
        row: row of the training.
    """
    write_json(path, {"row": dict(row), "checksum": digest([identity, dict(row)])})


def finished_row(path: Path, identity: str) -> dict[str, Any] | None:
    """The row from ``save_row``; ``None`` if it is missing, damaged or of another training."""
    if not path.exists():
        return None
    try:
        content = read_json(path)
        row = content["row"]
        if content["checksum"] == digest([identity, row]):
            return row
    except (InputError, KeyError, TypeError):
        pass
    log.warning("%s is damaged; that training is done again", path)
    return None


def _train(
    runs: FineTuningRuns, encoder: VerifiedEncoder, seed: int, settings: Mapping[str, Any]
) -> dict[str, Any]:
    """Settings, steps and development score of a training; no steps and score if it diverged."""
    row: dict[str, Any] = {key: settings[key] for key in SEARCHED}
    try:
        done = runs.run(encoder, seed, settings)
    except DivergedError as error:
        log.info("%s diverged: %s", row, error)
        return {**row, "steps": None, "score": None}
    # Only the score is needed; the weights of a whole grid would fill the disk.
    done.checkpoint.discard()
    metric = kind_of(done.task.settings).metric
    return {**row, "steps": done.report.steps, "score": done.report.best[metric]}
