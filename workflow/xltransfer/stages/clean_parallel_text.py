"""Clean a parallel corpus and split it into training, held-out and test pairs."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import fields
from pathlib import Path
from typing import Annotated, Any

from ..corpora.checksums import refuse_other_content, verify_checksum
from ..corpora.cleaning.duplicates import EXACT, line_key
from ..corpora.cleaning.evaluation_sentences import EvaluationSentences
from ..corpora.cleaning.line_counts import Counts, largest_loss
from ..corpora.cleaning.line_store import LineStore, Output, Progress, batches, outputs, workplace
from ..corpora.cleaning.pair_steps import PairSteps, characters
from ..corpora.cleaning.settings import PairSettings
from ..corpora.parallel_corpora import DEV, PARTS, TEST, TRAIN
from ..corpora.parallel_text import Layout, confined_pairs
from ..corpora.sentence_pairs import Pair
from ..records.record import write_record
from ..records.verification import verified_checksums
from ..runtime.errors import InputError
from ..runtime.files import write_json
from ..runtime.signatures import Keys

log = logging.getLogger(__name__)

SETTINGS = tuple(item.name for item in fields(PairSettings))
OUTPUTS = ("training", "held_out", "test")
_HASHES = 1 << 64


def clean_parallel_text(
    files: Sequence[Path],
    config: Annotated[
        Mapping[str, Any], Keys("first", "second", "layout", "parts", "checksums", *SETTINGS)
    ],
    training: Path,
    held_out: Path,
    test: Path,
    report: Path,
    first_evaluation: Sequence[Path] = (),
    second_evaluation: Sequence[Path] = (),
) -> None:
    """Clean a parallel corpus and split it into training, held-out and test pairs.

    Outputs have one pair per line, in the order of the source: identifier, first text, second text,
    separated by tabs, without header. Identifiers of files without any are the numbers of their
    lines; those of a published development or test part follow ``dev-`` or ``test-``. Whether a
    pair is held out or tested on depends only on its identifier, unless the corpus publishes these
    parts. So sentences that have the same identifier in several pairs of languages are in the same
    part of all of them. Training pairs of which a text is also in a held-out or test pair are
    dropped.

    Args:
        files: downloaded files.
        config: codes of the ``first`` and the ``second`` language; the ``layout``
            (``corpora/parallel_text.py``); of each file its part, in ``parts``, and its checksum in
            the catalogue, in ``checksums``; and the settings (``PairSettings``).
        training, held_out, test: output files.
        report: JSON file with the counts of each step.
        first_evaluation, second_evaluation: development and test parts of annotated corpora in each
            language; pairs with a text that equals, contains or is part of one of their sentences
            are dropped.

    Raises:
        InputError: the corpus is damaged, or no training pair remains.
    """
    settings = PairSettings.from_json(config)
    parts = _parts(files, config)
    read = verified_checksums([*files, *first_evaluation, *second_evaluation])
    evaluation = EvaluationSentences(first_evaluation), EvaluationSentences(second_evaluation)
    languages = config["first"], config["second"]
    steps = PairSteps(settings, evaluation, languages)
    units: Counter[str] = Counter()
    with workplace(training) as folder:
        store = LineStore(folder)
        with Progress(training.parent.name) as progress:
            for part, pairs in _read(parts, Layout.from_json(config["layout"]), units):
                progress.advance(len(pairs))
                _add(store, part, steps(pairs))
        split = _Split(store, settings, set(parts))
        with outputs((training, held_out, test), texts=2) as sides:
            counts = [*steps.counts, *split.write(sides)]
            _check(sides, counts, files[0])
    found = {
        language: sentences.report()
        for language, sentences in zip(languages, evaluation, strict=True)
    }
    content = _report(languages, units, counts, sides)
    write_json(report, {**content, "evaluation_sentences": found})
    for path in (training, held_out, test, report):
        write_record(path, "clean_parallel_text", read, config=dict(config))
    numbers = [side.items for side in sides]
    log.info("%s: %d pairs to train on, %d held out, %d for tests", training.parent, *numbers)


def _parts(files: Sequence[Path], config: Mapping[str, Any]) -> dict[str, list[Path]]:
    """The files of each part, after comparison with the catalogue."""
    found: dict[str, list[Path]] = {}
    for path, part, checksum in zip(files, config["parts"], config["checksums"], strict=True):
        if part not in PARTS:
            raise InputError(f"--config: part '{part}' is none of {', '.join(PARTS)}")
        refuse_other_content(path, path.suffix)
        verify_checksum(path, checksum)
        found.setdefault(part, []).append(path)
    return found


def _read(
    parts: Mapping[str, Sequence[Path]], layout: Layout, units: Counter[str]
) -> Iterator[tuple[str, list[Pair]]]:
    """Pairs in batches with their part; published test and development parts come first.

    So of a pair that is in two parts, that of the training part is dropped as the repetition.
    """
    for part in (TEST, DEV, TRAIN):
        if part not in parts:
            continue
        counts: Counter[str] = Counter()
        prefix = "" if part == TRAIN else f"{part}-"
        for pairs in batches(confined_pairs(parts[part], layout, counts), characters):
            yield part, [pair._replace(identifier=prefix + pair.identifier) for pair in pairs]
        units += counts


def _add(store: LineStore, part: str, pairs: Sequence[Pair]) -> None:
    store.add(
        ["\t".join((part, *pair)) for pair in pairs],
        compared=["\t".join(pair[1:]) for pair in pairs],
    )


class _Split:
    """Removal of repeated pairs, and the division into training, held-out and test pairs.

    Args:
        store: the cleaned pairs, each with its part.
        settings: settings of cleaning.
        published: parts that the corpus publishes.
    """

    def __init__(self, store: LineStore, settings: PairSettings, published: set[str]) -> None:
        self._store, self._settings, self._published = store, settings, published
        self._marks = store.marks()

    def write(self, sides: Sequence[Output]) -> list[Counts]:
        """Write the pairs; returns the counts of these steps."""
        # Keys of the texts of held-out and test pairs, by language.
        evaluated: tuple[set[int], set[int]] = set(), set()
        for number, pair in self._remaining(Counts(""), Counts("")):
            if number:
                for texts, text in zip(evaluated, pair[1:], strict=True):
                    texts.add(line_key(text))
        repeated, limit = Counts("duplicates"), Counts("limit")
        shared = Counts("held_out_texts")
        for number, pair in self._remaining(repeated, limit):
            known = zip(evaluated, pair[1:], strict=True)
            is_evaluated = not number and any(line_key(text) in texts for texts, text in known)
            reason = "a text is also in a held-out or test pair"
            if shared.keeps(characters(pair), is_evaluated, reason):
                sides[number].write(pair.line(), *pair[1:])
        return [repeated, *([] if self._settings.maximum_pairs is None else [limit]), shared]

    def _remaining(self, repeated: Counts, limit: Counts) -> Iterator[tuple[int, Pair]]:
        """Number of the output and pair, without repeated pairs and those beyond the limit."""
        most, kept = self._settings.maximum_pairs, 0
        for mark, line in self._store.marked_lines(self._marks):
            part, *cells = line.split("\t")
            pair = Pair(*cells)
            length = characters(pair)
            is_beyond = part == TRAIN and kept == most
            if repeated.keeps(length, mark == EXACT, "same as an earlier pair") and limit.keeps(
                length, is_beyond, "beyond maximum_pairs"
            ):
                kept += part == TRAIN
                yield self._output(part, pair.identifier), pair

    def _output(self, part: str, identifier: str) -> int:
        """Index of the output of a pair: training, held-out or test."""
        if part != TRAIN:
            return 2 if part == TEST else 1
        key = line_key(identifier)
        # From both ends, so that a share has no effect on the pairs of the other.
        if TEST not in self._published and key < round(self._settings.test_share * _HASHES):
            return 2
        held_out = round(self._settings.held_out_share * _HASHES)
        return int(DEV not in self._published and key >= _HASHES - held_out)


def _check(sides: Sequence[Output], counts: Sequence[Counts], file: Path) -> None:
    """Reject a corpus without remaining training pairs; names the step that dropped the most."""
    if sides[0].items:
        return
    loss = largest_loss(counts, "pairs", "all pairs are held out")
    raise InputError(
        f"{file}: no pair is left to train on; {loss}; is it the right file, and are the shares of "
        "parallel_cleaning small enough?"
    )


def _report(
    languages: tuple[str, str],
    units: Counter[str],
    counts: Iterable[Counts],
    sides: Sequence[Output],
) -> dict[str, Any]:
    steps = [_row(step) for step in counts]
    read = {"pairs": steps[0]["pairs_read"], "characters": steps[0]["characters_read"]}
    return {
        "languages": list(languages),
        "read": {**units, **read},
        "steps": steps,
        **{
            name: {
                "pairs": side.items,
                "characters": dict(zip(languages, side.characters, strict=True)),
                "words": dict(zip(languages, side.words, strict=True)),
            }
            for name, side in zip(OUTPUTS, sides, strict=True)
        },
    }


def _row(step: Counts) -> dict[str, Any]:
    row = {key.replace("lines_", "pairs_"): value for key, value in step.row().items()}
    # No step makes several pairs of one.
    del row["pairs_added"]
    return row
