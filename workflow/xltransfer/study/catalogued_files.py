"""Downloads of catalogued files: their paths, origins, checksums and sizes."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from typing import Any

from ..corpora.catalogue import LARGEST_ANNOTATED, LARGEST_RAW, Catalogue
from ..corpora.corpus_files import CorpusFile
from ..corpora.formats import ANNOTATED
from ..corpora.relation_corpora import ANNOTATIONS
from ..runtime.files import canonical_json

FOLDER = "resources/downloads"
"""Folder of all downloads, relative to that of the workflow."""


def read_catalogue(root: Path, config: Mapping[str, Any]) -> Catalogue:
    """The catalogues of the project, with the rows that the study adds to them.

    Args:
        root: folder of the workflow.
        config: validated configuration.

    Raises:
        InputError: as for ``Catalogue``.
    """
    return Catalogue(root / "resources", config["ud_release"], config.get("catalogue"))


class Downloads:
    """Catalogued files, identified by their path below the folder of downloads.

    Args:
        catalogue: catalogue with these files.
        more: files that the configuration names, by their path.
    """

    def __init__(self, catalogue: Catalogue, more: Mapping[str, CorpusFile]) -> None:
        self.catalogue = catalogue
        self._more = more

    def path(self, corpora: str, corpus: str, split: str) -> str:
        """Path of a part of a corpus below the folder of downloads.

        Args:
            corpora: folder ``treebanks``, ``entities`` or ``questions``.
            corpus: code of the corpus.
            split: part ``train``, ``dev`` or ``test``.
        """
        entry = getattr(self.catalogue, corpora)[corpus]
        folder = f"ud-{entry.release}" if corpora == "treebanks" else corpora
        return f"{folder}/{entry.name}/{entry.files[split].name}"

    def paths(self, annotation: str, corpus: str, split: str) -> list[str]:
        """Paths of the files of a part of a corpus of relations or roles, in order.

        Args:
            annotation: folder ``relations`` or ``roles``.
            corpus, split: as for ``path``.
        """
        entry = getattr(self.catalogue, annotation)[corpus]
        return [f"{annotation}/{entry.name}/{file.name}" for file in entry.parts[split]]

    def checksum(self, corpora: str, corpus: str, split: str) -> str:
        """Expected checksum of a part of a corpus; arguments as for ``path``."""
        return getattr(self.catalogue, corpora)[corpus].files[split].checksum

    def dictionary(self, code: str, part: str) -> str:
        """Path of a part of a dictionary below the folder of downloads."""
        return f"dictionaries/{self.catalogue.dictionaries[code].files[part].name}"

    def checksum_of(self, path: str) -> str:
        """Expected checksum of the file at a path."""
        return json.loads(self.config(path))["checksum"]

    def largest(self, path: str) -> int:
        """Maximum size in bytes of the file at a path."""
        large = path.startswith(("raw/", "parallel/", "vectors/", "identifiers/"))
        limit = LARGEST_RAW if large else LARGEST_ANNOTATED
        return self._sizes.get(path) or limit

    @cached_property
    def _sizes(self) -> dict[str, int | None]:
        return {
            self.path("treebanks", code, split): file.bytes
            for code, entry in self.catalogue.treebanks.items()
            for split, file in entry.files.items()
        }

    def config(self, path: str) -> str:
        """Canonical JSON of the origin and the checksum of the file at a path."""
        return self._configs[path]

    @cached_property
    def _configs(self) -> dict[str, str]:
        files = {
            self.path(corpora, code, split): (f"{entry.name}/{file.name}", file)
            for corpora in ANNOTATED
            if corpora not in ANNOTATIONS
            for code, entry in getattr(self.catalogue, corpora).items()
            for split, file in entry.files.items()
        }
        files |= {
            f"{annotation}/{entry.name}/{file.name}": (f"{entry.name}/{file.name}", file)
            for annotation in ANNOTATIONS
            for entry in getattr(self.catalogue, annotation).values()
            for part in entry.parts.values()
            for file in part
        }
        catalogue = self.catalogue
        dictionaries = (one for one in catalogue.dictionaries.values() if not one.is_embedded)
        corpora = catalogue.parallel_corpora.values()
        groups = {
            "typology": [database.files.values() for database in catalogue.typology.values()],
            "raw": catalogue.raw_files.values(),
            "identifiers": [catalogue.identifiers.values()],
            "parallel": [part for corpus in corpora for part in corpus.files.values()],
            "dictionaries": [dictionary.files.values() for dictionary in dictionaries],
        }
        files |= {
            f"{folder}/{file.name}": (file.name, file)
            for folder, groups_of_folder in groups.items()
            for group in groups_of_folder
            for file in group
        }
        files |= {path: (path, file) for path, file in self._more.items()}
        return {
            place: canonical_json({"path": path, "url": file.url, "checksum": file.checksum})
            for place, (path, file) in files.items()
        }
