"""Tables of unseen languages: what the arms reach, and the verdicts."""

from __future__ import annotations

import pandas as pd
from cells import interval, markdown, read

ARMS = {
    "local-head": "encoder",
    "adapted": "adapted",
    "monolingual": "monolingual",
    "zero-shot-from-en": "zero-shot from English",
    "bilstm": "BiLSTM",
}
"""Arms of resources/studies/unseen-small.yaml, and their names in documents."""


def unseen(task: str) -> str:
    """A row for each variety: scores of the arms, differences from the BiLSTM, the verdict."""
    table, verdicts = read("unseen_small"), read("unseen_small_verdicts")
    table = table[table["task"] == task]
    scores = table.set_index(["variety", "arm"])["score"]
    rows = []
    for _, row in verdicts[verdicts["task"] == task].iterrows():
        cells = [f"{scores[row['variety'], arm]:.1f}" for arm in ARMS]
        rows.append([row["language"], *cells, *_differences(row), row["verdict"]])
    differences = ["encoder less BiLSTM", "adapted less BiLSTM", "adapted less encoder"]
    header = [table["metric"].iloc[0], *ARMS.values(), *differences, "verdict"]
    return markdown(header, rows)


def _differences(row: pd.Series) -> list[str]:
    names = ("encoder_less_baseline", "adapted_less_baseline", "adapted_less_encoder")
    return [interval(row, name) for name in names]
