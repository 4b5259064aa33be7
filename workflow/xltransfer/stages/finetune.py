"""Fine-tune an encoder on one language, once per seed and ablation."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, NamedTuple

from ..encoders.verified import VerifiedEncoder
from ..records.verification import verified_checksums
from ..runtime.errors import InputError
from ..runtime.interruption import stop_listening
from ..runtime.signatures import Keys
from ..training.adversarial_runs import Game
from ..training.finetuning_runs import FineTuningRuns
from ..training.finished_runs import save_run
from ..training.hyperparameters import chosen
from ..training.training_data import TrainingData


def finetune(
    encoders: Sequence[Path],
    training: Path,
    development: Path,
    config: Annotated[Mapping[str, Any], Keys("task", "settings", "settings.training")],
    ablation: Sequence[str],
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
    together: bool = False,
) -> None:
    """Fine-tune an encoder on one language, once per seed and ablation.

    Args:
        encoders: encoder directories of any kind: one for all models, or one per model.
        training: training corpus of the source language.
        development: corpus of the source language for selecting the best epoch.
        config: ``task``, its ``settings``, and optionally ``stored``, the precision of the weights
            on disk.
        ablation: ablation of the encoder before training, or ``none``: one for all models, or one
            per model.
        seeds: seeds, one per model.
        models: output directories.
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
        together: train models of one encoder and seed, which differ in their ablation, as one batch
            of models where that is possible; rounding differs from that of single trainings.

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
    runs = FineTuningRuns("finetune", data, config, *saving, threads)
    verified = {path: VerifiedEncoder(path) for path in encoders}
    planned = _planned(encoders, seeds, ablation, models)
    finished = []
    for (encoder, seed), of_seed in _in_groups(planned, together):
        trained = runs.run_together(verified[encoder], seed, settings, list(of_seed))
        for directory, done in zip(of_seed.values(), trained, strict=True):
            save_run(done, directory, encoder, found)
            finished.append(done.checkpoint)
    # Checkpoints are kept until the job is done, so that a killed job loses no finished seed.
    stop_listening()
    for checkpoint in finished:
        checkpoint.discard()


class _Model(NamedTuple):
    """A model to train."""

    encoder: Path
    seed: int
    ablation: str
    directory: Path


def _planned(
    encoders: Sequence[Path], seeds: Sequence[int], ablations: Sequence[str], models: Sequence[Path]
) -> list[_Model]:
    """The models; a single encoder or ablation is that of all.

    Raises:
        InputError: there is not one of each for every model.
    """
    number, given = len(models), {"--encoders": encoders, "--ablation": ablations}
    columns = {
        option: list(values) * number if len(values) == 1 else list(values)
        for option, values in given.items()
    }
    columns["--seeds"] = list(seeds)
    for option, values in columns.items():
        if len(values) != number:
            raise InputError(
                f"{option}: {len(values)} for {number} directories of --models; give one for each"
            )
    rows = zip(columns["--encoders"], seeds, columns["--ablation"], models, strict=True)
    return [_Model(*row) for row in rows]


def _in_groups(
    planned: Sequence[_Model], together: bool
) -> list[tuple[tuple[Path, int], dict[str, Path]]]:
    """Models that are trained as one batch of models: encoder, seed, and directory by ablation."""
    if not together:
        return [((one.encoder, one.seed), {one.ablation: one.directory}) for one in planned]
    groups: dict[tuple[Path, int], dict[str, Path]] = {}
    for one in planned:
        groups.setdefault((one.encoder, one.seed), {})[one.ablation] = one.directory
    if sum(map(len, groups.values())) != len(planned):
        raise InputError("--together: two models have one seed and ablation; remove one of them")
    return list(groups.items())
