"""Write the tokenizer.json of an encoder that reads characters (CANINE) or bytes (ByT5)."""

from __future__ import annotations

import logging
from pathlib import Path

from ..encoders.unit_tokenizers import write_unit_tokenizer

log = logging.getLogger(__name__)


def write_tokenizer(directory: Path, /) -> None:
    """Write the tokenizer.json of an encoder that reads characters (CANINE) or bytes (ByT5).

    Args:
        directory: directory of the encoder, with ``config.json``.
    """
    log.info("%s: written", write_unit_tokenizer(directory))
