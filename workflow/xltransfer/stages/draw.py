"""Draw the figures of a study from its tables."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any

import pandas as pd

from ..analyses import (
    adaptation_methods_figure,
    pair_figures,
    plots,
    scaling_figure,
    structure_figures,
    translation_figures,
    word_translation_figures,
)
from ..analyses.plots import save_figure
from ..analyses.similarity import cka_figures
from ..analyses.tokenizers import tokenizer_figure
from ..analyses.unseen import unseen_figures
from ..records.verification import verified_checksums
from ..runtime.signatures import Keys

MODULES = (
    *(plots, pair_figures, cka_figures, tokenizer_figure, unseen_figures),
    *(translation_figures, word_translation_figures, structure_figures),
    *(adaptation_methods_figure, scaling_figure),
)
"""Modules with the functions ``<figure>_figure``; arguments are a configuration and tables."""


def draw(
    config: Annotated[Mapping[str, Any], Keys("study")],
    tables: Mapping[str, Sequence[str]],
    directory: Path,
    figures: Sequence[Path],
) -> None:
    """Draw the figures of a study from its tables.

    Args:
        config: ``study``, ``languages``, ``tasks`` and ``ablations``, as for the tables of scores.
        tables: figure → names of its tables.
        directory: folder of the tables.
        figures: output files, named by their figure; suffixes determine the formats.

    Raises:
        InputError: a table differs from its record.
    """
    for what, names in tables.items():
        files = [path for path in figures if path.stem == what]
        draw_figure(what, [directory / f"{name}.csv" for name in names], config, files)


def draw_figure(
    what: str, tables: Sequence[Path], config: Mapping[str, Any], figures: Sequence[Path]
) -> None:
    """Draw a figure from tables.

    Args:
        what: name of the figure.
        tables: CSV files.
        config: configuration as for ``draw``.
        figures: output files; their suffixes determine the formats.

    Raises:
        InputError: a table differs from its record.
    """
    verified_checksums(tables)
    frames = [pd.read_csv(path, keep_default_na=False, na_values=[""]) for path in tables]
    module = next(module for module in MODULES if hasattr(module, f"{what}_figure"))
    figure = getattr(module, f"{what}_figure")(config, *frames)
    for path in figures:
        save_figure(figure, path)
