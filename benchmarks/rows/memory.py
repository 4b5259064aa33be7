"""Rows about the memory and the time of training steps: checkpointing, and large vocabularies."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial

from xltransfer.study.estimate import EncoderSize
from xltransfer.study.training_memory import training_bytes

from ..measurement import Measurement, Pair, Target, call_worker
from ..options import Options
from . import Comparison, Row
from .parsing import PARSER

LARGE = {
    "vocab_size": 8000,
    "hidden_size": 1024,
    "num_hidden_layers": 24,
    "num_attention_heads": 16,
    "intermediate_size": 4096,
    "max_position_embeddings": 512,
}
"""The layers of XLM-R large. Its 250,002 subwords would add 248 million weights, with or without
checkpointing."""

SMALL_VOCABULARY = {
    "vocab_size": 30_000,
    "hidden_size": 384,
    "num_hidden_layers": 12,
    "num_attention_heads": 12,
    "intermediate_size": 1536,
    "max_position_embeddings": 512,
}
"""The layers of multilingual-e5-small and MiniLM."""
LARGE_VOCABULARY = {**SMALL_VOCABULARY, "vocab_size": 250_002}
"""With the subwords of XLM-R."""

SENTENCES = 25
VOCABULARY_SENTENCES = 240
VOCABULARY_BATCH_PIECES = 700
BATCH_PIECES = 512
GIGABYTE = 1e9


def settings(checkpointing: bool) -> dict[str, object]:
    """Settings of the training."""
    return {
        "batch_pieces": BATCH_PIECES,
        "precision": "float32",
        "checkpointing": checkpointing,
    }


def estimated_bytes(checkpointing: bool, configuration: dict[str, int] = LARGE) -> float:
    """Bytes of a fine-tuning, as the plan of a study estimates them."""
    size = EncoderSize(
        configuration["vocab_size"],
        configuration["max_position_embeddings"],
        configuration["hidden_size"],
        configuration["num_hidden_layers"],
        configuration["intermediate_size"],
    )
    return training_bytes(size, settings(checkpointing))


def _prepare(options: Options) -> Comparison:
    folder = str(options.work / "memory")
    written = {"folder": folder, "configuration": LARGE, "sentences": SENTENCES}
    call_worker(options, "memory:material", written)

    def measure(checkpointing: bool) -> Measurement:
        arguments = {
            "folder": folder,
            "task": PARSER,
            "settings": settings(checkpointing),
            "threads": options.threads,
        }
        return call_worker(options, "memory:train", arguments)

    return Comparison(
        own=lambda _: measure(True),
        other=lambda _: measure(False),
        bound=lambda: "a step computes each layer's forward pass twice",
        peer="the same without checkpointing",
        note=note,
    )


def note(pairs: Sequence[Pair]) -> str:
    """The memory of both sides, measured and estimated, and whether they compute the same."""
    same = all(own.facts[key] == other.facts[key] for own, other in pairs
               for key in ("losses", "weights"))  # fmt: skip
    parts = [
        f"{side.facts['step_bytes'] / GIGABYTE:.2f} GB in training steps {name} checkpointing "
        f"(estimate of the plan: {estimated_bytes(on) / GIGABYTE:.2f} GB)"
        for side, name, on in zip(pairs[0], ("with", "without"), (True, False), strict=True)
    ]
    steps = len(pairs[0][0].facts["losses"])
    return (
        f"24 layers of 1024, {BATCH_PIECES:,} subwords a step, {steps} steps in float32; "
        f"{', '.join(parts)}, which leaves out the libraries; losses and weights "
        f"{'equal to the bit' if same else 'DIFFER'}; the process takes more when it saves the "
        "training; the ratio is of processor time"
    )


def _prepare_vocabulary(trimmed: bool, options: Options) -> Comparison:
    """Steps of an encoder with many subwords, and of one with few, on the same treebank."""
    few = SMALL_VOCABULARY["vocab_size"]
    sizes = {}

    def measure(name: str, configuration: dict[str, int], trimmed: bool = False) -> Measurement:
        folder = str(options.work / f"vocabulary-{name}")
        written = {
            "folder": folder, "configuration": configuration, "words": few,
            "sentences": VOCABULARY_SENTENCES, "trimmed": trimmed,
        }  # fmt: skip
        if name not in sizes:
            found = call_worker(options, "memory:material", written)
            sizes[name] = found.facts["vocabulary"]
        arguments = {
            "folder": folder,
            "task": PARSER,
            "settings": settings(False) | {"batch_pieces": VOCABULARY_BATCH_PIECES},
            "threads": options.threads,
        }
        found = call_worker(options, "memory:train", arguments)
        return replace(found, facts={**found.facts, "vocabulary": sizes[name]})

    return Comparison(
        own=lambda _: measure("large", LARGE_VOCABULARY, trimmed),
        other=lambda _: measure("small", SMALL_VOCABULARY),
        bound=lambda: "AdamW reads and writes every weight, whether a batch has its subword or not",
        peer=f"the same with {few:,} subwords",
        note=vocabulary_note,
    )


def vocabulary_note(pairs: Sequence[Pair]) -> str:
    """Subwords, seconds of a step and memory of both sides."""
    sides = []
    for side in pairs[0]:
        step, memory = side.per_unit, side.facts["step_bytes"] / GIGABYTE
        sides.append(f"{step:.2f} s and {memory:.2f} GB with {side.facts['vocabulary']:,}")
    return (
        f"12 layers of 384, {VOCABULARY_BATCH_PIECES} subwords a step in float32; a step takes "
        f"{' against '.join(sides)}; the ratio is of processor time"
    )


ROWS = [
    Row(
        "checkpointing",
        "fine-tuning an encoder of XLM-R large's shape with checkpointing",
        "the same without checkpointing",
        Target(1.4, at_least=False),
        _prepare,
        long=True,
        pairs=1,
    ),
    Row(
        "large-vocabulary",
        "a training step with the 250,002 subwords of XLM-R",
        "the same with 30,000 subwords",
        Target(1.1, at_least=False),
        partial(_prepare_vocabulary, False),
    ),
    Row(
        "trimmed-vocabulary",
        "a training step with those of 250,002 subwords that the corpora need",
        "the same with 30,000 subwords",
        Target(1.1, at_least=False),
        partial(_prepare_vocabulary, True),
    ),
]
