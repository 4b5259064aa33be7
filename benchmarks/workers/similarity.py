"""CKA of parallel treebanks."""

from __future__ import annotations

import shutil
import time
from pathlib import Path
from typing import Any

from transformers import BertConfig, BertModel
from xltransfer.analysis.cka import published_script_cka
from xltransfer.data.representations import aligned
from xltransfer.represent import represent

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
            ``folder`` and ``threads``.

    Returns:
        The time of the whole process counts; ``facts`` tells how it divides and the figures by
        language and layer.
    """
    started = time.perf_counter()
    _represent(arguments)
    represented = time.perf_counter()
    values = _figures(arguments)
    ended = time.perf_counter()
    facts = {
        "encoder_seconds": represented - started,
        "cka_seconds": ended - represented,
        "values": values,
    }
    return {"work": len(arguments["treebanks"]), "facts": facts}


def _represent(arguments: dict[str, Any]) -> None:
    encoder, threads = Path(arguments["encoder"]), arguments["threads"]
    for code, treebank in arguments["treebanks"].items():
        output = _vectors(arguments, code)
        represent([encoder], [], Path(treebank), [output], threads, as_published=True)


def _vectors(arguments: dict[str, Any], code: str) -> Path:
    return Path(arguments["folder"]) / f"{code}.safetensors"


def _figures(arguments: dict[str, Any]) -> dict[str, dict[str, float]]:
    pivot, found = arguments["pivot"], {}
    for code in arguments["treebanks"]:
        if code != pivot:
            pair = aligned(_vectors(arguments, pivot), _vectors(arguments, code))
            found[code] = {
                str(layer): published_script_cka(*states, arguments["window"])
                for layer, states in enumerate(zip(*pair, strict=True))
            }
    return found


def bound(arguments: dict[str, Any]) -> dict[str, Any]:
    """What bounds ``own`` but its start-up."""
    found = measure_bound(lambda: _represent(arguments))
    return {"work": 1, "facts": {"bound": str(found)}}
