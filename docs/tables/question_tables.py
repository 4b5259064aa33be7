"""The tables of docs/question-answering.md."""

from __future__ import annotations

from cells import markdown, marked, read
from xltransfer.analyses.statistics.significance import holm

ABLATIONS = {
    "random-init-1-2": "1-2: change",
    "random-init-11-12": "11-12: change",
}
"""Ablations of the study of questions, and their names in documents."""


def answers(name: str, metric: str) -> str:
    """Scores of a study of questions: a row for each model, a column for each target.

    A change is followed by the half-width of its 95 % confidence interval, and by ns if it is not
    significant after Holm's correction for the pairs of layers of a target.
    """
    table = read(name)
    table = table[table["metric"] == metric]
    targets = list(dict.fromkeys(table["target"]))
    found = table.set_index(["target", "ablation"])
    rows = [["pretrained", *(f"{found.loc[(code, 'none'), 'mean']:.1f}" for code in targets)]]
    columns = {}
    for code in targets:
        cells = [found.loc[(code, ablation)] for ablation in ABLATIONS]
        p_values = holm([cell["delta_p"] for cell in cells])
        columns[code] = [marked(c, "delta", p) for c, p in zip(cells, p_values, strict=True)]
    for place, label in enumerate(ABLATIONS.values()):
        rows.append([label, *(columns[code][place] for code in targets)])
    control = (f"{found.loc[(code, 'random-init-all'), 'mean']:.1f}" for code in targets)
    rows.append(["never pretrained", *control])
    return markdown([metric.replace("_", " "), *targets], rows)


def guesses(names: str) -> str:
    """A column for each corpus of questions: what a guess of the best length scores."""
    table = read("guessed_answers")
    table = table[table["corpus"].str.endswith(names)]
    header = ["guess", *(corpus.partition("_")[0] for corpus in table["corpus"])]
    rows = [
        [label, *(form.format(value) for value in table[column])]
        for label, column, form in (
            ("F1", "F1", "{:.1f}"),
            ("of so many words", "F1_words", "{}"),
            ("exact match", "exact_match", "{:.1f}"),
        )
    ]
    return markdown(header, rows)
