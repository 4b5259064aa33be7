"""A corpus of named entities on disk or on the web, for its rows in the catalogue."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import product
from pathlib import Path

from ..runtime.command import warn
from ..runtime.errors import InputError
from ..runtime.files import sha256_of_file
from .catalogue import Catalogue
from .checksums import UNCHECKED
from .corpus_files import SPLITS
from .downloads import fetch_file
from .iob import TaggedSentence, read_entities
from .lines import read_text_lines
from .new_languages import code_of_language
from .ud_treebank import NAME as TREEBANK
from .ud_treebank import fetch_if_there, licence_in

LAYOUTS, SCHEMES = ("uner", "wikiann", "columns"), ("iob2", "iob1", "bioes")
"""What is tried, in this order: a file of a narrower layout could be read as `columns`, too."""
SUFFIXES = (".txt", ".tsv", ".conll", ".iob2")
"""Suffixes of files that are looked for at a URL."""
_PARTS = {
    "train": "train",
    "dev": "dev",
    "valid": "dev",
    "validation": "dev",
    "testa": "dev",
    "test": "test",
    "testb": "test",
}
"""Part by the last word of a file's name; `testa` and `testb` are those of CoNLL-2002 and 2003."""
_ENDS = re.compile(r"[\t ][ESLU]-\S+[\t ]*$", re.MULTILINE)
"""A tag that only BIOES has, in the last column."""


@dataclass(frozen=True)
class Form:
    """How a corpus is written: columns of ``entity_corpora.tsv``."""

    layout: str
    scheme: str
    broken_tags: str
    encoding: str


@dataclass(frozen=True)
class Entities:
    """A corpus of named entities whose files are on this machine.

    Attributes:
        name: folder in a mirror (``MasakhaNER2/hau``).
        files: part → path.
        form: how the files are written.
        licence: licence as stated beside the files; ``""`` if none is recognised.
    """

    name: str
    files: dict[str, Path]
    form: Form
    licence: str

    @property
    def above(self) -> Path:
        """The folder with the layout of a mirror."""
        own = next(iter(self.files.values())).parent.resolve()
        return own.parents[len(Path(self.name).parts) - 1]

    def sentences(self) -> Iterator[TaggedSentence]:
        """All sentences.

        Raises:
            InputError: a file is malformed; names the line.
        """
        for path in self.files.values():
            yield from _read(path, self.form)

    def file_rows(self, code: str, base: str) -> Iterator[dict[str, str]]:
        """The rows of ``entity_files.tsv``.

        Args:
            code: code of the corpus.
            base: URL of the folder in which the publisher has the files; ``""`` if users provide
                them.
        """
        for split, path in self.files.items():
            yield {
                "corpus": code,
                "split": split,
                "file": path.name,
                "checksum": f"sha256:{sha256_of_file(path)}",
                "url": f"{base.rstrip('/')}/{path.name}" if base else "",
            }


def open_entities(
    folder: Path, name: str, names: Sequence[str], layout: str, scheme: str, encoding: str
) -> Entities:
    """A corpus of named entities in a folder, every file of which is validated.

    Args:
        folder: folder with the layout of a mirror, or the folder of the corpus.
        name: folder of the corpus in a mirror.
        names: names of its files; without any, all whose names end with those of a part.
        layout, scheme: as in ``entity_corpora.tsv``; ``""`` recognises them.
        encoding: character encoding.

    Raises:
        InputError: the folder or a file is missing or malformed, or two files are of one part.
    """
    parts = Path(name).parts
    own = folder if folder.resolve().parts[-len(parts) :] == parts else folder / name
    if not own.is_dir():
        raise InputError(f"{folder}: holds no folder {name}; name the folder above it with --from")
    found: dict[str, Path] = {}
    for path in sorted(own.iterdir()):
        split = part_of(path.name)
        if not path.is_file() or not split or (names and path.name not in names):
            continue
        if split in found:
            raise InputError(
                f"{own}: {found[split].name} and {path.name} are both a {split} part; name the "
                "files of the corpus with --files"
            )
        found[split] = path
    for file in names:
        if own / file not in found.values():
            raise InputError(f"{own}: no file {file} whose name ends with train, dev or test")
    if not found:
        raise InputError(f"{own}: no file whose name ends with train, dev or test; rename them")
    files = {split: found[split] for split in SPLITS if split in found}
    form = recognised([*files.values()], layout, scheme, encoding)
    return Entities(name, files, form, licence_in(own))


