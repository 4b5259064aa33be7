"""Write questions about passages of one language of the embedded world."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

from ..corpora.embedded_world.languages import Language
from ..corpora.embedded_world.question_world import QuestionWorld, write_questions
from ..records.record import write_record
from ..runtime.signatures import Keys


def embedded_questions(
    config: Annotated[
        Mapping[str, Any], Keys("seed", "first", "passages", "sentences", "language")
    ],
    output: Path,
) -> None:
    """Write questions about passages of one language of the embedded world.

    Args:
        config: ``seed`` of the world, number of the ``first`` passage, number of ``passages``,
            fewest and most ``sentences`` of a passage, and the parameters of the ``language``.
        output: output file.
    """
    fewest, most = config["sentences"]
    language = Language.from_json(config["language"])
    world = QuestionWorld(config["seed"], language, (fewest, most))
    numbers = range(config["first"], config["first"] + config["passages"])
    write_questions(output, world, numbers)
    write_record(output, "embedded_questions", {}, config=dict(config))
