"""Noise in training, as a study configures it: the alphabets, and the encoders that allow it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from ..corpora.catalogue import EMBEDDED
from ..corpora.checksums import UNCHECKED
from ..corpora.noise import SOURCE
from ..encoders.families import units_of
from ..runtime.errors import InputError
from .recipes import Encoder, root_of
from .task_encoders import encoders_of

if TYPE_CHECKING:
    from .study import Study

RAW_TEXT = "raw_text"

Part = tuple[str, str, str]
"""Folder, code and part of a corpus."""


def alphabet_of(training: Mapping[str, Any]) -> Part | None:
    """The corpus with the letters for noise, which is never a test part.

    Args:
        training: section ``training`` of a fine-tuning.

    Returns:
        Folder, code and part. ``None``: no noise in characters, or the letters of the training
        corpus.
    """
    wanted = training.get("noise", {}).get("characters", {}).get("alphabet", SOURCE)
    if wanted == SOURCE:
        return None
    ((folder, code),) = wanted.items()
    return folder, code, "training" if folder == RAW_TEXT else "train"


def in_fixed_order(training: Mapping[str, Any]) -> Mapping[str, Any]:
    """A section ``training`` whose list of operations is sorted: its order has no effect."""
    noise = training.get("noise", {})
    if "characters" not in noise:
        return training
    characters = {**noise["characters"], "operations": sorted(noise["characters"]["operations"])}
    return {**training, "noise": {**noise, "characters": characters}}


def alphabet_file(study: Study, encoder: str, task: str, source: str) -> Part | None:
    """``alphabet_of`` the fine-tuning of an encoder on a source corpus."""
    return alphabet_of(study.finetuning_settings(encoder, task, source)["training"])


def alphabet_texts(study: Study) -> list[str]:
    """Codes of the raw texts whose letters are used."""
    alphabets = (alphabet_of(training) for _, training in _trainings(study))
    return [found[1] for found in alphabets if found is not None and found[0] == RAW_TEXT]


def _trainings(study: Study) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Key and content of the sections ``training`` that may have noise."""
    for task in study.tasks:
        yield f"{task}.training", study.config[task]["training"]
    for task in study.unseen.tasks:
        yield f"unseen.training.{task}", study.unseen.section["training"][task]


def check_noise(study: Study) -> None:
    """Raise an error for unknown alphabets, and for encoders whose vocabulary does not allow noise.

    Whether the settings fit the kind of vocabulary is checked when ``tokenizer.json`` is read.

    Raises:
        InputError: names the key and the remedy.
    """
    for key, training in _trainings(study):
        if "noise" not in training:
            continue
        alphabet = alphabet_of(training)
        if alphabet is not None:
            _check_alphabet(study, f"config: {key}.noise.characters.alphabet", *alphabet)
        in_language = key.startswith("unseen.")
        used = study.unseen.arms.trained if in_language else encoders_of(study, key.split(".")[0])
        for name in used:
            encoder = study.declared_encoders[name]
            if encoder.pretrained:
                _check_encoder(study, f"config: {key}.noise", encoder, training["noise"])
    for encoder in study.declared_encoders.values():
        recipe = encoder.recipe
        if recipe is not None and "noise" in recipe.settings.get("training", {}):
            noise = recipe.settings["training"]["noise"]
            _check_encoder(study, f"config: encoders: '{encoder.name}': noise", encoder, noise)


def _check_alphabet(study: Study, key: str, folder: str, code: str, part: str) -> None:
    table = {RAW_TEXT: "raw_corpora"}.get(folder, folder)
    known = getattr(study.catalogue, table)
    if code not in known:
        raise InputError(f"{key}: no '{code}' in the catalogue of {table}; add its row there")
    if folder == RAW_TEXT:
        made = code.endswith(f"_{EMBEDDED}")
        unchecked = known[code].checksum == UNCHECKED and not made
    elif part not in known[code].splits:
        raise InputError(
            f"{key}: {code} has no {part} part, and the letters of a test part would be no "
            "zero-shot transfer; name a raw text"
        )
    else:
        unchecked = not study.contents.corpus(folder, code, part)
    if unchecked and not study.config["keep"]["ablated_weights"]:
        raise InputError(
            f"config: keep.ablated_weights: the catalogue has no checksum of {code}, an alphabet, "
            "so that a changed file would go unnoticed; write it there, or keep the weights"
        )


def _check_encoder(study: Study, key: str, encoder: Encoder, noise: Mapping[str, Any]) -> None:
    made: Encoder = encoder
    while made.recipe is not None and made.recipe.base:
        if made.recipe.corpora:
            raise InputError(
                f"{key}: the vocabulary of '{made.name}' is trimmed and lacks the subwords of "
                f"noisy words; use an encoder with its whole vocabulary for '{encoder.name}'"
            )
        made = study.declared_encoders[made.recipe.base]
    root = root_of(encoder, study.declared_encoders)
    units = units_of(root.configuration(study.root) or {})
    if root.recipe is not None:
        units = root.recipe.settings.get("vocabulary", {}).get("kind", units)
    if "subwords" in noise and units:
        raise InputError(
            f"{key}.subwords: '{encoder.name}' reads {units}, so that each word has "
            "one segmentation; remove the key"
        )
