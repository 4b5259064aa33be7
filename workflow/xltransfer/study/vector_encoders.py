"""Encoders over mapped word vectors: their files, what they are made from, what is refused."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from ..corpora.source_sets import TOGETHER
from ..encoders.ablations import NONE
from ..records import paths
from ..runtime.errors import InputError
from ..runtime.files import canonical_json, digest
from .task_encoders import encoders_of

if TYPE_CHECKING:
    from .study import Study

FORWARD, BACKWARD, UNMAPPED = "forward", "backward", "unmapped"
"""Values of ``mapping`` in the configuration of the stage ``vector_encoder``."""
NOT_ORTHOGONAL = "least-squares"
"""Kind of maps that cannot be used backward."""


def vector_encoders(study: Study) -> list[str]:
    """The encoders of a study that read word vectors."""
    return [name for name, encoder in study.declared_encoders.items() if encoder.vectors]


def word_level_method(study: Study, name: str) -> str | None:
    """The method that maps the word vectors of an encoder; ``None`` if none is mapped."""
    return study.declared_encoders[name].vectors.get("method")


def fixed_settings(study: Study, name: str, task: str) -> dict[str, Any]:
    """Settings of a fine-tuning that follow from its encoder: of which pieces a word's state is,
    and, for encoders over word vectors, a CRF for named entities."""
    encoder = study.declared_encoders[name]
    if encoder.pretrained:
        return {"word_state": study.config["word_state"]}
    crf = encoder.vectors and study.kind(task).corpora == "entities"
    return {"crf": True} if crf else {}


def steps_of(study: Study, name: str) -> list[tuple[str, str, str | None]]:
    """Language, mapping and dictionary of the vectors of an encoder; sorted by language."""
    vectors = study.declared_encoders[name].vectors
    return [(code, *_mapping(study, name, code)) for code in sorted(vectors["languages"])]


def _mapping(study: Study, name: str, language: str) -> tuple[str, str | None]:
    vectors = study.declared_encoders[name].vectors
    if vectors["method"] is None or language == vectors["space"]:
        return UNMAPPED, None
    pairs = {code for embeddings, code in study.mapped.pairs if embeddings == vectors["embeddings"]}
    sides = {
        (study.mapped.dictionaries[code].source, study.mapped.dictionaries[code].target): code
        for code in sorted(pairs)
    }
    if (language, vectors["space"]) in sides:
        return FORWARD, sides[language, vectors["space"]]
    if (vectors["space"], language) in sides:
        return BACKWARD, sides[vectors["space"], language]
    raise InputError(
        f"config: encoders: '{name}': no dictionary of '{language}' and '{vectors['space']}' in "
        "word_vectors.dictionaries that maps their vectors; add it, or write `method: null`"
    )


def stage_config(study: Study, name: str) -> str:
    """Canonical JSON for the stage ``vector_encoder``."""
    steps = [{"code": code, "mapping": mapping} for code, mapping, _ in steps_of(study, name)]
    return canonical_json(
        {
            "architecture": study.declared_encoders[name].recipe.architecture,
            "normalisation": study.mapped.section["normalisation"],
            "languages": steps,
        }
    )


def input_files(study: Study, results: str, name: str) -> dict[str, list[str]]:
    """The word vectors and the maps that an encoder is made from."""
    vectors = study.declared_encoders[name].vectors
    steps = steps_of(study, name)
    of = vectors["embeddings"]
    return {
        "vectors": [paths.word_vectors(results, of, code) for code, _, _ in steps],
        "maps": [
            paths.vector_map(results, of, dictionary, vectors["method"])
            for _, _, dictionary in steps
            if dictionary is not None
        ],
    }


def identity(study: Study, name: str, code: str) -> str:
    """Identity of an encoder over word vectors; ``code`` is the digest of the stage's code."""
    vectors = study.declared_encoders[name].vectors
    of, mapped = vectors["embeddings"], study.identities.mapped
    steps = steps_of(study, name)
    sides = [mapped.vectors(of, language) for language, _, _ in steps]
    maps = [mapped.map(of, one, vectors["method"]) for _, _, one in steps if one is not None]
    return digest([stage_config(study, name), sides, maps, code])


def check_vector_encoders(study: Study) -> None:
    """Raise an error for encoders over word vectors that the study cannot make or use.

    Raises:
        InputError: names the key and the remedy.
    """
    for name in vector_encoders(study):
        _check_vectors(study, name, study.declared_encoders[name].vectors)
        if name in study.unseen.arms.trained:
            raise InputError(
                f"config: unseen.arms: '{name}' reads word vectors, which are only supported in "
                "`transfer_encoders`; name it there"
            )
        if name in study.encoders:
            _check_use(study, name)


def _check_vectors(study: Study, name: str, vectors: Mapping[str, Any]) -> None:
    key = f"config: encoders: '{name}': word_vectors"
    known = study.mapped.embeddings.get(vectors["embeddings"])
    if known is None:
        raise InputError(
            f"{key}.embeddings: no '{vectors['embeddings']}' in word_vectors.embeddings; add it"
        )
    missing = [c for c in (vectors["space"], *vectors["languages"]) if c not in known.languages]
    if missing:
        raise InputError(
            f"{key}: '{vectors['embeddings']}' has no vectors of '{missing[0]}'; add its text there"
        )
    if vectors["method"] is None:
        return
    if vectors["method"] not in study.mapped.methods:
        raise InputError(
            f"{key}.method: no '{vectors['method']}' in word_vectors.methods; add it, or write null"
        )
    kind = study.mapped.methods[vectors["method"]]["kind"]
    back = [code for code, mapping, _ in steps_of(study, name) if mapping == BACKWARD]
    if kind == NOT_ORTHOGONAL and back:
        raise InputError(
            f"{key}.method: '{vectors['method']}' is not orthogonal, so that it cannot map "
            f"'{back[0]}' backward; choose another method, or a dictionary from '{back[0]}'"
        )


def _check_use(study: Study, name: str) -> None:
    """Raise an error for analyses of pretrained encoders, and for languages without vectors."""
    vectors = study.declared_encoders[name].vectors
    if study.parallel.treebanks:
        raise InputError(
            f"config: parallel.treebanks: '{name}' is never pretrained, so that it has no states "
            "to compare; empty the list, or leave it out of `transfer_encoders`"
        )
    for task in (task for task in study.tasks if name in encoders_of(study, task)):
        for corpus in (*study.sources(task), *study.targets(task)):
            if TOGETHER in corpus:
                raise InputError(
                    f"config: {task}.sources: '{corpus}' has several languages, and '{name}' "
                    "looks words up in those of one; train on each source alone"
                )
            if study.language(task, corpus) not in vectors["languages"]:
                raise InputError(
                    f"config: encoders: '{name}': no vectors of the language of {corpus} of "
                    f"'{task}'; add '{study.language(task, corpus)}' to word_vectors.languages"
                )
    ablations = [ablation for ablation in study.config["ablations"] if ablation != NONE]
    if ablations:
        raise InputError(
            f"config: ablations: '{name}' has no pretraining that '{ablations[0]}' could take "
            "away; remove it, or give the encoder a study of its own"
        )
