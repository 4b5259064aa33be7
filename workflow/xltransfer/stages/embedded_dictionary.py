"""Write a bilingual dictionary of the embedded world, divided into two parts."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

from ..corpora.dictionaries import write_dictionary
from ..corpora.embedded_world.languages import Language
from ..corpora.embedded_world.translations import form_pairs, split_pairs, stem_pairs
from ..corpora.embedded_world.writers import World
from ..records.record import write_record
from ..runtime.signatures import Keys

PAIRS = {"stems": stem_pairs, "forms": form_pairs}


def embedded_dictionary(
    what: Literal["stems", "forms"],
    /,
    config: Annotated[Mapping[str, Any], Keys("seed", "first", "sentences", "source", "target")],
    training: Path,
    test: Path,
) -> None:
    """Write a bilingual dictionary of the embedded world, divided into two parts.

    Args:
        what: stems of all concepts, or inflected forms that occur in parallel text.
        config: ``seed`` of the world, number of the ``first`` sentence and of the ``sentences``
            of the text in which words are counted, and the parameters of the ``source`` and
            ``target`` languages.
        training: output file of the pairs that mappings are computed from.
        test: output file of the pairs that they are tested with; every other source word.
    """
    sides = ("source", "target")
    worlds = [World(config["seed"], Language.from_json(config[side])) for side in sides]
    numbers = range(config["first"], config["first"] + config["sentences"])
    parts = split_pairs(PAIRS[what](*worlds, numbers))
    for path, pairs in zip((training, test), parts, strict=True):
        write_dictionary(path, pairs)
        write_record(path, "embedded_dictionary", {}, config=dict(config))
