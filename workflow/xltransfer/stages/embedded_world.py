"""Write a treebank, named entities or raw text of one language of the embedded world."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from pathlib import Path
from typing import Annotated, Any, Literal

from ..corpora.embedded_world.languages import Language
from ..corpora.embedded_world.writers import World, write_entities, write_text, write_treebank
from ..records.record import write_record
from ..runtime.signatures import Keys

WRITERS = {"treebank": write_treebank, "entities": write_entities, "text": write_text}


def embedded_world(
    what: Literal["treebank", "entities", "text"],
    /,
    config: Annotated[Mapping[str, Any], Keys("seed", "first", "sentences", "language")],
    output: Path,
) -> None:
    """Write a file of one language of the embedded world.

    Args:
        what: content of the file.
        config: ``seed`` of the world, number of the ``first`` sentence, number of ``sentences``,
            and the parameters of the ``language``.
        output: output file.
    """
    parameters = {field.name: config["language"][field.name] for field in fields(Language)}
    numbers = range(config["first"], config["first"] + config["sentences"])
    WRITERS[what](output, World(config["seed"], Language(**parameters)), numbers)
    write_record(output, "embedded_world", {}, config=dict(config))
