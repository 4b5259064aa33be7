"""Rows about CKA and the states that it compares."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from .. import data
from ..machine import module_version
from ..measurement import Measurement, Pair, Target, call_worker, run_process, thread_variables
from ..options import Options
from . import Comparison, Row, peer_missing

SENTENCES = 128
WINDOW = SENTENCES // 4
ENTERING = WINDOW + 3
"""Sentences that enter the script's figures: of four windows, each starts a sentence later."""


def _prepare(options: Options) -> Comparison:
    treebanks = data.parallel_parts(options, ENTERING)
    arguments = {
        "encoder": str(_encoder(options)),
        "treebanks": {code: str(path) for code, path in treebanks.items()},
        "pivot": data.PIVOT,
        "window": WINDOW,
        "threads": options.threads,
    }
    few = {**arguments, "treebanks": dict(list(arguments["treebanks"].items())[:2])}
    version = module_version(options.cka_python, "transformers")
    return Comparison(
        own=lambda _: call_worker(options, "similarity:own", arguments),
        other=partial(_script, options, arguments),
        bound=lambda: call_worker(options, "similarity:bound", few).facts["bound"],
        peer=f"the published script ({version})",
        note=_note,
    )


def _encoding(options: Options) -> Comparison:
    treebanks = {code: str(path) for code, path in data.parallel_parts(options, ENTERING).items()}
    arguments = {
        "encoder": str(_encoder(options)),
        "treebanks": treebanks,
        "threads": options.threads,
    }
    few = {**arguments, "treebanks": dict(list(treebanks.items())[:2])}
    return Comparison(
        own=lambda _: call_worker(options, "similarity:encode", arguments),
        other=lambda _: call_worker(options, "similarity:products", arguments),
        bound=lambda: call_worker(options, "similarity:encoding_bound", few).facts["bound"],
        peer="products with the encoder's weights alone, on as many subwords",
        note=lambda _: f"{ENTERING} sentences of each of {len(treebanks)} languages",
    )


def _encoder(options: Options) -> Path:
    """A BERT of the size that the script insists on."""
    if options.cka_encoder:
        return options.cka_encoder
    output = options.work / "bert"
    if not (output / "model.safetensors").exists():
        like = str(options.encoder_directory())
        call_worker(options, "similarity:draw_encoder", {"like": like, "output": str(output)})
    return output


def _script(options: Options, arguments: dict[str, Any], _: int) -> Measurement:
    files = data.parallel_parts(options, SENTENCES)
    suffix = "-ud-test.conllu"
    names = {code: path.name.removesuffix(suffix) for code, path in files.items()}
    pivot = arguments["pivot"]
    report = options.work / "published"
    report.mkdir(parents=True, exist_ok=True)
    finished = run_process(
        [
            *(options.cka_python, options.cka_script),
            *("--data_dir", files[pivot].parent, "--source_lang_dataset", names[pivot]),
            "--target_lang_list",
            *(name for code, name in names.items() if code != pivot),
            # The space, which the script strips, keeps it from being read as an option.
            *("--dataset_suffix", f" {suffix}", "--line_filter", "# text =", "--metric", "cka"),
            *("--n_sent_total", str(SENTENCES), "--report_dir", report),
            *("--model", arguments["encoder"]),
        ],
        options.work / "logs" / "published.log",
        {**thread_variables(options.threads), "HF_HUB_OFFLINE": "1"},
        options.cka_script.parent,
    )
    found = json.loads((report / f"cka-similarity-{names[pivot]}-trg.json").read_text())
    values = {
        code: _layers(found[f"{names[pivot]}-{name}"])
        for code, name in names.items()
        if code != pivot
    }
    return Measurement(finished.seconds, len(files), finished.peak_bytes, {"values": values})


def _layers(found: Mapping[str, Mapping[str, float]]) -> dict[str, float]:
    return {name.removeprefix("layer_"): row["cka_mean"] for name, row in found.items()}


def _note(pairs: Sequence[Pair]) -> str:
    own, other = (side.facts for side in pairs[0])
    difference = max(
        abs(value - other["values"][code][layer])
        for code, layers in own["values"].items()
        for layer, value in layers.items()
    )
    return (
        f"the script is given {SENTENCES} sentences of each language, {ENTERING} of which enter "
        "its figures; whole processes with their start-up; of this side "
        f"{own['encoder_seconds']:.0f} s in the encoder and {own['cka_seconds']:.0f} s in CKA; "
        f"figures differ by {difference:.1e} at most"
    )


ROWS = [
    Row(
        "cka",
        "CKA of 18 languages, all layers",
        "the published script",
        Target(10, at_least=True),
        _prepare,
        peer_missing("cka-script"),
    ),
    Row(
        "representation",
        "encoding sentences, states of all layers",
        "products with the encoder's weights alone",
        # At least 85 % of the speed of matrix products of these shapes.
        Target(1.18, at_least=False),
        _encoding,
    ),
]
