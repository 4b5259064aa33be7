"""How fast training, prediction and representation are, each beside the encoder's bare passes."""

from __future__ import annotations

import shutil
from typing import Any

from ..rows.parsing import PARSER
from .checks import SEED, Check, Found, Setting
from .material import write_text

GIGABYTE = 1e9


def _parser_arguments(setting: Setting, encoder: str) -> dict[str, Any]:
    size = setting.size
    return {
        "encoder": str(setting.encoder(encoder)),
        "training": str(setting.treebank("training", size.sentences)),
        "development": str(setting.treebank("development", max(10, size.sentences // 50), 2)),
        "task": PARSER,
        "settings": {"epochs": 1, "batch_pieces": size.batch_pieces, "precision": "auto"},
        "seed": SEED,
    }


def parser_steps(setting: Setting) -> Found:
    """Training steps of a parser on two encoders, beside the bare encoder on the same batches."""
    figures, results, remarks, worst = {}, [], [], 0.0
    for encoder in ("mbert", "xlm-r"):
        arguments = _parser_arguments(setting, encoder)
        own = setting.measure("parsing:train", **arguments)
        bare = setting.measure("parsing:bare_training", **arguments)
        steps, bare_steps = (m.facts["steps"] / m.seconds for m in (own, bare))
        ratio = own.seconds / bare.seconds
        worst = max(worst, ratio)
        results.append(f"{encoder} {steps:.1f} steps/s, {ratio:.2f} × the bare encoder")
        remarks.append(
            f"{encoder}: bare {bare_steps:.1f} steps/s, {1 / own.per_unit:.0f} "
            f"sentences/s, tensors {own.facts['device_bytes'] / GIGABYTE:.1f} GB"
        )
        figures[encoder] = {
            "steps_per_second": steps,
            "bare_steps_per_second": bare_steps,
            "device_bytes": own.facts["device_bytes"],
        }
    return Found("; ".join(results), "≤ 1.25 ×", worst <= 1.25, "; ".join(remarks), figures)


def masked_lm(setting: Setting) -> Found:
    """Tokens a second of masked language modelling, and the share of the GPU's peak."""
    size = setting.size
    vocabulary = size.encoders["mbert"]["vocab_size"]
    text = write_text(setting.work / "text.txt", size.lines, vocabulary, SEED)
    held_out = write_text(setting.work / "held-out.txt", max(10, size.lines // 200), vocabulary, 2)
    arguments = {
        "encoder": str(setting.encoder("mbert")),
        "training": str(text),
        "held_out": str(held_out),
        "settings": {
            "batch_pieces": size.text_batch_pieces,
            "packing": "blocks",
            "block_size": size.block_size,
            "precision": "auto",
        },
    }
    own = setting.measure("masked_lm:adapt", **arguments)
    step = setting.measure("masked_lm:operations", **arguments)
    peak = setting.measure("devices:peak")
    rate = own.facts["steps"] * step.facts["operations"] / own.seconds
    share = rate / peak.facts["products"]
    figures = {
        "tokens_per_second": own.work / own.seconds,
        "operations_per_second": rate,
        "peak": peak.facts["products"],
        "copied_bytes_per_second": peak.facts["copied"],
        "device_bytes": own.facts["device_bytes"],
    }
    return Found(
        f"{own.work / own.seconds:,.0f} tokens/s, {share:.0%} of the peak",
        remark=(
            f"{rate / 1e12:.1f} of {peak.facts['products'] / 1e12:.1f} TFLOP/s; rows of "
            f"{size.block_size} subwords, {size.text_batch_pieces:,} in a batch; "
            f"tensors {own.facts['device_bytes'] / GIGABYTE:.1f} GB"
        ),
        figures=figures,
    )


def representation(setting: Setting) -> Found:
    """Sentences a second at every layer of an encoder, in batches and one by one."""
    size = setting.size
    many = setting.treebank("parallel", size.treebank_sentences * 4)
    few = setting.treebank("one-by-one", size.one_by_one)
    encoder = str(setting.encoder("mbert"))
    own = setting.measure("similarity:encode", encoder=encoder, treebanks={"a": str(many)})
    other = setting.measure("similarity:one_by_one", encoder=encoder, treebanks={"a": str(few)})
    ratio = other.per_unit / own.per_unit
    rates = {"batches": 1 / own.per_unit, "one_by_one": 1 / other.per_unit}
    return Found(
        f"{1 / own.per_unit:,.0f} sentences/s, {ratio:.1f} × one by one",
        "≥ 10 ×",
        ratio >= 10,
        f"one by one {1 / other.per_unit:,.0f} sentences/s; float32",
        rates,
    )


def prediction(setting: Setting) -> Found:
    """Predicting and scoring treebanks with one model, beside the encoder's bare forward passes."""
    size = setting.size
    model = setting.work / "model"
    shutil.rmtree(model, ignore_errors=True)
    arguments = _parser_arguments(setting, "mbert")
    arguments["training"] = str(setting.treebank("few", min(300, size.sentences), 3))
    setting.measure("parsing:train", **arguments, model=str(model))
    given = {
        "model": str(model),
        "task": PARSER,
        "treebanks": [
            str(setting.treebank(f"target-{number}", size.treebank_sentences, 100 + number))
            for number in range(size.treebanks)
        ],
    }
    own = setting.measure("parsing:predict_and_score", **given)
    bare = setting.measure("parsing:bare_prediction", **given)
    ratio = own.per_unit / bare.per_unit
    return Found(
        f"{1 / own.per_unit:,.0f} sentences/s, {ratio:.2f} × the bare encoder's time",
        "≤ 1.3 ×",
        ratio <= 1.3,
        f"bare {1 / bare.per_unit:,.0f} sentences/s; {size.treebanks} treebanks of "
        f"{size.treebank_sentences} sentences, files read and written, float32",
        {"sentences_per_second": 1 / own.per_unit, "bare": 1 / bare.per_unit},
    )


CHECKS = [
    Check("parser", "fine-tuning a parser", parser_steps, 110),
    Check("masked-lm", "masked language modelling, multilingual BERT's size", masked_lm, 90),
    Check("representation", "states of all layers, multilingual BERT's size", representation, 60),
    Check("prediction", "predicting and scoring treebanks", prediction, 80),
]
