"""Check a study file before Snakemake reads it, and print what it reads, writes and fetches."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from urllib.parse import urlsplit

from ..corpora.cleaning.identification import SETTINGS
from ..runtime.safe_values import printable
from . import Study
from .mapped_vectors import GIVEN
from .open_study import open_study


def reach(study: Study) -> Iterator[str]:
    """The places outside the checkout and the catalogues that a study reads, writes or fetches.

    Args:
        study: validated study.

    Returns:
        One line per place.
    """
    yield f"results: {study.results}{_outside(study.results)}"
    for encoder in study.declared_encoders.values():
        if encoder.recipe is not None:
            continue
        if encoder.hub:
            yield f"encoder {encoder.name}: fetched, {encoder.hub}@{encoder.revision}"
        else:
            yield f"encoder {encoder.name}: {encoder.directory}{_outside(encoder.directory)}"
    for name in study.mapped.of_kind(GIVEN):
        for language, file in study.mapped.embeddings[name].files.items():
            if "url" in file:
                yield f"word vectors {name}, {language}: fetched, {file['url']}"
            else:
                path = study.mapped.given_file(name, language, "")
                yield f"word vectors {name}, {language}: {path}{_outside(path)}"
    if folder := study.config.get("catalogue"):
        yield f"catalogue: {folder}{_outside(folder)}"
    for mirror in study.mirrors:
        scheme = urlsplit(mirror).scheme
        where = "asked first" if scheme in ("http", "https") else "read first"
        yield f"mirror: {mirror}, {where}"
    identifier = study.config["cleaning"]["identifier"] if study.raw_texts.codes else "none"
    if found := study.raw_texts.identifier:
        yield f"language identifier {identifier}: fetched, {found.url}"
    elif identifier not in SETTINGS:
        yield f"language identifier: {identifier}{_outside(identifier)}"


def _outside(path: str) -> str:
    inside = (Path.cwd() / path).resolve().is_relative_to(Path.cwd())
    return "" if inside else " (outside this folder)"


def check_study(files: Sequence[str], /) -> None:
    """Check a study file before Snakemake reads it, and say what it reads, writes and fetches.

    Args:
        files: files of the study, as for ``snakemake --configfile``.
    """
    study = open_study(files)
    names = " ".join(files)
    print(printable(f"{names}: no code; keys, values and codes are right"))
    for line in reach(study):
        print(printable(f"  {line}"))
