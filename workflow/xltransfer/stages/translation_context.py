"""Measure what an encoder does with a translation in view, and whether it finds translations."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import pyarrow as pa
import torch
from pyarrow import parquet

from ..analyses.retrieval import retrieved
from ..corpora.sentence_pairs import SentencePairs
from ..encoders.kinds import kind_of_network, pretrained_kind_of
from ..encoders.language_embeddings import select_language
from ..encoders.lean_transformers import PreTrainedModel
from ..encoders.masked_lm_head import load_with_head
from ..encoders.text_tokenizer import TextTokenizer
from ..records.record import TOKENIZER_CONFIG, encoder_files, write_record
from ..records.verification import verified_checksums, verified_encoder
from ..runtime.errors import InputError
from ..runtime.files import replacing
from ..runtime.signatures import Keys
from ..training.devices import device_name, prepare_device
from ..training.masked_contexts import masked_counts, short_pairs
from ..training.representation import sentence_vectors

log = logging.getLogger(__name__)

MASKED, RETRIEVAL = "masked subwords", "retrieval"
"""Measures of the output."""


def translation_context(
    encoder: Path,
    pairs: Path,
    config: Annotated[
        Mapping[str, Any], Keys("languages", "reset_positions", "masked_share", "seed")
    ],
    output: Path,
    threads: int = 1,
) -> None:
    """Measure what an encoder does with a translation in view, and whether it finds translations.

    Args:
        encoder: encoder directory.
        pairs: parallel sentences.
        config: both ``languages``; ``reset_positions``, whether positions start again at the second
            sentence of a row; ``masked_share`` and ``seed`` of the masked subwords.
        output: output Parquet file. For each ``measure``, ``language`` (of the masked subwords, or
            of the query) and ``context`` or ``layer``: ``numerators`` and ``denominators`` of each
            sentence. Without a masked language modelling head there is only retrieval.
        threads: number of CPU threads.

    Raises:
        InputError: the encoder or the text cannot be used.
    """
    device = prepare_device(threads)
    named = [path for path in (encoder / TOKENIZER_CONFIG,) if path.exists()]
    read = verified_encoder(encoder, [path.name for path in encoder_files(encoder)])
    read |= verified_checksums([pairs, *named])
    pretrained_kind_of(encoder)
    text, tokenizer = SentencePairs(pairs), TextTokenizer(encoder)
    torch.manual_seed(config["seed"])
    model, has_head = load_with_head(encoder)
    model.to(device).eval()
    longest = kind_of_network(model.base_model).longest_input(model.base_model)
    kept = short_pairs(text.side(0), text.side(1), tokenizer, longest)
    if len(kept) < 2:
        raise InputError(
            f"{pairs}: {len(kept)} of {len(text.pairs)} pairs have sentences of at most half the "
            f"{longest} subwords of a row, and two are needed; use shorter sentences"
        )
    sides = tuple([text.side(side)[index] for index in kept] for side in (0, 1))
    languages = tuple(config["languages"])
    rows = list(_retrieval(model, tokenizer, sides, languages, longest, device))
    if has_head:
        given = longest, config["reset_positions"], config["masked_share"], config["seed"]
        counts = masked_counts(model, tokenizer, sides, languages, *given, device)
        rows += [
            _row(MASKED, languages[one.side], one.context, None, one.right, one.masked)
            for one in counts
        ]
    table = pa.Table.from_pylist(rows, COLUMNS)
    identifiers = [text.pairs[index].identifier for index in kept]
    facts = {"pairs": len(text.pairs), "identifiers": identifiers}
    with replacing(output) as temporary:
        parquet.write_table(table.replace_schema_metadata({"facts": json.dumps(facts)}), temporary)
    write_record(
        *(output, "translation_context", read),
        config=dict(config), device=device_name(device), threads=threads,
    )  # fmt: skip
    log.info("%s: %d of %d pairs", output, len(kept), len(text.pairs))


COLUMNS = pa.schema(
    [
        ("measure", pa.string()),
        ("language", pa.string()),
        ("context", pa.string()),
        ("layer", pa.int32()),
        ("numerators", pa.list_(pa.int64())),
        ("denominators", pa.list_(pa.int64())),
    ]
)


def _retrieval(
    model: PreTrainedModel,
    tokenizer: TextTokenizer,
    sides: tuple[list[str], list[str]],
    languages: tuple[str, str],
    longest: int,
    device: torch.device,
) -> Iterator[dict[str, Any]]:
    """Whether each sentence finds its translation, at every layer and in both directions."""
    vectors = []
    for texts, language in zip(sides, languages, strict=True):
        select_language(model.base_model, language)
        vectors.append(sentence_vectors(model.base_model, tokenizer, texts, longest, device))
    for query, language in enumerate(languages):
        for layer, (own, other) in enumerate(zip(vectors[query], vectors[1 - query], strict=True)):
            hits = retrieved(own, other).astype(np.int64)
            yield _row(RETRIEVAL, language, "", layer, hits, np.ones_like(hits))


def _row(
    measure: str, language: str, context: str, layer: int | None, above: Any, below: Any
) -> dict[str, Any]:
    cells = measure, language, context, layer, above.tolist(), below.tolist()
    return dict(zip(COLUMNS.names, cells, strict=True))
