"""What a context reads of a sentence besides states: its universal annotation and its tree."""

from __future__ import annotations

import numpy as np

from ..corpora.relation_sentences import RelationSentence
from ..encoders.universal_features import entity_ids, relation_ids, upos_ids
from ..runtime.errors import InputError


def universal_inputs(sentence: RelationSentence) -> dict[str, np.ndarray]:
    """``upos``, ``relations``, ``entities`` and ``heads`` of words, shape (words,) each.

    ``entities`` is the type of the first mention that has the word. Heads are 1-based, 0 for the
    root.

    Raises:
        InputError: the sentence has no tree or no parts of speech.
    """
    if sentence.heads is None or sentence.deprels is None or sentence.upos is None:
        missing = "parts of speech" if sentence.upos is None else "tree"
        raise InputError(
            f"sentence {sentence.name} has no {missing}, which `context` reads; use a corpus with "
            "trees, or name a parser under `trees`"
        )
    kinds = [""] * len(sentence.words)
    for mention in reversed(sentence.mentions):
        for place in range(mention.first, mention.last + 1):
            kinds[place] = mention.kind
    return {
        "upos": upos_ids(sentence.upos),
        "relations": relation_ids(sentence.deprels),
        "entities": entity_ids(kinds),
        "heads": np.array(sentence.heads, dtype=np.int64),
    }
