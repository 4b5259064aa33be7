"""CKA of parallel treebanks."""

from __future__ import annotations

import shutil
import time
from pathlib import Path
from typing import Any

import numpy as np
import torch
from transformers import BertConfig, BertModel
from xltransfer.analyses.similarity.cka import published_script_cka
from xltransfer.corpora.conllu import read_conllu
from xltransfer.encoders.batching import Example, plan_examples
from xltransfer.encoders.tokenizer import WordTokenizer
from xltransfer.encoders.transformer import load_encoder, longest_input
from xltransfer.stages.represent import text
from xltransfer.training.devices import prepare_device
from xltransfer.training.prediction import PREDICTION_BUDGET
from xltransfer.training.representation import sentence_vectors

from benchmarks.bound import measure_bound


def draw_encoder(arguments: dict[str, Any]) -> dict[str, Any]:
    """Write a BERT of the size of BERT base, never pretrained, with another encoder's tokenizer.

    How long it takes does not depend on the weights. Arguments ``like`` and ``output``.
    """
    source, output = Path(arguments["like"]), Path(arguments["output"])
    shutil.rmtree(output, ignore_errors=True)
    output.mkdir(parents=True)
    for path in source.glob("*"):
        if path.is_file() and ("token" in path.name or path.name == "vocab.txt"):
            shutil.copy(path, output)
    size = BertConfig.from_pretrained(source).vocab_size
    BertModel(BertConfig(vocab_size=size)).save_pretrained(output)
    return {"work": 1}


def own(arguments: dict[str, Any]) -> dict[str, Any]:
    """The figures of the published script, with no more passes of the encoder than they need.

    Args:
        arguments: ``encoder``, ``treebanks`` (by language), ``pivot``, ``window`` (sentences),
            and ``threads``.

    Returns:
        The time of the whole process counts; ``facts`` tells how it divides and the figures by
        language and layer.
    """
    started = time.perf_counter()
    vectors = _vectors(arguments)
    represented = time.perf_counter()
    values = _figures(vectors, arguments)
    ended = time.perf_counter()
    facts = {
        "encoder_seconds": represented - started,
        "cka_seconds": ended - represented,
        "values": values,
    }
    return {"work": len(arguments["treebanks"]), "facts": facts}


def _vectors(arguments: dict[str, Any]) -> dict[str, dict[str, np.ndarray]]:
    """Of each language and sentence: shape (layers + 1, hidden)."""
    device = prepare_device(arguments["threads"])
    directory = Path(arguments["encoder"])
    encoder, tokenizer = load_encoder(directory).to(device), WordTokenizer(directory)
    longest, found = longest_input(encoder), {}
    for code, treebank in arguments["treebanks"].items():
        sentences = read_conllu(Path(treebank))
        texts = [text(sentence) for sentence in sentences]
        vectors = sentence_vectors(encoder, tokenizer, texts, longest, device, as_published=True)
        found[code] = {s.sent_id: vectors[:, place] for place, s in enumerate(sentences)}
    return found


@torch.inference_mode()
def one_by_one(arguments: dict[str, Any]) -> dict[str, Any]:
    """Encode the sentences of ``own`` one after the other, as the published script does."""
    device = prepare_device(arguments["threads"])
    directory = Path(arguments["encoder"])
    encoder, tokenizer = load_encoder(directory).to(device).eval(), WordTokenizer(directory)
    texts = _texts(arguments)
    longest = longest_input(encoder)
    started = time.perf_counter()
    for row in tokenizer.rows(texts, longest):
        pieces = torch.from_numpy(row)[None].to(device)
        states = encoder(input_ids=pieces, output_hidden_states=True).hidden_states
        torch.stack([layer[0, 1:-1].mean(dim=0) for layer in states]).cpu()
    return {"seconds": time.perf_counter() - started, "work": len(texts)}


def encode(arguments: dict[str, Any]) -> dict[str, Any]:
    """Encode the same sentences in batches, as the stage ``represent`` does."""
    device = prepare_device(arguments["threads"])
    directory = Path(arguments["encoder"])
    encoder, tokenizer = load_encoder(directory).to(device), WordTokenizer(directory)
    texts = _texts(arguments)
    longest = longest_input(encoder)
    started = time.perf_counter()
    sentence_vectors(encoder, tokenizer, texts, longest, device)
    return {"seconds": time.perf_counter() - started, "work": len(texts)}


@torch.inference_mode()
def products(arguments: dict[str, Any]) -> dict[str, Any]:
    """Time the products of states with the encoder's weights alone, in batches as of ``encode``.

    Products of states with each other, in attention, are left out.
    """
    device = prepare_device(arguments["threads"])
    directory = Path(arguments["encoder"])
    encoder, tokenizer = load_encoder(directory).to(device), WordTokenizer(directory)
    rows = tokenizer.rows(_texts(arguments), longest_input(encoder))
    nothing = np.zeros(0, dtype=np.int64)
    examples = [Example([row], nothing, nothing) for row in rows]
    planned = plan_examples(examples, PREDICTION_BUDGET[device.type], np.arange(len(examples)))
    numbers = [len(batch) * max(len(rows[one]) for one in batch) for batch in planned]
    layers = [part for part in encoder.encoder.modules() if isinstance(part, torch.nn.Linear)]
    widths = {layer.in_features for layer in layers}
    states = {width: torch.rand(max(numbers), width, device=device) for width in widths}
    started = time.perf_counter()
    for number in numbers:
        for layer in layers:
            layer(states[layer.in_features][:number])
    return {"seconds": time.perf_counter() - started, "work": len(rows)}


def _texts(arguments: dict[str, Any]) -> list[str]:
    return [
        text(sentence)
        for treebank in arguments["treebanks"].values()
        for sentence in read_conllu(Path(treebank))
    ]


def _figures(
    vectors: dict[str, dict[str, np.ndarray]], arguments: dict[str, Any]
) -> dict[str, dict[str, float]]:
    source, found = vectors[arguments["pivot"]], {}
    for code, target in vectors.items():
        if code != arguments["pivot"]:
            pair = [np.stack([side[name] for name in source], axis=1) for side in (source, target)]
            found[code] = {
                str(layer): published_script_cka(*states, arguments["window"])
                for layer, states in enumerate(zip(*pair, strict=True))
            }
    return found


def encoding_bound(arguments: dict[str, Any]) -> dict[str, Any]:
    """What bounds ``encode``, the encoder's opening included."""
    found = measure_bound(lambda: encode(arguments))
    return {"work": 1, "facts": {"bound": str(found)}}


def bound(arguments: dict[str, Any]) -> dict[str, Any]:
    """What bounds ``own`` but its start-up."""
    found = measure_bound(lambda: _vectors(arguments))
    return {"work": 1, "facts": {"bound": str(found)}}
