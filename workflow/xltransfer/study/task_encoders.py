"""The encoders of each task: those of the study, or those that the task names."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..runtime.errors import InputError

if TYPE_CHECKING:
    from .study import Study


def encoders_and_tasks(study: Study) -> list[tuple[str, str]]:
    """Every encoder with every task that it is fine-tuned on."""
    return [
        (encoder, task)
        for encoder in study.encoders
        for task in study.tasks
        if encoder in encoders_of(study, task)
    ]


def encoders_of(study: Study, task: str) -> list[str]:
    """The encoders that are fine-tuned on a task, in the order of the study."""
    named = study.config[task].get("encoders")
    return [name for name in study.encoders if named is None or name in named]


def check_task_encoders(study: Study) -> None:
    """Raise an error for tasks whose encoders contradict the rest of the study.

    These are encoders outside `transfer_encoders`, too few of them if states are compared, and
    encoders that cannot be trained as the task says.

    Raises:
        InputError: names the key and the remedy.
    """
    for task in study.tasks:
        for name in study.config[task].get("encoders", ()):
            if name not in study.encoders:
                raise InputError(
                    f"config: {task}.encoders: '{name}' is not among `transfer_encoders` "
                    f"({', '.join(study.encoders)}); add it there or remove it here"
                )
        left_out = sorted(set(study.encoders) - set(encoders_of(study, task)))
        if left_out and study.parallel.treebanks:
            raise InputError(
                f"config: {task}.encoders: without '{left_out[0]}', but the states of the models "
                "of every encoder of `transfer_encoders` are compared; name all of them, or empty "
                "parallel.treebanks"
            )
    for name, task in encoders_and_tasks(study):
        training = study.config[task]["training"]
        given = {"noise.subwords": training.get("noise", {}).get("subwords")}
        given |= {key: training.get(key) for key in ("adapter", "checkpointing")}
        for key in (key for key, value in given.items() if value):
            if not study.declared_encoders[name].pretrained:
                raise InputError(
                    f"config: {task}.training.{key}: '{name}' reads whole words and has no "
                    f"pretrained layers; remove the key, or name other encoders in {task}.encoders"
                )
