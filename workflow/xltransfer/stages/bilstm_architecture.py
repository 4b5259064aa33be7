"""Write the architecture of a BiLSTM, an encoder without pretrained weights."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

from ..records.record import write_record
from ..runtime.files import write_json
from ..runtime.signatures import Keys


def bilstm_architecture(
    config: Annotated[Mapping[str, Any], Keys("model_type")], output: Path
) -> None:
    """Write the architecture of a BiLSTM and its record.

    Args:
        config: ``model_type`` and the sizes of the layers.
        output: output JSON file.
    """
    write_json(output, dict(config))
    write_record(output, "bilstm_architecture", {}, config=dict(config))
