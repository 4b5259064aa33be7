"""Ids of the universal annotation of words: parts of speech, relations, and types of entities.

The inventories are those of Universal Dependencies 2, so models of all languages share the ids.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from zlib import crc32

import numpy as np

NONE, OTHER = 0, 1
"""Ids of padding or no value, and of a value that is not in the inventory."""
PARTS_OF_SPEECH = (
    *("ADJ", "ADP", "ADV", "AUX", "CCONJ", "DET", "INTJ", "NOUN", "NUM", "PART", "PRON", "PROPN"),
    *("PUNCT", "SCONJ", "SYM", "VERB", "X"),
)
RELATIONS = (
    *("acl", "advcl", "advmod", "amod", "appos", "aux", "case", "cc", "ccomp", "clf", "compound"),
    *("conj", "cop", "csubj", "dep", "det", "discourse", "dislocated", "expl", "fixed", "flat"),
    *("goeswith", "iobj", "list", "mark", "nmod", "nsubj", "nummod", "obj", "obl", "orphan"),
    *("parataxis", "punct", "reparandum", "root", "vocative", "xcomp"),
)
SUBTYPES = (
    "nsubj:pass",
    "csubj:pass",
    "aux:pass",
    "obl:agent",
    "obl:arg",
    "acl:relcl",
    "flat:name",
)
"""Subtypes with an id of their own, because they tell roles apart in many languages. Others have
the id of their universal part."""
ENTITY_TYPES = 256
"""Number of ids of types of entities, which differ from corpus to corpus and are hashed."""
_UPOS_IDS = {name: place for place, name in enumerate(PARTS_OF_SPEECH, start=2)}
_RELATION_IDS = {name: place for place, name in enumerate((*RELATIONS, *SUBTYPES), start=2)}
UPOS_SIZE, RELATION_SIZE = len(_UPOS_IDS) + 2, len(_RELATION_IDS) + 2
"""Numbers of ids."""


def upos_ids(values: Sequence[str]) -> np.ndarray:
    """The ids of parts of speech, shape (words,)."""
    return np.array([_id(_UPOS_IDS, value) for value in values], dtype=np.int64)


def relation_ids(values: Sequence[str]) -> np.ndarray:
    """The ids of dependency relations, shape (words,)."""
    names = [value if value in SUBTYPES else value.partition(":")[0] for value in values]
    return np.array([_id(_RELATION_IDS, name) for name in names], dtype=np.int64)


def entity_ids(kinds: Sequence[str]) -> np.ndarray:
    """The ids of types of entities, ``NONE`` for ``""``; shape (words,).

    Types have the same ids in all corpora. Two types of a corpus share one by chance: of ten types
    in 16 of 100 corpora.
    """
    found = [2 + crc32(kind.encode()) % (ENTITY_TYPES - 2) if kind else NONE for kind in kinds]
    return np.array(found, dtype=np.int64)


def _id(ids: Mapping[str, int], value: str) -> int:
    return NONE if value == "_" else ids.get(value, OTHER)
