"""The sizes of encoders: of a configuration in transformers, and those of ``encoders.tsv``."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ..corpora.catalogue import Catalogue
from ..corpora.catalogue_rows import COLUMNS
from ..corpora.table_reader import read_table
from ..encoders.families import LAYERS
from ..runtime.errors import InputError
from ..runtime.safe_values import check_code

TABLE = "encoders.tsv"
COMMIT = re.compile("[0-9a-f]{40}")
HUB = re.compile("[A-Za-z0-9_][A-Za-z0-9._-]*(?:/[A-Za-z0-9_][A-Za-z0-9._-]*)?")
_NAMES = {
    # CANINE uses hash embeddings of characters.
    "vocabulary": ("vocab_size", "n_words", "num_hash_buckets"),
    "positions": ("max_position_embeddings", "n_positions"),
    "hidden": ("hidden_size", "dim", "d_model", "emb_dim", "n_embd"),
    "layers": LAYERS,
    "intermediate": ("intermediate_size", "hidden_dim", "d_ff", "d_inner", "n_inner", "ffn_dim"),
}
"""Names of the sizes of an encoder in configurations of transformers."""
_ROTARY = ("rope_theta", "rope_parameters", "rope_scaling", "global_rope_theta")
"""Keys in the configurations of encoders with rotary instead of learnt position embeddings."""


@dataclass(frozen=True)
class EncoderSize:
    """The sizes of an encoder: embedding entries, and widths and number of the layers."""

    vocabulary: int
    positions: int
    hidden: int
    layers: int
    intermediate: int

    @property
    def body(self) -> int:
        """Parameters of the layers: four projections, a feed-forward pair and two norms in each."""
        attention = 4 * self.hidden * (self.hidden + 1)
        feed_forward = 2 * self.hidden * self.intermediate + self.intermediate + self.hidden
        return self.layers * (attention + feed_forward + 4 * self.hidden)

    @property
    def parameters(self) -> int:
        """All parameters, as of BERT without its pooler."""
        return (self.vocabulary + self.positions + 2) * self.hidden + 2 * self.hidden + self.body


@dataclass(frozen=True)
class CataloguedEncoder:
    """A row of ``encoders.tsv``.

    Attributes:
        hub: repository on the hub.
        revision: commit hash of the sizes; ``""`` if they are those of every commit.
        size: its sizes.
    """

    hub: str
    revision: str
    size: EncoderSize


def catalogued_encoders(catalogue: Catalogue) -> dict[str, CataloguedEncoder]:
    """The encoders of ``encoders.tsv`` and of the study's table of this name, by repository.

    Raises:
        InputError: a table cannot be read or has a malformed value; names the line.
    """
    found: dict[str, CataloguedEncoder] = {}
    for path in catalogue.tables(TABLE):
        for place, row in read_table(path, COLUMNS[TABLE]):
            check_code(HUB, row["hub"], place, "hub")
            if row["revision"]:
                check_code(COMMIT, row["revision"], place, "revision")
            for key in _NAMES:
                if not re.fullmatch("[0-9]{1,9}", row[key]):
                    raise InputError(f"{place}: {key} '{row[key]}' is no whole number; correct it")
            if row["hub"] in found:
                raise InputError(f"{place}: '{row['hub']}' occurs twice; remove one row")
            size = EncoderSize(**{key: int(row[key]) for key in _NAMES})
            found[row["hub"]] = CataloguedEncoder(row["hub"], row["revision"], size)
    return found


def size_of(content: Mapping[str, Any], place: str) -> EncoderSize:
    """The size of an encoder by its configuration in transformers."""
    found = {
        key: next((content[name] for name in names if name in content), 0)
        for key, names in _NAMES.items()
    }
    if any(key in content for key in _ROTARY):
        found["positions"] = 0
    # The default is four times the width, as in GPT-2 and XLM.
    found["intermediate"] = found["intermediate"] or 4 * found["hidden"]
    # Encoders with relative positions have no position embeddings.
    missing = [key for key, size in found.items() if not size and key != "positions"]
    missing += [key for key, size in found.items() if type(size) is not int]
    if missing:
        names = " or ".join(_NAMES[missing[0]])
        raise InputError(f"{place}: no {names}; this kind of encoder is not known here")
    return EncoderSize(**found)