def fetch_entities(base: str, name: str, names: Sequence[str], folder: Path) -> None:
    """Download the files of a corpus of named entities.

    Args:
        base: base URL with the layout of a mirror.
        name: folder of the corpus in it.
        names: names of its files; without any, ``train``, ``dev`` and ``test`` with one of
            ``SUFFIXES``.
        folder: folder to download to; the corpus gets a folder of its name.

    Raises:
        InputError: no file is there, one that is named is not, or one cannot be fetched now.
    """
    for file in names:
        fetch_file(folder / name / file, f"{name}/{file}", "", UNCHECKED, [base])
    for split in () if names else SPLITS:
        for suffix in SUFFIXES:
            if fetch_if_there(folder, f"{name}/{split}{suffix}", "", [base]):
                break
    if not any(folder.glob(f"{name}/*")):
        raise InputError(
            f"{base.rstrip('/')}/{name}: has no train, dev or test with the suffix "
            f"{', '.join(SUFFIXES)}; name its files with --files"
        )
    for file in ("LICENSE.txt", "README.md"):
        fetch_if_there(folder, f"{name}/{file}", "", [base])


def part_of(file: str) -> str:
    """The part of a corpus that a file is, by its name; ``""`` if the name does not say."""
    words = re.split(r"[-_.]", file.lower())
    return next((_PARTS[word] for word in reversed(words) if word in _PARTS), "")


def recognised(files: Sequence[Path], layout: str, scheme: str, encoding: str) -> Form:
    """How files are written: the first layout and scheme in which all are valid.

    Where tags of some file break every scheme, they are repaired as conlleval interprets them.

    Args:
        files: files of a corpus.
        layout, scheme: what is stated; ``""`` tries all.
        encoding: character encoding.

    Raises:
        InputError: the files are in no layout, or not as stated; names a line.
    """
    layouts = (layout,) if layout else LAYOUTS
    schemes = (scheme,) if scheme else SCHEMES
    failures: dict[tuple[str, str], InputError] = {}
    for one, other in product(layouts, schemes):
        form = Form(one, other, "refuse", encoding)
        error = _problem(files, form)
        if error is None:
            return form
        failures[one, other] = error
    for one in layouts:
        form = Form(one, scheme or _scheme_of(files, encoding), "repair", encoding)
        if _problem(files, form) is None:
            found = str(failures[one, form.scheme]).partition("; correct the file")[0]
            warn(f"{found}; such tags are read as conlleval reads them")
            return form
    # The error that is shown is that of the last layout, which most corpora have.
    raise failures[layouts[-1], schemes[0]]


def _problem(files: Sequence[Path], form: Form) -> InputError | None:
    """Why files cannot be read in a form."""
    try:
        for path in files:
            _read(path, form)
    except InputError as error:
        return error
    return None


def _scheme_of(files: Sequence[Path], encoding: str) -> str:
    """The scheme of tags that break every scheme."""
    texts = (read_text_lines(path, encoding) for path in files)
    return "bioes" if any(_ENDS.search(text) for text in texts) else "iob2"


def _read(path: Path, form: Form) -> list[TaggedSentence]:
    return read_entities(
        path, form.layout, form.scheme, form.broken_tags == "repair", form.encoding
    )


def entity_code(name: str, language: str, known: Catalogue) -> str:
    """The code of a corpus of named entities by its name.

    ``UNER_English-PUD`` is ``en_pud_uner``, and ``MasakhaNER2/hau`` is ``ha_masakhaner2``.

    Args:
        name: folder in a mirror.
        language: code of its language; ``""`` derives it from the name.
        known: the catalogue.

    Raises:
        InputError: the name does not say which language it is.
    """
    import langcodes

    collection, _, last = name.rpartition("/")
    universal = TREEBANK.fullmatch(name.replace("UNER_", "UD_", 1)) if not collection else None
    if universal:
        english = universal["language"].replace("_", " ")
        found = language or code_of_language(english, known, name)
        return f"{found}_{universal['treebank'].lower()}_uner"
    if not language and collection and re.fullmatch("[a-z]{2,3}", last):
        language = langcodes.standardize_tag(last)
    if not language:
        raise InputError(f"{name}: the name does not say which language it is; give --language")
    return f"{language}_{re.sub('[^a-z0-9]', '', (collection or last).lower())}"
