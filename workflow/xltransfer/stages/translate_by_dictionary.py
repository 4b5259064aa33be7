"""Translate raw text, a treebank or named entities word for word by a dictionary."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any

from ..corpora.cleaning.evaluation_sentences import EvaluationSentences
from ..corpora.dictionaries import read_dictionary
from ..corpora.dictionary_text import DictionaryTranslation, renamed
from ..corpora.formats import FORMATS, format_of, read_sentences, write_sentences
from ..corpora.iob import TaggedSentence
from ..corpora.lines import Lines, write_lines
from ..records.record import write_record
from ..records.verification import verified_checksums
from ..runtime.errors import InputError
from ..runtime.files import write_json
from ..runtime.signatures import Keys

log = logging.getLogger(__name__)


def translate_by_dictionary(
    source: Path,
    dictionaries: Sequence[Path],
    config: Annotated[
        Mapping[str, Any],
        Keys("share", "minimum_words", "seed", "shuffled", "inverted", "with_original"),
    ],
    output: Path,
    report: Path,
    evaluation: Sequence[Path] = (),
    keep_evaluation_sentences: bool = False,
) -> dict[str, Any]:
    """Translate raw text, a treebank or named entities word for word by a dictionary.

    Args:
        source: raw text (``.txt``), treebank (``.conllu``) or named entities (``.iob2``).
        dictionaries: parts of a dictionary, a pair of words per line.
        config: ``share`` of the known words that are replaced, ``minimum_words`` that must be
            replaced in a sentence, ``seed``, whether the translations are ``shuffled``, whether the
            dictionary is ``inverted`` because its first words are those of the target language, and
            whether annotated sentences stand ``with_original`` ones, which come first.
        output: the translation, in the format of the source.
        report: output JSON file with the coverage.
        evaluation: development and test parts in the target language, for raw text. Translated
            lines that equal, contain or are part of one of their sentences are dropped.
        keep_evaluation_sentences: whether to keep these lines.

    Returns:
        Content of the report: ``pairs`` of the dictionary and the ``counts`` of
        ``DictionaryTranslation``; for raw text also ``lines_dropped`` and
        ``evaluation_sentences``.

    Raises:
        InputError: a file cannot be read or is malformed, or no sentence has enough known words.
    """
    written = format_of(source)
    if written is None:
        suffixes = ", ".join(known.suffix for known in FORMATS.values())
        raise InputError(f"{source}: its name ends in none of {suffixes}; rename it")
    read = verified_checksums([source, *dictionaries, *evaluation])
    pairs = [pair for path in dictionaries for pair in read_dictionary(path)]
    pairs = list(dict.fromkeys((b, a) if config["inverted"] else (a, b) for a, b in pairs))
    chosen = (config[key] for key in ("share", "minimum_words", "seed", "shuffled"))
    translation = DictionaryTranslation(pairs, *chosen)
    content: dict[str, Any] = {"pairs": len(pairs)}
    if written.functions is None:
        content |= _translate_text(
            source, output, translation, evaluation, keep_evaluation_sentences
        )
    else:
        _translate_sentences(source, output, translation, config["with_original"])
    counts = translation.counts
    if not counts["kept_sentences"]:
        raise InputError(
            f"{source}: no sentence has {config['minimum_words']} words with an entry in the "
            "dictionary; lower minimum_words, or use a dictionary of its language"
        )
    content["counts"] = dict(counts)
    write_json(report, content)
    for path in (output, report):
        write_record(path, "translate_by_dictionary", read, config=dict(config))
    log.info(
        "%s: %d of %d words replaced, %d of %d sentences kept",
        *(output, counts["replaced"], counts["words"]),
        *(counts["kept_sentences"], counts["sentences"]),
    )
    return content


def _translate_text(
    source: Path,
    output: Path,
    translation: DictionaryTranslation,
    evaluation: Sequence[Path],
    keep: bool,
) -> dict[str, Any]:
    sentences = EvaluationSentences(evaluation)
    dropped: Counter[str] = Counter()

    def lines() -> Iterator[str]:
        for number, line in enumerate(Lines(source)):
            translated = translation.line(line, number)
            if translated is None:
                continue
            reason = sentences.reason(translated) if not keep else None
            if reason is None:
                yield translated
            else:
                dropped[reason] += 1

    write_lines(output, lines())
    return {"lines_dropped": dict(dropped), "evaluation_sentences": sentences.report()}


def _translate_sentences(
    source: Path, output: Path, translation: DictionaryTranslation, with_original: bool
) -> None:
    original = read_sentences(source)
    found = []
    for number, sentence in enumerate(original):
        if isinstance(sentence, TaggedSentence):
            translated = translation.tagged(sentence, number)
        else:
            translated = translation.sentence(sentence, number)
        if translated is not None:
            found.append(renamed(translated, "translated") if with_original else translated)
    write_sentences(output, [*(original if with_original else ()), *found])
