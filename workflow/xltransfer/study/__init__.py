"""A study: its validated configuration, and the files and jobs derived from it."""

from .batches import PredictionBatch
from .recipes import Encoder
from .schema import SCHEMA
from .study import Study

__all__ = ["SCHEMA", "Encoder", "PredictionBatch", "Study"]
