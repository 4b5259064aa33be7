"""Training a parser, predicting with it, and the bare encoder on the same batches."""

from __future__ import annotations

import time
from itertools import islice
from pathlib import Path
from typing import Any

import torch
from torch.utils.flop_counter import FlopCounterMode
from xltransfer.corpora.conllu import ID, UPOS, Sentence, read_conllu
from xltransfer.encoders.batching import Batch, collate, plan_examples
from xltransfer.encoders.tokenizer import WordTokenizer
from xltransfer.encoders.transformer import load_encoder, longest_input
from xltransfer.stages.predict import predict
from xltransfer.stages.score import score_models
from xltransfer.tasks.metrics.attachment import attachment_scores
from xltransfer.tasks.registry import make_task
from xltransfer.training.checkpoint import Checkpoint
from xltransfer.training.dataset import Dataset
from xltransfer.training.devices import prepare_device
from xltransfer.training.embeddings import RowGradients
from xltransfer.training.flat import flatten
from xltransfer.training.loop import Precision
from xltransfer.training.loop import train as train_objective
from xltransfer.training.model import WordModel, load_model, save_model, untrained_head
from xltransfer.training.objectives.finetuning import FineTuning
from xltransfer.training.prediction import PREDICTION_BUDGET

from benchmarks.bound import measure_bound

from .training import NEVER, TimedSteps, bound_of_steps, peak_of, wait_for

TRAINING = {
    "patience": None,
    "encoder_learning_rate": 2e-4,
    "head_learning_rate": 1e-3,
    "warmup_share": 0.1,
    "weight_decay": 0.01,
    "adam_beta2": 0.98,
    "gradient_clip": 5.0,
    "precision": "float32",
}


class TimedFineTuning(TimedSteps, FineTuning):
    """Fine-tuning that knows how long its training steps took."""


def parser_objective(
    arguments: dict[str, Any], kind: type[TimedFineTuning] = TimedFineTuning
) -> TimedFineTuning:
    """What ``train`` trains; its arguments and the class of the objective."""
    encoder = load_encoder(arguments["encoder"])
    tokenizer, longest = WordTokenizer(arguments["encoder"]), longest_input(encoder)
    task = make_task(arguments["task"])
    sentences = read_conllu(arguments["training"])
    labels = task.label_vocabulary(sentences)
    data = Dataset(sentences, tokenizer, longest)
    data.add_targets(task, labels)
    held_out = Dataset(read_conllu(arguments["development"]), tokenizer, longest)
    torch.manual_seed(arguments["seed"])
    model = WordModel(encoder, untrained_head(task, encoder.config.hidden_size, labels))
    settings = {**TRAINING, **arguments["settings"]}
    return kind(model, task, labels, data, held_out, settings, arguments["seed"])


def train(arguments: dict[str, Any]) -> dict[str, Any]:
    """Train a parser or a tagger; time the training steps.

    Args:
        arguments: ``encoder``, ``training`` and ``development``, ``task`` (kind and head),
            ``settings`` (``epochs``, ``batch_pieces``), ``seed``, ``threads``, ``folder`` for
            checkpoints and, if the model is to be kept, ``model``.
    """
    device = prepare_device(arguments["threads"])
    objective = parser_objective(arguments)
    checkpoint = Checkpoint(Path(arguments["folder"]) / "checkpoint", "benchmark")
    report = train_objective(objective, objective.settings, checkpoint, device, NEVER, "parser")
    checkpoint.discard()
    if "model" in arguments:
        save_model(
            arguments["model"],
            objective.model,
            arguments["encoder"],
            objective.task,
            objective.labels,
        )
    return {
        "seconds": objective.seconds,
        "work": len(objective.training.sentences) * objective.settings["epochs"],
        "facts": {
            **report.best,
            "steps": report.steps,
            "all": report.seconds,
            "device_bytes": peak_of(device),
        },
    }


def training_bound(arguments: dict[str, Any]) -> dict[str, Any]:
    """What bounds training steps; arguments as of ``train`` and how many ``batches``."""
    return bound_of_steps(parser_objective(arguments), arguments)


def products_of_a_step(arguments: dict[str, Any]) -> dict[str, Any]:
    """Floating-point operations of a training step, as a multiple of those of its encoder.

    Args:
        arguments: as of ``train``; the first batch is computed.
    """
    device = prepare_device(arguments["threads"])
    objective = parser_objective(arguments)
    model, batch = objective.model.to(device).train(), objective.batches(0)[0]
    with FlopCounterMode(display=False) as whole:
        objective.loss(batch, device).backward()
    rows = collate(objective.training.examples, batch.indices, objective.training.padding)
    with FlopCounterMode(display=False) as of_encoder:
        states = _states(model.encoder, rows.to(device))
        states.backward(torch.ones_like(states))
    ratio = whole.get_total_flops() / of_encoder.get_total_flops()
    return {"work": 1, "facts": {"ratio": ratio}}


