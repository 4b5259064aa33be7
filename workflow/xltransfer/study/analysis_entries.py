"""What an analysis of a study consists of: its jobs, its tables and figures, their inputs."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .study import Study

Inputs = Mapping[str, Sequence[str]]

TRANSFER, REPRESENTATIONS, UNSEEN = "transfer_figures", "representation_figures", "unseen_figures"
"""Jobs that draw figures: those about scores (available first), about representations, and about
unseen languages. Figures share a job because drawing is faster than starting Python."""


ALIGNMENT = "alignment_figures"
"""Job that draws the figures about mapped word vectors."""
ADAPTATION = "adaptation_figures"
"""Job that draws the figure about methods for languages without training data."""
STRUCTURE = "structure_figures"
"""Job that draws the figure about relations and roles carried by trees."""
FIGURE_JOBS = (TRANSFER, REPRESENTATIONS, UNSEEN, ALIGNMENT, ADAPTATION, STRUCTURE)


def _always(_: Study) -> bool:
    return True


def _table_config(study: Study) -> str:
    return study.table_config()


@dataclass(frozen=True)
class Drawing:
    """A figure.

    Attributes:
        figure: name of the figure; ``<figure>_figure`` in one of the modules of ``stages/draw.py``
            draws it.
        tables: tables that it is drawn from.
        job: job that draws it.
        wanted: whether a study draws it by default, if it has the tables.
    """

    figure: str
    tables: tuple[str, ...]
    job: str
    wanted: Callable[[Study], bool] = _always


@dataclass(frozen=True)
class Analysis:
    """A job that makes tables.

    Attributes:
        stage: name of the stage and the rule.
        tables: names of the tables that the stage writes.
        inputs: files by option of the stage, below a folder of results.
        upstream: identities of the inputs.
        options: inputs that are passed to the stage; it finds the others in the folder of results.
        config: canonical JSON for the stage; by default that of tables over the whole study.
        drawings: figures of the analysis.
        wanted: whether a study makes the tables by default.
        of_unseen: whether the analysis is about unseen languages, not about transfer.
        mem_mb, runtime: memory and minutes for Slurm.
    """

    stage: str
    tables: tuple[str, ...]
    inputs: Callable[[Study, str], Inputs]
    upstream: Callable[[Study], Any]
    options: tuple[str, ...] = ()
    config: Callable[[Study], str] = _table_config
    drawings: tuple[Drawing, ...] = ()
    wanted: Callable[[Study], bool] = _always
    of_unseen: bool = False
    mem_mb: int = 2000
    runtime: int = 60

    def arguments(self, given: Mapping[str, Any], results: str) -> list[str]:
        """The stage's options for its inputs and, if it needs it, the folder of results.

        Args:
            given: files by name, each a path or several.
            results: folder of results.
        """
        found: list[str] = []
        for name in self.options:
            files = given[name]
            files = [files] if isinstance(files, str) else list(files)
            found += [f"--{name}", *files] if files else []
        return [*found, *([] if set(self.options) >= set(given.keys()) else ["--results", results])]
