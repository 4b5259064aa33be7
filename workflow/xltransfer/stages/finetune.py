"""Fine-tune an encoder on one language after an ablation, once per seed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any

from ..encoders.verified import VerifiedEncoder
from ..records.record import TRAINING, WEIGHTS, write_record, write_times
from ..records.verification import verified_checksums
from ..runtime.errors import InputError
from ..runtime.files import sha256_of_file, write_json
from ..runtime.interruption import stop_listening
from ..runtime.signatures import Keys
from ..training.adversarial_runs import Game
from ..training.finetuning_runs import FineTuningRuns, Run
from ..training.hyperparameters import chosen
from ..training.model import save_model
from ..training.training_data import TrainingData


def finetune(
    encoders: Sequence[Path],
    training: Path,
    development: Path,
    config: Annotated[Mapping[str, Any], Keys("task", "settings", "settings.training")],
    ablation: str,
    seeds: Sequence[int],
    models: Sequence[Path],
    checkpoints: Path,
    checkpoint_seconds: float = 300,
    threads: int = 1,
    search: Path | None = None,
    language: str = "",
    alphabet: Path | None = None,
    vectors: Sequence[Path] = (),
    unlabelled: Sequence[Path] = (),
    labelled: Path | None = None,
    game_languages: Sequence[str] = (),
) -> None:
    """Fine-tune an encoder on one language after an ablation, once per seed.

    Args:
        encoders: encoder directories of any kind: one for all seeds, or one per seed.
        training: training corpus of the source language.
        development: corpus of the source language for selecting the best epoch.
        config: ``task``, its ``settings``, and optionally ``stored``, the precision of the weights
            on disk.
        ablation: ablation of the encoder before training, or ``none``.
        seeds: seeds of the models.
        models: output directories, one per seed.
        checkpoints: folder for checkpoints, named by the identity of their training.
        checkpoint_seconds: seconds between two checkpoints.
        threads: number of CPU threads.
        search: output of the stage ``search``; its learning rate and epochs replace those of the
            configuration.
        language: code of the language of the corpora, for encoders with language embeddings.
        alphabet: corpus with the letters for noise in characters, if the settings of the training
            name one.
        vectors: word vectors of the languages of the corpora, for encoders that read words by them.
        unlabelled: a text of each language whose states a discriminator is to confuse with those of
            the source, if the settings of the training have ``adversarial``.
        labelled: annotated corpus of one of these languages, if they name one.
        game_languages: language of each text and, last, of the annotated corpus.

    Raises:
        InputError: unusable data, encoder or ablation, or a loss that is not finite.
    """
    settings = config["settings"]["training"]
    found = verified_checksums([search] if search else [])
    if search is not None:
        settings = chosen(settings, search)
    game = None
    if unlabelled and "adversarial" not in settings:
        raise InputError("--unlabelled: the settings have no `adversarial` that reads these texts")
    if "adversarial" in settings:
        game = Game(unlabelled, labelled, game_languages, language, config["settings"])
    files = training, development, config["settings"]
    data = TrainingData(*files, language, alphabet, vectors, game)
    saving = checkpoints, checkpoint_seconds
    runs = FineTuningRuns("finetune", data, config, ablation, *saving, threads)
    verified = {path: VerifiedEncoder(path) for path in encoders}
    one_each = encoders if len(encoders) > 1 else [encoders[0]] * len(models)
    finished = []
    for encoder, seed, directory in zip(one_each, seeds, models, strict=True):
        done = runs.run(verified[encoder], seed, settings)
        _save(directory, done, encoder, config, found, threads, runs.device.type != "cpu")
        finished.append(done.checkpoint)
    # Checkpoints are kept until the job is done, so that a killed job loses no finished seed.
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
    """Write a model, its training report, its record and its duration."""
    written = save_model(
        directory, done.model, encoder, done.task, done.labels, config.get("stored", "float32")
    )
    report = {
        **done.facts,
        "weights": sha256_of_file(directory / WEIGHTS),
        "files": {path.name: sha256_of_file(path) for path in written},
        "training_sentences": done.sentences,
        "parameters": done.parameters,
        "stored_bytes": (directory / WEIGHTS).stat().st_size,
        **done.reading,
        **({"noise": done.noise} if done.noise else {}),
        **({"adversarial": done.game} if done.game else {}),
        **{key: getattr(done.report, key) for key in ("best_epoch", "history", "steps")},
    }
    write_json(directory / TRAINING, report)
    facts = {"device": done.facts["device"], "threads": threads}
    write_record(directory / TRAINING, "finetune", {**done.inputs, **search}, **facts)
    write_times(directory, done.report.seconds, on_gpu)
