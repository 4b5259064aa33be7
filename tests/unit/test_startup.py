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
        "adapter_table": {"numpy", "pandas", "pyarrow"},
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
    unused = {"scipy", "pandas", "pyarrow", "matplotlib", "torch.distributed.checkpoint", "sympy"}
    assert loaded(stage, unused | {"torch", "transformers"}) == {"torch", "transformers"}


def test_training_does_not_import_the_compiler_of_torch() -> None:
    """Not even its optimiser does; whoever wants the compiler can import it afterwards."""
    code = """
import sys
import torch
disable = torch.compiler.disable
import xltransfer.stages.finetune
from xltransfer.encoders.lean_transformers import AutoConfig, AutoModel
from xltransfer.training.devices import prepare_device
from xltransfer.training.optimiser import AdamW
prepare_device(1)
assert torch.are_deterministic_algorithms_enabled()
encoder = AutoModel.from_config(AutoConfig.for_model("bert", num_hidden_layers=1, vocab_size=9))
encoder(torch.tensor([[1, 2]])).last_hidden_state.sum().backward()
weights = torch.nn.Parameter(torch.ones(3))
optimiser = AdamW([weights], fused=True)
optimiser.load_state_dict(optimiser.state_dict())
weights.sum().backward()
optimiser.step()
optimiser.zero_grad()
assert "torch._dynamo" not in sys.modules and "torch._inductor" not in sys.modules
assert torch.compiler.disable is disable and not {"_dynamo", "_inductor"} & set(vars(torch))
assert weights.tolist()[0] < 1
from transformers.masking_utils import TransformGetItemToIndex
with TransformGetItemToIndex() as used:
    pass
doubled = torch.compile(lambda values: 2 * values, backend="eager")
assert doubled(torch.ones(2)).tolist() == [2, 2]
assert sys.modules["torch._dynamo"].__file__
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
