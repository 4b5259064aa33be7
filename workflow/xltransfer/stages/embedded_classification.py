"""Write sentences of one language of the embedded world with their topics."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

from ..corpora.embedded_world.classification_world import ClassificationWorld, write_classification
from ..corpora.embedded_world.languages import Language
from ..records.record import write_record
from ..runtime.signatures import Keys


def embedded_classification(
    config: Annotated[Mapping[str, Any], Keys("seed", "first", "sentences", "language")],
    output: Path,
) -> None:
    """Write sentences of one language of the embedded world with their topics.

    Args:
        config: ``seed`` of the world, number of the ``first`` sentence, number of ``sentences``,
            and the parameters of the ``language``.
        output: output file.
    """
    world = ClassificationWorld(config["seed"], Language.from_json(config["language"]))
    numbers = range(config["first"], config["first"] + config["sentences"])
    write_classification(output, world, numbers)
    write_record(output, "embedded_classification", {}, config=dict(config))
