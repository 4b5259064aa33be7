"""Entity-level scores of tagged sentences."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from nervaluate.loaders import ListLoader
from nervaluate.strategies import StrictEvaluation

from ...corpora.iob import TaggedSentence
from .counts import Scores, matches


def entity_scores(
    gold: Sequence[TaggedSentence], predicted: Sequence[TaggedSentence], settings: Mapping[str, Any]
) -> Scores:
    """Precision, recall and F1 of entities; an entity is right if its type and both boundaries are.

    As in the CoNLL-2000 to 2003 shared tasks (``conlleval``), summed over sentences.

    Args:
        gold, predicted: sentences with the same tokens, with IOB2 tags.
        settings: settings of the task; unused.

    Returns:
        ``F1``, ``precision`` and ``recall``.
    """
    loader, strict = ListLoader(), StrictEvaluation()
    expected = loader.load([list(sentence.tags) for sentence in gold])
    found = loader.load([list(sentence.tags) for sentence in predicted])
    counts = []
    for gold_entities, entities in zip(expected, found, strict=True):
        types = sorted({entity.label for entity in (*gold_entities, *entities)})
        right = strict.evaluate(gold_entities, entities, types)[0].correct
        counts.append((right, len(entities), len(gold_entities)))
    return matches(counts)
