"""No room to write: one line that names the file, nothing half-written, and the same end later."""

from __future__ import annotations

import errno
import json
import os
import resource
from collections.abc import Callable
from functools import partial
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
import torch
from encoders import make_encoder
from running import in_child
from safetensors.torch import save_file
from test_parsing import SETTINGS
from test_training import SENTENCES, TRAINING
from tokenizers import Tokenizer, models
from xltransfer.corpora.conllu import write_conllu
from xltransfer.runtime.errors import InputError
from xltransfer.runtime.files import explain_no_room, replacing
from xltransfer.runtime.signatures import run_command
from xltransfer.stages import finetune

ROOM = 20_000
"""Bytes that a file may have."""


def limit() -> None:
    """What writes more than there is room for fails from now on, as on a full disk."""
    resource.setrlimit(resource.RLIMIT_FSIZE, (ROOM, resource.RLIM_INFINITY))


def figure(path: Path) -> None:
    plt.imsave(path, np.random.default_rng(1).random((200, 200)), format="png")


def tokenizer(path: Path) -> None:
    Tokenizer(models.WordLevel({f"word{n}": n for n in range(9000)}, "word0")).save(str(path))


WRITERS: dict[str, Callable[[Path], object]] = {
    "text": lambda path: path.write_text("x" * 2 * ROOM),
    "csv": lambda path: pd.DataFrame({"n": range(ROOM)}).to_csv(path),
    "parquet": lambda path: pd.DataFrame({"n": np.random.rand(ROOM)}).to_parquet(path),
    "safetensors": lambda path: save_file({"a": torch.ones(ROOM)}, path),
    "tokenizer.json": tokenizer,
    "png": figure,
}


@pytest.mark.parametrize("kind", WRITERS)
def test_every_writer_says_so_in_one_line(kind: str, tmp_path: Path) -> None:
    output = tmp_path / "out" / f"file.{kind}"

    def write() -> None:
        limit()
        with replacing(output) as temporary:
            WRITERS[kind](temporary)

    def main() -> None:
        try:
            write()
        except InputError as error:
            assert "\n" not in str(error)
            expected = f"{output}: cannot be written (File too large); make room there"
            raise SystemExit(3 if str(error).startswith(expected) else str(error)) from None

    assert in_child(main, [], tmp_path / "log", "", print) == 3, (tmp_path / "log").read_text()
    assert list(output.parent.iterdir()) == []


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EDQUOT])
def test_what_was_there_stays(code: int, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("old")
    refused = pytest.raises(InputError, match=r"file: cannot be written \((No space|Disk quota)")
    with refused, replacing(tmp_path / "file") as temporary:
        temporary.write_text("new")
        raise OSError(code, os.strerror(code))
    assert [path.read_text() for path in tmp_path.iterdir()] == ["old"]


def test_other_errors_are_left_alone() -> None:
    assert explain_no_room("file", OSError(errno.EACCES, "denied")) is None
    assert explain_no_room("file", ValueError("28 is too much")) is None
    assert explain_no_room("file", RuntimeError("failed (os error 28)")) is not None


def command(folder: Path, name: str) -> list[object]:
    """The command line of a small fine-tuning that saves a checkpoint at every step."""
    training = {**TRAINING, "epochs": 3, "training_sentences": None}
    config = {"task": "parsing", "settings": {**SETTINGS, "training": training}}
    return [
        "--encoders", folder / "encoder", "--config", json.dumps(config), "--ablation", "none",
        "--training", folder / "train.conllu", "--development", folder / "train.conllu",
        "--seeds", 1, "--models", folder / name,
        "--checkpoints", folder / f"{name}-checkpoints", "--checkpoint-seconds", 0,
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("after", "place"),
    [("epoch 2:", "state.safetensors"), ("best epoch", "full/model.safetensors")],
)
def test_training_goes_on_when_there_is_room_again(after: str, place: str, tmp_path: Path) -> None:
    make_encoder(tmp_path / "encoder")
    write_conllu(tmp_path / "train.conllu", SENTENCES)
    log = tmp_path / "log"
    assert (
        in_child(
            partial(run_command, finetune.finetune), command(tmp_path, "full"), log, after, limit
        )
        == 2
    )
    *before, last = log.read_text().splitlines()
    assert last.startswith("error: ") and f"{place}: cannot be written" in last
    assert not any("error" in line or "Traceback" in line for line in before)
    assert not (tmp_path / "full" / "model.safetensors").exists()
    assert not list(tmp_path.rglob(".*"))
    for name in ("full", "whole"):
        assert (
            in_child(
                partial(run_command, finetune.finetune),
                command(tmp_path, name),
                log,
                "resumes",
                print,
            )
            == 0
        )
        assert ("resumes at step" in log.read_text()) == (name == "full")
    for path in (tmp_path / "whole").iterdir():
        if path.name == "timing.json":
            continue
        assert (tmp_path / "full" / path.name).read_bytes() == path.read_bytes()


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full")
def test_the_terminal_is_told_where_the_log_is_full(tmp_path: Path, monkeypatch) -> None:
    output, end = os.pipe()
    monkeypatch.setenv("XLTRANSFER_TERMINAL", str(end))
    code = in_child(
        partial(run_command, finetune.finetune),
        command(tmp_path, "x"),
        Path("/dev/full"),
        "never",
        print,
    )
    assert code != 0
    os.close(end)
    assert os.read(output, 1000).decode().startswith(f"error: {tmp_path}/train.conllu: cannot be")
