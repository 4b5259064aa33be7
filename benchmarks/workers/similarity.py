"""CKA of parallel treebanks, with vectors and without start-up left out."""

from __future__ import annotations

import shutil
import time
from pathlib import Path
from typing import Any

import pandas as pd
from transformers import BertConfig, BertModel
from xltransfer import paths
from xltransfer.represent import represent
from xltransfer.similarity import similarities

from benchmarks.bound import measure_bound

SPLIT = "test"
STATE = {"path": "pretrained", "kind": "pretrained", "task": "", "ablation": "", "seed": None}


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
    """Similarities of the pivot's sentences to those of all other languages, at all layers.

    Args:
        arguments: ``encoder``, ``treebanks`` (by language), ``pivot``, ``folder`` and ``threads``.

    Returns:
        The time of the whole process counts; ``facts`` tells how it divides.
    """
    started = time.perf_counter()
    _represent(arguments)
    represented = time.perf_counter()
    values = _similarities(arguments)
    ended = time.perf_counter()
    facts = {
        "encoder_seconds": represented - started,
        "cka_seconds": ended - represented,
        "values": values,
    }
    return {"work": len(arguments["treebanks"]), "facts": facts}


def _represent(arguments: dict[str, Any]) -> None:
    folder, encoder = arguments["folder"], Path(arguments["encoder"])
    for code, treebank in arguments["treebanks"].items():
        output = paths.representations(folder, "encoder", STATE["path"], f"{code}-{SPLIT}")
        represent(
            [encoder],
            [],
            Path(treebank),
            [Path(output)],
            arguments["threads"],
            as_published=True,
        )


def _similarities(arguments: dict[str, Any]) -> dict[str, dict[str, float]]:
    """As the published script estimates them, by language and layer."""
    pivot, values = arguments["pivot"], {}
    for code in arguments["treebanks"]:
        if code == pivot:
            continue
        config = {
            "states": [{**STATE, "sources": [pivot]}],
            "sources": {pivot: pivot},
            "language": code,
            "split": SPLIT,
            "as_published": True,
        }
        output = Path(arguments["folder"]) / f"{code}.parquet"
        similarities(config, arguments["folder"], "encoder", code, output)
        frame = pd.read_parquet(output)
        frame = frame[frame["estimator"] == "as-published"]
        values[code] = dict(zip(frame["layer"].astype(str), frame["cka"], strict=True))
    return values


def bound(arguments: dict[str, Any]) -> dict[str, Any]:
    """What bounds ``own`` but its start-up."""
    found = measure_bound(lambda: _represent(arguments))
    return {"work": 1, "facts": {"bound": str(found)}}
