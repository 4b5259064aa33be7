"""Add a treebank of Universal Dependencies to the catalogue, or to that of a study."""

from __future__ import annotations

import tempfile
from contextlib import ExitStack
from pathlib import Path

from ..corpora.catalogue import Catalogue, Corpus, Language
from ..corpora.catalogue_rows import add_rows
from ..corpora.conllu import Sentence
from ..corpora.script_of_text import script_of_text
from ..corpora.ud_treebank import (
    Treebank,
    check_name,
    fetch_treebank,
    open_treebank,
    release_of,
)
from ..corpora.wals import family_of
from ..runtime.command import warn
from ..runtime.errors import InputError
from ..study.project import project_folder
from ..study.schema import checked_config
from ..study.study_catalogue import catalogue_folder, name_catalogue

SENTENCES_OF_SCRIPT = 1000
"""Number of sentences by which the script of a new language is recognised."""
WALS = Path("resources/downloads/typology/wals/cldf/languages.csv")


def add(
    name: str,
    /,
    from_: str = "",
    study: str = "",
    release: str = "",
    language: str = "",
    iso: str = "",
    script: str = "",
    family: str = "",
    licence: str = "",
) -> None:
    """Add a treebank of Universal Dependencies to the catalogue, or to that of a study.

    Every file is validated. The rows have licence, sizes and checksums; a language that is not
    there gets a row, too. A second call changes nothing.

    Args:
        name: name of the treebank, for example UD_Hungarian-Szeged.
        from_: folder or base URL of a UD release (UD_Hungarian-Szeged/…); by default the
            publisher's, from which the files are downloaded.
        study: study file beside which the rows are written, so that the clone stays clean.
        release: release of Universal Dependencies; by default that of the folder's name, or of
            the configuration.
        language: code of the language in file names (hu), if the treebank is downloaded.
        iso: ISO 639-3 code of a new language; by default derived from its code.
        script: ISO 15924 code of a new language; by default that of the text.
        family: family and branch of a new language (Uralic, Ugric); by default that of another row
            of the language, or of WALS where it has been downloaded.
        licence: licence; by default that of LICENSE.txt or README.md.

    Raises:
        InputError: the treebank is missing or malformed, or the catalogue has other files of the
            same release.
    """
    check_name(name)
    project, path = project_folder(), Path(study) if study else None
    if path is None and project != Path():
        raise InputError("this folder is no clone; name a study file with --study")
    files = [path] if path is not None and path.exists() else []
    newest = checked_config(files)["ud_release"]
    local = Path(from_) if from_ and "://" not in from_ else None
    stated = release or (release_of(local) if local else "")
    release = stated or newest
    if _number(release) > _number(newest):
        raise InputError(
            f"release {release} is newer than `ud_release: {newest}` of the study, which would not "
            "use it; raise that key, or add another release"
        )
    added = None if path is None else catalogue_folder(path)
    resources = project / "resources"
    known = Catalogue(resources, release, added if added and added.is_dir() else None)
    with ExitStack() as stack:
        if local is not None:
            treebank = open_treebank(local, name)
        else:
            scratch = Path(stack.enter_context(tempfile.TemporaryDirectory()))
            code = language or _code_of(name, known)
            treebank = fetch_treebank(from_, name, code, release, scratch)
        sentences = list(treebank.sentences())
        files_rows = list(treebank.file_rows(release))
    old = known.treebanks.get(treebank.code)
    if not _is_new(old, files_rows, release):
        files_rows = []
    rows = {
        "languages.tsv": _language_rows(treebank, known, sentences, iso, script, family),
        "treebanks.tsv": [] if old else [_treebank_row(treebank, licence)],
        "treebank_files.tsv": files_rows,
    }
    lines = add_rows(rows, resources, added, release)
    print("\n".join(lines or [f"{treebank.code}: is in the catalogue already"]))
    if path is not None:
        name_catalogue(path, catalogue_folder(path))
    if lines and not stated:
        print(f"release: {release}, as configured, for the folder's name has none; see --release")
    print(f"{treebank.code}: {len(sentences):,} sentences; {', '.join(treebank.files)}")


def _number(release: str) -> tuple[int, ...]:
    try:
        major, minor = map(int, release.split("."))
    except ValueError:
        raise InputError(f"'{release[:80]}' is no release like 2.18; correct it") from None
    return major, minor


def _code_of(name: str, catalogue: Catalogue) -> str:
    """The code of a treebank's language, by its name in the catalogue."""
    wanted = check_name(name)["language"].replace("_", " ")
    for language in catalogue.languages.values():
        if language.name == wanted:
            return language.code
    raise InputError(
        f"{name}: no language '{wanted}' in the catalogue, so its code is not known; give it with "
        "--language, as in the names of the treebank's files"
    )


def _is_new(old: Corpus | None, rows: list[dict[str, str]], release: str) -> bool:
    """Whether the files of a release are not in the catalogue.

    Raises:
        InputError: other files of this release are there.
    """
    if old is None or old.release != release:
        return True
    found = {row["split"]: row["checksum"] for row in rows}
    listed = {split: file.checksum for split, file in old.files.items()}
    differing = [s for s in found if s in listed and listed[s] != found[s]]
    if differing and listed[differing[0]].startswith("sha256:"):
        raise InputError(
            f"{old.code}: the catalogue has another {differing[0]} part of release {release} "
            f"({listed[differing[0]]}, not {found[differing[0]]}); name the release of these files "
            "with --release"
        )
    return False


def _treebank_row(treebank: Treebank, licence: str) -> dict[str, str]:
    found = licence or treebank.licence
    if not found:
        warn(f"{treebank.name}: no licence recognised; give it with --licence")
    return {
        "treebank": treebank.code,
        "language": treebank.language,
        "name": treebank.name,
        "licence": found or "unknown",
    }


def _language_rows(
    treebank: Treebank,
    known: Catalogue,
    sentences: list[Sentence],
    iso: str,
    script: str,
    family: str,
) -> list[dict[str, str]]:
    """The row of the treebank's language, if there is none."""
    code = treebank.language
    if code in known.languages:
        return []
    iso = iso or _iso_of(code)
    texts = (form for sentence in sentences[:SENTENCES_OF_SCRIPT] for form in sentence.forms)
    script = script or script_of_text(texts)
    if not script:
        raise InputError(f"{treebank.name}: its text has no letters; give --script")
    family = family or _family_of(iso, known.languages.values())
    if not family:
        family = f"unknown ({code})"
        warn(f"{treebank.language_name}: its family is not known; give it with --family")
    name = treebank.language_name
    return [{"code": code, "name": name, "iso": iso, "script": script, "family": family}]


def _iso_of(code: str) -> str:
    """ISO 639-3 code of a language."""
    import langcodes

    try:
        return langcodes.Language.get(code).to_alpha3()
    except LookupError:
        raise InputError(f"'{code}' has no ISO 639-3 code that is known; give --iso") from None


def _family_of(iso: str, languages: object) -> str:
    """Family and branch of a language: of another variety, or in WALS if it is there."""
    of_same: list[Language] = [row for row in languages if row.iso == iso]
    if of_same:
        return of_same[0].family
    return family_of(WALS, iso) if WALS.is_file() else ""
