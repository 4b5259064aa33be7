"""Adapters, as a study configures them: checks, and the language adapters of predictions.

Language adapters are encoders with a recipe (`adapter` in `by`). Task adapters are settings of a
training (`adapter` in `training`), as LoRA is (`lora`). A task may predict with other language
adapters than those of its training, and with the models of another task's section.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from ..encoders.ablations import NONE, parse
from ..encoders.families import family_of
from ..records import paths
from ..records.record import PRETRAINING
from ..runtime.errors import InputError
from ..runtime.files import canonical_json
from .made_encoders import LANGUAGE_EMBEDDINGS
from .named_texts import encoders_of_training, is_of_unseen, trainings
from .recipes import Encoder, Recipe, root_of
from .task_encoders import encoders_of

if TYPE_CHECKING:
    from .study import Study

ADAPTER, LORA = "adapter", "lora"
HEAD_ONLY = "head_only"
"""Key of recipes that train the head for masked language modelling alone."""
MODELS_OF, LANGUAGE_ADAPTERS, ENSEMBLE = "models_of", "language_adapters", "adapter_ensemble"
OF_PREDICTION = (MODELS_OF, LANGUAGE_ADAPTERS, ENSEMBLE)
"""Keys of a task's section that decide predictions, and no training."""
WITH_ENTROPY = ("parsing", "tagging", "entities")
"""Kinds of tasks with a distribution for each word (``Task.entropy``)."""


def task_of_models(study: Study, task: str) -> str:
    """The task whose section the models of a task are trained with: its own, or another one."""
    return study.config[task].get(MODELS_OF, task)


def trained_tasks(study: Study) -> list[str]:
    """The tasks that train models of their own."""
    return [task for task in study.tasks if task_of_models(study, task) == task]


def uses_adapters(study: Study) -> bool:
    """Whether a study trains adapters or LoRA."""
    recipes = study.made_encoders.recipes.values()
    return any(is_language_adapter(recipe) for recipe in recipes) or any(
        ADAPTER in training or LORA in training for _, training in trainings(study)
    )


def is_language_adapter(recipe: Recipe | None) -> bool:
    """Whether a recipe trains a language adapter."""
    return recipe is not None and ADAPTER in recipe.settings


