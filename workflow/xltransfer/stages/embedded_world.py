"""Write a treebank, named entities, raw text or parallel text of the embedded world."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

from ..corpora.embedded_world.languages import Language
from ..corpora.embedded_world.writers import (
    World,
    write_entities,
    write_parallel_text,
    write_text,
    write_treebank,
)
from ..records.record import write_record
from ..runtime.signatures import Keys

WRITERS = {"treebank": write_treebank, "entities": write_entities, "text": write_text}


def embedded_world(
    what: Literal["treebank", "entities", "text", "parallel"],
    /,
    config: Annotated[Mapping[str, Any], Keys("seed", "first", "sentences", "language")],
    output: Path,
) -> None:
    """Write a file of one language of the embedded world, or of two.

    Args:
        what: content of the file.
        config: ``seed`` of the world, number of the ``first`` sentence, number of ``sentences``,
            and the parameters of the ``language``; for parallel text also of the language of its
            ``translation``.
        output: output file.
    """
    world = World(config["seed"], Language.from_json(config["language"]))
    numbers = range(config["first"], config["first"] + config["sentences"])
    if what == "parallel":
        translation = World(config["seed"], Language.from_json(config["translation"]))
        write_parallel_text(output, world, translation, numbers)
    else:
        WRITERS[what](output, world, numbers)
    write_record(output, "embedded_world", {}, config=dict(config))
