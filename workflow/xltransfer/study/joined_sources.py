"""Sources that are sets of corpora: models are trained on the union of their training parts.

The stage ``join_corpora`` writes the parts of the set, so that every other stage reads one corpus.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from ..corpora.catalogue import Corpus
from ..corpora.formats import ANNOTATED
from ..corpora.source_sets import TOGETHER, members, together
from ..runtime.errors import InputError
from .task_encoders import encoders_of

if TYPE_CHECKING:
    from .study import Study


def language_of(corpora: Mapping[str, Corpus], code: str) -> str:
    """The language of a corpus, or those of a set of corpora in its order: ``en+fr``."""
    return together(corpora[member].language for member in members(code))


def sets_of(study: Study, folder: str) -> list[str]:
    """The sets among the sources of the tasks on corpora in a folder, each once."""
    tasks = (task for task in study.tasks if study.kind(task).corpora == folder)
    sources = dict.fromkeys(source for task in tasks for source in study.sources(task))
    return [source for source in sources if TOGETHER in source]


def all_sets(study: Study) -> list[str]:
    """The sets among the sources of all tasks."""
    return [code for folder in ANNOTATED for code in sets_of(study, folder)]


def check_sets(study: Study) -> None:
    """Raise an error for sets that contradict themselves or the rest of the study.

    Raises:
        InputError: names the key and the remedy.
    """
    for task in study.tasks:
        sets = [source for source in study.sources(task) if TOGETHER in source]
        for source in sets:
            _check_set(study, task, source)
        for name in encoders_of(study, task) if sets else ():
            if study.made_encoders.languages(name):
                raise InputError(
                    f"config: {task}.sources: '{sets[0]}' has several languages, and '{name}' has "
                    "language embeddings, which need the language of a training; train on each "
                    "source alone, or with another encoder"
                )


def _check_set(study: Study, task: str, source: str) -> None:
    codes = members(source)
    if codes != sorted(set(codes)):
        raise InputError(
            f"config: {task}.sources: write the set '{source}' as "
            f"'{together(sorted(codes))}', each corpus once and in alphabetical order"
        )
    spoken = members(study.language(task, source))
    if all(study.language(task, target) in spoken for target in study.targets(task)):
        raise InputError(
            f"config: {task}.targets: all are of the languages of '{source}'; zero-shot transfer "
            "needs another language"
        )
