"""Fine-tune an encoder on one language after an ablation, once per seed.

An encoder that is the architecture of a BiLSTM, a directory with ``config.json`` alone, is trained
from nothing: its vocabulary is learnt from the training corpus.

Several seeds may share a process, which saves starting Python and reading the data; the model of a
seed is the same as if it had been trained alone.
"""

from __future__ import annotations

import copy
import json
import logging
from argparse import Namespace
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import torch

from .command import add_training_options, run, stage_parser
from .data.annotations import AnnotatedSentence, read_sentences
from .devices import device_name, prepare_device
from .encoders.bilstm import CONFIG_FILE, NO_LIMIT, BiLSTMEncoder, is_bilstm, read_architecture
from .encoders.lean_transformers import PreTrainedModel
from .encoders.loading import ENCODER_FILES, load_encoder, longest_input
from .encoders.reinitialise import NONE, reinitialise
from .encoders.tokenizer import WordTokenizer
from .encoders.word_characters import WordCharacters
from .errors import InputError
from .files import digest, sha256_of_file, write_json
from .identity import stage_digest
from .interruption import stop_listening
from .metrics import check_gold
from .records import PRETRAINING, TRAINING, file_checksums, versions, write_record, write_times
from .tasks.registry import make_task
from .training.checkpoint import Checkpoint
from .training.dataset import Dataset
from .training.finetuning import FineTuning
from .training.loop import train
from .training.word_model import WEIGHTS_FILE, WordModel, save_model, untrained_head

log = logging.getLogger(__name__)


def finetune(
    encoder: Path,
    training: Path,
    development: Path,
    config: Mapping[str, Any],
    ablation: str,
    models: Mapping[int, Path],
    checkpoints: Path,
    checkpoint_seconds: float,
    threads: int,
) -> None:
    """Train and write the models of some seeds.

    Args:
        encoder: encoder directory, or the architecture of a BiLSTM.
        training, development: corpora of the source language.
        config: ``task``, its ``settings``, and the precision that weights are ``stored`` in.
        ablation: what to re-initialise before.
        models: seed → directory to write the model to.
        checkpoints: folder for checkpoints, which are named by what they belong to.
        checkpoint_seconds: how often to save one.
        threads: processor threads to compute with.

    Raises:
        InputError: unusable data, encoder or ablation, or a loss that is not finite.
    """
    device = prepare_device(threads)
    settings = config["settings"]["training"]
    task = make_task(config["settings"])
    sentences = read_sentences(training)[: settings["training_sentences"]]
    held_out = read_sentences(development)
    check_gold(training, sentences, config["settings"])
    check_gold(development, held_out, config["settings"])
    tokenizer, longest, new_encoder = _starting_point(encoder, sentences, ablation)
    labels = task.label_vocabulary(sentences)
    data = Dataset(sentences, tokenizer, longest)
    data.add_targets(task, labels)
    development_data = Dataset(held_out, tokenizer, longest)
    facts = _facts(encoder, training, development, config, ablation, threads, device)
    inputs = _inputs(encoder, training, development, facts["inputs"])
    finished = []
    for seed, directory in models.items():
        identity = digest({**facts, "seed": seed})
        torch.manual_seed(seed)
        untrained = new_encoder()
        head = untrained_head(task, untrained.config.hidden_size, labels)
        model = WordModel(untrained, head)
        reinitialise(model.encoder, ablation, seed)
        objective = FineTuning(model, task, labels, data, development_data, settings, seed)
        checkpoint = Checkpoint(checkpoints / identity, identity)
        name = f"{training.parent.name} {config['task']} {ablation} seed {seed}"
        report = train(objective, settings, checkpoint, device, checkpoint_seconds, name)
        log.info("%s: best epoch %d, %.0f s", name, report.best_epoch, report.seconds)
        model.cpu()
        outcome = {key: getattr(report, key) for key in ("best_epoch", "history", "steps")}
        save_model(directory, model, encoder, task, labels, config.get("stored", "float32"))
        weights = sha256_of_file(directory / WEIGHTS_FILE)
        report_file = directory / TRAINING
        write_json(report_file, {**facts, "seed": seed, "weights": weights, **outcome})
        write_record(report_file, "finetune", inputs, device=facts["device"], threads=threads)
        write_times(directory, report.seconds, device.type != "cpu")
        finished.append(checkpoint)
    # Not before: until the whole job is done, a kill must not cost the seeds that are.
    stop_listening()
    for checkpoint in finished:
        checkpoint.discard()


