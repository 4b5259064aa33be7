"""Noise in training, as a study configures it: the alphabets, and the encoders that allow it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from ..corpora.noise import SOURCE
from ..encoders.families import units_of
from ..runtime.errors import InputError
from .named_texts import RAW_TEXT, Part, check_text, encoders_of_training, trainings
from .recipes import Encoder, root_of

if TYPE_CHECKING:
    from .study import Study


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
    alphabets = (alphabet_of(training) for _, training in trainings(study))
    return [found[1] for found in alphabets if found is not None and found[0] == RAW_TEXT]


def check_noise(study: Study) -> None:
    """Raise an error for unknown alphabets, and for encoders whose vocabulary does not allow noise.

    Whether the settings fit the kind of vocabulary is checked when ``tokenizer.json`` is read.

    Raises:
        InputError: names the key and the remedy.
    """
    for key, training in trainings(study):
        if "noise" not in training:
            continue
        alphabet = alphabet_of(training)
        if alphabet is not None:
            check_text(
                study,
                f"config: {key}.noise.characters.alphabet",
                alphabet,
                "an alphabet",
                "and the letters of a test part would be no zero-shot transfer; name a raw text",
            )
        for name in encoders_of_training(study, key):
            encoder = study.declared_encoders[name]
            if encoder.pretrained:
                _check_encoder(study, f"config: {key}.noise", encoder, training["noise"])
    for encoder in study.declared_encoders.values():
        recipe = encoder.recipe
        if recipe is not None and "noise" in recipe.settings.get("training", {}):
            noise = recipe.settings["training"]["noise"]
            _check_encoder(study, f"config: encoders: '{encoder.name}': noise", encoder, noise)


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
