"""Clean a raw corpus, remove duplicates, and split it into training and held-out lines."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any, Literal

from ..corpora.checksums import UNCHECKED, refuse_other_content, verify_checksum
from ..corpora.cleaning.duplicates import EXACT, NEAR, line_key
from ..corpora.cleaning.evaluation_sentences import EvaluationSentences
from ..corpora.cleaning.line_counts import Counts, largest_loss
from ..corpora.cleaning.line_store import LineStore, Output, Progress, batches, outputs, workplace
from ..corpora.cleaning.settings import Settings
from ..corpora.cleaning.steps import Steps
from ..corpora.confined import confined_lines
from ..corpora.raw_corpora import KINDS
from ..records.record import without_absolute_paths, write_record
from ..records.verification import verified_checksums
from ..runtime.errors import InputError
from ..runtime.files import write_json

log = logging.getLogger(__name__)

_HASHES = 1 << 64


def clean(
    raw: Path,
    kind: Literal[KINDS],
    config: Mapping[str, Any],
    training: Path,
    held_out: Path,
    report: Path,
    evaluation: Sequence[Path] = (),
    checksum: str = UNCHECKED,
    identifier_checksum: str = UNCHECKED,
) -> None:
    """Clean a raw corpus, remove duplicates, and split it into training and held-out lines.

    The first pass cleans single lines, the second removes duplicates. In between, a folder next to
    ``training`` stores the lines; it needs as much space as the corpus, plus 9 bytes per line, plus
    128 with detection of near-duplicates.

    Args:
        raw: downloaded file.
        kind: layout of the file.
        config: all settings of cleaning (``corpora/cleaning/settings.py``).
        training: output file of training lines, in the order of the corpus. Whether a line is held
            out depends only on its content.
        held_out: output file for the held-out loss.
        report: JSON file with the counts of each step (``corpora/cleaning/line_counts.py``).
        evaluation: development and test parts of annotated corpora; lines that equal, contain or
            are part of one of their sentences are dropped.
        checksum: checksum of the corpus in the catalogue.
        identifier_checksum: checksum in the catalogue of the model for language identification.

    Raises:
        InputError: the corpus or the model is damaged, or no training line remains.
    """
    settings = Settings.from_json(config)
    refuse_other_content(raw, raw.suffix)
    verify_checksum(raw, checksum)
    model = Path(settings.identifier)
    models = [model] if model.is_file() else []
    for path in models:
        verify_checksum(path, identifier_checksum)
    read = verified_checksums([raw, *models, *evaluation])
    sentences = EvaluationSentences(evaluation)
    steps = Steps(settings, sentences)
    units: Counter[str] = Counter()
    with workplace(training) as folder:
        near = settings.near_duplicates
        store = LineStore(folder, near["similarity"] if near else None)
        with Progress(raw.name) as progress:
            for lines in batches(confined_lines(raw, kind, units), len):
                progress.advance(len(lines))
                store.add(steps(lines))
        marks = store.marks()
        with outputs((training, held_out), texts=1) as sides:
            counts = _write(store.marked_lines(marks), sides, settings)
            _check(sides, [*steps.counts, *counts], raw)
    if left_out := units["pages_not_parsed"]:
        steps.notes.append(f"{left_out} pages are left out: too many brackets that nothing closes")
    _say(raw, sides, settings, steps.notes)
    content = _report(settings, units, [*steps.counts, *counts], sides, steps.notes)
    write_json(report, {**content, "evaluation_sentences": sentences.report()})
    for path in (training, held_out, report):
        write_record(path, "clean", read, config=asdict(settings))


def _write(
    lines: Iterable[tuple[int, str]], sides: list[Output], settings: Settings
) -> list[Counts]:
    """Write the lines without a mark; returns the counts of these steps."""
    exact, near, limit = Counts("duplicates"), Counts("near_duplicates"), Counts("limit")
    threshold = round(settings.held_out_share * _HASHES)
    most = settings.maximum_lines
    for mark, line in lines:
        length = len(line)
        is_beyond = most is not None and sides[0].items + sides[1].items == most
        if (
            exact.keeps(length, mark == EXACT, "same as an earlier line")
            and near.keeps(length, mark == NEAR, "similar to an earlier line")
            and limit.keeps(length, is_beyond, "beyond maximum_lines")
        ):
            sides[line_key(line) < threshold].write(f"{line}\n", line)
    steps = [exact]
    if settings.near_duplicates:
        steps.append(near)
    return steps if most is None else [*steps, limit]


def _check(sides: list[Output], counts: list[Counts], raw: Path) -> None:
    """Reject a corpus without remaining training lines; names the step that dropped the most."""
    if sides[0].items:
        return
    loss = largest_loss(counts, "lines", "the file holds no text")
    raise InputError(
        f"{raw}: no line is left to train on; {loss}; is it the right file, language and script?"
    )


def _say(raw: Path, sides: list[Output], settings: Settings, notes: list[str]) -> None:
    if settings.held_out_share and not sides[1].items:
        notes.append("no line is held out: the corpus is too small for held_out_share")
    for note in notes:
        log.warning("%s: %s", raw.name, note)
    log.info("%s: %d lines to train on, %d held out", raw.name, sides[0].items, sides[1].items)


def _report(
    settings: Settings,
    units: Counter[str],
    counts: list[Counts],
    sides: list[Output],
    notes: list[str],
) -> dict[str, Any]:
    names = ("training", "held_out")
    return {
        "language": settings.language,
        "script": settings.script,
        "identifier": without_absolute_paths(settings.identifier),
        "read": {
            **units,
            "lines": counts[0].lines_read,
            "characters": counts[0].characters_read,
        },
        "steps": [step.row() for step in counts],
        **{
            name: {"lines": side.items, "characters": side.characters[0], "words": side.words[0]}
            for name, side in zip(names, sides, strict=True)
        },
        "notes": notes,
    }