def adapter_parameters(settings: Mapping[str, Any], units: int, layers: int) -> int:
    """The number of parameters of an adapter.

    Args:
        settings: `adapter` of a recipe or a training.
        units: size of the encoder's states.
        layers: number of layers of the encoder.
    """
    size = settings["size"]
    bottleneck = 2 * units * size + size + units
    found = (layers - len(settings.get("leave_out", ()))) * bottleneck
    if settings.get("invertible"):
        inner, half = settings.get("invertible_size") or max(units // 4, 1), units // 2
        found += 2 * (2 * half * inner + inner + half)
    return found


def language_adapters(study: Study, encoder: str, task: str, corpus: str) -> list[str]:
    """The encoders whose language adapters the models of an encoder predict a corpus with.

    Returns:
        Names; empty if the models keep the adapter of their training, or have none.
    """
    if not is_language_adapter(study.declared_encoders[encoder].recipe):
        return []
    if corpus not in study.corpora(task):
        return []
    wanted = study.config[task].get(LANGUAGE_ADAPTERS, {})
    return sorted(wanted.get(study.language(task, corpus), []))


def adapter_files(study: Study, encoder: str, task: str, corpus: str) -> list[str]:
    """The files of these language adapters."""
    found = language_adapters(study, encoder, task, corpus)
    return [path for name in found for path in study.encoder_files(name)]


def adapter_options(study: Study, encoder: str, task: str, corpus: str) -> list[str]:
    """The options of the stage ``predict`` for these language adapters."""
    names = language_adapters(study, encoder, task, corpus)
    if not names:
        return []
    directories = [study.declared_encoders[name].directory for name in names]
    options = ["--language-adapters", *directories]
    if len(names) > 1:
        options += ["--ensemble", canonical_json(study.config[task][ENSEMBLE])]
    return options


def adapter_identity(study: Study, encoder: str, task: str, corpus: str) -> dict[str, Any]:
    """What these language adapters decide in predictions; empty without any."""
    names = language_adapters(study, encoder, task, corpus)
    if not names:
        return {}
    ensemble = study.config[task][ENSEMBLE] if len(names) > 1 else None
    identities = [study.identities.encoder(name) for name in names]
    return {"language_adapters": identities, "ensemble": ensemble}


def pretraining_reports(study: Study, results: str) -> list[str]:
    """The reports of the training of the study's encoders, which have their numbers of parameters.

    Args:
        study: study with these encoders.
        results: folder of results.
    """
    return [
        paths.made_encoder(results, name, recipe.text, seed) + f"/{PRETRAINING}"
        for name, recipe in study.made_encoders.recipes.items()
        if name in study.encoders and recipe.text
        for seed in recipe.seeds
    ]


def adapter_table_config(study: Study) -> str:
    """Canonical JSON of the content of the table of adapters."""
    config = json.loads(study.table_config())
    for task, data in config["tasks"].items():
        adapters = study.config[task].get(LANGUAGE_ADAPTERS, {})
        data["language_adapters"] = {code: sorted(names) for code, names in adapters.items()}
        data["trained_as"] = task_of_models(study, task)
        data["of"] = [study.config[task]["kind"], study.config[task].get("label", "")]
        training = study.config[task]["training"]
        data["adapter_units"] = training.get(ADAPTER, {}).get("size")
        data["lora_rank"] = training.get(LORA, {}).get("rank")
    config["with_language_adapter"] = [
        name
        for name in study.encoders
        if is_language_adapter(study.made_encoders.recipes.get(name))
    ]
    return canonical_json(config)


def check_adapters(study: Study) -> None:
    """Raise an error for adapters that do not fit an encoder, or unusable language adapters.

    Raises:
        InputError: names the key and the remedy.
    """
    for encoder in study.declared_encoders.values():
        _check_recipe(study, encoder)
    for key, training in trainings(study):
        if ADAPTER in training and LORA in training:
            raise InputError(f"config: {key}: has `adapter` and `lora`; remove one of the two")
        for part in (ADAPTER, LORA):
            if part in training:
                _check_training(study, key, part, training[part])
    for task in study.tasks:
        _check_models_of(study, task)
        _check_language_adapters(study, task)


def _check_training(study: Study, key: str, part: str, settings: Mapping[str, Any]) -> None:
    in_language, place = is_of_unseen(key), f"config: {key}.{part}"
    for name in encoders_of_training(study, key):
        if not study.declared_encoders[name].pretrained:
            if in_language:  # such arms have a training of their own
                continue
            raise InputError(
                f"{place}: '{name}' is never pretrained, so that it has no adapters; remove "
                "one of the two"
            )
        if part == ADAPTER:
            _check_layers(study, place, study.declared_encoders[name], settings)
    frozen = [name for name in study.config["ablations"] if parse(name).kind == "freeze"]
    if frozen and not in_language:
        raise InputError(
            f"{place}: all layers are frozen, so that '{frozen[0]}' has no effect; remove one of "
            "the two"
        )


def _check_recipe(study: Study, encoder: Encoder) -> None:
    recipe, place = encoder.recipe, f"config: encoders: '{encoder.name}'"
    if recipe is None:
        return
    below = study.made_encoders.chain(recipe.base)
    if recipe.corpora and any(is_language_adapter(one) for one in below):
        raise InputError(
            f"{place}: '{recipe.base}' has an adapter of another encoder, whose vocabulary would "
            "not be trimmed; trim that encoder before the adapter is trained"
        )
    if recipe.layers and any(is_language_adapter(one) for one in below):
        raise InputError(
            f"{place}: '{recipe.base}' has an adapter of another encoder, whose layers would stay; "
            "keep the lowest layers of that encoder before the adapter is trained"
        )
    if recipe.settings.get(HEAD_ONLY):
        _check_head_only(place, recipe)
    if not is_language_adapter(recipe):
        return
    if not recipe.base:
        raise InputError(
            f"{place}: an adapter belongs to an encoder that is trained already; write `from`"
        )
    if recipe.settings.get(LANGUAGE_EMBEDDINGS):
        raise InputError(
            f"{place}: language embeddings would be new weights outside the adapter; write "
            "`language_embeddings: false`"
        )
    _check_layers(study, f"{place}: adapter", encoder, recipe.settings[ADAPTER])


def _check_head_only(place: str, recipe: Recipe) -> None:
    if not recipe.base:
        raise InputError(
            f"{place} has an architecture, whose weights would stay as they are drawn; remove "
            f"`{HEAD_ONLY}`"
        )
    for key in (ADAPTER, LANGUAGE_EMBEDDINGS):
        if recipe.settings.get(key):
            raise InputError(
                f"{place}: `{HEAD_ONLY}` leaves no other weights to train, so it does not go with "
                f"`{key}`; remove one of the two"
            )


def _check_layers(study: Study, place: str, encoder: Encoder, settings: Mapping[str, Any]) -> None:
    left_out = settings.get("leave_out", [])
    if left_out and (max(left_out) > encoder.layers or len(left_out) == encoder.layers):
        raise InputError(
            f"{place}.leave_out: '{encoder.name}' has {encoder.layers} layers, and at least one "
            "needs an adapter; correct the list"
        )
    content = root_of(encoder, study.declared_encoders).configuration(study.root)
    if content is not None and family_of(content, place).shares_layers:
        raise InputError(
            f"{place}: the layers of '{encoder.name}' ({content['model_type']}) share their "
            "weights, so that none can have an adapter of its own; choose another encoder"
        )


def _check_models_of(study: Study, task: str) -> None:
    section, key = study.config[task], f"config: {task}.{MODELS_OF}"
    if MODELS_OF not in section:
        return
    other = section[MODELS_OF]
    if other not in study.tasks or other == task or MODELS_OF in study.config[other]:
        raise InputError(
            f"{key}: '{other}' is no other task of `tasks` that trains models; name one that does"
        )
    own, trained = (
        {
            k: v
            for k, v in study.config[name].items()
            if k not in (*OF_PREDICTION, "targets", "encoders")
        }
        for name in (task, other)
    )
    differing = sorted(k for k in {*own, *trained} if own.get(k) != trained.get(k))
    if differing:
        raise InputError(
            f"{key}: {task}.{differing[0]} is not that of '{other}', which trains the models; "
            "make them equal"
        )
    untrained = sorted(set(encoders_of(study, task)) - set(encoders_of(study, other)))
    if untrained:
        raise InputError(
            f"{key}: '{other}' trains no models of '{untrained[0]}'; leave it out of "
            f"{task}.encoders, or add it to {other}.encoders"
        )
    if task in study.unseen.tasks:
        raise InputError(
            f"config: unseen.tasks: '{task}' has no models of its own; name '{other}' instead"
        )
    _check_kept(study, key)


def _check_kept(study: Study, key: str) -> None:
    if not study.config["keep"]["ablated_weights"]:
        raise InputError(f"{key}: needs the weights of all models; keep `ablated_weights`")


def _check_language_adapters(study: Study, task: str) -> None:
    section, key = study.config[task], f"config: {task}.{LANGUAGE_ADAPTERS}"
    if LANGUAGE_ADAPTERS not in section:
        if ENSEMBLE in section:
            raise InputError(
                f"config: {task}.{ENSEMBLE}: there are no `{LANGUAGE_ADAPTERS}`; add them, or "
                "remove the key"
            )
        return
    if ADAPTER not in section["training"]:
        raise InputError(
            f"{key}: the models have no task adapter, so that their language adapter is trained "
            "with the task; add `adapter` to the training"
        )
    _check_kept(study, key)
    _check_predictions(study, task, key)
    spoken = {study.language(task, corpus) for corpus in study.targets(task)}
    usable = [e for e in study.encoders.values() if is_language_adapter(e.recipe)]
    if not usable:
        raise InputError(
            f"{key}: none of `transfer_encoders` has a language adapter that others could replace; "
            "add one"
        )
    for language, names in section[LANGUAGE_ADAPTERS].items():
        if language not in spoken:
            raise InputError(f"{key}: '{language}' is no language of a target; remove it")
        if len(names) > 1 and ENSEMBLE not in section:
            raise InputError(
                f"{key}.{language}: several adapters are an ensemble; add `{ENSEMBLE}`"
            )
        for name in names:
            _check_member(study, f"{key}.{language}", name, usable)


def _check_predictions(study: Study, task: str, key: str) -> None:
    section = study.config[task]
    applied = {name for source in study.sources(task) for name in study.ablations(task, source)}
    if redrawn := [name for name in study.config["ablations"] if name in applied - {NONE}]:
        raise InputError(
            f"{key}: '{redrawn[0]}' redraws the language adapter, which trained ones would "
            "replace; remove one of the two"
        )
    if section.get(ENSEMBLE, {}).get("steps") and section["kind"] not in WITH_ENTROPY:
        raise InputError(
            f"config: {task}.{ENSEMBLE}.steps: {section['kind']} has no distribution for each "
            "word, whose entropy could be minimised; write 0, the uniform ensemble"
        )


def _check_member(study: Study, key: str, name: str, usable: list[Encoder]) -> None:
    encoder = study.declared_encoders.get(name)
    if encoder is None or not is_language_adapter(encoder.recipe):
        raise InputError(f"{key}: '{name}' is no encoder with a language adapter; name one")
    if not encoder.directory:
        raise InputError(
            f"{key}: '{name}' is not one encoder, but one for each seed or language; give it one "
            "seed and one text"
        )
    bases = {one.recipe.base for one in usable if one.recipe}
    if encoder.recipe and bases != {encoder.recipe.base}:
        raise InputError(
            f"{key}: '{name}' is an adapter of '{encoder.recipe.base}', and the models have one of "
            f"{', '.join(sorted(bases))}; they must be of one encoder"
        )
