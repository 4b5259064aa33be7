"""A stage starts without libraries that it does not compute with."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from conftest import ROOT

HEAVY = {"torch", "transformers", "tokenizers", "pandas", "pyarrow", "scipy", "matplotlib", "numpy"}
LISTS = """
import importlib, json, sys
importlib.import_module("xltransfer.stages.{stage}")
print(json.dumps(sorted(set(sys.modules) & set({names}))))
"""


def run(code: str) -> None:
    """Run Python code in a process of its own."""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


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
    run(code)


def test_an_encoder_is_loaded_without_sympy_and_the_names_of_all_models() -> None:
    """transformers lists them, and is whole, when something else is asked of it."""
    run(f"""
import sys
import xltransfer.stages.finetune
from xltransfer.encoders.transformer import load_encoder
network = load_encoder({str(ROOT / "resources/models/embedded")!r})
assert "sympy" not in sys.modules
import transformers
assert type(transformers).__name__ == "PostponedPackage"
assert type(sys.modules["transformers.models"]).__name__ == "PostponedPackage"
assert transformers.models.bert.modeling_bert.BertModel is type(network)
assert transformers.__version__ and not hasattr(transformers, "__wrapped__")
from transformers import BertModel, DistilBertConfig
assert BertModel is type(network) and DistilBertConfig().model_type == "distilbert"
import transformers as whole
assert type(whole).__name__ == "_LazyModule"
assert whole.modeling_utils is transformers.modeling_utils
assert whole.__version__ == transformers.__version__ and "T5Model" in transformers.__all__
assert "T5Model" in dir(transformers) and transformers.models.t5.T5Config is whole.T5Config
""")


def test_names_of_a_postponed_package(tmp_path: Path) -> None:
    """Its modules are imported alone; any other name runs its own file, once it can be run."""
    (tmp_path / "outer" / "inner").mkdir(parents=True)
    (tmp_path / "outer" / "__init__.py").write_text(
        "import os\nfrom . import part\nassert 'READY' in os.environ\nsize = part.size + 1\n"
    )
    (tmp_path / "outer" / "part.py").write_text("size = 1\n")
    (tmp_path / "outer" / "inner" / "__init__.py").write_text("depth = 2\n")
    (tmp_path / "outer" / "inner" / "leaf.py").write_text("from .. import part\n")
    (tmp_path / "outer-1.0.dist-info").mkdir()
    (tmp_path / "outer-1.0.dist-info" / "METADATA").write_text("Name: outer\nVersion: 1.0\n")
    run(f"""
import os, sys
sys.path.insert(0, {str(tmp_path)!r})
from xltransfer.encoders.postponed_packages import postpone
postpone("outer", "outer.inner")
import outer.inner.leaf
assert outer.inner.leaf.part is outer.part and outer.part.size == 1
assert outer.__version__ == "1.0" and outer.__path__ == [{str(tmp_path / "outer")!r}]
try:
    outer.size
except AssertionError:
    failed = True
assert failed and sys.modules["outer"] is outer
os.environ["READY"] = "1"
assert outer.size == 2 and sys.modules["outer"] is not outer
assert sys.modules["outer"].part is outer.part and sys.modules["outer"].inner is outer.inner
assert outer.inner.depth == 2 and sys.modules["outer.inner"].leaf is outer.inner.leaf
assert not hasattr(outer, "neither")
before = sys.modules["outer"]
postpone("outer")
assert sys.modules["outer"] is before
""")
