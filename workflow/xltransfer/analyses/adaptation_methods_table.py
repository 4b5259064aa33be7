"""Methods that adapt a model to a language without training data, compared with a baseline."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from ..runtime.errors import InputError
from .scores import counts_of_models
from .statistics.significance import (
    Difference,
    change_columns,
    holm,
    influence_values,
    mean_difference,
    scores_of_counts,
)

CELL = ("encoder", "task", "source_corpus", "target_corpus", "ablation", "seed", "metric")
GROUP = ["task", "language"]
COSTS = ("trained_parameters", "stored_bytes", "steps")

Counts = tuple[np.ndarray, np.ndarray, list[str]]
"""Numerators and denominators, shape (groups, seeds, sentences), and names of the sentences."""


def methods_table(
    scores: pd.DataFrame, config: Mapping[str, Any], costs: Mapping[str, Mapping[str, int]]
) -> pd.DataFrame:
    """One row per task, language and method.

    The change from the baseline is paired by seed and test sentence; its confidence interval and
    p-value are those of ``significance.mean_difference``. A change is ``significant`` if its
    p-value, adjusted for all methods of a task and language (Holm 1979), is at most 0.05; with one
    seed it is not tested.

    Args:
        scores: tidy rows of the stage ``score``, for the main metrics and without ablations.
        config: keys ``seeds`` and ``cells``, the methods for each language.
        costs: ``cost_key`` of a cell → its columns of costs.

    Raises:
        InputError: a method and the baseline are tested on different sentences.
    """
    keys = list(CELL[:4])
    found = {key: part.set_index("seed") for key, part in scores.groupby(keys, sort=False)}
    counts = {}
    for cell in config["cells"]:
        scored = tuple(cell[key] for key in ("encoder", "task", "source", "target"))
        counts[_name(cell)] = _counts(found[scored], config["seeds"])
    baselines = {
        _name(cell)[:2]: counts[_name(cell)] for cell in config["cells"] if cell["is_baseline"]
    }
    rows = []
    for cell in config["cells"]:
        own, baseline = counts[_name(cell)], baselines[_name(cell)[:2]]
        values = scores_of_counts(*own[:2]).mean(axis=0)
        change = None
        if not cell["is_baseline"]:
            change = _change(own, baseline, ", ".join(_name(cell)))
        rows.append(
            {
                "task": cell["comparison"],
                "language": cell["language"],
                "method": cell["method"],
                "metric": cell["metric"],
                "score": values.mean(),
                "score_sd": values.std(ddof=1) if len(values) > 1 else np.nan,
                **change_columns("change", change),
                **costs[cost_key(cell)],
                "encoder": cell["encoder"],
                "model_task": cell["task"],
                "source_corpus": cell["source"],
                "test_corpus": cell["target"],
                "seeds": len(values),
                "test_sentences": own[0].shape[-1],
            }
        )
    table = pd.DataFrame(rows)
    place = table.columns.get_loc("change_p") + 1
    table.insert(place, "significant", _verdicts(table, len(config["seeds"])))
    return table


def adjusted(table: pd.DataFrame) -> pd.Series:
    """P-values of the changes, adjusted for all methods of a task and language (Holm)."""
    groups = table.groupby(GROUP, sort=False)["change_p"]
    return groups.transform(lambda values: holm(values.to_numpy(dtype=float)))


def _verdicts(table: pd.DataFrame, seeds: int) -> list[str]:
    """``yes`` or ``no`` for every change; empty for baselines, and with a single seed."""
    values = adjusted(table)
    tested = values.notna() & (seeds > 1)
    return np.where(tested, np.where(values <= 0.05, "yes", "no"), "").tolist()


def cost_key(cell: Mapping[str, Any]) -> str:
    """The models of a cell, which several languages may share."""
    return "/".join((cell["encoder"], cell["task"], cell["source"]))


def _name(cell: Mapping[str, Any]) -> tuple[str, ...]:
    return tuple(cell[key] for key in ("comparison", "language", "method"))


def _counts(part: pd.DataFrame, seeds: Sequence[int]) -> Counts:
    numerators, denominators = counts_of_models(part.loc[list(seeds)])
    corpus = part["target_corpus"].iloc[0]
    names = [str(name) for name in part["sentence_ids"].iloc[0]]
    # Sentences without an identifier are named by their corpus, which may be a transliteration.
    return numerators, denominators, [name.removeprefix(f"{corpus}#") for name in names]


def _change(own: Counts, baseline: Counts, what: str) -> Difference:
    if own[2] != baseline[2]:
        raise InputError(
            f"scores: {what} is tested on other sentences than the baseline; name corpora with the "
            "same sentences, or score them again"
        )
    scores, influences = (
        [measure(*counts[:2]).mean(axis=0) for counts in (own, baseline)]
        for measure in (scores_of_counts, influence_values)
    )
    return mean_difference(scores[0] - scores[1], influences[0] - influences[1])
