"""Compare our numbers with published ones."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any

import pandas as pd

from ..analyses.randominit import CROSS_LINGUAL
from ..analyses.tables import write_table
from ..corpora.table_reader import read_table
from ..records.trace import table_provenance
from ..records.verification import verified_checksums
from ..runtime.errors import InputError
from ..runtime.signatures import Keys

CELL = ["task", "metric", "source", "target", "ablation"]
OF_SCORES = {"score": ("mean", "sd"), "delta": ("delta", "delta_sd")}
"""Statistics and their columns in ``randominit_by_target.csv``."""
SPEARMAN = "spearman"
STATISTICS = (*OF_SCORES, SPEARMAN)
CORPORA = ["source_corpus", "target_corpora"]
ASSUMABLE = ("source", *CORPORA, "layer", "state")
"""Facts about a published number that may be assumptions."""
COLUMNS = ["encoder", *CELL, "statistic", "value", *CORPORA, "assumed", "variant", "reference"]
_NUMBER = re.compile(r"[+-]?[0-9]{1,9}(\.[0-9]{1,9})?")


def read_published(paths: Sequence[Path]) -> pd.DataFrame:
    """Tables of published numbers, concatenated.

    Args:
        paths: tab-separated files with the columns ``COLUMNS``; ``resources/published/README.md``
            explains them.

    Raises:
        InputError: a file cannot be read, a column is missing, a statistic or an assumption is
            unknown, or a value is not a number.
    """
    frames = []
    for path in paths:
        rows = list(read_table(path, COLUMNS))
        for place, row in rows:
            _check_known(f"{place}: statistic", [row["statistic"]], STATISTICS)
            _check_known(f"{place}: assumed", row["assumed"].split(), ASSUMABLE)
            if not _NUMBER.fullmatch(row["value"]):
                raise InputError(
                    f"{place}: value '{row['value']}' is no decimal number; correct it"
                )
        frame = pd.DataFrame([row for _, row in rows], columns=COLUMNS)
        frames.append(frame.astype({"value": float}))
    return pd.concat(frames, ignore_index=True)


def _check_known(place: str, values: Sequence[str], known: Sequence[str]) -> None:
    for value in values:
        if value not in known:
            raise InputError(f"{place} '{value}' is none of {', '.join(known)}; correct it")


def comparison(
    ours: pd.DataFrame,
    published: pd.DataFrame,
    config: Mapping[str, Any],
    correlations: pd.DataFrame | None = None,
) -> pd.DataFrame:
    """Published numbers next to ours, for cells of the same encoder and corpora.

    Args:
        ours: table ``randominit_by_target.csv``.
        published: table from ``read_published``. ``score`` and ``delta`` are compared with the mean
            over seeds, ``spearman`` with the headline correlation of cross-lingual gap and CKA.
        config: ``tasks``, and ``hubs``, the repositories of our encoders by name.
        correlations: table ``correlation.csv``, if the study has one.

    Returns:
        One row per encoder and published number (for correlations also per ``state``, pretrained or
        fine-tuned): ``published``, ``ours`` with its standard deviation, ``difference`` (ours minus
        published), ``variant`` (other readings of the published number) and ``assumed`` (facts that
        the comparison needs but that are not published).
    """
    rows = []
    for encoder, part in ours.groupby("encoder", sort=False):
        cells = part.set_index(CELL)
        for number in published[published["encoder"] == config["hubs"].get(encoder)].itertuples():
            if not _same_corpora(number, config):
                continue
            if number.statistic == SPEARMAN:
                found = _headlines(number, encoder, correlations)
            else:
                found = _cell(number, cells)
            rows += [
                {
                    "encoder": encoder,
                    **{name: getattr(number, name) for name in (*CELL, "statistic")},
                    "state": state,
                    "published": number.value,
                    "ours": value,
                    "ours_sd": deviation,
                    "difference": value - number.value,
                    **{name: getattr(number, name) for name in ("variant", "assumed", "reference")},
                }
                for state, value, deviation in found
            ]
    return pd.DataFrame(rows)


def _cell(number: Any, cells: pd.DataFrame) -> list[tuple[str, float, float]]:
    """Our score or change, if the study has this cell: empty state, mean, standard deviation."""
    key = tuple(getattr(number, name) for name in CELL)
    if key not in cells.index:
        return []
    mean, deviation = OF_SCORES[number.statistic]
    return [("", cells.loc[key, mean], cells.loc[key, deviation])]


def _headlines(
    number: Any, encoder: str, correlations: pd.DataFrame | None
) -> list[tuple[str, float, float]]:
    """Our headline correlations over the same number of targets: state, ρ, no deviation."""
    if correlations is None:
        return []
    chosen = correlations[
        (correlations["encoder"] == encoder)
        & (correlations["task"] == number.task)
        & (correlations["source"] == number.source)
        & (correlations["headline"] == "yes")
        & (correlations["targets"] == len(number.target_corpora.split()))
        & correlations["spearman"].notna()
    ]
    return [(row.state, row.spearman, float("nan")) for row in chosen.itertuples()]


def _same_corpora(number: Any, config: Mapping[str, Any]) -> bool:
    """Whether our training and test corpora are those of a published number."""
    task = config["tasks"].get(number.task, {"sources": [], "targets": []})
    sources = {item["language"]: item["corpus"] for item in task["sources"]}
    targets = {item["language"]: item["corpus"] for item in task["targets"]}
    if number.target == CROSS_LINGUAL:
        measured = {corpus for code, corpus in targets.items() if code != number.source}
    else:
        measured = {targets.get(number.target)}
    same_source = sources.get(number.source) == number.source_corpus
    return same_source and measured == set(number.target_corpora.split())


def published_comparison(
    scores: Path,
    published: Sequence[Path],
    config: Annotated[
        Mapping[str, Any], Keys("study", "seeds", "config", "encoders", "tasks", "hubs")
    ],
    directory: Path,
    correlation: Path | None = None,
) -> None:
    """Write ``published_comparison.csv``: our numbers next to published ones.

    Args:
        scores: table ``randominit_by_target.csv``.
        published: tables of published numbers.
        config: configuration of the tables of scores, with the ``hubs`` of the encoders.
        directory: output folder.
        correlation: table ``correlation.csv``, if the study has one.

    Raises:
        InputError: a table of published numbers is malformed, or no published number has the
            encoder, the corpora and a cell of this study.
    """
    inputs = [scores, *published, *([] if correlation is None else [correlation])]
    verified_checksums(inputs)
    ours, correlations = (
        None if path is None else pd.read_csv(path, keep_default_na=False, na_values=[""])
        for path in (scores, correlation)
    )
    table = comparison(ours, read_published(published), config, correlations)
    if table.empty:
        names = ", ".join(str(path) for path in published)
        raise InputError(f"{names}: no number is about the encoder and corpora of this study")
    provenance = table_provenance(config, inputs, "published_comparison")
    write_table(directory / "published_comparison.csv", table, provenance)