def _starting_point(
    directory: Path, sentences: Sequence[AnnotatedSentence], ablation: str
) -> tuple[WordTokenizer | WordCharacters, int, Callable[[], PreTrainedModel | BiLSTMEncoder]]:
    """The tokenizer, the longest input and what makes the encoder to start from.

    What is random about the encoder is drawn from the global random state.
    """
    if not is_bilstm(directory):
        pretrained = load_encoder(directory)
        tokenizer = WordTokenizer(directory)
        return tokenizer, longest_input(pretrained), lambda: copy.deepcopy(pretrained)
    if ablation != NONE:
        raise InputError(
            f"{directory / CONFIG_FILE}:1: a BiLSTM has no pretraining that '{ablation}' could "
            f"take away; its only ablation is '{NONE}'"
        )
    config = read_architecture(directory)
    forms = [sentence.forms for sentence in sentences]
    vocabulary = WordCharacters.learn(forms, config.minimum_count, config.longest_word)
    return vocabulary, NO_LIMIT, lambda: BiLSTMEncoder(config, vocabulary)


def _facts(
    encoder: Path,
    training: Path,
    development: Path,
    config: Mapping[str, Any],
    ablation: str,
    threads: int,
    device: torch.device,
) -> dict[str, Any]:
    """Everything that decides a model but its seed."""
    names = (CONFIG_FILE,) if is_bilstm(encoder) else ENCODER_FILES
    files = [encoder / name for name in names]
    return {
        "ablation": ablation,
        "code": stage_digest("finetune"),
        "config": dict(config),
        "device": device_name(device),
        "inputs": {
            "encoder": {path.name: sha256_of_file(path) for path in files},
            "training": sha256_of_file(training),
            "development": sha256_of_file(development),
        },
        "threads": threads,
        "versions": versions("torch", "transformers", "tokenizers", "numpy"),
    }


def _inputs(
    encoder: Path, training: Path, development: Path, known: Mapping[str, Any]
) -> dict[str, str]:
    """Path → SHA-256 of the files that a model depends on."""
    made = [path for path in (encoder / PRETRAINING,) if path.exists()]
    return {
        **{str(encoder / name): checksum for name, checksum in known["encoder"].items()},
        **file_checksums(made),
        str(training): known["training"],
        str(development): known["development"],
    }


def main() -> None:
    """Command line."""
    parser = stage_parser("xltransfer.finetune", __doc__)
    parser.add_argument("--encoder", type=Path, required=True)
    parser.add_argument("--training", type=Path, required=True)
    parser.add_argument("--development", type=Path, required=True)
    parser.add_argument("--config", type=json.loads, required=True, help="task and settings, JSON")
    parser.add_argument("--ablation", required=True)
    parser.add_argument("--seeds", type=int, nargs="+", required=True)
    parser.add_argument(
        "--models",
        type=Path,
        nargs="+",
        required=True,
        help="weights to write, a file per seed; the rest of a model goes beside",
    )
    add_training_options(parser)
    run(parser, _stage)


def _stage(arguments: Namespace) -> None:
    finetune(
        arguments.encoder,
        arguments.training,
        arguments.development,
        arguments.config,
        arguments.ablation,
        {seed: path.parent for seed, path in zip(arguments.seeds, arguments.models, strict=True)},
        arguments.checkpoints,
        arguments.checkpoint_seconds,
        arguments.threads,
    )


if __name__ == "__main__":
    main()
