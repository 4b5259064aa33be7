"""The head of sequence classification by model type of transformers.

Classes of these model types compute ``output(tanh(dense(state of the first token)))``, under two
names: BERT has the dense layer in the encoder, as its pooler, and RoBERTa in the head. Classes of
other model types have other activations or states (DistilBERT, ELECTRA, ModernBERT, decoders).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class SequenceHeadNames:
    """The names of the two layers of a head on disk.

    Attributes:
        dense: name of the dense layer.
        output: name of the linear layer with the scores of labels.
    """

    dense: str
    output: str


_IN_THE_HEAD = SequenceHeadNames("classifier.dense", "classifier.out_proj")
SEQUENCE_HEADS: Mapping[str, SequenceHeadNames] = {
    "albert": SequenceHeadNames("albert.pooler", "classifier"),
    "bert": SequenceHeadNames("bert.pooler.dense", "classifier"),
    "camembert": _IN_THE_HEAD,
    "data2vec-text": _IN_THE_HEAD,
    "mpnet": _IN_THE_HEAD,
    "rembert": SequenceHeadNames("rembert.pooler.dense", "classifier"),
    "roberta": _IN_THE_HEAD,
    "xlm-roberta": _IN_THE_HEAD,
    "xlm-roberta-xl": _IN_THE_HEAD,
}
"""Names by model type; ``tests/unit/test_sequence_heads.py`` compares each with transformers."""
