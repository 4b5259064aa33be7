"""Add a treebank, named entities, raw text or an encoder to the catalogue or to a study."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Literal

from ..corpora.new_languages import NewLanguage
from ..corpora.raw_corpora import KINDS
from ..corpora.ud_treebank import check_name, release_of
from ..runtime.errors import InputError
from ..study.additions import Request, Target, add_entities, add_text, add_treebank

TREEBANK, ENTITIES, TEXT, ENCODER = "a treebank", "--ner", "--text", "--encoder"
CORPORA = (TREEBANK, ENTITIES, TEXT)
OPTIONS: Mapping[str, Sequence[str]] = {
    "from_": CORPORA,
    "url": (ENTITIES, TEXT),
    "release": (TREEBANK,),
    "code": (ENTITIES,),
    "language": CORPORA,
    "language_name": CORPORA,
    "iso": CORPORA,
    "script": CORPORA,
    "family": CORPORA,
    "licence": CORPORA,
    "title": (TEXT,),
    "files": (ENTITIES,),
    "layout": (ENTITIES,),
    "scheme": (ENTITIES,),
    "encoding": (ENTITIES,),
    "kind": (TEXT,),
}
"""What each option is for."""
ADDERS = {TREEBANK: add_treebank, ENTITIES: add_entities, TEXT: add_text}


def add(
    name: str,
    /,
    ner: bool = False,
    text: bool = False,
    encoder: bool = False,
    from_: str = "",
    url: str = "",
    study: str = "",
    release: str = "",
    code: str = "",
    language: str = "",
    language_name: str = "",
    iso: str = "",
    script: str = "",
    family: str = "",
    licence: str = "",
    title: str = "",
    files: Sequence[str] = (),
    layout: Literal["", "columns", "wikiann", "uner"] = "",
    scheme: Literal["", "iob1", "iob2", "bioes"] = "",
    encoding: str = "",
    kind: Literal["", *KINDS] = "",
) -> None:
    """Add a treebank, named entities, raw text or an encoder to the catalogue.

    Every file is validated. The rows have licence, sizes and checksums; a language that is not
    there gets a row, too. A second call changes nothing.

    Args:
        name: name of the treebank, for example UD_Hungarian-Szeged; with --ner, the folder of the
            corpus in a mirror (MasakhaNER2/hau); with --text, a code for the corpus (ha_news); with
            --encoder, a repository of the hub (owner/name, or owner/name@<commit hash>).
        ner: whether it is a corpus of named entities.
        text: whether it is raw text.
        encoder: whether it is an encoder of the hub, whose sizes and present commit are written.
        from_: folder or base URL with the layout of a UD release, or of a mirror of named entities;
            with --text, a file, a URL or hf://datasets/<owner>/<name>/<path>. By default the
            publisher's, for treebanks.
        url: address to write into the catalogue, where it is not that of --from: of the file of a
            text, or of the folder of named entities.
        study: study file beside which the rows are written, so that the clone stays clean.
        release: release of Universal Dependencies; by default that of the folder's name, or of
            the configuration.
        code: code of the named entities; by default derived from their name.
        language: code of the language; by default derived from the name or the code. For a treebank
            that is downloaded, the code in file names (hu).
        language_name: English name of a new language; of a treebank, it is in its name.
        iso: ISO 639-3 code of a new language; by default derived from its code.
        script: ISO 15924 code of a new language; by default that of the text.
        family: family and branch of a new language (Uralic, Ugric); by default that of another row
            of the language, or of WALS where it has been downloaded.
        licence: licence; by default that of LICENSE.txt or README.md.
        title: name of the raw text for readers; by default its code.
        files: names of the files of named entities; by default all that end with train, dev or
            test, or are called train.txt and so on.
        layout: columns of named entities; by default recognised.
        scheme: scheme of the tags; by default recognised.
        encoding: character encoding of named entities; by default utf-8.
        kind: format of the raw text; by default that of the file's name.

    Raises:
        InputError: the corpus or encoder is missing or malformed, or the catalogue has another one
            of the same name.
    """
    given = dict(locals())
    what = _what(given)
    path = Path(study) if study else None
    if what == ENCODER:
        # A local import, because the client of the hub is needed for encoders only.
        from ..study.added_encoders import add_encoder

        print("\n".join(add_encoder(Target(path), name)))
        return
    stated = release
    if what == TREEBANK:
        check_name(name)
        stated = release or (release_of(Path(from_)) if from_ and "://" not in from_ else "")
    target = Target(path, stated)
    request = Request(
        name=name,
        place=from_,
        url=url,
        code=code,
        language=language,
        stated=NewLanguage(language_name, iso, script, family),
        licence=licence,
        title=title,
        files=files,
        layout=layout,
        scheme=scheme,
        encoding=encoding,
        kind=kind,
    )
    with tempfile.TemporaryDirectory() as scratch:
        lines = ADDERS[what](target, request, Path(scratch))
    print("\n".join(lines))


def _what(given: Mapping[str, object]) -> str:
    """What is to be added.

    Raises:
        InputError: several things, or an option is of another one.
    """
    flags = (("ner", ENTITIES), ("text", TEXT), ("encoder", ENCODER))
    kinds = [flag for name, flag in flags if given[name]]
    if len(kinds) > 1:
        raise InputError(f"{' and '.join(kinds)}: give one of them")
    what = kinds[0] if kinds else TREEBANK
    for option, only in OPTIONS.items():
        if given[option] and what not in only:
            flag = f"--{option.rstrip('_').replace('_', '-')}"
            raise InputError(f"{flag} is of {' or '.join(only)}, not of {what}; leave it out")
    return what
