"""Identities of corpora and encoders whose content the configuration determines.

Snakemake compares timestamps of files, and checksums of small files. Corpora and encoders are
larger, and training is too expensive to repeat because a file was copied. If the configuration and
the catalogue determine the content of a file, a rule therefore has the identity of the content as a
parameter and ignores the file's timestamp.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..corpora.catalogue import EMBEDDED
from ..corpora.checksums import UNCHECKED
from ..corpora.formats import FORMATS
from ..corpora.source_sets import TOGETHER, members
from ..records.code import stage_digest
from ..records.paths import made_encoder
from ..records.record import TOKENIZER_CONFIG
from ..runtime.files import digest, sha256_of_file
from .classification_settings import FOLDER as CLASSIFICATION
from .classification_settings import classification_config
from .embedded_parts import STAGES
from .local_files import LocalFiles
from .question_settings import FOLDER as QUESTIONS
from .question_settings import question_config
from .recipes import root_of
from .relation_parts import is_annotation, part_identity

if TYPE_CHECKING:
    from .study import Study


class Contents:
    """Identities of the corpora and encoders of a study.

    Args:
        study: study with these corpora and encoders.
    """

    def __init__(self, study: Study) -> None:
        self.study = study
        self.local = LocalFiles(study.root)
        self._known: dict[tuple[str, ...], str] = {}
        self._encoders: dict[str, str] = {}

    def corpus(self, kind: str, code: str, split: str) -> str:
        """Identity of a part of a corpus, or ``""`` if only the file itself determines it.

        Args:
            kind: folder ``treebanks``, ``entities`` or ``questions``.
            code: code of the corpus.
            split: part ``train``, ``dev`` or ``test``.
        """
        key = (kind, code, split)
        if key not in self._known:
            self._known[key] = self._corpus(kind, code, split)
        return self._known[key]

    def _corpus(self, kind: str, code: str, split: str) -> str:
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
        if is_annotation(kind):
            return part_identity(self, kind, code, split)
        checksum = study.downloads.checksum(kind, code, split)
        if checksum == UNCHECKED:
            checksum = self.unchecked(study.downloads.path(kind, code, split))
        if not checksum:
            return ""
        layout = study.entities_config(code) if kind == "entities" else ""
        if kind == QUESTIONS:
            layout = question_config(study, code, split)
        if kind == CLASSIFICATION:
            layout = classification_config(study, code)
        return digest([checksum, layout, stage_digest(FORMATS[kind].checked_by)])

    def encoder(self, name: str) -> str:
        """Identity of an encoder of the study, or ``""`` if it is missing or trained on raw text.

        For a local directory it is a digest of the files.
        """
        if name not in self._encoders:
            self._encoders[name] = self._encoder(name)
        return self._encoders[name]

    def _encoder(self, name: str) -> str:
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
