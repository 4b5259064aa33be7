"""Write the floor of corpora of questions, in percent, as CSV.

    python docs/tables/guessed_answers.py results/questions/*/test.json > docs/tables/NAME.csv

The floor is what a span of the best length at a random place scores, see
`xltransfer.analyses.guessed_answers`.
"""

from __future__ import annotations

import sys
from pathlib import Path

import pandas as pd
from xltransfer.analyses.guessed_answers import guessed_scores
from xltransfer.corpora.questions import read_squad


def floors(files: list[Path]) -> pd.DataFrame:
    """A row for each file: the corpus, expected scores and the number of questions."""
    rows = []
    for path in files:
        questions = read_squad(path)
        scores = guessed_scores(questions)
        rows.append({"corpus": path.parent.name, **scores, "questions": len(questions)})
    return pd.DataFrame(rows)


if __name__ == "__main__":
    table = floors([Path(argument) for argument in sys.argv[1:]])
    table.to_csv(sys.stdout, index=False, float_format="%.2f", lineterminator="\n")
