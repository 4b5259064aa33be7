"""Pretrain an encoder from scratch on raw text of several languages: vocabulary, then masked LM."""

from __future__ import annotations

import logging
from argparse import Namespace
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
import yaml
from safetensors.torch import save_file
from tokenizers import Tokenizer
from transformers import BertConfig, BertForMaskedLM

from .command import run, stage_parser
from .devices import device_name, prepare_device
from .encoders.vocabulary import SPECIAL_TOKENS, save_tokenizer, train_wordpiece
from .errors import InputError
from .files import digest, read_text, replacing, sha256_of_file, write_json
from .identity import stage_digest
from .provenance import versions
from .training.batching import Example
from .training.checkpoint import Checkpoint, own_weights
from .training.loop import train
from .training.masked_lm import MaskedLanguageModelling

log = logging.getLogger(__name__)


def pretrain(
    corpora: Sequence[Path],
    config: Mapping[str, Any],
    output: Path,
    checkpoints: Path,
    checkpoint_seconds: float,
    threads: int,
) -> None:
    """Make an encoder directory.

    Args:
        corpora: raw text, a sentence a line, a file per language; all weigh the same.
        config: ``seed``, ``vocabulary_size``, ``held_out_lines``, ``architecture`` (of a
            ``BertConfig``) and ``training``.
        output: the encoder directory; weights are stored in float16.
        checkpoints: folder for checkpoints.
        checkpoint_seconds: how often to save one.
        threads: processor threads to compute with.

    Raises:
        InputError: a corpus is too small, or the loss is not finite.
    """
    device = prepare_device(threads)
    texts = [_lines(path, config["held_out_lines"]) for path in corpora]
    tokenizer = train_wordpiece(
        (line for lines in texts for line in lines), config["vocabulary_size"]
    )
    longest = config["architecture"]["max_position_embeddings"]
    save_tokenizer(tokenizer, output, longest)
    examples = [_examples(tokenizer, lines, longest) for lines in texts]
    size = config["held_out_lines"]
    torch.manual_seed(config["seed"])
    model = BertForMaskedLM(
        BertConfig(vocab_size=tokenizer.get_vocab_size(), **config["architecture"])
    )
    objective = MaskedLanguageModelling(
        model,
        [example for lines in examples for example in lines[size:]],
        [example for lines in examples for example in lines[:size]],
        tokenizer.token_to_id("[MASK]"),
        len(SPECIAL_TOKENS),
        config["training"],
        config["seed"],
    )
    facts = {
        "code": stage_digest("pretrain"),
        "config": dict(config),
        "corpora": {path.name: sha256_of_file(path) for path in corpora},
        "device": device_name(device),
        "threads": threads,
        "tokenizer": sha256_of_file(output / "tokenizer.json"),
        "versions": versions("torch", "transformers", "tokenizers", "numpy"),
    }
    checkpoint = Checkpoint(checkpoints / digest(facts), digest(facts))
    settings = config["training"]
    report = train(objective, settings, checkpoint, device, checkpoint_seconds, "pretrain")
    log.info("%d parameters, %s", sum(p.numel() for p in model.parameters()), report.best)
    with replacing(output / "config.json") as temporary:
        model.bert.config.to_json_file(temporary)
    weights = {
        name: value.detach().cpu().half().contiguous() for name, value in own_weights(model).items()
    }
    with replacing(output / "model.safetensors") as temporary:
        save_file(weights, temporary, {"format": "pt"})
    facts["weights"] = sha256_of_file(output / "model.safetensors")
    write_json(output / "pretraining.json", {**facts, "history": report.history})
    checkpoint.discard()


def _lines(path: Path, held_out: int) -> list[str]:
    lines = [line for line in read_text(path).split("\n") if line]
    if len(lines) <= held_out:
        raise InputError(f"{path}: {len(lines)} lines, more than {held_out} are held out alone")
    return lines


def _examples(tokenizer: Tokenizer, lines: Sequence[str], longest: int) -> list[Example]:
    nothing = np.zeros(0, dtype=np.int64)
    return [
        Example([np.array(encoding.ids[:longest], dtype=np.int64)], nothing, nothing)
        for encoding in tokenizer.encode_batch(list(lines))
    ]


def main() -> None:
    """Command line."""
    parser = stage_parser("xltransfer.pretrain", __doc__)
    parser.add_argument("--corpora", type=Path, nargs="+", required=True)
    parser.add_argument("--config", type=Path, required=True, help="YAML file")
    parser.add_argument("--output", type=Path, required=True)
    parser.add_argument("--checkpoints", type=Path, required=True)
    parser.add_argument("--checkpoint-seconds", type=float, default=300)
    parser.add_argument("--threads", type=int, default=1)
    run(parser, _stage)


def _stage(arguments: Namespace) -> None:
    config = yaml.safe_load(read_text(arguments.config))
    pretrain(
        arguments.corpora,
        config,
        arguments.output,
        arguments.checkpoints,
        arguments.checkpoint_seconds,
        arguments.threads,
    )


if __name__ == "__main__":
    main()
