"""Write the scores of a study with their 95 % confidence intervals, as CSV.

    python docs/tables/score_intervals.py results > docs/tables/NAME.csv

Intervals are over test sentences (questions) and, with several seeds, over seeds, as in the other
tables: `xltransfer.analyses.statistics.significance`. `X` is the mean over the other languages.
"""

from __future__ import annotations

import sys
from pathlib import Path

import pandas as pd
from xltransfer.analyses.randominit import cells_of
from xltransfer.analyses.scores import read_scores
from xltransfer.analyses.statistics.significance import mean_difference

KEY = ["encoder", "task", "metric", "source", "target", "ablation"]


def score_intervals(results: Path) -> pd.DataFrame:
    """Score, lower and upper bound and number of seeds of each model and target, in percent.

    Args:
        results: folder of results, with scores on test parts.
    """
    scores = read_scores(sorted(results.glob("scores/**/*-test.parquet")))
    rows = []
    for key, cell in cells_of(scores).items():
        found = mean_difference(cell.values.to_numpy(), cell.influences)
        low, high = found.percentages
        numbers = {"score": found.mean, "low": low, "high": high}
        rows.append({**dict(zip(KEY, key, strict=True)), **numbers, "seeds": len(cell.values)})
    return pd.DataFrame(rows)


if __name__ == "__main__":
    table = score_intervals(Path(sys.argv[1]))
    table.to_csv(sys.stdout, index=False, float_format="%.2f", lineterminator="\n")
