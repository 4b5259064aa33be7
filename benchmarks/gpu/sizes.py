"""How much each check does: in full on a GPU, or tiny, to rehearse the checks on a processor."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Size:
    """Encoders and data of a run.

    Attributes:
        encoders: configurations of BERT by name; ``mbert`` and ``xlm-r`` have the sizes of
            multilingual BERT and XLM-R base, ``medium`` has checkpoints of half a gigabyte.
        sentences: training sentences of a parser.
        batch_pieces: subwords per batch of a parser's training.
        treebanks, treebank_sentences: number and size of the treebanks to predict.
        one_by_one: number of sentences that are encoded one after the other.
        lines: lines of raw text.
        block_size, text_batch_pieces: subwords per row and per batch of masked language modelling.
        grid_models: numbers of models of a grid that are trained at once.
        grid_steps: steps of each of them.
        grid_batch: sentences and subwords of each batch of a grid.
        resume_sentences, resume_epochs, checkpoint_seconds: the training that is killed.
        study: sources, targets, ablations, seeds and training of a study of the embedded world.
    """

    encoders: dict[str, dict[str, int]]
    sentences: int
    batch_pieces: int
    treebanks: int
    treebank_sentences: int
    one_by_one: int
    lines: int
    block_size: int
    text_batch_pieces: int
    grid_models: tuple[int, ...]
    grid_steps: int
    grid_batch: tuple[int, int]
    resume_sentences: int
    resume_epochs: int
    checkpoint_seconds: float
    study: dict[str, Any]


def _bert(vocabulary: int, width: int, layers: int = 12, heads: int = 12) -> dict[str, int]:
    return {
        "vocab_size": vocabulary,
        "hidden_size": width,
        "num_hidden_layers": layers,
        "num_attention_heads": heads,
        "intermediate_size": 4 * width,
    }


FULL = Size(
    encoders={
        "mbert": _bert(119547, 768),
        "xlm-r": _bert(250002, 768),
        "medium": _bert(8000, 512, 12, 8),
    },
    sentences=4000,
    batch_pieces=1100,
    treebanks=18,
    treebank_sentences=500,
    one_by_one=300,
    lines=40000,
    block_size=512,
    text_batch_pieces=32768,
    grid_models=(4, 8),
    grid_steps=100,
    grid_batch=(32, 34),
    resume_sentences=2000,
    resume_epochs=5,
    checkpoint_seconds=1.5,
    study={
        "sources": ["qaa_embedded"],
        "targets": ["qaa_embedded", "qab_embedded", "qba_embedded", "qca_embedded", "qda_embedded"],
        "ablations": ["none", "random-init-1-2", "random-init-5-6", "random-init-11-12"],
        "seeds": [11, 12, 13],
        "training": {},
    },
)

TINY = Size(
    encoders={name: _bert(400, 16, 2, 2) for name in ("mbert", "xlm-r", "medium")},
    sentences=30,
    batch_pieces=200,
    treebanks=2,
    treebank_sentences=10,
    one_by_one=5,
    lines=200,
    block_size=16,
    text_batch_pieces=128,
    grid_models=(2,),
    grid_steps=3,
    grid_batch=(3, 12),
    resume_sentences=150,
    resume_epochs=6,
    checkpoint_seconds=0.02,
    study={
        "sources": ["qaa_embedded"],
        "targets": ["qaa_embedded", "qab_embedded"],
        "ablations": ["none", "random-init-1-2"],
        "seeds": [11, 12],
        "training": {"epochs": 1, "training_sentences": 60},
    },
)

SIZES = {"full": FULL, "tiny": TINY}
