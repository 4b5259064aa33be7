"""A stage starts without libraries that it does not compute with."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

HEAVY = {"torch", "transformers", "tokenizers", "pandas", "pyarrow", "scipy", "matplotlib", "numpy"}
LISTS = """
import importlib, json, sys
importlib.import_module("xltransfer.stages.{stage}")
print(json.dumps(sorted(set(sys.modules) & set({names}))))
"""


def loaded(stage: str, names: set[str]) -> set[str]:
    """Which of some modules a stage imports."""
    code = LISTS.format(stage=stage, names=sorted(names))
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return set(json.loads(done.stdout))


@pytest.mark.parametrize(
    ("stage", "expected"),
    {
        "embedded_world": {"numpy"},
        "check_treebank": {"numpy"},
        "check_entities": set(),
        "check_relations": {"numpy"},
        "fetch_corpus": set(),
        "fetch_encoder": set(),
        "split": {"numpy"},
        "typology": set(),
        "transliterate": {"numpy"},
        "clean": {"numpy"},
        "clean_parallel_text": {"numpy"},
        "pieces": {"numpy", "tokenizers"},
        "embedded_dictionary": {"numpy"},
        "check_dictionary": set(),
        "check_vectors": {"numpy"},
        "train_vectors": {"numpy"},
        "vector_encoder": {"numpy"},
        "join_corpora": set(),
        "adversarial_tables": {"numpy", "pandas", "pyarrow"},
        "word_translation_tables": {"numpy", "pandas", "pyarrow"},
        "score": {"numpy", "pyarrow"},
        "similarity": {"numpy", "pandas", "pyarrow"},
        "retrieval_table": {"numpy", "pandas", "pyarrow"},
        "score_tables": {"numpy", "pandas", "pyarrow"},
        "overlap_tables": {"numpy", "pandas", "pyarrow", "scipy"},
        "word_order_tables": {"numpy", "pandas", "pyarrow", "scipy"},
        "draw": {"numpy", "pandas", "pyarrow", "matplotlib"},
    }.items(),
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_stages_without_models(stage: str, expected: set[str]) -> None:
    assert loaded(stage, HEAVY) == expected


@pytest.mark.parametrize("stage", ["finetune", "predict"])
def test_stages_with_models(stage: str) -> None:
    """Of transformers what text encoders need: no vision, no training over many processes."""
    unused = {"scipy", "pandas", "pyarrow", "matplotlib", "torch.distributed.checkpoint"}
    assert loaded(stage, unused | {"torch", "transformers"}) == {"torch", "transformers"}
