"""Write a treebank, a corpus of named entities or raw text in Latin letters."""

from __future__ import annotations

import logging
from argparse import Namespace
from dataclasses import asdict
from pathlib import Path
from typing import Any

from .command import run, stage_parser
from .errors import InputError
from .files import write_json
from .records import file_checksums, write_record
from .transliteration.catalogue import find_scheme, scheme_files
from .transliteration.documents import (
    Document,
    transliterate_entities,
    transliterate_text,
    transliterate_treebank,
)
from .transliteration.loading import load_scheme
from .transliteration.transliterator import Transliterator

log = logging.getLogger(__name__)

_SUFFIXES = (".conllu", ".iob2", ".txt")


def transliterate(
    source: Path, output: Path, scheme: str, directory: Path, lemmas: bool = False
) -> dict[str, Any]:
    """Transliterate a file and say what became of its characters.

    Args:
        source: ``.conllu``, ``.iob2`` or ``.txt``.
        output: the same in Latin letters; appears only once it is complete.
        scheme: name of a scheme in ``schemes.tsv``.
        directory: holds ``schemes.tsv`` and its tables.
        lemmas: of a treebank, transliterate LEMMA beside FORM.

    Returns:
        ``scheme``; counts of ``characters`` (line ends and comments are not counted), of those that
        each of ``rules`` took, of those ``kept``, and a list of those ``without_rule``; and counts
        of ``words`` and ``texts``, or of ``lines``.

    Raises:
        InputError: the file, the scheme or its tables cannot be used, or a package is missing.
    """
    if source.suffix not in _SUFFIXES:
        raise InputError(f"{source}: its name ends in none of {', '.join(_SUFFIXES)}; rename it")
    if lemmas and source.suffix != ".conllu":
        raise InputError(f"{source}: only treebanks (.conllu) have lemmas; leave out --lemmas")
    running_text = source.suffix == ".txt"
    transliterator = Transliterator(load_scheme(scheme, directory, running_text))
    counts: dict[str, Any]
    if running_text:
        counts = {"lines": transliterate_text(source, output, transliterator.text)}
    else:
        document = Document(transliterator, lemmas)
        treebank = source.suffix == ".conllu"
        change = transliterate_treebank if treebank else transliterate_entities
        change(source, output, document)
        counts = document.report()
    read = file_checksums([source, *scheme_files(scheme, directory)])
    write_record(output, "transliterate", read, config=asdict(find_scheme(scheme, directory)))
    return {"scheme": scheme, **transliterator.report(), **counts}


def main() -> None:
    """Command line."""
    parser = stage_parser("xltransfer.transliterate", __doc__)
    parser.add_argument("--input", type=Path, required=True, help=", ".join(_SUFFIXES))
    parser.add_argument("--output", type=Path, required=True)
    parser.add_argument("--scheme", required=True, help="a name in schemes.tsv")
    parser.add_argument("--schemes", type=Path, required=True, help="folder with schemes.tsv")
    parser.add_argument("--report", type=Path, required=True, help="coverage as JSON")
    parser.add_argument("--lemmas", action="store_true", help="LEMMA as well as FORM")
    run(parser, _stage)


def _stage(arguments: Namespace) -> None:
    report = transliterate(
        arguments.input, arguments.output, arguments.scheme, arguments.schemes, arguments.lemmas
    )
    write_json(arguments.report, report)
    counts = report["characters"]
    log.info(
        "%s: %d of %d characters have no rule in %s",
        arguments.output,
        counts["without_rule"],
        counts["total"],
        arguments.scheme,
    )


if __name__ == "__main__":
    main()
