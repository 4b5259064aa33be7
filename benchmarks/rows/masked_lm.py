"""The row about adapting encoders to raw text."""

from __future__ import annotations

import json
import shutil
from collections.abc import Sequence
from functools import partial
from typing import Any

from .. import data
from ..machine import module_version
from ..measurement import Measurement, Pair, Target, call_worker, run_process, thread_variables
from ..options import Options
from . import Comparison, Row, peer_missing

LINES = 1000
HELD_OUT_LINES = 50
BATCH_LINES = 8
"""What run_mlm.py takes by default."""
BOUND_BATCHES = 12


def _prepare(options: Options) -> Comparison:
    arguments = {
        "encoder": str(options.encoder_directory()),
        "training": str(data.english_lines(options, "train", LINES)),
        "held_out": str(data.english_lines(options, "dev", HELD_OUT_LINES)),
        "batch_lines": BATCH_LINES,
        "batches": BOUND_BATCHES,
        "threads": options.threads,
        "folder": str(options.work / "masked_lm"),
    }

    def own(_: int) -> Measurement:
        return call_worker(options, "masked_lm:adapt", arguments)

    version = module_version(options.run_mlm_python, "transformers")
    return Comparison(
        own=own,
        other=partial(_run_mlm, options, arguments),
        bound=lambda: call_worker(options, "masked_lm:bound", arguments).facts["bound"],
        peer=f"run_mlm.py, line by line ({version})",
        note=_note,
    )


def _run_mlm(options: Options, arguments: dict[str, Any], number: int) -> Measurement:
    """One epoch of run_mlm.py; it says itself how long its training loop took.

    The pieces are this project's count, which is a fact of the text and the tokenizer.
    """
    folder = options.work / "run_mlm"
    shutil.rmtree(folder, ignore_errors=True)
    finished = run_process(
        [
            *(options.run_mlm_python, options.run_mlm),
            *("--model_name_or_path", arguments["encoder"]),
            *("--train_file", arguments["training"], "--line_by_line", "--do_train"),
            *("--num_train_epochs", "1", "--output_dir", folder, "--report_to", "none"),
            # Neither side saves within the time that is measured.
            *("--save_strategy", "no"),
        ],
        options.work / "logs" / "run_mlm.log",
        {
            **thread_variables(options.threads),
            "HF_HUB_OFFLINE": "1",
            "HF_DATASETS_CACHE": str(folder / "cache"),
        },
    )
    found = json.loads((folder / "train_results.json").read_text())
    pieces = call_worker(options, "masked_lm:count", arguments).work
    state = json.loads((folder / "trainer_state.json").read_text())
    return Measurement(
        found["train_runtime"],
        pieces,
        finished.peak_bytes,
        {"steps": state["global_step"], "loss": found["train_loss"]},
    )


def _note(pairs: Sequence[Pair]) -> str:
    own, other = pairs[0]
    rates = (f"{side.work / side.seconds:,.0f}" for side in (own, other))
    steps = f"{own.facts['steps']} steps against {other.facts['steps']}"
    return f"{' against '.join(rates)} tokens/s in the first pair; {steps}"


ROWS = [
    Row(
        "masked-lm",
        "masked language modelling, tokens/s",
        "run_mlm.py of transformers",
        Target(2, at_least=True),
        _prepare,
        peer_missing("run-mlm"),
    )
]