def bare_training(arguments: dict[str, Any]) -> dict[str, Any]:
    """Time the encoder's forward and backward on the batches of ``train``, made beforehand.

    Gradients are kept as in the training loop: those of embeddings for the rows that were looked
    up, all in one buffer.
    """
    device = prepare_device(arguments["threads"])
    objective = parser_objective(arguments)
    encoder = objective.model.encoder.to(device).train()
    precision = Precision(objective.settings["precision"], device)
    epochs = objective.settings["epochs"]
    batches = [
        collate(objective.training.examples, batch.indices, objective.training.padding).to(device)
        for epoch in range(epochs)
        for batch in objective.batches(epoch)
    ]
    weights, rows = flatten(list(encoder.parameters())), RowGradients(encoder)
    wait_for(device)
    started = time.perf_counter()
    for batch in batches:
        with precision, rows:
            states = _states(encoder, batch)
        states.backward(torch.ones_like(states))
        weights.grad.zero_()
    wait_for(device)
    seconds = time.perf_counter() - started
    return {
        "seconds": seconds,
        "work": len(objective.training.sentences) * epochs,
        "facts": {"steps": len(batches)},
    }


def _states(encoder: torch.nn.Module, batch: Batch) -> torch.Tensor:
    output = encoder(input_ids=batch.input_ids, attention_mask=batch.attention_mask)
    return output.last_hidden_state


def predict_and_score(arguments: dict[str, Any]) -> dict[str, Any]:
    """Time predicting and scoring some treebanks with one model, files read and written.

    Args:
        arguments: ``model`` (a directory), ``task``, ``treebanks``, ``threads`` and ``folder`` to
            write to.
    """
    folder, threads = Path(arguments["folder"]), arguments["threads"]
    model, treebanks = Path(arguments["model"]), [Path(path) for path in arguments["treebanks"]]
    started = time.perf_counter()
    for treebank in treebanks:
        predicted = folder / treebank.name
        predict([model], treebank, [predicted], threads)
        scores = folder / f"{treebank.stem}.parquet"
        score_models(treebank, [predicted], ["none"], [1], arguments["task"], {}, scores)
    seconds = time.perf_counter() - started
    return {"seconds": seconds, "work": sum(len(read_conllu(path)) for path in treebanks)}


def _prediction_batches(
    arguments: dict[str, Any], device: torch.device
) -> tuple[torch.nn.Module, list[Batch], int]:
    model, _, _ = load_model(arguments["model"])
    tokenizer, longest = WordTokenizer(arguments["model"]), longest_input(model.encoder)
    batches, number = [], 0
    for path in arguments["treebanks"]:
        data = Dataset(read_conllu(path), tokenizer, longest)
        number += len(data.examples)
        order = torch.arange(len(data.examples)).numpy()
        for indices in plan_examples(data.examples, PREDICTION_BUDGET[device.type], order):
            batches.append(collate(data.examples, indices, data.padding).to(device))
    return model.to(device).eval(), batches, number


@torch.inference_mode()
def bare_prediction(arguments: dict[str, Any]) -> dict[str, Any]:
    """Time the encoder's forward on the batches of ``predict_and_score``, made beforehand."""
    device = prepare_device(arguments["threads"])
    model, batches, number = _prediction_batches(arguments, device)
    wait_for(device)
    started = time.perf_counter()
    for batch in batches:
        _states(model.encoder, batch)
    wait_for(device)
    return {"seconds": time.perf_counter() - started, "work": number}


def prediction_bound(arguments: dict[str, Any]) -> dict[str, Any]:
    """What bounds ``predict_and_score``."""
    found = measure_bound(lambda: predict_and_score(arguments))
    return {"work": 1, "facts": {"bound": str(found)}}


def score_file(arguments: dict[str, Any]) -> dict[str, Any]:
    """LAS and accuracy of parts of speech of a predicted file, which need not hold trees.

    Args:
        arguments: ``gold`` and ``predicted``, with the same words.
    """
    gold = read_conllu(arguments["gold"])
    lines = Path(arguments["predicted"]).read_text(encoding="utf-8").splitlines()
    rows = (line.split("\t") for line in lines if line[:1].isdigit())
    words = (row for row in rows if row[ID].isdigit())
    predicted = [Sentence([], [], list(islice(words, len(s.words)))) for s in gold]
    facts = {
        "LAS": attachment_scores(gold, predicted, {})["LAS"].percent,
        "accuracy": 100 * _equal_parts_of_speech(gold, predicted),
    }
    return {"work": 1, "facts": facts}


def _equal_parts_of_speech(gold: list[Sentence], predicted: list[Sentence]) -> float:
    pairs = [
        (word[UPOS], found[UPOS])
        for sentence, other in zip(gold, predicted, strict=True)
        for word, found in zip(sentence.words, other.words, strict=True)
    ]
    return sum(right == found for right, found in pairs) / len(pairs)
