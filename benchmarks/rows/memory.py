"""The row about checkpointing: the memory and the time of training steps of a large encoder."""

from __future__ import annotations

from collections.abc import Sequence

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

SENTENCES = 25
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


ROWS = [
    Row(
        "checkpointing",
        "fine-tuning an encoder of XLM-R large's shape with checkpointing",
        "the same without checkpointing",
        Target(1.4, at_least=False),
        _prepare,
        long=True,
        pairs=1,
    )
]
