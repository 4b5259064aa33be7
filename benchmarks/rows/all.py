"""All rows, in the order of the table."""

from __future__ import annotations

from . import (
    Row,
    bert_size,
    conllu,
    masked_lm,
    memory,
    parsing,
    planning,
    similarity,
    studies,
    texts,
    translation,
)

ROWS: list[Row] = [
    *parsing.ROWS,
    *bert_size.ROWS,
    *masked_lm.ROWS,
    *memory.ROWS,
    *similarity.ROWS,
    *translation.ROWS,
    *conllu.ROWS,
    *texts.ROWS,
    *planning.ROWS,
    *studies.ROWS,
]
