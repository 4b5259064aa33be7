"""Learning curves as event files of TensorBoard."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Sequence
from pathlib import Path

from ..runtime.errors import InputError
from .trainings import Training

LIBRARY = "tensorboardX"


def write_event_files(folder: Path, trainings: Sequence[Training]) -> None:
    """Write an event file for each training, in ``encoder/task/source/ablation/seed-N``.

    An event has a metric of an epoch; its step is the number of the epoch.

    Args:
        folder: new or empty folder.
        trainings: fine-tunings.

    Raises:
        InputError: the library is not installed, or the folder has files.
    """
    try:
        from tensorboardX import SummaryWriter
    except ImportError:
        raise InputError(
            f"--tensorboard: {LIBRARY} is not installed; run `pip install {LIBRARY}`"
        ) from None
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise InputError(f"{folder}: exists and is not empty; name a new folder")
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder.parent) as made:
        written = Path(made) / "events"
        for one in trainings:
            model = one.encoder, one.task, one.source, one.ablation, f"seed-{one.seed}"
            with SummaryWriter(str(written.joinpath(*model))) as writer:
                for row in one.history:
                    for name in sorted(set(row) - {"epoch"}):
                        writer.add_scalar(name, row[name], int(row["epoch"]))
        os.replace(written, folder)
