"""Roles of words with respect to given predicates."""

from __future__ import annotations

from .pair_labels import PairLabels


class Roles(PairLabels):
    """The role of each given candidate of each given predicate, or the null class.

    In Universal Propositions, every word of the sentence but the predicate is a candidate, and the
    head word of an argument has its role. In the events of ACE 2005, candidates are the mentions.
    """

    kind = "roles"
