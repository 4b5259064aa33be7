"""A study: its configuration, checked, and what follows from it."""

from .parts import Encoder, PredictionBatch
from .schema import SCHEMA
from .study import Study

__all__ = ["SCHEMA", "Encoder", "PredictionBatch", "Study"]
