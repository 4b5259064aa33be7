"""Tables of the similarity of representations in real languages."""

from __future__ import annotations

import pandas as pd
from cells import markdown, read

STATES = {
    "pretrained": "as pretrained",
    "fine-tuned": "fine-tuned for English parsing",
    "never-pretrained": "never pretrained",
}
"""Kinds of states of the encoder in the study of PUD treebanks, and their names in documents."""
FINE_TUNED = "parsing/en_ewt/none/seed-1"
"""The state of the fine-tuned encoder in the table of retrieval."""


def _headline(name: str) -> pd.DataFrame:
    """The rows of a table with the kernel and the estimator that figures show."""
    table = read(name)
    return table[(table["kernel"] == "rbf") & (table["estimator"] == "unbiased")]


def by_layer() -> str:
    """CKA (unbiased, RBF kernel) and retrieval from English: a row for each state.

    Cells are means over the other languages.
    """
    similarity, retrieval = _headline("multilingual_cka"), read("multilingual_retrieval")
    retrieval["kind"] = retrieval["state"].replace({FINE_TUNED: "fine-tuned"})
    layers = sorted(similarity["layer"].unique())
    rows = []
    for table, column, digits, title in (
        (similarity, "cka", 2, "CKA"),
        (retrieval, "accuracy", 0, "retrieval, %"),
    ):
        for state, name in STATES.items():
            part = table[table["kind"] == state]
            if len(part):
                means = part.groupby("layer")[column].mean()
                cells = [f"{means[layer]:.{digits}f}" for layer in layers]
                rows.append([f"{title}, {name}", *cells])
    return markdown(["layer", *map(str, layers)], rows)


def correlations() -> str:
    """ρ of CKA and the gap over targets with its confidence interval, at some layers."""
    table = _headline("multilingual_correlation")
    layers = ["mean", "0", "3", "6", "9", "12"]
    found = table.set_index(["state", "layer"])
    names = {"pretrained": STATES["pretrained"], "fine-tuned": STATES["fine-tuned"]}
    rows = [
        [name, *(_rho(found.loc[(state, layer)]) for layer in layers)]
        for state, name in names.items()
    ]
    return markdown(
        ["ρ of CKA and gap", "mean of layers", *(f"layer {n}" for n in layers[1:])], rows
    )


def _rho(row: pd.Series) -> str:
    low, high = (f"{row[f'spearman_{side}']:.2f}".replace("-", "−") for side in ("low", "high"))
    return f"{row['spearman']:.2f} [{low}, {high}]".replace("-", "−")
