"""Adding corpora to the catalogue or to the tables of a study: from files to rows."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from ..corpora.catalogue import Catalogue, Corpus
from ..corpora.catalogue_rows import Rows, add_rows
from ..corpora.new_entities import entity_code, fetch_entities, open_entities
from ..corpora.new_languages import (
    NewLanguage,
    code_of_language,
    language_of_corpus,
    language_rows,
)
from ..corpora.new_raw_text import open_raw_text
from ..corpora.ud_treebank import Treebank, check_name, fetch_treebank, open_treebank
from ..runtime.command import warn
from ..runtime.errors import InputError
from ..runtime.safe_values import CORPUS, check_code
from .project import project_folder
from .schema import checked_config
from .study_catalogue import catalogue_folder, name_catalogue

SENTENCES_OF_SCRIPT = 1000
"""Number of sentences by which the script of a new language is recognised."""


@dataclass(frozen=True)
class Request:
    """A corpus to add; ``""`` where the user says nothing.

    Attributes:
        name: name of a treebank, folder of named entities in a mirror, or code of a raw text.
        place: folder, file or URL that it is read from.
        url: address for the catalogue, where it is not ``place``.
        code: code of named entities.
        language: code of the language.
        stated: what the user says of a new language.
        licence: licence.
        title: name of a raw text for readers.
        files: names of the files of named entities.
        layout, scheme, encoding: form of named entities.
        kind: format of a raw text.
    """

    name: str
    place: str
    url: str
    code: str
    language: str
    stated: NewLanguage
    licence: str
    title: str
    files: Sequence[str]
    layout: str
    scheme: str
    encoding: str
    kind: str


class Target:
    """The tables that rows are added to.

    Args:
        study: study file; ``None`` for the catalogue of the clone.
        release: release of Universal Dependencies; ``""`` for that of the configuration.

    Attributes:
        release: release of Universal Dependencies.
        stated: whether it was given.
        known: the catalogue with the study's rows.

    Raises:
        InputError: no study is given and this is no clone, or the release is newer than the
            study's.
    """

    def __init__(self, study: Path | None, release: str = "") -> None:
        project = project_folder()
        if study is None and project != Path():
            raise InputError("this folder is no clone; name a study file with --study")
        newest = checked_config([study] if study is not None and study.exists() else [])[
            "ud_release"
        ]
        self.study, self.release, self.stated = study, release or newest, bool(release)
        if _number(self.release) > _number(newest):
            raise InputError(
                f"release {self.release} is newer than `ud_release: {newest}` of the study, which "
                "would not use it; raise that key, or add another release"
            )
        self.added = None if study is None else catalogue_folder(study)
        self.resources = project / "resources"
        own = self.added if self.added is not None and self.added.is_dir() else None
        self.known = Catalogue(self.resources, self.release, own)

    def write(self, rows: Rows, name: str) -> list[str]:
        """Write rows, and the key of a study that exists.

        Args:
            rows: new rows by table.
            name: name of the corpus, for the message.

        Returns:
            A line for each new row, or one that says that there is none.
        """
        lines = add_rows(rows, self.resources, self.added, self.release)
        if self.study is not None and self.added is not None:
            name_catalogue(self.study, self.added)
        return lines or [f"{name}: is in the catalogue already"]


def add_treebank(target: Target, request: Request, scratch: Path) -> list[str]:
    """Add a treebank of Universal Dependencies.

    Args:
        target: where its rows go.
        request: the treebank; its ``place`` is a folder or base URL of a release.
        scratch: folder for downloads.

    Returns:
        Lines for the user.

    Raises:
        InputError: it is missing or malformed, or the catalogue has other files of the release.
    """
    known, place = target.known, request.place
    if place and "://" not in place:
        treebank = open_treebank(Path(place), request.name)
    else:
        english = check_name(request.name)["language"].replace("_", " ")
        code = request.language or code_of_language(english, known, request.name)
        treebank = fetch_treebank(place, request.name, code, target.release, scratch)
    sentences, files = list(treebank.sentences()), list(treebank.file_rows(target.release))
    old = known.treebanks.get(treebank.code)
    if old is not None and old.release == target.release:
        refuse_other_files(old, files, f"part of release {target.release}", "--release")
        files = []
    stated = request.stated
    if not stated.name:
        stated = NewLanguage(treebank.language_name, stated.iso, stated.script, stated.family)
    texts = (form for sentence in sentences[:SENTENCES_OF_SCRIPT] for form in sentence.forms)
    rows = {
        "languages.tsv": language_rows(treebank.language, stated, texts, known, treebank.name),
        "treebanks.tsv": [] if old else [_treebank_row(treebank, request.licence)],
        "treebank_files.tsv": files,
    }
    lines = target.write(rows, treebank.code)
    if any(rows.values()) and not target.stated:
        of = f"release: {target.release}, as configured, for the folder's name has none"
        lines.append(f"{of}; see --release")
    return [*lines, f"{treebank.code}: {len(sentences):,} sentences; {', '.join(treebank.files)}"]


def _treebank_row(treebank: Treebank, licence: str) -> dict[str, str]:
    return {
        "treebank": treebank.code,
        "language": treebank.language,
        "name": treebank.name,
        "licence": _licence(licence or treebank.licence, treebank.name),
    }


def add_entities(target: Target, request: Request, scratch: Path) -> list[str]:
    """Add a corpus of named entities.

    Args:
        target: where its rows go.
        request: the corpus; its ``place`` is a folder or base URL with the layout of a mirror.
        scratch: folder for downloads.

    Returns:
        Lines for the user.

    Raises:
        InputError: it is missing or malformed, or the catalogue has other files of its code.
    """
    name, known, folder = request.name, target.known, Path(request.place)
    base = request.url
    if request.code:
        check_code(CORPUS, request.code, "--code", "the code")
    if not request.place:
        raise InputError(f"{name}: name the folder or base URL that has it with --from")
    if "://" in request.place:
        fetch_entities(request.place, name, request.files, scratch)
        base, folder = base or f"{request.place.rstrip('/')}/{name}", scratch
    form = request.layout, request.scheme, request.encoding or "utf-8"
    found = open_entities(folder, name, request.files, *form)
    code = request.code or entity_code(name, request.language, known)
    language = request.language or language_of_corpus(code, known)
    sentences, files = list(found.sentences()), list(found.file_rows(code, base))
    texts = (form for sentence in sentences[:SENTENCES_OF_SCRIPT] for form in sentence.forms)
    old = known.entities.get(code)
    if old is not None:
        refuse_other_files(old, files, "part", "--code")
        files = [row for row in files if row["split"] not in old.files]
    row = {"corpus": code, "language": language, "name": name}
    if old is None:
        row["licence"] = _licence(request.licence or found.licence, name)
    rows = {
        "languages.tsv": language_rows(language, request.stated, texts, known, name),
        "entity_corpora.tsv": [] if old else [row | vars(found.form)],
        "entity_files.tsv": files,
    }
    lines = target.write(rows, code)
    types = sorted({tag[2:] for sentence in sentences for tag in sentence.tags if tag != "O"})
    lines.append(
        f"{code}: {len(sentences):,} sentences; {', '.join(found.files)}; "
        f"entities: {', '.join(types) or 'none'}"
    )
    return [*lines, *([] if base or not files else [_mirror(found.above)])]


def add_text(target: Target, request: Request, scratch: Path) -> list[str]:
    """Add a raw text.

    Args:
        target: where its rows go.
        request: the text; its ``place`` is a file or a URL.
        scratch: folder for downloads.

    Returns:
        Lines for the user.

    Raises:
        InputError: it is missing or of another kind, or the catalogue has another one of its code.
    """
    code, known = request.name, target.known
    check_code(CORPUS, code, "--text", "the code")
    if not request.place:
        raise InputError(f"{code}: name the file or URL that has it with --from")
    language = request.language or language_of_corpus(code, known)
    found = open_raw_text(request.place, request.kind, request.url, scratch)
    lines = found.lines()
    old = known.raw_corpora.get(code)
    row = found.row(code, language, request.title or code, "")
    if old is not None and old.checksum != row["checksum"]:
        raise InputError(
            f"{code}: the catalogue has another file ({old.file}, {old.checksum}, not "
            f"{row['checksum']}); give the corpus another code"
        )
    if old is None:
        row["licence"] = _licence(request.licence, code)
    rows = {
        "languages.tsv": language_rows(language, request.stated, lines, known, code),
        "raw_corpora.tsv": [] if old else [row],
    }
    report = target.write(rows, code)
    size = found.path.stat().st_size
    report.append(f"{code}: {size:,} bytes, read as {found.kind}; begins: {_shown(lines)}")
    return [*report, *([] if found.url or old else [_mirror(found.path.parent)])]


def refuse_other_files(old: Corpus, rows: Iterable[dict[str, str]], what: str, option: str) -> None:
    """Raise an error if the catalogue has other files of a corpus.

    Args:
        old: the corpus in the catalogue.
        rows: rows of the files that are there.
        what: name of a file in the message.
        option: option by which these files get a name of their own.

    Raises:
        InputError: the SHA-256 of a file is another one.
    """
    for row in rows:
        listed = old.files.get(row["split"])
        if listed is None or not listed.checksum.startswith("sha256:"):
            continue
        if listed.checksum != row["checksum"]:
            raise InputError(
                f"{old.code}: the catalogue has another {row['split']} {what} ({listed.checksum}, "
                f"not {row['checksum']}); name these files otherwise with {option}"
            )


def _licence(found: str, name: str) -> str:
    if not found:
        warn(f"{name}: no licence recognised; give it with --licence")
    return found or "unknown"


def _mirror(folder: Path) -> str:
    """What a study must say so that a file without an address is found."""
    return f"no address: name {folder} under `mirrors` in the study"


def _shown(lines: Sequence[str]) -> str:
    first = next(islice((line.strip() for line in lines if line.strip()), 1))
    return f"{first[:60]}…" if len(first) > 60 else first


def _number(release: str) -> tuple[int, ...]:
    try:
        major, minor = map(int, release.split("."))
    except ValueError:
        raise InputError(f"'{release[:80]}' is no release like 2.18; correct it") from None
    return major, minor
