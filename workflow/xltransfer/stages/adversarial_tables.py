"""Write the table of adversarial transfer."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

from ..analyses.adversarial_transfer import adversarial_table
from ..analyses.scores import CELL, complete, read_scores
from ..analyses.tables import reading_note, write_table
from ..encoders.ablations import NONE
from ..records import paths
from ..records.trace import table_provenance
from ..runtime.errors import InputError
from ..runtime.files import read_json
from ..runtime.signatures import Keys

NOTE = (
    "word level: word vectors are mapped into one space; sentence level: trained against a "
    "discriminator of languages. change: from the same encoder without the discriminator. "
    "discriminator: accuracy in percent of a fresh discriminator of source and target that is "
    "trained and tested on the states of other sentences (5 folds over the test parts); at chance, "
    "it cannot tell them apart. cka: unbiased, of the mean word states of parallel test sentences."
)


def adversarial_tables(
    config: Annotated[Mapping[str, Any], Keys("study", "seeds", "config", "rows")],
    results: str,
    directory: Path,
) -> None:
    """Write ``adversarial.csv``: scores and discriminators with and without adversary.

    Args:
        config: ``study``, ``seeds``, ``config`` and ``rows``, as for
            ``analyses.adversarial_transfer.adversarial_table``, with ``source_corpus`` and
            ``target_corpus``.
        results: folder of results.
        directory: output folder.

    Raises:
        InputError: a score or a measurement is missing or damaged.
    """
    measured, scores = {}, {}
    for row in config["rows"]:
        of = row["encoder"], row["task"], row["source_corpus"]
        target = row["target_corpus"]
        measured[row["measured"]] = Path(paths.discrimination(results, *of, target))
        for task in (row["task"], row["reference"]):
            if task is not None:
                file = paths.scores(results, of[0], task, of[2], f"{target}-test")
                scores[Path(file)] = {**row, "task": task}
    provenance = table_provenance(config, [*scores, *measured.values()], "adversarial_tables")
    expected = [
        {**{name: row[name] for name in CELL if name in row}, "seed": seed, "ablation": NONE}
        for row in scores.values()
        for seed in config["seeds"]
    ]
    frame = complete(read_scores(scores), expected, CELL)
    contents = {key: _measurement(path, config["seeds"]) for key, path in measured.items()}
    table = adversarial_table(config["rows"], frame, contents)
    notes = [reading_note(config, "; not corrected for several tests", bounds=True), NOTE]
    write_table(directory / "adversarial.csv", table, provenance, notes=notes)


def _measurement(path: Path, seeds: list[int]) -> Mapping[str, Any]:
    """The content of a file of the stage ``discriminate``."""
    content = read_json(path)
    found = content.get("models") if isinstance(content, dict) else None
    if not isinstance(found, list) or [one.get("seed") for one in found] != list(seeds):
        raise InputError(f"{path}: not of the seeds of the study; delete it and run again")
    return content
