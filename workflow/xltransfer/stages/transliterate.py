"""Transliterate a treebank, a corpus of named entities or raw text into Latin script."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from ..corpora.cleaning.evaluation_sentences import EvaluationSentences
from ..corpora.formats import FORMATS, format_of
from ..corpora.transliteration.documents import (
    Document,
    transliterate_entities,
    transliterate_text,
    transliterate_treebank,
)
from ..corpora.transliteration.loading import load_scheme
from ..corpora.transliteration.schemes import find_scheme, scheme_files
from ..corpora.transliteration.transliterator import Transliterator
from ..records.record import write_record
from ..records.verification import verified_checksums
from ..runtime.errors import InputError
from ..runtime.files import write_json

log = logging.getLogger(__name__)


def transliterate(
    source: Path,
    output: Path,
    scheme: str,
    schemes: Path,
    lemmas: bool = False,
    evaluation: Sequence[Path] = (),
    keep_evaluation_sentences: bool = False,
    report: Path | None = None,
) -> dict[str, Any]:
    """Transliterate a file into Latin script and count its characters.

    Args:
        source: treebank (``.conllu``), named entities (``.iob2``) or raw text (``.txt``).
        output: output file in Latin script, written atomically.
        scheme: name of a scheme in ``schemes.tsv``.
        schemes: folder with ``schemes.tsv`` and its tables.
        lemmas: whether to transliterate LEMMA of a treebank as well as FORM.
        evaluation: development and test parts in the same script, for raw text, because sentences
            that differ before transliteration may be equal after it. Lines that equal, contain or
            are part of one are dropped.
        keep_evaluation_sentences: whether to keep these lines.
        report: output JSON file for the counts.

    Returns:
        ``scheme``; counts of ``characters`` (without line ends and comments), of characters by
        ``rules`` and of ``kept`` characters; a list of characters ``without_rule``; and counts of
        ``words`` and ``texts``, or of ``lines``, with the ``evaluation_sentences`` found and
        ``lines_dropped``.

    Raises:
        InputError: the file, the scheme or its tables cannot be used, or a package is missing.
    """
    written = format_of(source)
    if written is None:
        suffixes = ", ".join(known.suffix for known in FORMATS.values())
        raise InputError(f"{source}: its name ends in none of {suffixes}; rename it")
    if lemmas and not written.has_lemmas:
        raise InputError(f"{source}: only treebanks (.conllu) have lemmas; leave out --lemmas")
    read = verified_checksums([source, *scheme_files(scheme, schemes), *evaluation])
    running_text = written.functions is None
    transliterator = Transliterator(load_scheme(scheme, schemes, running_text))
    counts: dict[str, Any]
    if running_text:
        counts = _transliterate_text(
            source, output, transliterator, evaluation, keep_evaluation_sentences
        )
    else:
        document = Document(transliterator, lemmas)
        change = transliterate_treebank if written.has_lemmas else transliterate_entities
        change(source, output, document)
        counts = document.report()
    content = {"scheme": scheme, **transliterator.report(), **counts}
    if report is not None:
        write_json(report, content)
    config = asdict(find_scheme(scheme, schemes))
    for path in (output, report) if report is not None else (output,):
        write_record(path, "transliterate", read, config=config)
    total, without_rule = (content["characters"][key] for key in ("total", "without_rule"))
    log.info("%s: %d of %d characters have no rule in %s", output, without_rule, total, scheme)
    return content


def _transliterate_text(
    source: Path,
    output: Path,
    transliterator: Transliterator,
    evaluation: Sequence[Path],
    keep: bool,
) -> dict[str, Any]:
    sentences = EvaluationSentences(evaluation)
    dropped: Counter[str] = Counter()

    def stays(line: str) -> bool:
        reason = sentences.reason(line)
        dropped.update([reason] if reason and not keep else [])
        return reason is None or keep

    lines = transliterate_text(source, output, transliterator.text, stays if evaluation else None)
    return {
        "lines": lines,
        "lines_dropped": dict(dropped),
        "evaluation_sentences": sentences.report(),
    }
