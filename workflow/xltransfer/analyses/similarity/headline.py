"""The headline measure of similarity of a study."""

from __future__ import annotations

import pandas as pd

HEADLINE = {"kernel": "rbf", "estimator": "unbiased", "layer": "mean"}
"""Headline rows of ``correlation.csv``: published kernel, unbiased estimator, mean over layers."""


OVER_SOURCES = "mean"
"""Value of ``source`` for means over sources in tables of correlations."""


def headline_measure(table: pd.DataFrame) -> pd.Series:
    """Mask of the rows of a table with the headline kernel and estimator."""
    return (table["kernel"] == HEADLINE["kernel"]) & (table["estimator"] == HEADLINE["estimator"])
