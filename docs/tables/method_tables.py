"""The tables of methods for languages without training data."""

from __future__ import annotations

import pandas as pd
from cells import interval, markdown, read

METHODS = {
    "nothing": "nothing",
    "masked-lm": "masked language modelling on text of the language",
    "translation-lm": "translation language modelling on parallel text",
    "character-noise": "character noise, 15 % of words",
    "character-noise-15": "character noise, 15 % of words",
    "character-noise-35": "character noise, 35 % of words",
    "subword-regularisation": "MaxMatch-dropout 0.1",
    "masked-lm-and-noise": "masked language modelling, and character noise",
    "dictionary-raw-text": "dictionary text as raw text",
    "dictionary-training-data": "dictionary text as training data",
    "shuffled-dictionary": "the same with a shuffled dictionary",
    "transliteration": "transliteration",
    "transliteration-and-masked-lm": "transliteration, and masked language modelling on such text",
    "task-adapter": "task adapter",
    "lora": "LoRA",
    "source-language-adapter": "task adapter on the adapter of French",
    "language-adapter": "task adapter on the language's adapter",
    "icelandic-adapter": "task adapter on the adapter of Icelandic",
    "danish-adapter": "task adapter on the adapter of Danish",
    "swedish-adapter": "task adapter on the adapter of Swedish",
    "uniform-ensemble": "task adapter on these three, averaged equally",
    "adapter-ensemble": "task adapter on three languages' adapters (EMEA)",
    "small-subwords": "small encoder of subwords",
    "small-bytes": "small encoder of bytes",
}
"""Names of methods in studies, and in documents."""


def methods(name: str, costs: bool = False) -> str:
    """A row for each method, a column for each language; with costs, parameters and bytes.

    A change is followed by the half-width of its 95 % confidence interval, and is bold if it is
    significant after Holm's correction for the methods of a language.
    """
    table = read(name)
    languages = list(dict.fromkeys(table["language"]))
    header = ["method", *(code.upper() for code in languages)]
    header += ["trained", "stored"] if costs else []
    rows = []
    for method, part in table.groupby("method", sort=False):
        of_language = part.set_index("language")
        row = [METHODS[method]]
        for code in languages:
            row.append(change(of_language.loc[code]) if code in of_language.index else "–")
        if costs:
            trained, stored = (int(part[c].max()) for c in ("trained_parameters", "stored_bytes"))
            row += [f"{trained:,}", f"{stored / 1e6:.1f} MB"]
        rows.append(row)
    return markdown(header, rows)


def change(row: pd.Series) -> str:
    """The change by a method, or the score of the baseline."""
    if pd.isna(row["change"]):
        return f"{row['score']:.1f}"
    text = interval(row, "change")
    return f"**{text}**" if row["significant"] == "yes" else text
