"""The table of parsers and taggers beside MaChAmp's."""

from __future__ import annotations

from cells import markdown, read

COLUMNS = {"parsing": "LAS", "pos": "accuracy of parts of speech"}
OWN = "xltransfer"


def beside_machamp() -> str:
    """A row for each program and pair of learning rates."""
    table = read("machamp")
    rates = ["encoder_learning_rate", "head_learning_rate"]
    own = table.loc[table["program"] == OWN, rates].drop_duplicates()
    assert len(own) == 1, "this project has one pair of learning rates"
    rows = []
    for (program, *pair), part in table.groupby(["program", *rates], sort=False):
        same = "the same learning rates" if pair == own.iloc[0].tolist() else "its usual ones"
        name = program if program == OWN else f"{program}, {same}"
        scores = part.set_index("task")["score"]
        cells = [f"{rate:f}".rstrip("0") for rate in pair]
        rows.append([name, *cells, *(f"{scores[task]:.1f}" for task in COLUMNS)])
    header = ["program", "learning rate of the encoder", "of the head", *COLUMNS.values()]
    return markdown(header, rows)
