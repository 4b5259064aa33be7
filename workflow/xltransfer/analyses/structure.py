"""The table of structure transfer: tasks with other contexts and features against a reference."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import pandas as pd

from ..corpora.shared_trees import task_of_trees
from ..corpora.source_sets import members
from .randominit import CROSS_LINGUAL, Cell, cells_of
from .statistics.significance import change_columns, holm, mean_difference

ENCODER, GOLD = "encoder", "gold"
FEATURES = {
    "states": "word states",
    "upos_units": "parts of speech",
    "relation_units": "relations of words",
    "entity_units": "entity types",
    "labelled": "labels of edges",
    "directed": "direction of edges",
}
"""Settings of a context that a model can go without, and their names in the table."""


def attachment_of(
    reports: Iterable[Mapping[str, Any]], config: Mapping[str, Any]
) -> dict[tuple[str, str], float]:
    """LAS of the predicted trees that tasks read, by task and language, for ``structure_table``.

    Args:
        reports: of the stage ``parse_relations``, each for all tasks that share its trees.
        config: ``tasks``, and ``config`` with their settings.
    """
    sections = {task: config["config"][task] for task in config["tasks"]}
    found = {}
    for report in reports:
        accuracy = float("nan") if report["LAS"] is None else report["LAS"]
        found |= {
            (task, report["language"]): accuracy
            for task, section in sections.items()
            if report["corpus"] in section.get("trees", {}).get("corpora", ())
            and task_of_trees(sections, task, report["corpus"]) == report["task"]
        }
    return found


def structure_table(
    scores: pd.DataFrame,
    config: Mapping[str, Any],
    attachment: Mapping[tuple[str, str], float],
) -> pd.DataFrame:
    """Scores of tasks about pairs of words, and their differences from references.

    Args:
        scores: rows of ``read_scores``; scores of other ablations than ``none`` are absent.
        config: ``tasks`` with their ``metric``, and ``config`` with the settings of the tasks.
        attachment: LAS of the predicted trees of a task on a target language, by both; not a number
            without gold trees. Other targets have gold trees.

    Returns:
        A row for each encoder, task, source and target, ``X`` the mean over the other languages:
        ``layer`` of the context, features that it is ``without`` (of those that the reference has),
        ``trees`` of the target and their ``LAS``, the ``score`` with its interval over seeds and
        sentences, and ``difference`` from the reference with the same encoder, with its interval
        and p-value, empty without a reference or if that is scored on other sentences, and for the
        mean over other languages if it has other targets.
    """
    metrics = {task: data["metric"] for task, data in config["tasks"].items()}
    cells = {
        (encoder, task, source, target): cell
        for (encoder, task, metric, source, target, _), cell in cells_of(scores).items()
        if metric == metrics[task]
    }
    sections = config["config"]
    references = {task: sections[task].get("reference", task) for task in metrics}
    averaged: dict[tuple[str, ...], set[str]] = {}
    for *model, target in cells:
        averaged.setdefault(tuple(model), set()).add(target)
    rows = []
    for (encoder, task, source, target), cell in cells.items():
        reference = references[task]
        other = cells.get((encoder, reference, source, target)) if reference != task else None
        of = (encoder, task, source), (encoder, reference, source)
        if target == CROSS_LINGUAL and averaged[of[0]] != averaged.get(of[1]):
            other = None
        read = averaged[of[0]] - {CROSS_LINGUAL, *members(source)}
        read = read if target == CROSS_LINGUAL else {target}
        parsed = {(task, one) in attachment for one in read}
        rows.append(
            {
                "encoder": encoder,
                **_description(sections, task, reference),
                "trees": _trees(sections[task], parsed),
                "LAS": attachment.get((task, target), float("nan")),
                "source": source,
                "target": target,
                **_numbers(cell, other),
            }
        )
    return pd.DataFrame(rows)


def adjusted(table: pd.DataFrame) -> pd.Series:
    """The p-values of the differences, adjusted by Holm over the rows of a source and target."""
    groups = table.groupby(["source", "target"], sort=False)["difference_p"]
    return groups.transform(lambda values: holm(values.to_numpy(dtype=float)))


def _numbers(cell: Cell, reference: Cell | None) -> dict[str, Any]:
    own = mean_difference(cell.values.to_numpy(), cell.influences)
    low, high = own.percentages
    row = {"score": own.mean, "score_low": low, "score_high": high}
    found = None if reference is None else cell.minus(reference)
    return {**row, **change_columns("difference", found), "seeds": len(cell.values)}


def _description(sections: Mapping[str, Any], task: str, reference: str) -> dict[str, str]:
    context = sections[task].get("context") or {}
    full: Mapping[str, Any] = sections[reference].get("context") or {}
    missing = [
        name
        for key, name in FEATURES.items()
        if full.get(key) and key in context and not context[key]
    ]
    return {
        "task": task,
        "layer": context.get("layer", ENCODER),
        "without": ", ".join(missing),
    }


def _trees(section: Mapping[str, Any], parsed: set[bool]) -> str:
    """The origin of the trees of targets, each of which is ``parsed`` or not; empty if unread."""
    if "context" not in section:
        return ""
    if parsed != {True}:
        return f"{GOLD} and parser of {section['trees']['source']}" if True in parsed else GOLD
    return f"parser of {section['trees']['source']}"
