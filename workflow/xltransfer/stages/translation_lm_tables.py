"""Tables of how encoders use a translation in view, and of how they find translations."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

from ..analyses.tables import ONE_SEED, study_note, write_table
from ..analyses.translation_lm import adjusted, context_table, read_measured, retrieval_by_layer
from ..records import paths
from ..records.trace import table_provenance
from ..records.verification import verified_checksums
from ..runtime.signatures import Keys


def translation_lm_tables(
    config: Annotated[
        Mapping[str, Any], Keys("study", "seeds", "config", "states", "texts", "reference")
    ],
    results: str,
    directory: Path,
) -> None:
    """Write ``translation_lm.csv`` and ``parallel_retrieval.csv``.

    Args:
        config: ``states``, encoders and their states; ``texts``, parallel texts with their
            languages; ``reference``, the encoder that others are compared with; and ``study``,
            ``config`` and ``seeds``.
        results: folder of results, with the measurements.
        directory: output folder.

    Raises:
        InputError: a measurement is missing, damaged, or differs from its record.
    """
    files = [
        Path(paths.translation_context(results, encoder, state, text))
        for encoder, state in config["states"]
        for text in config["texts"]
    ]
    verified_checksums(files)
    measured, left_out = read_measured(results, config)
    provenance = table_provenance(config, files, "translation_lm_tables")
    # The seeds of encoders are not those of the study, with which models are fine-tuned.
    seeds = max(Counter(encoder for encoder, _ in config["states"]).values())
    study = study_note({**config, "seeds": range(seeds)})
    notes = [
        f"{study} Changes are differences from {config['reference']}, on the same "
        "masked subwords or sentences; they are empty if these differ. Seeds are those of the "
        "encoders' training. Pairs left out because a sentence fills more than half a row: "
        f"{', '.join(f'{text} {number}' for text, number in left_out.items())}."
    ]
    notes += [ONE_SEED] if seeds == 1 else []
    for name, table, columns in (
        ("translation_lm", context_table(measured, config["reference"]), ("gain", "change")),
        ("parallel_retrieval", retrieval_by_layer(measured, config["reference"]), ("change",)),
    ):
        corrected = {column: adjusted(table, column) for column in columns}
        path = directory / f"{name}.csv"
        write_table(path, table, provenance, notes=notes, corrected=corrected, seeds=seeds)
