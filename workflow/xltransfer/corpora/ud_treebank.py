"""A treebank of Universal Dependencies on disk or on the web, for its rows in the catalogue."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from ..runtime.errors import InputError
from ..runtime.files import read_text, sha256_of_file
from .checksums import UNCHECKED
from .conllu import Sentence, read_conllu
from .corpus_files import SPLITS
from .downloads import NotFoundError, fetch_file

NAME = re.compile(r"UD_(?P<language>[A-Z][A-Za-z_]*)-(?P<treebank>[A-Za-z0-9]+)")
"""Name of a treebank: ``UD_Low_Saxon-LSDC``."""
PUBLISHED = "https://raw.githubusercontent.com/UniversalDependencies/{name}/r{release}/{file}"
"""URL of a file of a release."""
_FILE = re.compile(r"(?P<code>[a-z]{2,16}_[a-z0-9]{1,32})-ud-(?P<split>train|dev|test)\.conllu")
_RELEASE = re.compile(r"ud-treebanks-v(\d{1,4}\.\d{1,4})")
_CREATIVE_COMMONS = re.compile(r"creativecommons\.org/licenses/([a-z-]+)/(\d\.\d)")
_ATTRIBUTION = re.compile(r"(Attribution(?:[- ](?:NonCommercial|ShareAlike|NoDerivs))*) (\d\.\d)")
_PUBLIC_DOMAIN = re.compile(r"creativecommons\.org/publicdomain/zero/(\d\.\d)|\bCC0\b")
_STATED = re.compile(r"^License: *(\S.*?) *$", re.MULTILINE)


@dataclass(frozen=True)
class Treebank:
    """A treebank whose files are on this machine.

    Attributes:
        name: name at the publisher (``UD_Danish-DDT``).
        code: code in its file names (``da_ddt``).
        files: split → path.
        licence: licence as stated beside the files; ``""`` if none is recognised.
    """

    name: str
    code: str
    files: dict[str, Path]
    licence: str

    @property
    def language(self) -> str:
        """Code of the language."""
        return self.code.partition("_")[0]

    @property
    def language_name(self) -> str:
        """English name of the language."""
        return NAME.fullmatch(self.name)["language"].replace("_", " ")

    def sentences(self) -> Iterator[Sentence]:
        """All sentences; every file is validated.

        Raises:
            InputError: a file is malformed; names the line.
        """
        for path in self.files.values():
            yield from read_conllu(path)

    def file_rows(self, release: str) -> Iterator[dict[str, str]]:
        """The rows of ``treebank_files.tsv``."""
        for split, path in self.files.items():
            yield {
                "treebank": self.code,
                "release": release,
                "split": split,
                "file": path.name,
                "bytes": str(path.stat().st_size),
                "checksum": f"sha256:{sha256_of_file(path)}",
                "url": PUBLISHED.format(name=self.name, release=release, file=path.name),
            }


def check_name(name: str) -> re.Match[str]:
    """The parts of the name of a treebank.

    Raises:
        InputError: it is not of the form that Universal Dependencies uses.
    """
    found = NAME.fullmatch(name)
    if found is None:
        raise InputError(
            f"'{name[:80]}' is no name of a UD treebank like UD_Hungarian-Szeged; correct it"
        )
    return found


def release_of(folder: Path) -> str:
    """The release that a folder is part of, by its path; ``""`` if the path does not say."""
    found = [_RELEASE.fullmatch(part) for part in folder.resolve().parts]
    return next((match[1] for match in reversed(found) if match), "")


def open_treebank(folder: Path, name: str) -> Treebank:
    """A treebank in a folder.

    Args:
        folder: folder of a release, with a folder for each treebank, or the folder of the treebank.
        name: name of the treebank.

    Raises:
        InputError: the treebank is not there, or has no file of a known name.
    """
    check_name(name)
    own = folder if folder.name == name else folder / name
    if not own.is_dir():
        raise InputError(f"{folder}: holds no folder {name}; name the folder of a UD release")
    found = {path: match for path in own.iterdir() if (match := _FILE.fullmatch(path.name))}
    codes = sorted({match["code"] for match in found.values()})
    if len(codes) != 1:
        raise InputError(
            f"{own}: files of {len(codes)} treebanks like xx_yyy-ud-test.conllu; keep those of one"
        )
    files = {match["split"]: path for path, match in found.items()}
    files = {split: files[split] for split in SPLITS if split in files}
    return Treebank(name, codes[0], files, licence_in(own))


def fetch_treebank(base: str, name: str, language: str, release: str, folder: Path) -> Treebank:
    """Download a treebank.

    Args:
        base: base URL with the layout of a release; ``""`` for the publisher's.
        name: name of the treebank.
        language: code of the language, with which the names of the files begin.
        release: release, for the publisher's URLs.
        folder: folder to download to.

    Raises:
        InputError: no file is there, or one cannot be fetched.
    """
    code = f"{language}_{check_name(name)['treebank'].lower()}"
    mirrors = [base] if base else []
    for split in SPLITS:
        file = f"{code}-ud-{split}.conllu"
        url = "" if base else PUBLISHED.format(name=name, release=release, file=file)
        fetch_if_there(folder, f"{name}/{file}", url, mirrors)
    if not any(folder.glob(f"{name}/*")):
        where = base or PUBLISHED.format(name=name, release=release, file="")
        raise InputError(
            f"{where}: has no file {code}-ud-train, -dev or -test.conllu; correct the name, the "
            "release or the language's code, or name a folder with --from"
        )
    for file in ("LICENSE.txt", "README.md"):
        url = "" if base else PUBLISHED.format(name=name, release=release, file=file)
        fetch_if_there(folder, f"{name}/{file}", url, mirrors)
    return open_treebank(folder, name)


def fetch_if_there(folder: Path, file: str, url: str, mirrors: Sequence[str]) -> bool:
    """Download a file from the first location that has it; whether there is one.

    Args:
        folder: folder to download to.
        file: path in it and in a mirror.
        url: URL of the publication; ``""`` if there is none.
        mirrors: base URLs.

    Raises:
        InputError: the file cannot be fetched now.
    """
    try:
        fetch_file(folder / file, file, url, UNCHECKED, mirrors)
    except NotFoundError:
        return False
    return True


def licence_in(folder: Path) -> str:
    """The licence that a folder's files state, as in ``treebanks.tsv`` (``CC BY-SA 4.0``).

    Returns:
        The licence; ``""`` if it is unclear.
    """
    for path in (*sorted(folder.glob("README*")), *sorted(folder.glob("LICENSE*"))):
        text = read_text(path)
        if found := _STATED.search(text):
            return found[1]
        if found := _CREATIVE_COMMONS.search(text):
            return f"CC {found[1].upper()} {found[2]}"
        if found := _ATTRIBUTION.search(text):
            parts = re.split("[- ]", found[1])
            short = {"NonCommercial": "NC", "ShareAlike": "SA", "NoDerivs": "ND"}
            return "CC " + "-".join(["BY", *(short[part] for part in parts[1:])]) + f" {found[2]}"
        if found := _PUBLIC_DOMAIN.search(text):
            return f"CC0-{found[1] or '1.0'}"
    return ""
