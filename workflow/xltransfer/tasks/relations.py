"""Relations between two mentions of entities in a sentence."""

from __future__ import annotations

from .pair_labels import PairLabels


class Relations(PairLabels):
    """The relation of each given pair of mentions, or the null class.

    Which pairs are given is a property of the corpus: in CrossRE those that have a relation, in
    RELX and SemEval-2010 the one that is tagged, in ACE 2005 all ordered pairs.
    """

    kind = "relations"
