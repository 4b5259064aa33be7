"""Check the catalogue entries of a language, and print the jobs of a study for it."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from ..corpora.catalogue import Catalogue
from ..corpora.checksums import UNCHECKED
from ..corpora.corpus_files import SPLITS
from ..corpora.formats import ANNOTATED, WITH_VARIETIES
from ..runtime.errors import InputError
from .study_files import read_config

RESOURCES = Path("resources")


def describe(catalogue: Catalogue, code: str) -> Iterator[str]:
    """A report on a language: its rows, missing data, and an item for a configuration.

    Args:
        catalogue: validated catalogue.
        code: code of the language.

    Raises:
        InputError: the language has no row.
    """
    if code not in catalogue.languages:
        raise InputError(f"{catalogue.directory}/languages.tsv: no row '{code}'; add it there")
    row = catalogue.languages[code]
    yield f"{row.code}: {row.name}, {row.iso}, {row.script}, {row.family}"
    item = {"language": code, "text": "null", "treebanks": "null", "entities": "null"}
    for table in (kind for kind in ANNOTATED if kind in WITH_VARIETIES):
        for corpus in getattr(catalogue, table).values():
            if corpus.language == code:
                item[table] = corpus.code
                missing = [split for split in SPLITS if split not in corpus.splits]
                needs = "needs `split: folds` or `split: hashed`"
                note = f"no {' or '.join(missing)}: {needs}" if missing else "all parts"
                unchecked = [f.name for f in corpus.files.values() if f.checksum == UNCHECKED]
                note += f"; no checksum of {', '.join(unchecked)}" * bool(unchecked)
                yield f"  {table}: {corpus.code} ({corpus.licence}): {note}"
    for text in catalogue.raw_corpora.values():
        if text.language == code:
            item["text"] = text.code
            files = catalogue.raw_files[text.code]
            unchecked = "; no checksum" * any(file.checksum == UNCHECKED for file in files)
            several = f", {len(files)} files" * (len(files) > 1)
            yield f"  raw text: {text.code} ({text.licence}), {text.kind}{several}{unchecked}"
    varieties = [v for v, made in catalogue.transliterations.items() if made.original == code]
    for variety in varieties:
        yield f"  written as {variety} by {catalogue.transliterations[variety].scheme}"
    for key, table in (("text", "raw_corpora.tsv"), ("treebanks", "treebanks.tsv")):
        if item[key] == "null":
            yield f"  missing: a row in {catalogue.directory}/{table}"
    if item["text"] == "null":
        yield "no item for `unseen.languages`, which needs raw text: add a row, then run this again"
        return
    yield "folds are for fewer than 1,000 sentences; item for `unseen.languages`:"
    pairs = ", ".join(f"{key}: {value}" for key, value in item.items())
    yield f"  - {{{pairs}, split: folds, transliterated: [{', '.join(varieties)}]}}"


def check_language(
    language: str, /, configfile: Sequence[str] = (), ud_release: str = "2.18"
) -> None:
    """Check what the catalogues say about a language, and print what a study would run for it.

    Args:
        language: code in ``resources/languages.tsv``.
        configfile: files of the study, for Snakemake.
        ud_release: newest release that treebanks are taken from.

    Raises:
        InputError: Snakemake refuses the study; with its error.
    """
    read_config(configfile)
    catalogue = Catalogue(RESOURCES, ud_release)
    print("\n".join(describe(catalogue, language)), flush=True)
    command = [sys.executable, "-m", "snakemake", "unseen", "--dry-run", "--quiet", "rules"]
    files = ["--configfile", *configfile] if configfile else []
    done = subprocess.run([*command, *files], capture_output=True, text=True)
    lines = (done.stdout + done.stderr).splitlines()
    if done.returncode:
        raise InputError(next((line for line in lines if "error" in line.lower()), lines[-1]))
    print("what the study would run:")
    # A dry run prints the same summary twice; the first one is used.
    summary = lines[lines.index("Job stats:") :] if "Job stats:" in lines else ["nothing"]
    print(
        "\n".join(f"  {line}" for line in summary[: summary.index("") if "" in summary else None])
    )
