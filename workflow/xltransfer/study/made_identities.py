"""Identities of texts, and of the encoders that are made from them: see ``identities``."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..corpora.catalogue import EMBEDDED
from ..records.code import stage_digest
from ..runtime.files import canonical_json, digest
from .contents import remembered
from .dictionary_texts import DictionaryTexts
from .embedded_parts import text_part
from .recipes import PARALLEL_TEXT
from .vector_encoders import identity

if TYPE_CHECKING:
    from .identities import Identities


class MadeIdentities:
    """The identities of a study's texts and made encoders.

    Args:
        identities: identities of the study.
    """

    def __init__(self, identities: Identities) -> None:
        self._all, self._study = identities, identities.study
        self.known: dict[tuple[Any, ...], str] = {}

    @remembered
    def text(self, code: str) -> str:
        """Identity of a raw text, which is cleaned and may be transliterated or translated."""
        made = self._study.unseen.made["raw_text"].get(code)
        if original := self._study.raw_texts.translated.get(code):
            own = DictionaryTexts(self._study).identity(code, ("raw_text", original, ""))
        elif made is not None:
            own = self._transliterated(code, made.original)
        else:
            own = self._cleaned(code)
        return digest([own, self._evaluation(code)])

    def part(self, folder: str, code: str, part: str) -> str:
        """Identity of a part of a raw or parallel text, or of an annotated corpus."""
        if folder == PARALLEL_TEXT:
            return self._all.parallel_text(code)
        return self.text(code) if folder == "raw_text" else self._all.corpus(folder, code, part)

    def joined(self, code: str) -> str:
        """Identity of a raw text that is joined from several files."""
        files = self._study.raw_texts.downloads(code)
        kind = self._study.catalogue.raw_corpora[code].kind
        return digest(
            [[self._all.download(path) for path in files], kind, stage_digest("join_raw_files")]
        )

    def _cleaned(self, code: str) -> str:
        texts, corpus = self._study.raw_texts, self._study.catalogue.raw_corpora[code]
        if code.endswith(f"_{EMBEDDED}"):
            part = text_part(code)
            raw = self._all.embedded_text(corpus.language, part)
        elif code in texts.joined:
            raw = self.joined(code)
        else:
            raw = self._all.download(f"raw/{corpus.file}")
        if texts.identifier is not None:
            identifier = [self._all.download(f"identifiers/{texts.identifier.name}")]
        else:
            identifier = [self._all.local_file(path) for path in texts.identifier_files()]
        config = texts.cleaning_config(code)
        return digest([raw, corpus.kind, config, identifier, stage_digest("clean")])

    def _transliterated(self, code: str, original: str) -> str:
        unseen = self._study.unseen
        tables = [self._all.local_file(path) for path in unseen.scheme_files("raw_text", code)]
        of = [self.text(original), unseen.scheme_config("raw_text", code), tables]
        keeps = self._study.raw_texts.keeps_evaluation_sentences
        return digest([*of, keeps, stage_digest("transliterate")])

    def _evaluation(self, code: str) -> dict[str, str]:
        """Identities of the evaluation sentences that are excluded from a raw text, by file."""
        files = map(Path, self._study.raw_texts.evaluation_files(code))
        return {str(file): self._all.corpus(*file.parts[:2], file.stem) for file in files}

    def trained_encoder(self, name: str, text: str, seed: int) -> str:
        """Identity of an encoder trained on a raw text.

        Args:
            name: name of the encoder.
            text: code of the raw text.
            seed: seed of the pretraining.
        """
        made = self._study.made_encoders
        recipe = made.recipes[name]
        if not recipe.base:
            of = [made.config(name, text, seed), stage_digest("pretrain")]
        else:
            base, base_seed = made.base(name, seed)
            # Only the training on text masks subwords.
            mask = self._study.contents.mask_token(name)
            of = [made.config(name, text, seed), stage_digest("adapt"), *([mask] if mask else [])]
            if base in made.recipes and made.recipes[base].text:
                fixed = made.recipes[base]
                base_text = text if fixed.of_each_language else fixed.text
                of.append(self.trained_encoder(base, base_text, base_seed))
            else:
                of.append(self._all.encoder(base))
        if recipe.of_several_texts:
            raw = {code: self.text(code) for code in recipe.raw_texts}
            parallel = {code: self._all.parallel_text(code) for code in recipe.parallel_texts}
            return digest([*of, raw, parallel])
        return digest([*of, self.text(text)])

    def trimmed_encoder(self, name: str) -> str:
        """Identity of an encoder with a trimmed vocabulary."""
        made = self._study.made_encoders
        files = {
            f"{folder}/{code}/{part}": self.part(folder, code, part)
            for folder, code, part in made.kept_files(name)
        }
        base = self._all.encoder(made.recipes[name].base)
        return digest([base, files, stage_digest("trim_vocabulary")])

    def encoder(self, name: str, source: str, seeds: Sequence[int]) -> str:
        """Identity of the made encoders that models of a corpus and some seeds start from."""
        made = self._study.made_encoders
        recipe = made.recipes[name]
        if recipe.corpora:
            return self.trimmed_encoder(name)
        if recipe.layers:
            return digest(
                [self._all.encoder(recipe.base), recipe.layers, stage_digest("keep_layers")]
            )
        if recipe.vectors:
            return identity(self._study, name, stage_digest("vector_encoder"))
        if not recipe.text:
            return digest(canonical_json(recipe.architecture))
        text = made.text(name, source)
        if self._study.declared_encoders[name].directory:
            return self.trained_encoder(name, text, recipe.seeds[0])
        # One encoder has one identity, whether one model starts from it or several.
        some = dict.fromkeys(made.pretraining_seeds(name, seeds))
        return digest([self.trained_encoder(name, text, seed) for seed in some])
