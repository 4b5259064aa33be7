"""Names in the tables of word translation; figures need no more of the computation."""

from __future__ import annotations

NEAREST_NEIGHBOUR, CSLS = RETRIEVALS = ("nearest-neighbour", "csls")
"""How translations are retrieved."""
PRECISIONS = (1, 5, 10)
"""k of P@k."""
