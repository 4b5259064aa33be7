"""Reading scores, with checks of completeness."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from pyarrow import parquet

from ..runtime.errors import InputError

SENTENCE_IDS = b"sentence_ids"
"""Metadata key of files written by the stage ``score``."""

CELL = ("encoder", "task", "source", "target", "ablation", "seed", "metric")
"""Columns that identify a score in the transfer part."""


def read_scores(paths: Iterable[Path]) -> pd.DataFrame:
    """The rows of files of scores, as one tidy data frame.

    Args:
        paths: output files of the stage ``score``.

    Returns:
        The columns of the files and ``sentence_ids``: for each row the array of identifiers of its
        test sentences, shared by all rows of a file. A sentence without ``sent_id`` is named
        ``<corpus>#<n>``, so that it is not parallel to sentences of other corpora.

    Raises:
        InputError: a file cannot be read, lacks identifiers (older versions), or has a score that
            differs from its counts.
    """
    frames = []
    for path in paths:
        try:
            table = parquet.read_table(path)
            given = json.loads((table.schema.metadata or {})[SENTENCE_IDS])
        except KeyError:
            raise InputError(f"{path}: has no identifiers of sentences; score again") from None
        except (OSError, ValueError) as error:
            raise InputError(f"{path}: not a file of scores ({error}); score again") from None
        frame = table.to_pandas(ignore_metadata=True)
        _check_counts(path, frame, len(given))
        corpus = next(iter(frame["target_corpus"]), "")
        names = np.array([name or f"{corpus}#{n}" for n, name in enumerate(given, start=1)])
        frames.append(frame.assign(sentence_ids=[names] * len(frame)))
    return pd.concat(frames, ignore_index=True)


def _check_counts(path: Path, frame: pd.DataFrame, sentences: int) -> None:
    """Raise an error for rows with counts of too few sentences, or that contradict the score."""
    for row in frame.itertuples():
        pair = (row.numerators, row.denominators)
        right, total = (np.zeros(0, int) if counts is None else counts for counts in pair)
        groups = groups_of(len(right), sentences)
        value = _percent(right, total, groups)
        lengths = {len(right), len(total), row.sentences * groups}
        if lengths != {sentences * groups} or value != row.value:
            raise InputError(
                f"{path}: {row.metric} of {row.ablation}, seed {row.seed}, is {row.value}, but the "
                f"counts of {len(right)} of {sentences} sentences make {value}; delete it and run "
                "the same command again"
            )


def _percent(numerators: np.ndarray, denominators: np.ndarray, groups: int) -> float:
    """The score of some counts in percent; NaN if they do not fit together."""
    if len(numerators) != len(denominators) or len(numerators) % groups:
        return float("nan")
    # The same arithmetic as in `metrics.counts`, so that equality is exact.
    sums = (counts.reshape(groups, -1).sum(axis=1) for counts in (numerators, denominators))
    each = [100 * int(a) / int(b) if b else 0.0 for a, b in zip(*sums, strict=True)]
    return sum(each) / groups


def groups_of(counts: int, sentences: int) -> int:
    """The number of groups whose mean is a score (``tasks.metrics.counts``).

    Args:
        counts: number of counts of a row of scores.
        sentences: number of test sentences.
    """
    return max(1, counts // sentences) if sentences else 1


def counts_of_models(rows: pd.DataFrame) -> tuple[np.ndarray, np.ndarray]:
    """The counts of models that are scored on the same sentences.

    Args:
        rows: rows from ``read_scores``, one per model.

    Returns:
        Numerators and denominators, shape (groups, models, sentences); one group for most scores,
        the mean of whose ratios is the score.
    """
    sentences = len(rows["sentence_ids"].iloc[0])

    def stacked(name: str) -> np.ndarray:
        found = np.stack(rows[name].to_list())
        groups = groups_of(found.shape[1], sentences)
        return found.reshape(len(found), groups, sentences).swapaxes(0, 1)

    return stacked("numerators"), stacked("denominators")


def complete(
    scores: pd.DataFrame, expected: Sequence[dict[str, object]], columns: Sequence[str]
) -> pd.DataFrame:
    """The expected rows of all metrics; raises an error for missing and duplicate cells.

    Args:
        scores: tidy rows, possibly including models that are no longer in the study.
        expected: expected cells, as values of ``columns``.
        columns: names of the columns that identify a cell, including ``metric``.

    Raises:
        InputError: a cell is missing or duplicate; names the first one.
    """
    found = scores[list(columns)].value_counts()
    for cell in expected:
        key = tuple(cell[column] for column in columns)
        count = found.get(key, 0)
        if count != 1:
            what = "is missing" if count == 0 else f"occurs {count} times"
            raise InputError(f"scores: {', '.join(map(str, key))} {what}; score it again")
    model = [column for column in columns if column != "metric"]
    wanted = pd.DataFrame(expected)[model].drop_duplicates()
    return scores.merge(wanted, on=model)


def sources_of(config: Mapping[str, Any]) -> Iterator[tuple[str, str, dict, dict]]:
    """Encoder, task, source and data of the task, for every source of every task.

    Args:
        config: configuration with ``encoders`` and ``tasks`` (with their ``sources``).
    """
    for encoder in config["encoders"]:
        for task, data in config["tasks"].items():
            if encoder not in config["config"].get(task, {}).get("encoders", [encoder]):
                continue
            for source in data["sources"]:
                yield encoder, task, source, data


def expected_cells(config: Mapping[str, Any]) -> list[dict[str, object]]:
    """All cells that the scores must contain for the main metric, as values of ``CELL``.

    Args:
        config: configuration as for ``score_tables``.
    """
    return [
        {
            "encoder": encoder,
            "task": task,
            "source": source["language"],
            "target": target["language"],
            "ablation": ablation,
            "seed": seed,
            "metric": config["tasks"][task]["metric"],
        }
        for encoder, task, source, data in sources_of(config)
        for target in data["targets"]
        for ablation in source["ablations"]
        for seed in config["seeds"]
    ]
