"""Encoders of word vectors, whose languages are mapped into one space, and the files of vectors."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..encoders.ablations import NONE
from ..records import paths
from ..records.code import stage_digest
from ..runtime.errors import InputError
from ..runtime.files import digest
from .recipes import WORD_VECTORS
from .task_encoders import encoders_and_tasks

if TYPE_CHECKING:
    from .study import Study

ORTHOGONAL = ("procrustes", "self-learning", "adversarial")
"""Kinds of methods that find orthogonal maps, which can be undone."""


def spaces(study: Study) -> dict[str, tuple[str, str]]:
    """Embeddings and method of every encoder of word vectors, by the encoder's name."""
    return {
        name: (recipe.architecture["embeddings"], recipe.architecture["method"])
        for name, recipe in study.made_encoders.recipes.items()
        if recipe.architecture.get("model_type") == WORD_VECTORS
    }


def vector_files(study: Study, results: str, encoder: str, language: str) -> list[str]:
    """The vectors that an encoder reads texts of a language by; none for other encoders.

    Args:
        study: study with the encoder.
        results: folder of results.
        encoder: name of an encoder.
        language: code of a language, or several joined by ``+``.
    """
    space = spaces(study).get(encoder)
    if space is None:
        return []
    return [paths.shared_vectors(results, *space, one) for one in language.split("+")]


def hub(study: Study) -> str:
    """The language whose space is shared: the source of the dictionaries."""
    return next((entry.source for entry in study.mapped.dictionaries.values()), "")


def map_to(study: Study, embeddings: str, language: str) -> str | None:
    """The dictionary of the map to a language; ``None`` for the language of the space itself."""
    if language == hub(study) and language in study.mapped.embeddings[embeddings].languages:
        return None
    for name, code in study.mapped.pairs:
        if name == embeddings and study.mapped.dictionaries[code].target == language:
            return code
    raise InputError(
        f"config: word_vectors: '{embeddings}' are not mapped to '{language}', which an encoder of "
        f"word vectors reads; add its text, and the dictionary from {hub(study)} to it"
    )


def vectors_identity(study: Study, encoder: str, language: str) -> list[str]:
    """Identities of the vectors that an encoder reads texts of a language by; none for others."""
    space = spaces(study).get(encoder)
    if space is None:
        return []
    return [space_identity(study, *space, one) for one in language.split("+")]


def space_identity(study: Study, embeddings: str, method: str, language: str) -> str:
    """Identity of the vectors of a language in the shared space."""
    identities, code = study.identities.mapped, map_to(study, embeddings, language)
    found = [] if code is None else [identities.map(embeddings, code, method)]
    steps = study.mapped.section["normalisation"]
    vectors = identities.vectors(embeddings, language)
    return digest([vectors, found, steps, stage_digest("share_space")])


def check_spaces(study: Study) -> None:
    """Raise an error for encoders of word vectors that contradict the section `word_vectors`.

    Raises:
        InputError: names the key and the remedy.
    """
    for encoder, (embeddings, method) in spaces(study).items():
        place = f"config: encoders: '{encoder}'"
        for name, known, kind in (
            (embeddings, study.mapped.embeddings, "embeddings"),
            (method, study.mapped.methods, "methods"),
        ):
            if name not in known:
                raise InputError(
                    f"{place}: no '{name}' under word_vectors.{kind} (there are: "
                    f"{', '.join(known) or 'none'}); correct the name, or add it there"
                )
        if study.mapped.methods[method]["kind"] not in ORTHOGONAL:
            raise InputError(
                f"{place}: maps of '{method}' are not orthogonal and cannot be undone; use one of "
                f"{', '.join(ORTHOGONAL)}"
            )
        sources = {entry.source for entry in study.mapped.dictionaries.values()}
        if len(sources) > 1:
            raise InputError(
                f"config: word_vectors.dictionaries: '{encoder}' reads all languages in one space, "
                f"but dictionaries start from {' and '.join(sorted(sources))}; keep those of one"
            )
        of_embeddings = [code for name, code in study.mapped.pairs if name == embeddings]
        ends = [study.mapped.dictionaries[code].target for code in of_embeddings]
        if twice := [code for code in ends if ends.count(code) > 1]:
            raise InputError(
                f"config: word_vectors.dictionaries: two have maps to '{twice[0]}', of which "
                f"'{encoder}' would use one; keep one of them"
            )
        if encoder in study.encoders:
            _check_uses(study, encoder)


def check_language(study: Study, encoder: str, language: str) -> None:
    """Raise an error for texts of a language that an encoder of word vectors cannot read.

    Args:
        study: study with the encoder.
        encoder: name of an encoder; others than those of word vectors are not checked.
        language: code of a language, or several joined by ``+``.

    Raises:
        InputError: names the key and the remedy.
    """
    if encoder in spaces(study):
        for one in language.split("+"):
            map_to(study, spaces(study)[encoder][0], one)


def _check_uses(study: Study, encoder: str) -> None:
    ablated = [ablation for ablation in study.config["ablations"] if ablation != NONE]
    if ablated:
        raise InputError(
            f"config: ablations: '{encoder}' has no layers that '{ablated[0]}' could change; "
            "remove the ablation or the encoder"
        )
    if study.parallel.treebanks:
        raise InputError(
            f"config: parallel.treebanks: '{encoder}' has no layers to compare; empty the list, or "
            "remove the encoder"
        )
    for task in (task for name, task in encoders_and_tasks(study) if name == encoder):
        for code in (*study.sources(task), *study.targets(task)):
            check_language(study, encoder, study.language(task, code))
