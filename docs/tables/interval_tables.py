"""Tables of scores with their confidence intervals."""

from __future__ import annotations

import pandas as pd
from cells import markdown, marked, read

QUESTIONS = {
    ("questions", "none"): "pretrained",
    ("questions", "random-init-all"): "never pretrained",
}
"""Models of the study of XQuAD, and their names in documents."""


def scores(name: str, metric: str, models: dict[tuple[str, str], str], targets: str) -> str:
    """A row for each model, a column for each target; ± the half-width of the 95 % interval.

    Args:
        name: of a file of ``score_intervals.py``.
        metric: of the scores.
        models: task and ablation of a model, and its title.
        targets: codes, divided by spaces.
    """
    table = read(name)
    table = table[table["metric"] == metric]
    found = table.set_index(["task", "ablation", "target"])
    rows = []
    for model, title in models.items():
        cells = [found.loc[(*model, target)] for target in targets.split()]
        # Intervals end at 0 and 100, so that one side may be shorter.
        halves = [max(c["high"] - c["score"], c["score"] - c["low"]) for c in cells]
        numbers = zip(cells, halves, strict=True)
        rows.append([title, *(f"{cell['score']:.1f} ± {half:.1f}" for cell, half in numbers)])
    return markdown([metric.replace("_", " "), *targets.split()], rows)


def roles_of_real_languages() -> str:
    """F1 of a graph, and of a BiLSTM, and their difference: three rows for each source."""
    table = read("structure_vectors")
    targets = list(dict.fromkeys(table["target"]))
    found = table.set_index(["source", "task", "target"])
    rows = []
    for source in dict.fromkeys(table["source"]):
        graph, bilstm = (
            [found.loc[(source, task, target)] for target in targets]
            for task in ("roles_graph", "roles_bilstm")
        )
        rows.append([source, "graph", *(f"{cell['score']:.1f}" for cell in graph)])
        rows.append(["", "BiLSTM", *(f"{cell['score']:.1f}" for cell in bilstm)])
        rows.append(
            ["", "difference", *(marked(c, "difference", c["difference_p"]) for c in bilstm)]
        )
    return markdown(["trained on", "F1", *targets], rows)


def predicted_trees(titles: dict[str, str]) -> str:
    """F1 of some tasks, the difference from the first one, and LAS of predicted trees."""
    table = read("predicted_trees")
    found = table.set_index(["task", "target"])
    targets = list(dict.fromkeys(table[table["task"] == next(iter(titles))]["target"]))
    rows = []
    for task, title in titles.items():
        cells = [found.loc[(task, target)] for target in targets]
        rows.append([title, *(f"{cell['score']:.1f}" for cell in cells)])
        if any(cell["difference"] == cell["difference"] for cell in cells):
            rows.append(["difference", *(_difference(cell) for cell in cells)])
        if any(cell["LAS"] == cell["LAS"] for cell in cells):
            rows.append(["LAS of trees", *(_number(cell["LAS"]) for cell in cells)])
    return markdown(["F1", *targets], rows)


def _difference(cell: pd.Series) -> str:
    same = cell["difference"] == cell["difference_low"] == cell["difference_high"] == 0
    return "0" if same else marked(cell, "difference", cell["difference_p"])


def _number(value: float) -> str:
    return f"{value:.1f}" if value == value else ""
