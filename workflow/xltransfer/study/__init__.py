"""A study: its configuration, checked, and what follows from it."""

from .batches import PredictionBatch
from .parts import Encoder
from .schema import SCHEMA
from .study import Study

__all__ = ["SCHEMA", "Encoder", "PredictionBatch", "Study"]
