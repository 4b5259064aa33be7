"""Write the semantic roles or the relations of a language of the embedded world."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

from ..corpora.embedded_world.languages import Language
from ..corpora.embedded_world.roles_and_relations import write_relations, write_roles
from ..corpora.embedded_world.writers import World
from ..records.record import write_record
from ..runtime.signatures import Keys


def embedded_relations(
    what: Literal["relations", "roles"],
    /,
    config: Annotated[Mapping[str, Any], Keys("seed", "first", "sentences", "language")],
    output: Path,
) -> None:
    """Write relations or roles of one language of the embedded world, with gold trees.

    Args:
        what: labels of the pairs.
        config: ``seed`` of the world, number of the ``first`` sentence, number of ``sentences``,
            and the parameters of the ``language``.
        output: output file.
    """
    world = World(config["seed"], Language.from_json(config["language"]))
    numbers = range(config["first"], config["first"] + config["sentences"])
    writer = write_roles if what == "roles" else write_relations
    writer(output, world, numbers)
    write_record(output, "embedded_relations", {}, config=dict(config))
