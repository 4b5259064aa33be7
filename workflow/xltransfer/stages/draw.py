"""Draw the figures of a study from its tables."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any

import pandas as pd
from matplotlib.figure import Figure

from ..analyses.pair_figures import overlap_figure, retrieval_figure, word_order_figure
from ..analyses.plots import randominit_figure, save_figure, zeroshot_figure
from ..analyses.similarity.cka_figures import cka_figure, cka_heatmap_figure, correlation_figure
from ..analyses.tokenizers.tokenizer_figure import tokenizer_figure
from ..analyses.unseen.unseen_figures import transliteration_figure, unseen_figure
from ..records.verification import verified_checksums
from ..runtime.signatures import Keys


def draw(
    config: Annotated[Mapping[str, Any], Keys("study")],
    tables: Mapping[str, Sequence[str]],
    directory: Path,
    figures: Sequence[Path],
) -> None:
    """Draw figures from tables.

    Args:
        config: ``study``, ``languages``, ``tasks`` and ``ablations``, as for the tables of scores.
        tables: figure → names of its tables.
        directory: folder of the tables.
        figures: files that are written, named like their figure; suffixes decide the formats.

    Raises:
        InputError: a table is not what its record says.
    """
    for what, names in tables.items():
        files = [path for path in figures if path.stem == what]
        draw_figure(what, [directory / f"{name}.csv" for name in names], config, files)


def draw_figure(
    what: str, tables: Sequence[Path], config: Mapping[str, Any], figures: Sequence[Path]
) -> None:
    """Draw a figure from tables.

    Args:
        what: a key of ``FIGURES``.
        tables: CSV files.
        config: as for the tables.
        figures: files to write; their suffixes decide the formats.

    Raises:
        InputError: a table is not what its record says.
    """
    verified_checksums(tables)
    frames = [pd.read_csv(path, keep_default_na=False, na_values=[""]) for path in tables]
    figure = FIGURES[what](config, *frames)
    for path in figures:
        save_figure(figure, path)


def _randominit(config: Mapping[str, Any], by_target: pd.DataFrame) -> Figure:
    metrics = {task: data["metric"] for task, data in config["tasks"].items()}
    frame = by_target[by_target["metric"] == by_target["task"].map(metrics)]
    return randominit_figure(frame, config["ablations"], config["study"])


def _zeroshot(config: Mapping[str, Any], matrix: pd.DataFrame) -> Figure:
    return zeroshot_figure(matrix, list(config["languages"]), config["study"])


def _overlap(config: Mapping[str, Any], table: pd.DataFrame, correlation: pd.DataFrame) -> Figure:
    return overlap_figure(table, correlation, config["study"])


def _word_order(
    config: Mapping[str, Any], table: pd.DataFrame, correlation: pd.DataFrame
) -> Figure:
    return word_order_figure(table, correlation, config["study"])


def _retrieval(config: Mapping[str, Any], table: pd.DataFrame) -> Figure:
    return retrieval_figure(table, config["study"])


def _cka(config: Mapping[str, Any], table: pd.DataFrame) -> Figure:
    return cka_figure(table, config["study"])


def _cka_heatmap(config: Mapping[str, Any], table: pd.DataFrame) -> Figure:
    return cka_heatmap_figure(table, config["study"])


def _correlation(config: Mapping[str, Any], table: pd.DataFrame) -> Figure:
    return correlation_figure(table, config["study"])


def _tokenizer_stats(config: Mapping[str, Any], table: pd.DataFrame) -> Figure:
    return tokenizer_figure(table, config["study"])


def _unseen(config: Mapping[str, Any], table: pd.DataFrame, verdicts: pd.DataFrame) -> Figure:
    return unseen_figure(table, verdicts, config["study"])


def _transliteration(config: Mapping[str, Any], table: pd.DataFrame) -> Figure:
    return transliteration_figure(table, config["study"])


FIGURES: dict[str, Callable[..., Figure]] = {
    "randominit": _randominit,
    "zeroshot": _zeroshot,
    "overlap": _overlap,
    "word_order": _word_order,
    "retrieval": _retrieval,
    "cka": _cka,
    "cka_heatmap": _cka_heatmap,
    "correlation": _correlation,
    "tokenizer_stats": _tokenizer_stats,
    "unseen": _unseen,
    "transliteration": _transliteration,
}
"""By name, a function of the configuration and of the tables that a figure is drawn from."""
