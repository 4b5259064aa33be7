"""Write the learning curves of all trainings of a study, as CSV and for TensorBoard."""

from __future__ import annotations

import os
from pathlib import Path

from ..records.record import RESULTS
from ..runtime.errors import InputError
from .event_files import write_event_files
from .trainings import collect_trainings, write_curves


def learning_curves(results: Path, /, output: Path, tensorboard: Path | None = None) -> None:
    """Write the loss and the development scores of every epoch of every fine-tuning.

    Args:
        results: folder of results, e.g. ``results/demo``.
        output: CSV file to write.
        tensorboard: new folder for event files of TensorBoard, one for each model.

    Raises:
        InputError: there are no fine-tunings, a report does not match its record, or the folder
            has files.
    """
    os.environ[RESULTS] = str(results)
    trainings = collect_trainings(results)
    if not trainings:
        raise InputError(f"{results}: no fine-tuned models; name the folder of results of a study")
    if tensorboard is not None:
        write_event_files(tensorboard, trainings)
    write_curves(output, trainings)
    print(f"{output}: {len(trainings)} trainings")
