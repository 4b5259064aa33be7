"""Which of the many measures of similarity a study quotes."""

from __future__ import annotations

import pandas as pd

HEADLINE = {"kernel": "rbf", "estimator": "unbiased", "layer": "mean"}
"""The rows of ``correlation.csv`` that a study quotes: the published kernel, the estimator that is
zero where there is no similarity, the mean over all layers."""


OVER_SOURCES = "mean"
"""In place of a source, in tables of correlations: the mean over sources."""


def headline_measure(table: pd.DataFrame) -> pd.Series:
    """Which rows of a table are of the kernel and estimator that a study quotes."""
    return (table["kernel"] == HEADLINE["kernel"]) & (table["estimator"] == HEADLINE["estimator"])
