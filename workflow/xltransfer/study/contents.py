"""Identities of corpora and encoders whose content the configuration determines.

Snakemake compares timestamps of files, and checksums of small files. Corpora and encoders are
larger, and training is too expensive to repeat because a file was copied. If the configuration and
the catalogue determine the content of a file, a rule therefore has the identity of the content as a
parameter and ignores the file's timestamp.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import TYPE_CHECKING, Any

from ..corpora.catalogue import EMBEDDED
from ..corpora.checksums import UNCHECKED
from ..corpora.formats import FORMATS
from ..corpora.relation_corpora import ANNOTATIONS
from ..corpora.source_sets import TOGETHER, members
from ..records.code import stage_digest
from ..records.paths import made_encoder
from ..records.record import TOKENIZER_CONFIG
from ..runtime.files import canonical_json, digest, sha256_of_file
from .embedded_parts import STAGES
from .local_files import LocalFiles
from .recipes import root_of
from .relation_parts import part_identity
from .subword_tasks import CLASSIFICATION, QUESTIONS

if TYPE_CHECKING:
    from .study import Study

LAYOUT_KEYS = {
    "entities": ("layout", "scheme", "broken_tags", "encoding"),
    QUESTIONS: ("language", "normalisation", "articles", "identifiers"),
    CLASSIFICATION: ("language", "layout"),
}
"""What is read of a corpus in the catalogue to check its downloads, by folder of results."""


def layout_of(study: Study, kind: str, code: str, split: str) -> str:
    """Canonical JSON of everything but the download that decides a part of a corpus."""
    entry = getattr(study.catalogue, kind)[code]
    part = {"part": split} if kind == QUESTIONS else {}
    return canonical_json({**part, **{key: getattr(entry, key) for key in LAYOUT_KEYS[kind]}})


def remembered(method: Callable[..., str]) -> Callable[..., str]:
    """Cache an identity by its arguments, which may be lists, in ``known`` of its object."""

    @wraps(method)
    def of(self: Any, *arguments: Any) -> str:
        key = (method.__name__, *(tuple(a) if isinstance(a, list) else a for a in arguments))
        if key not in self.known:
            self.known[key] = method(self, *arguments)
        return self.known[key]

    return of


class Contents:
    """Identities of the corpora and encoders of a study.

    Args:
        study: study with these corpora and encoders.
    """

    def __init__(self, study: Study) -> None:
        self.study = study
        self.local = LocalFiles(study.root)
        self.known: dict[tuple[Any, ...], str] = {}

    @remembered
    def corpus(self, kind: str, code: str, split: str) -> str:
        """Identity of a part of a corpus, or ``""`` if only the file itself determines it.

        Args:
            kind: folder ``treebanks``, ``entities`` or ``questions``.
            code: code of the corpus.
            split: part ``train``, ``dev`` or ``test``.
        """
        study, unseen = self.study, self.study.unseen
        if TOGETHER in code:
            of = [kind, code, stage_digest("join_corpora")]
            return _composed(of, [self.corpus(kind, one, split) for one in members(code)])
        made = unseen.made[kind].get(code)
        if made is not None and made.scheme:
            tables = [sha256_of_file(path) for path in unseen.scheme_files(kind, code)]
            of = [unseen.scheme_config(kind, code), *tables, stage_digest("transliterate")]
            return _composed(of, [self.corpus(kind, made.original, split)])
        if made is not None:
            parts = getattr(study.catalogue, kind)[made.original].splits
            # One job makes all parts of the corpus.
            of = [unseen.split_config(made.split), stage_digest("split")]
            return _composed(of, [self.corpus(kind, made.original, part) for part in parts])
        if code.endswith(f"_{EMBEDDED}"):
            language = code.removesuffix(f"_{EMBEDDED}")
            part = study.embedded_world.corpus(kind, language, split)
            return digest([kind, part, stage_digest(STAGES.get(kind, "embedded_world"))])
        if kind in ANNOTATIONS:
            return part_identity(self, kind, code, split)
        checksum = study.downloads.checksum(kind, code, split)
        if checksum == UNCHECKED:
            checksum = self.unchecked(study.downloads.path(kind, code, split))
        if not checksum:
            return ""
        layout = layout_of(study, kind, code, split) if kind in LAYOUT_KEYS else ""
        return digest([checksum, layout, stage_digest(FORMATS[kind].checked_by)])

    @remembered
    def encoder(self, name: str) -> str:
        """Identity of an encoder of the study, or ``""`` if it is missing or trained on raw text.

        For a local directory it is a digest of the files.
        """
        if name in self.study.made_encoders.recipes:
            return ""
        encoder = self.study.declared_encoders[name]
        if encoder.hub:
            return f"{encoder.hub}@{encoder.revision}"
        if encoder.directory == made_encoder(self.study.results, EMBEDDED):
            return self.embedded_encoder()
        files = [self.study.root / path for path in self.study.encoder_files(name)]
        if not all(path.is_file() for path in files):
            return ""
        return digest([self.local.checksum(path) for path in files])

    def mask_token(self, name: str) -> str:
        """Identity of the file that names the mask token, of the given encoder below a made one.

        ``""`` without such a file in a local directory, or if it is part of another identity.
        """
        root = root_of(self.study.declared_encoders[name], self.study.declared_encoders)
        made = made_encoder(self.study.results, EMBEDDED)
        if root.hub or root.recipe is not None or root.directory in ("", made):
            return ""
        path = self.study.root / root.directory / TOKENIZER_CONFIG
        return self.local.checksum(path) if path.is_file() else ""

    def embedded_encoder(self) -> str:
        """Identity of the encoder that ``pretrain_embedded`` trains."""
        languages = self.study.embedded_world.encoder["languages"]
        texts = [self.study.embedded_world.part(language, "text") for language in languages]
        code = [stage_digest(stage) for stage in ("pretrain", "embedded_world")]
        return digest([self.study.embedded_world.encoder, texts, code])

    def unchecked(self, download: str) -> str:
        """Identity of a fetched file without a checksum in the catalogue: none.

        Args:
            download: path of the file below the folder of downloads.
        """
        return ""


def _composed(of: list[str], originals: list[str]) -> str:
    """Identity of a corpus made from others; ``""`` if one of their identities is ``""``."""
    return digest([*of, *originals]) if all(originals) else ""
